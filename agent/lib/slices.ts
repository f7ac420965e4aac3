// Long work on the event loop, a slice at a time: between two slices everything else has its turn.

import { type Clock, elapsed } from "./clock.ts";
import { milliseconds } from "./duration.ts";

/** Of work at a time: polls and answers wait no longer than this for it. */
const slice = milliseconds(4);
/** To the next slice: as much again for everything else. */
const pause = milliseconds(4);

/** What the steps give at their end, all of them at once. */
export function inOne<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** What the steps give at their end. Each step is short. The first slice is done before this returns. */
export async function inSlices<T>(clock: Clock, steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const from = clock.now();
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (elapsed(from, clock.now()) < slice);
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
  }
}

/** Where one thing is too little to look at the clock for: true after every so many. */
export function isStep(nth: number): boolean {
  return nth % thingsPerStep === 0;
}

const thingsPerStep = 16;
