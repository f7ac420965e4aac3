// Polls that confirm what a notification said: at once, and at most one round per router and second.

import type { PollGroup } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";

export interface Confirming {
  /**
   * Asks for groups of a router: at once or, within a second of the last round, at the end of that second in one round
   * with whatever else is asked for until then. So the last change is seen too, however many came before it.
   */
  confirm(router: string, groups: readonly PollGroup[]): void;
  stop(): void;
  /** Rounds per router, zero for those that had none. */
  rounds(): ReadonlyMap<string, number>;
}

const apart = seconds(1);

interface Pace {
  /** When the last round began. */
  at: Instant | undefined;
  readonly waiting: Set<PollGroup>;
  cancel: (() => void) | undefined;
}

export function createConfirming(
  { clock, poll }: { readonly clock: Clock; readonly poll: (router: string, group: PollGroup) => void },
  routers: Iterable<string>,
): Confirming {
  const rounds = new Map<string, number>();
  const paces = new Map<string, Pace>();
  for (const router of routers) {
    rounds.set(router, 0);
    paces.set(router, { at: undefined, waiting: new Set(), cancel: undefined });
  }

  function begin(router: string, pace: Pace): void {
    pace.at = clock.now();
    pace.cancel = undefined;
    rounds.set(router, (rounds.get(router) ?? 0) + 1);
    for (const group of pace.waiting) poll(router, group);
    pace.waiting.clear();
  }

  return {
    confirm(router, groups) {
      const pace = paces.get(router);
      if (pace === undefined) return;
      for (const group of groups) pace.waiting.add(group);
      if (pace.cancel !== undefined) return;
      const since = pace.at === undefined ? apart : elapsed(pace.at, clock.now());
      if (since >= apart) begin(router, pace);
      else pace.cancel = clock.after(milliseconds(apart - since), () => begin(router, pace));
    },
    stop() {
      for (const pace of paces.values()) {
        pace.cancel?.();
        pace.cancel = undefined;
        pace.waiting.clear();
      }
    },
    rounds: () => rounds,
  };
}
