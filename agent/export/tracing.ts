// Series of traces, path MTUs and findings.

import { metrics } from "../catalog/metrics.ts";
import type { Estate } from "../estate/estate.ts";
import type { Judgement, Verdict } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { Traced } from "../estate/tracing.ts";
import type { Clock } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { keyOf, pairLabels, pathLabels } from "./paths.ts";
import type { Emit, LabelText } from "./series.ts";

/** What the tracer counts. */
export interface TracerTelemetry {
  readonly traces: () => Readonly<Record<string, number>>;
  readonly searches: () => Readonly<Record<string, number>>;
  readonly packets: () => number;
  readonly dropped: () => Readonly<Record<string, number>>;
}

type TracedMetrics = Pick<typeof metrics.path, "finding" | "hops" | "traced" | "mtu" | "mtuExpected">;

export function emitTraces(emit: Emit, estate: Estate, snapshot: Snapshot, judgement: Judgement, clock: Clock): void {
  const targets = new Map(estate.tracing?.targets.map((traced) => [traced.of, traced]));
  const one = (to: TracedMetrics, labels: LabelText, of: SubjectKey, verdict: Verdict) => {
    for (const { kind } of verdict.findings) emit(to.finding, labels, 1, { kind });
    const traced = targets.get(of);
    if (traced !== undefined) emitTraced(emit, to, labels, traced, snapshot, clock);
  };
  for (const verdict of judgement.paths) {
    one(metrics.path, pathLabels(verdict.path), keyOf(verdict.path), verdict);
  }
  for (const verdict of judgement.pairs) {
    one(metrics.pair, pairLabels(verdict.pair), subject.pair(verdict.pair), verdict);
  }
}

function emitTraced(
  emit: Emit,
  to: TracedMetrics,
  labels: LabelText,
  { of, mtu: expected }: Traced,
  snapshot: Snapshot,
  clock: Clock,
): void {
  emit(to.mtuExpected, labels, expected);
  const mtu = snapshot.mtu(of)?.mtu;
  if (mtu !== undefined) emit(to.mtu, labels, mtu);
  const trace = snapshot.trace(of)?.last;
  if (trace === undefined) return;
  emit(to.traced, labels, clock.toEpoch(trace.at) / 1_000);
  const last = trace.hops.findLast(({ address }) => address !== undefined);
  if (last !== undefined) emit(to.hops, labels, last.ttl);
}

export function emitTracer(emit: Emit, { traces, searches, packets, dropped }: TracerTelemetry): void {
  const to = metrics.tracer;
  for (const [end, n] of Object.entries(traces())) emit(to.traces, {}, n, { end });
  for (const [result, n] of Object.entries(searches())) emit(to.searches, {}, n, { result });
  for (const [kind, n] of Object.entries(dropped())) emit(to.dropped, {}, n, { kind });
  emit(to.packets, {}, packets());
}
