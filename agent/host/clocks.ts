// What the clocks of the host say of it: a wall clock that was set, and time that it slept through. Every clock is an
// argument.

import type { Sleep } from "../estate/host-observation.ts";
import type { Instant } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";

export interface ClockReading {
  /** CLOCK_MONOTONIC: stands still while the host sleeps, and is never set. */
  readonly monotonic: Instant;
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** CLOCK_BOOTTIME in milliseconds: runs on while the host sleeps. */
  readonly boot: number;
}

/** NTP slews by at most half a millisecond in a second, and the readings are good to a few. */
const leastStep = 100;
/** The time since boot comes in whole seconds where /proc/uptime is hidden. */
const leastSleep = milliseconds(2_000);

export interface Clocks {
  /** Readings are a second or so apart. */
  read(now: ClockReading): void;
  steps(): number;
  lastSleep(): Sleep | undefined;
  slept(): Duration;
}

export function createClocks(): Clocks {
  let before: ClockReading | undefined;
  let steps = 0;
  let last: Sleep | undefined;
  let slept = 0;
  return {
    read(now) {
      if (before !== undefined) {
        const passed = now.monotonic - before.monotonic;
        const asleep = now.boot - before.boot - passed;
        const awoke = asleep >= leastSleep;
        if (awoke) {
          last = { until: now.monotonic, length: milliseconds(asleep) };
          slept += asleep;
        }
        // The wall clock runs on in a sleep too: that is no step.
        if (Math.abs(now.wall - before.wall - passed - (awoke ? asleep : 0)) >= leastStep) steps++;
      }
      before = now;
    },
    steps: () => steps,
    lastSleep: () => last,
    slept: () => milliseconds(slept),
  };
}
