import type { Duration } from "./duration.ts";

/**
 * A moment on the monotonic timeline, in milliseconds (fractional). Every thread of the host
 * shares it (CLOCK_MONOTONIC), so an instant taken in a worker compares with one taken here.
 * It never steps; only `toEpoch` knows the calendar.
 */
export type Instant = number & { readonly __timeline: "monotonic" };

/** Time as an argument (style, rule 5): the parts see this, tests hand in their own. */
export interface Clock {
  now(): Instant;
  /** Milliseconds since 1970 of an instant, by the wall clock as it stands now. */
  toEpoch(at: Instant): number;
  /** Runs `fn` once after `delay`; the returned function cancels it. */
  after(delay: Duration, fn: () => void): () => void;
}

export function monotonicNow(): Instant {
  const [s, ns] = process.hrtime();
  return (s * 1_000 + ns / 1e6) as Instant;
}

const calendarOffset = () => Date.now() - monotonicNow();

/** Readings of the two clocks differ by up to a millisecond each time; more than this is a step of the calendar. */
const calendarStep = 20;
let offset = calendarOffset();

export const systemClock: Clock = {
  now: monotonicNow,
  // The same instant gives the same time at every scrape, until the calendar is really set anew.
  toEpoch(at) {
    const current = calendarOffset();
    if (Math.abs(current - offset) > calendarStep) offset = current;
    return Math.round(offset + at);
  },
  after(delay, fn) {
    const timer = setTimeout(fn, Math.max(0, delay));
    return () => clearTimeout(timer);
  },
};

export function later(at: Instant, by: Duration): Instant {
  return (at + by) as Instant;
}

export function elapsed(from: Instant, to: Instant): Duration {
  return (to - from) as Duration;
}
