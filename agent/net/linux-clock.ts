// Whether the wall clock is synchronised, as the kernel knows it from the daemon that disciplines it: adjtimex(2).

import type { Libc } from "./linux-libc.ts";

/** Octets of struct timex on LP64, and places within it. */
const timexSize = 208;
const maxErrorAt = 24;
const statusAt = 40;
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

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
