// Series of what the agent judged: paths, redundancy, Global Reach pairs.

import { metrics } from "../catalog/metrics.ts";
import {
  type Estate,
  type GlobalReachPair,
  type Path,
  type ProbeTarget,
  pairsOf,
  pathsOf,
  probeTechniques,
  type StatisticsConfig,
  type Thresholds,
} from "../estate/estate.ts";
import { type Judgement, pathStates, redundancies, type Verdict, witnesses } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { Clock } from "../lib/clock.ts";
import { oncePer } from "../lib/once-per.ts";
import { isStep } from "../lib/slices.ts";
import { noProbes, type ProbeTotals } from "../state/probe-statistics.ts";
import type { Snapshot } from "../state/state.ts";
import { emitCommunities } from "./communities.ts";
import { emitRoutes } from "./routes.ts";
import { type Emit, type LabelText, labelsOf, labelText, labelTexts } from "./series.ts";
import { emitHistogram, emitStatistics } from "./statistics.ts";

type ProbedMetrics = typeof metrics.path | typeof metrics.pair;

export const pathLabels = labelsOf(({ circuit, peering, link, router, site }: Path) => ({
  circuit,
  peering,
  link,
  router,
  site,
}));

/** The subject of a path, made once. */
export const keyOf = oncePer((path: Path): SubjectKey => subject.path(path));

export const pairLabels = labelsOf(({ globalReach, fromSite, toSite }: GlobalReachPair) => ({
  global_reach: globalReach,
  from_site: fromSite,
  to_site: toSite,
}));

const levels = ["raise", "clear"] as const;
const levelLabels = labelTexts("level", levels);
const witnessLabels = labelTexts("witness", witnesses);
const techniqueLabels = labelTexts("technique", probeTechniques);

export function* emitThresholds(emit: Emit, estate: Estate): Generator<void> {
  for (const [i, path] of pathsOf(estate).entries()) {
    if (isStep(i)) yield;
    emitLimits(emit, metrics.path, pathLabels(path), path.thresholds);
  }
  for (const pair of pairsOf(estate)) emitLimits(emit, metrics.pair, pairLabels(pair), pair.thresholds);
}

/** The tallies of probes. */
export function* emitProbing(emit: Emit, estate: Estate, snapshot: Snapshot): Generator<void> {
  for (const [i, path] of pathsOf(estate).entries()) {
    if (isStep(i)) yield;
    emitProbes(emit, metrics.path, pathLabels(path), keyOf(path), path.probes, snapshot, estate.statistics);
  }
  for (const pair of pairsOf(estate)) {
    emitProbes(emit, metrics.pair, pairLabels(pair), subject.pair(pair), pair.probes, snapshot, estate.statistics);
  }
}

export function* emitJudgement(
  emit: Emit,
  judgement: Judgement,
  estate: Estate,
  snapshot: Snapshot,
  clock: Clock,
): Generator<void> {
  const now = clock.now();
  const emitProbed = (to: ProbedMetrics, labels: LabelText, of: SubjectKey, verdict: Verdict) => {
    emitVerdict(emit, to, labels, verdict, clock);
    const { stream, probes } = verdict.performance;
    const record = stream === undefined ? undefined : snapshot.probe(of, stream);
    // What is not probed at present has no present figures.
    if (record !== undefined && probes > 0) emitStatistics(emit, to, labels, record, estate.statistics, now);
  };
  for (const [i, verdict] of judgement.paths.entries()) {
    if (isStep(i)) yield;
    const labels = pathLabels(verdict.path);
    emitProbed(metrics.path, labels, keyOf(verdict.path), verdict);
    const { witness } = verdict;
    if (witness !== undefined) emit(metrics.routerProbe.witness, labels, 1, witnessLabels[witness]);
    for (const { check, cause, owner, state, effect, since } of verdict.conditions) {
      if (state !== "firing" || effect !== "none") continue;
      emit(metrics.note.path, labels, clock.toEpoch(since) / 1_000, { check, cause, owner });
    }
    const drain = verdict.conditions.find(({ check }) => check === "drain");
    if (drain !== undefined && drain.state !== "unknown") {
      emit(metrics.bmp.draining, labels, drain.state === "firing" ? 1 : 0);
    }
    emitCommunities(emit, labels, verdict, estate, snapshot);
    emitRoutes(emit, labels, verdict, estate, snapshot, now);
  }
  for (const [i, verdict] of judgement.pairs.entries()) {
    if (isStep(i)) yield;
    emitProbed(metrics.pair, pairLabels(verdict.pair), subject.pair(verdict.pair), verdict);
  }
  for (const { circuit, peering, redundancy, since } of judgement.redundancy) {
    yield;
    const labels = { circuit: circuit.name, peering };
    emit(metrics.circuit.redundancy, labels, redundancies.indexOf(redundancy));
    emit(metrics.circuit.redundancySince, labels, clock.toEpoch(since) / 1_000);
  }
  for (const { router, reachable } of judgement.routers) {
    yield;
    if (reachable === "unknown") continue;
    emit(metrics.router.up, { router: router.name, site: router.site }, reachable ? 1 : 0);
  }
}

