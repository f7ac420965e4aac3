// What the probes of one stream amount to over a while: figures, not yet a judgement. Each stands beside the number of
// probes that it was drawn from.

import type { ProbeCounts } from "./observation.ts";

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
  /** Of the lost ones, those of which the way is known; undefined until a reflector was known to count for itself. */
  readonly directions: ProbeCounts["directions"];
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

/**
 * `, 12 on the way there, 0 back`: follows a loss. Empty where nothing of it is known. Which way it was is told by a later answer,
 * so that in a window it may outlive the loss itself.
 */
export function lossWays({
  ratio,
  directions,
}: {
  readonly ratio: number | null;
  readonly directions: ProbeFigures["directions"] | null;
}): string {
  if (!ratio || !directions || directions.forward + directions.backward === 0) return "";
  return `, ${directions.forward} on the way there, ${directions.backward} back`;
}
