// What the probes of a path or pair amount to over the windows that are shown. Null: not measured.

import type { Estate } from "../estate/estate.ts";
import type { Performance } from "../estate/judgement.ts";
import type { SubjectKey } from "../estate/observation.ts";
import type { Spread } from "../estate/probe-figures.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";

export interface WindowStatus {
  /** As the configuration has it: `5m`. */
  readonly window: string;
  /** With its sample size; bursts are loss periods, the longest in probes (RFC 3357). */
  readonly loss: {
    readonly ratio: number | null;
    readonly lost: number;
    readonly probes: number;
    readonly bursts: number;
    readonly longestBurst: number;
    /** Those of which the way is known; null where the far end does not tell. */
    readonly directions: { readonly forward: number; readonly backward: number } | null;
  };
  /** Of the lost ones, those of which an answer came later. */
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Answered, but the delay is not to be trusted. */
  readonly discarded: number;
  /** Round-trip delay in seconds. */
  readonly delay: Spread | null;
  /** From one probe to the next, without its sign, in seconds (ipdv, RFC 3393). */
  readonly delayVariation: Spread | null;
}

export interface ProbeStatus {
  /** Smoothed, in seconds (RFC 3550 section 6.4.1). */
  readonly jitter: number | null;
  /** Empty where nothing is probed at present. */
  readonly windows: readonly WindowStatus[];
}

/** Of the stream by which the subject is judged. */
export function probeStatus(
  of: SubjectKey,
  { stream, probes }: Performance,
  { statistics }: Estate,
  snapshot: Snapshot,
  now: Instant,
): ProbeStatus {
  const record = stream === undefined ? undefined : snapshot.probe(of, stream);
  if (record === undefined || probes === 0) return { jitter: null, windows: [] };
  const windows = record.windows(now).map((figures, i): WindowStatus => {
    const { lost, late, duplicate, reordered, discarded, lossBursts, longestLossBurst, directions, delay, variation } =
      figures;
    return {
      window: statistics.windows[i]?.name ?? "",
      loss: {
        ratio: figures.probes === 0 ? null : lost / figures.probes,
        lost,
        probes: figures.probes,
        bursts: lossBursts,
        longestBurst: longestLossBurst,
        directions: directions ?? null,
      },
      late,
      duplicate,
      reordered,
      discarded,
      delay: delay ?? null,
      delayVariation: variation ?? null,
    };
  });
  return { jitter: record.jitter ?? null, windows };
}
