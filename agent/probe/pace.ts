// How late the prober's thread is: a thread that did not get to run can neither send nor read in time.

import { elapsed, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import type { FromWorker } from "./messages.ts";

const tellEvery = seconds(1);

export interface Pace {
  /** A turn was due, and the thread is there to take it. */
  turned(due: Instant, now: Instant): void;
}

/** Tells the worst lateness once a second, and a stall at once. */
export function createPace(emit: (message: FromWorker) => void): Pace {
  let worst: Duration = milliseconds(0);
  let tellAt: Instant | undefined;
  return {
    turned(due, now) {
      worst = milliseconds(Math.max(worst, elapsed(due, now)));
      tellAt ??= later(now, tellEvery);
      if (now < tellAt) return;
      emit({ kind: "loop", at: now, late: worst });
      worst = milliseconds(0);
      tellAt = later(now, tellEvery);
    },
  };
}
