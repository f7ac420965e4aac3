// sysUpTime of one router across its groups: tells answers that come late, an agent that started again, and the end
// of sysUpTime's 497 days. Our own clock decides between them: every agent has sysUpTime, few show more.

import { elapsed, type Instant } from "../lib/clock.ts";
import type { EngineTime } from "../mib/snmp-framework-mib.ts";
import { type Cells, numberAt } from "../wire/snmp/cells.ts";

export interface UptimeWatch {
  /**
   * Judges an answer by the sysUpTime it carries (its first cell) and the moment its request was made.
   * `late`: older than an answer already taken. An answer without sysUpTime is `current`.
   */
  judge(cells: Cells, askedAt: Instant, now: Instant): "current" | "late";
  /** Takes what the agent's SNMP engine says of itself in a current answer: some restart and keep sysUpTime. */
  hear(engine: EngineTime): void;
  /** How often the agent was seen to have started again. */
  restarts(): number;
}

/** Agents answer two groups within this time in any order, in hundredths of a second. */
const tolerance = 100;

/** Clocks of routers, and of virtual ones that are paused, run apart from ours by less than this. */
const drift = 0.02;

/** sysUpTime is a TimeTicks: it wraps (RFC 2578 section 7.1.8). */
const wrapsAt = 2 ** 32;

export function createUptimeWatch(): UptimeWatch {
  let newest: { readonly ticks: number; readonly askedAt: Instant; readonly takenAt: Instant } | undefined;
  let restarts = 0;
  let engine: EngineTime | undefined;
  let heardAfter = 0;

  function judge(cells: Cells, askedAt: Instant, now: Instant): "current" | "late" {
    const ticks = numberAt(cells, 0);
    if (ticks === undefined) return "current";
    if (newest !== undefined) {
      const passed = ticks - newest.ticks;
      const onward = passed < 0 ? passed + wrapsAt : passed;
      const runsOn = onward <= (elapsed(newest.askedAt, now) / 10) * (1 + drift) + tolerance;
      const least = elapsed(newest.takenAt, askedAt) / 10;
      const wrapped = passed < 0 && runsOn && onward >= least * (1 - drift) - tolerance;
      // By what it says it was not there yet when it was last heard. Some agents' sysUpTime stands still.
      const isYounger = passed !== 0 && !wrapped && ticks * (1 + drift) + tolerance < least;
      if (isYounger) {
        restarts += 1;
      } else if (Math.min(Math.abs(passed), wrapsAt - Math.abs(passed)) <= tolerance) {
        if (onward > tolerance) {
          newest = { ...newest, takenAt: now };
          return "current";
        }
      } else if (!wrapped && !(passed > 0 && runsOn) && askedAt < newest.takenAt) {
        return "late";
      } else if (passed < 0 && !wrapped) {
        // Asked after the newest was taken, yet older than it: no delay explains that.
        restarts += 1;
      }
    }
    newest = { ticks, askedAt, takenAt: now };
    return "current";
  }

  return {
    judge,
    hear(now) {
      // A restart that sysUpTime has shown as well is one.
      const again = engine !== undefined && (now.boots !== engine.boots || now.time + 1 < engine.time);
      if (again && restarts === heardAfter) restarts += 1;
      engine = now;
      heardAfter = restarts;
    },
    restarts: () => restarts,
  };
}
