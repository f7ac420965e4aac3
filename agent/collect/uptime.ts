// sysUpTime of one router across its groups: tells answers that come late from an agent that started again.

import type { Instant } from "../lib/clock.ts";
import { type Cells, numberAt } from "../wire/snmp/cells.ts";

export interface UptimeWatch {
  /**
   * Judges an answer by the sysUpTime it carries (its first cell) and the moment its request was made.
   * `late`: older than an answer already taken. An answer without sysUpTime is `current`.
   */
  judge(cells: Cells, askedAt: Instant, now: Instant): "current" | "late";
  /** How often sysUpTime fell: the agent started again, or its 497 days were over. */
  restarts(): number;
}

/** Agents answer two groups within this time in any order, in hundredths of a second. */
const tolerance = 100;

export function createUptimeWatch(): UptimeWatch {
  let newest: number | undefined;
  let takenAt: Instant | undefined;
  let restarts = 0;
  return {
    judge(cells, askedAt, now) {
      const ticks = numberAt(cells, 0);
      if (ticks === undefined) return "current";
      if (newest !== undefined && takenAt !== undefined && ticks + tolerance < newest) {
        // Asked after the newest was taken, yet older than it: no delay explains that.
        if (askedAt < takenAt) return "late";
        restarts += 1;
        newest = undefined;
      }
      newest = Math.max(newest ?? 0, ticks);
      takenAt = now;
      return "current";
    },
    restarts: () => restarts,
  };
}
