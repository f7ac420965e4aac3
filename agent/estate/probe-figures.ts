// What the probes of one stream amount to over a while: figures, not yet a judgement. Each stands beside the number of
// probes that it was drawn from.

/** Of a set of delays, in seconds. Least and greatest are exact; the others are right to 0.025 %. */
export interface Spread {
  /** How many there were. */
  readonly samples: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface ProbeFigures {
  /** Settled: answered in time or lost. Loss is only stated with this, its sample size (RFC 7680). */
  readonly probes: number;
  readonly lost: number;
  /** Of the lost ones, those of which an answer came later. */
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Answered, but the delay is not to be trusted. */
  readonly discarded: number;
  /** Could not be sent, and are none of the others. */
  readonly sendErrors: number;
  /** Loss periods, and the length of the longest in probes (RFC 3357). */
  readonly lossBursts: number;
  readonly longestLossBurst: number;
  /** Round-trip delay (RFC 2681). */
  readonly delay: Spread | undefined;
  /** Inter-packet delay variation (RFC 3393) of the round trip, without its sign. */
  readonly variation: Spread | undefined;
  /** Delay of each way, and the greatest error of both clocks together, in seconds. */
  readonly oneWay: { readonly forward: Spread; readonly backward: Spread; readonly error: number } | undefined;
}
