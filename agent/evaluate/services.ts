// The judgement of services and internet dependencies. A service whose circuit is lost is explained by the circuit; an
// internet dependency never speaks of a circuit.

import type { Estate } from "../estate/estate.ts";
import type { PathState, PathVerdict, RedundancyVerdict } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { InternetDependency, Service, ServiceOrDependency } from "../estate/service.ts";
import type { ServiceReason, ServiceVerdict } from "../estate/service-judgement.ts";
import { type Instant, later } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { missingOf } from "./communities.ts";
import type { Hearing } from "./isolation.ts";
import { judgeChecks } from "./service-checks.ts";
import { type Effect, groupReasons } from "./service-groups.ts";

export interface ServiceScene {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly hearing: Hearing;
  /** Of this round. */
  readonly redundancy: readonly RedundancyVerdict[];
  readonly paths: readonly PathVerdict[];
  readonly now: Instant;
}

/** The redundancy of each peering of each circuit, found without looking through all of them for each service. */
type Redundancies = ReadonlyMap<SubjectKey, RedundancyVerdict>;

export function judgeServices(
  scene: ServiceScene,
  previous: readonly ServiceVerdict[] | undefined,
): readonly ServiceVerdict[] {
  const before = new Map(previous?.map((verdict) => [subject.watched(verdict.of), verdict]));
  const redundancies: Redundancies = new Map(
    scene.redundancy.map((one) => [subject.redundancy(one.circuit.name, one.peering), one]),
  );
  const lacking = scene.paths.filter(({ missingSince }) => missingSince !== undefined);
  const one = (of: ServiceOrDependency) => judgeOne(scene, redundancies, lacking, of, before.get(subject.watched(of)));
  const { services, internetDependencies } = scene.estate;
  return [...services.map(one), ...explainTogether(internetDependencies, internetDependencies.map(one))];
}

function judgeOne(
  scene: ServiceScene,
  redundancies: Redundancies,
  lacking: readonly PathVerdict[],
  of: ServiceOrDependency,
  was: ServiceVerdict | undefined,
): ServiceVerdict {
  const { hearing, now } = scene;
  const checks = judgeChecks(scene, of, was);
  const found = groupReasons(of, checks, scene.snapshot);
  const state = stateOf(found.map(({ effect }) => effect));
  const circuit = of.is === "service" ? circuitOf(scene, redundancies, lacking, of) : undefined;
  const explainedUntil = circuit?.lost === true ? later(now, graceOf(of)) : was?.explainedUntil;
  const explained = state === "down" && explainedUntil !== undefined && now < explainedUntil;
  const reasons: ServiceReason[] = worstFirst(found).map(({ cause, owner, evidence }) => ({
    cause,
    owner,
    evidence: circuit === undefined || cause === "notChecked" ? evidence : `${evidence}; ${circuit.words}`,
  }));
  if (explained && circuit !== undefined) reasons.unshift(circuit.reason);
  if (state === "unknown" && hearing.isolated) {
    reasons.unshift({ cause: "agentIsolated", owner: "unknown", evidence: hearing.reason.evidence });
  }
  const changed = was !== undefined && was.state !== state;
  return {
    of,
    state,
    since: was === undefined || changed ? now : was.since,
    transitions: (was?.transitions ?? 0) + (changed ? 1 : 0),
    reasons,
    checks,
    explainedUntil,
  };
}

const effects: readonly Effect[] = ["down", "unknown", "degraded"];

function stateOf(found: readonly Effect[]): PathState {
  return effects.find((effect) => found.includes(effect)) ?? "up";
}

function worstFirst<T extends { readonly effect: Effect }>(found: readonly T[]): readonly T[] {
  return found.toSorted((a, b) => effects.indexOf(a.effect) - effects.indexOf(b.effect));
}

interface CircuitView {
  readonly lost: boolean;
  /** What a reader wants to know of it beside every failure. */
  readonly words: string;
  readonly reason: ServiceReason;
}

function circuitOf(
  { paths, now }: ServiceScene,
  redundancies: Redundancies,
  lacking: readonly PathVerdict[],
  service: Service,
): CircuitView {
  const { circuit, peering } = service;
  const verdict = redundancies.get(subject.redundancy(circuit, peering));
  const state = verdict?.redundancy ?? "unknown";
  const words = [`${circuit} ${peering} is ${state}`, ...missingOf(service, lacking, now)].join(", ");
  if (state !== "lost") {
    const evidence = `${circuit} ${peering} was lost until a moment ago`;
    return { lost: false, words, reason: { cause: "circuitLost", owner: "unknown", evidence } };
  }
  const path = paths.find((one) => one.path.circuit === circuit && one.path.peering === peering);
  const why = verdict?.reason === undefined || verdict.reason === "" ? "" : `: ${verdict.reason}`;
  const reason = {
    cause: "circuitLost",
    owner: path?.reasons[0]?.owner ?? "unknown",
    evidence: `${words}${why}`,
  } as const;
  return { lost: true, words, reason };
}

/** When the circuit is back, the checks need this long to see it. */
function graceOf({ checks, thresholds }: ServiceOrDependency) {
  const longest = Math.max(
    0,
    ...checks.map(({ interval, timeout }) => interval * (thresholds.successes + 1) + timeout),
  );
  return milliseconds(longest);
}

/** What fails all at once has one cause, and that is on our side of the internet: fewer than two prove nothing. */
function explainTogether(
  dependencies: readonly InternetDependency[],
  verdicts: readonly ServiceVerdict[],
): readonly ServiceVerdict[] {
  if (dependencies.length < 2 || verdicts.some(({ state }) => state !== "down")) return verdicts;
  const evidence = `all ${dependencies.length} internet dependencies fail: look at our own internet access first`;
  const reason: ServiceReason = { cause: "internetAccessLost", owner: "customer", evidence };
  return verdicts.map((verdict) => ({ ...verdict, reasons: [reason, ...verdict.reasons] }));
}
