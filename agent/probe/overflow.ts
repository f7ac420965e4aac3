// What a full receive buffer may have taken: an answer that this host dropped is no loss of the path.

import type { Instant } from "../lib/clock.ts";

export interface Overflow {
  /** So many datagrams were dropped after the moment `from` and before `until`; infinity where nobody counts them. */
  dropped(count: number, from: Instant, until: Instant): void;
  /** Whether what came in between may have been dropped. Each datagram dropped can have been one answer, and is named once. */
  mayHaveTaken(from: Instant, until: Instant): boolean;
}

interface Span {
  readonly from: Instant;
  readonly until: Instant;
  /** Datagrams that no probe has been excused by yet. */
  left: number;
}

/** A host at which so many packets of one trace or search go unheard is flooded: it is given up. */
export const mostUnheard = 10;

/** At four reports a second further back than any timeout. */
const mostSpans = 256;

export function createOverflow(): Overflow {
  const spans: Span[] = [];

  return {
    dropped(count, from, until) {
      if (count === 0) return;
      spans.push({ from, until, left: count });
      if (spans.length > mostSpans) spans.shift();
    },
    mayHaveTaken(from, until) {
      const span = spans.find((one) => one.left > 0 && one.from <= until && one.until >= from);
      if (span === undefined) return false;
      span.left--;
      return true;
    },
  };
}
