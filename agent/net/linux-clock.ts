// The wall clock beside the monotonic one, and whether it is synchronised, as the kernel knows it from the daemon that
// disciplines it: adjtimex(2).

import { monotonicNow } from "../lib/clock.ts";
import { CLOCK_REALTIME, type Libc } from "./linux-libc.ts";
import { readTimespec } from "./linux-messages.ts";
import type { Moment } from "./probe-sockets.ts";

/** Octets of struct timex on LP64, and places within it. */
const timexSize = 208;
const maxErrorAt = 24;
const statusAt = 40;
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

/** Two readings of the clock further apart than this were preempted, in ms: read again. */
const readingSpread = 0.02;

/** Gives a reading of both clocks. */
export function momentsOf(libc: Libc): () => Moment {
  const timespec = libc.arena(16);
  return () => {
    for (let attempt = 0; ; attempt++) {
      const before = monotonicNow();
      libc.clock_gettime(CLOCK_REALTIME, timespec.address);
      const after = monotonicNow();
      if (after - before < readingSpread || attempt === 3) {
        const monotonic = (before + (after - before) / 2) as typeof before;
        return { realtime: readTimespec(timespec.view, 0) ?? 0, monotonic };
      }
    }
  };
}

/**
 * Gives a reading of the greatest error of the wall clock against UTC in seconds, undefined when the clock is not
 * synchronised or the call is not permitted.
 */
export function clockErrorOf(libc: Libc): () => number | undefined {
  const timex = libc.arena(timexSize);
  return () => {
    // No mode: it reads only.
    timex.bytes.fill(0);
    const state = libc.adjtimex(timex.address);
    const unsynchronised = (timex.view.getInt32(statusAt, true) & STA_UNSYNC) !== 0;
    if (state < 0 || state === TIME_ERROR || unsynchronised) return undefined;
    return Number(timex.view.getBigInt64(maxErrorAt, true)) / 1e6;
  };
}
