// What the probes of a path or pair amount to over the windows that are shown. Null: not measured.

import type { Estate, ProbeTarget } from "../estate/estate.ts";
import type { Performance } from "../estate/judgement.ts";
import type { SubjectKey } from "../estate/observation.ts";
import type { ProbeFigures, Spread } from "../estate/probe-figures.ts";
import { describeProbe } from "../estate/probed.ts";
import type { Instant } from "../lib/clock.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";
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

interface StreamStatus {
  /** Which probes these are: `stamp probes to 203.0.113.10 (DSCP 46)`. */
  readonly who: string;
  readonly windows: readonly WindowStatus[];
}

export interface ProbeStatus {
  /** The probes by which it is judged; null where there are none. */
  readonly who: string | null;
  /** Smoothed, in seconds (RFC 3550 section 6.4.1). */
  readonly jitter: number | null;
  /** Empty where nothing is probed at present. */
  readonly windows: readonly WindowStatus[];
  /** The other streams of which something was heard, in the order of the configuration. */
  readonly others: readonly StreamStatus[];
}

interface ProbedSubject {
  readonly of: SubjectKey;
  readonly probes: readonly ProbeTarget[];
  readonly performance: Performance;
}

export function probeStatus(
  { of, probes: targets, performance: { stream, probes } }: ProbedSubject,
  { statistics }: Estate,
  snapshot: Snapshot,
  now: Instant,
): ProbeStatus {
  const windowsOf = (record: ProbeRecord) =>
    record.windows(now).map((figures, i) => windowStatus(statistics.windows[i]?.name ?? "", figures));
  const others = targets.flatMap((target, index): readonly StreamStatus[] => {
    const record = index === stream ? undefined : snapshot.probe(of, index);
    return record === undefined ? [] : [{ who: describeProbe(target), windows: windowsOf(record) }];
  });
  const record = stream === undefined ? undefined : snapshot.probe(of, stream);
  const target = targets[stream ?? -1];
  if (record === undefined || target === undefined || probes === 0)
    return { who: null, jitter: null, windows: [], others };
  return { who: describeProbe(target), jitter: record.jitter ?? null, windows: windowsOf(record), others };
}

function windowStatus(window: string, figures: ProbeFigures): WindowStatus {
  const { probes, lost, late, duplicate, reordered, discarded, delay, variation } = figures;
  return {
    window,
    loss: {
      ratio: probes === 0 ? null : lost / probes,
      lost,
      probes,
      bursts: figures.lossBursts,
      longestBurst: figures.longestLossBurst,
      directions: figures.directions ?? null,
    },
    late,
    duplicate,
    reordered,
    discarded,
    delay: delay ?? null,
    delayVariation: variation ?? null,
  };
}
