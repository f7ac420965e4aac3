// Time that moves only when a test says so, or faster than it is.

import { type Clock, type Instant, systemClock } from "../../agent/lib/clock.ts";
import type { Duration } from "../../agent/lib/duration.ts";

export interface FakeClock extends Clock {
  /** Moves on by `ms`, running what falls due on the way, each at its own moment. */
  pass(ms: number): void;
  /** Timers that wait. */
  pending(): number;
}

export function createFakeClock(start = 1_000_000, epochAtStart = Date.UTC(2026, 10, 2, 9)): FakeClock {
  let now = start;
  const timers = new Set<{ readonly due: number; readonly fn: () => void }>();
  return {
    now: () => now as Instant,
    toEpoch: (at) => epochAtStart + (at - start),
    after(delay: Duration, fn) {
      const timer = { due: now + Math.max(0, delay), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter((t) => t.due <= end).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.fn();
      }
      now = end;
    },
    pending: () => timers.size,
  };
}

/**
 * Time that passes with the turns of the event loop: for who waits for sockets of this process. On a machine that holds the
 * process up, the system's clock runs on, and a timeout is heard before the answer that has long been there.
 */
export function createSteppedClock(): FakeClock & { stop(): void } {
  let turned = systemClock.now();
  const clock = createFakeClock(turned, Date.now());
  const step = 5;
  // Late is late: an interval makes up for no turns that it missed.
  const timer = setInterval(() => {
    turned = systemClock.now();
    clock.pass(step);
  }, step);
  const now = () => (clock.now() + Math.min(step, systemClock.now() - turned)) as Instant;
  return { ...clock, now, stop: () => clearInterval(timer) };
}

/** Reproducible numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The system's clock, so many times as fast: for who waits for real sockets and, between them, for long intervals. */
export function createQuickClock(times: number): Clock {
  const began = systemClock.now();
  const epochThen = systemClock.toEpoch(began);
  return {
    now: () => (began + (systemClock.now() - began) * times) as Instant,
    toEpoch: (at) => epochThen + (at - began),
    after: (delay, fn) => systemClock.after((delay / times) as Duration, fn),
  };
}
