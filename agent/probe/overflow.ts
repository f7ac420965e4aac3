// What a full receive buffer may have taken: an answer that this host dropped is no loss of the path.

import type { Instant } from "../lib/clock.ts";

export interface Overflow {
  /** So many datagrams were dropped after the moment `from` and before `until`. */
  dropped(count: number, from: Instant, until: Instant): void;
  /** Whether what came in between may have been dropped. Each datagram dropped can have been one answer, and is named once. */
  mayHaveTaken(from: Instant, until: Instant): boolean;
}

export function createOverflow(): Overflow {
  let begin = 0;
  let end = Number.NEGATIVE_INFINITY;
  let left = 0;

  return {
    dropped(count, from, until) {
      if (count === 0) return;
      // In a flood there is one after the other; a pause between two is the other's beginning.
      if (from > end) {
        begin = from;
        left = 0;
      }
      end = until;
      left += count;
    },
    mayHaveTaken(from, until) {
      if (left === 0 || until < begin || from > end) return false;
      left--;
      return true;
    },
  };
}