function emitVerdict(emit: Emit, to: ProbedMetrics, labels: LabelText, verdict: Verdict, clock: Clock): void {
  emit(to.state, labels, pathStates.indexOf(verdict.state));
  if (verdict.state !== "unknown") emit(to.up, labels, verdict.state === "down" ? 0 : 1);
  emit(to.since, labels, clock.toEpoch(verdict.since) / 1_000);
  emit(to.transitions, labels, verdict.transitions);
  const first = verdict.reasons[0];
  if (first !== undefined) emit(to.cause, labels, 1, { cause: first.cause, owner: first.owner });
  emitUnsent(emit, to, labels, verdict);
  const { probes, lossRatio, delay, oneWay } = verdict.performance;
  emit(to.lossProbes, labels, probes);
  if (lossRatio !== undefined) emit(to.lossRatio, labels, lossRatio);
  for (const { who, ...ofClass } of verdict.classes ?? []) {
    const more = labelText({ probes: who });
    emit(to.classLossRatio, labels, ofClass.lossRatio, more);
    emit(to.classLossProbes, labels, ofClass.probes, more);
  }
  if (oneWay !== undefined) {
    emit(to.oneWayDelayMedian, labels, oneWay.forward, { direction: "forward" });
    emit(to.oneWayDelayMedian, labels, oneWay.backward, { direction: "backward" });
    emit(to.oneWayDelayError, labels, oneWay.error);
  }
  if (delay !== undefined) {
    emit(to.delayMin, labels, delay.min);
    emit(to.delayMedian, labels, delay.median);
    emit(to.delayP95, labels, delay.p95);
    emit(to.delayP99, labels, delay.p99);
    emit(to.delayMax, labels, delay.max);
  }
}

/** Two streams of one technique that lack the same are one series. */
function emitUnsent(emit: Emit, to: ProbedMetrics, labels: LabelText, { unsent = [] }: Verdict): void {
  for (const more of new Set(unsent.map(({ technique, reason }) => labelText({ technique, reason })))) {
    emit(to.probesUnsent, labels, 1, more);
  }
}

function emitLimits(emit: Emit, to: ProbedMetrics, labels: LabelText, { loss, delay }: Thresholds): void {
  for (const level of levels) {
    emit(to.lossThreshold, labels, loss[level], levelLabels[level]);
    emit(to.delayThreshold, labels, delay[level], levelLabels[level]);
  }
}

/** Two streams of one technique are one series: their tallies add up. */
function emitProbes(
  emit: Emit,
  to: ProbedMetrics,
  labels: LabelText,
  of: SubjectKey,
  probes: readonly ProbeTarget[],
  snapshot: Snapshot,
  statistics: StatisticsConfig,
): void {
  for (const technique of new Set(probes.map((probe) => probe.technique))) {
    const records = probes.flatMap((probe, index) =>
      probe.technique === technique ? [snapshot.probe(of, index)] : [],
    );
    const totals = records.map((record) => record?.totals ?? noProbes);
    const own = techniqueLabels[technique];
    emitHistogram(emit, to, labels, technique, records, statistics);
    const sum = (tally: Exclude<keyof ProbeTotals, "directions">) => totals.reduce((all, one) => all + one[tally], 0);
    emit(to.probesSettled, labels, sum("settled"), own);
    emit(to.probesLost, labels, sum("lost"), own);
    emit(to.lossBursts, labels, sum("lossBursts"), own);
    emit(to.probesLate, labels, sum("late"), own);
    emit(to.probesDuplicate, labels, sum("duplicate"), own);
    emit(to.probesReordered, labels, sum("reordered"), own);
    emit(to.probesDiscarded, labels, sum("discarded"), own);
    emit(to.probesSendErrors, labels, sum("sendErrors"), own);
    emit(to.probesUnheard, labels, sum("unheard"), own);
    const told = totals.flatMap(({ directions }) => (directions === undefined ? [] : [directions]));
    if (told.length === 0) continue;
    for (const direction of ["forward", "backward"] as const) {
      const lost = told.reduce((all, one) => all + one[direction], 0);
      emit(to.probesLostOneWay, labels, lost, { technique, direction });
    }
  }
}
