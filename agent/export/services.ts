// Series of services and internet dependencies: what was judged, and what their checks last saw.

import { metrics } from "../catalog/metrics.ts";
import type { Estate } from "../estate/estate.ts";
import { pathStates } from "../estate/judgement.ts";
import { subject } from "../estate/observation.ts";
import type { ServiceCheck, ServiceOrDependency } from "../estate/service.ts";
import type { ServiceVerdict } from "../estate/service-judgement.ts";
import { checkFailures } from "../estate/service-observation.ts";
import type { Clock } from "../lib/clock.ts";
import type { CheckRecord } from "../state/check-records.ts";
import type { Snapshot } from "../state/state.ts";
import type { Emit, Labels } from "./series.ts";

type WatchedMetrics = typeof metrics.service | typeof metrics.dependency;

const metricsOf = ({ is }: ServiceOrDependency): WatchedMetrics =>
  is === "service" ? metrics.service : metrics.dependency;

const labelsOf = (of: ServiceOrDependency): Labels =>
  of.is === "service"
    ? { service: of.name, circuit: of.circuit, peering: of.peering }
    : { dependency: of.name, kind: of.kind };

export interface CheckingTelemetry {
  readonly inFlight: () => number;
  readonly skipped: () => number;
  readonly restarts: () => number;
}

/** What follows from the configuration alone, and what the checks saw. */
export function emitChecks(emit: Emit, estate: Estate, snapshot: Snapshot, checking: CheckingTelemetry): void {
  emit(metrics.checking.inFlight, {}, checking.inFlight());
  emit(metrics.checking.skipped, {}, checking.skipped());
  emit(metrics.checking.restarts, {}, checking.restarts());
  for (const of of [...estate.services, ...estate.internetDependencies]) {
    const to = metricsOf(of);
    const labels = labelsOf(of);
    const { duration, certificateExpiry } = of.thresholds;
    emit(to.durationThreshold, labels, duration.raise, { level: "raise" });
    emit(to.durationThreshold, labels, duration.clear, { level: "clear" });
    if (of.checks.some(isSecure)) emit(to.certificateThreshold, labels, certificateExpiry / 1_000);
    of.checks.forEach((check, index) => {
      emitCheck(emit, to, labels, check, snapshot.check(subject.watched(of), index));
    });
  }
}

const isSecure = (check: ServiceCheck) => check.technique === "http" && check.url.startsWith("https:");

function emitCheck(
  emit: Emit,
  to: WatchedMetrics,
  of: Labels,
  check: ServiceCheck,
  record: CheckRecord | undefined,
): void {
  const { label, technique } = check;
  const resolver = technique === "dns" ? (check.resolver ?? "") : "";
  const labels = { ...of, check: label, technique, resolver };
  emit(to.checks, labels, record?.results.get("ok") ?? 0, { result: "ok" });
  if (record === undefined) return;
  // Of the failures only those that happened: each check would have twenty series that stay zero.
  for (const result of checkFailures) {
    const n = record.results.get(result);
    if (n !== undefined) emit(to.checks, labels, n, { result });
  }
  const { last } = record;
  // A check that this host could not make says nothing of the far end.
  if (last.failure?.reason === "notSent") return;
  emit(to.checkUp, labels, last.failure === undefined ? 1 : 0);
  emit(to.duration, labels, last.total);
  for (const [phase, seconds] of Object.entries(last.phases)) emit(to.phase, labels, seconds, { phase });
  if (last.status !== undefined) emit(to.status, labels, last.status);
  const ends = (last.certificates ?? []).map(({ notAfter }) => notAfter).filter(Number.isFinite);
  if (ends.length > 0) emit(to.certificateExpiry, labels, Math.min(...ends) / 1_000);
  if (last.answers !== undefined) emit(to.answers, labels, last.answers.length);
  if (last.ttl !== undefined) emit(to.ttl, labels, last.ttl);
}

export function emitServices(emit: Emit, verdicts: readonly ServiceVerdict[], clock: Clock): void {
  for (const { of, state, since, transitions, reasons } of verdicts) {
    const to = metricsOf(of);
    const labels = labelsOf(of);
    emit(to.state, labels, pathStates.indexOf(state));
    if (state !== "unknown") emit(to.up, labels, state === "down" ? 0 : 1);
    emit(to.since, labels, clock.toEpoch(since) / 1_000);
    emit(to.transitions, labels, transitions);
    const first = reasons[0];
    if (first !== undefined) emit(to.cause, labels, 1, { cause: first.cause, owner: first.owner });
  }
}
