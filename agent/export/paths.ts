// Series of what the agent judged: paths, redundancy, Global Reach pairs.

import { metrics } from "../catalog/metrics.ts";
import { type Estate, type ProbeTarget, pairsOf, pathsOf, type Thresholds } from "../estate/estate.ts";
import { type Judgement, pathStates, redundancies, type Verdict } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { Clock } from "../lib/clock.ts";
import { noProbes, type ProbeTotals, type Snapshot } from "../state/state.ts";
import type { Emit, Labels } from "./series.ts";

type ProbedMetrics = typeof metrics.path | typeof metrics.pair;

export const pathLabels = (path: {
  readonly circuit: string;
  readonly peering: string;
  readonly link: string;
  readonly router: string;
  readonly site: string;
}): Labels => ({
  circuit: path.circuit,
  peering: path.peering,
  link: path.link,
  router: path.router,
  site: path.site,
});

const pairLabels = (pair: {
  readonly globalReach: string;
  readonly fromSite: string;
  readonly toSite: string;
}): Labels => ({ global_reach: pair.globalReach, from_site: pair.fromSite, to_site: pair.toSite });

/** What follows from the configuration alone, and the tallies of probes. */
export function emitProbing(emit: Emit, estate: Estate, snapshot: Snapshot): void {
  for (const path of pathsOf(estate)) {
    emitThresholds(emit, metrics.path, pathLabels(path), path.thresholds);
    emitProbes(emit, metrics.path, pathLabels(path), subject.path(path), path.probes, snapshot);
  }
  for (const pair of pairsOf(estate)) {
    emitThresholds(emit, metrics.pair, pairLabels(pair), pair.thresholds);
    emitProbes(emit, metrics.pair, pairLabels(pair), subject.pair(pair), pair.probes, snapshot);
  }
}

export function emitJudgement(emit: Emit, judgement: Judgement, clock: Clock): void {
  for (const verdict of judgement.paths) {
    const labels = pathLabels(verdict.path);
    emitVerdict(emit, metrics.path, labels, verdict, clock);
    const { witness } = verdict;
    if (witness !== undefined) emit(metrics.routerProbe.witness, labels, 1, { witness });
  }
  for (const verdict of judgement.pairs) emitVerdict(emit, metrics.pair, pairLabels(verdict.pair), verdict, clock);
  for (const { circuit, peering, redundancy, since } of judgement.redundancy) {
    const labels = { circuit: circuit.name, peering };
    emit(metrics.circuit.redundancy, labels, redundancies.indexOf(redundancy));
    emit(metrics.circuit.redundancySince, labels, clock.toEpoch(since) / 1_000);
  }
  for (const { router, reachable } of judgement.routers) {
    if (reachable === "unknown") continue;
    emit(metrics.router.up, { router: router.name, site: router.site }, reachable ? 1 : 0);
  }
}

function emitVerdict(emit: Emit, to: ProbedMetrics, labels: Labels, verdict: Verdict, clock: Clock): void {
  emit(to.state, labels, pathStates.indexOf(verdict.state));
  if (verdict.state !== "unknown") emit(to.up, labels, verdict.state === "down" ? 0 : 1);
  emit(to.since, labels, clock.toEpoch(verdict.since) / 1_000);
  emit(to.transitions, labels, verdict.transitions);
  const first = verdict.reasons[0];
  if (first !== undefined) emit(to.cause, labels, 1, { cause: first.cause, owner: first.owner });
  const { probes, lossRatio, delay, oneWay } = verdict.performance;
  emit(to.lossProbes, labels, probes);
  if (lossRatio !== undefined) emit(to.lossRatio, labels, lossRatio);
  if (oneWay !== undefined) {
    emit(to.oneWayDelayMedian, labels, oneWay.forward, { direction: "forward" });
    emit(to.oneWayDelayMedian, labels, oneWay.backward, { direction: "backward" });
    emit(to.oneWayDelayError, labels, oneWay.error);
  }
  if (delay !== undefined) {
    emit(to.delayMin, labels, delay.min);
    emit(to.delayMedian, labels, delay.median);
    emit(to.delayP95, labels, delay.p95);
    emit(to.delayMax, labels, delay.max);
  }
}

function emitThresholds(emit: Emit, to: ProbedMetrics, labels: Labels, { loss, delay }: Thresholds): void {
  for (const level of ["raise", "clear"] as const) {
    emit(to.lossThreshold, labels, loss[level], { level });
    emit(to.delayThreshold, labels, delay[level], { level });
  }
}

/** Two streams of one technique are one series: their tallies add up. */
function emitProbes(
  emit: Emit,
  to: ProbedMetrics,
  labels: Labels,
  of: SubjectKey,
  probes: readonly ProbeTarget[],
  snapshot: Snapshot,
): void {
  for (const technique of new Set(probes.map((probe) => probe.technique))) {
    const totals = probes.flatMap((probe, index) =>
      probe.technique === technique ? [snapshot.probe(of, index)?.totals ?? noProbes] : [],
    );
    const sum = (tally: Exclude<keyof ProbeTotals, "directions">) => totals.reduce((all, one) => all + one[tally], 0);
    emit(to.probesSettled, labels, sum("settled"), { technique });
    emit(to.probesLost, labels, sum("lost"), { technique });
    emit(to.probesLate, labels, sum("late"), { technique });
    emit(to.probesDuplicate, labels, sum("duplicate"), { technique });
    emit(to.probesReordered, labels, sum("reordered"), { technique });
    emit(to.probesDiscarded, labels, sum("discarded"), { technique });
    emit(to.probesSendErrors, labels, sum("sendErrors"), { technique });
    const told = totals.flatMap(({ directions }) => (directions === undefined ? [] : [directions]));
    if (told.length === 0) continue;
    for (const direction of ["forward", "backward"] as const) {
      const lost = told.reduce((all, one) => all + one[direction], 0);
      emit(to.probesLostOneWay, labels, lost, { technique, direction });
    }
  }
}
