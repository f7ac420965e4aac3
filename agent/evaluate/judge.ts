// The judgement of the whole estate: pure, so that the same observations always give the same verdicts.

import { type Circuit, type Estate, linkNames, type Path, pairsOf, type Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type {
  Condition,
  Judgement,
  Owner,
  PairVerdict,
  PathState,
  PathVerdict,
  Reason,
  RedundancyVerdict,
  RouterVerdict,
  Verdict,
} from "../estate/judgement.ts";
import { pollGroups, type SubjectKey, subject } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { inOne } from "../lib/slices.ts";
import type { PollRecord, Snapshot } from "../state/state.ts";
import { settledSince } from "./blind.ts";
import { advance, conditionOf, type Finding, reasonOf } from "./condition.ts";
import { pairFindings, pathFindings } from "./findings.ts";
import { checkFlapping } from "./flapping.ts";
import { type Hearing, hear } from "./isolation.ts";
import { checkClassLoss, checkLoss, classLosses, unheardClasses } from "./loss.ts";
import { checkInterface, checkSession, isSessionOutOfSight, outOfSight } from "./path-checks.ts";
import { withRoutes } from "./path-routes.ts";
import { checkDelay, checkForwarding, disbelieved, hearProbes, type Probing, witnessOf } from "./probe-checks.ts";
import { notMeasured } from "./probe-window.ts";
import { redundancyOf } from "./redundancy.ts";
import { judgeServices } from "./services.ts";
import { uncoveredDetection } from "./session-findings.ts";
import { whyStale } from "./stale.ts";
import type { Remembered } from "./usual-memory.ts";

const immediately = milliseconds(0);

export function judge(estate: Estate, snapshot: Snapshot, previous: Judgement | undefined, now: Instant): Judgement {
  return inOne(judgeInSteps(estate, snapshot, previous, now));
}

/**
 * As `judge`, in steps of one circuit or router, so that the judgement of thousands can be made beside other work. What
 * is observed between two steps counts for what is judged after it. A verdict that says what it said before is the
 * same object as before.
 */
export function* judgeInSteps(
  estate: Estate,
  snapshot: Snapshot,
  previous: Judgement | undefined,
  now: Instant,
  remembered?: Remembered,
): Generator<void, Judgement> {
  const hearing = hear(estate, snapshot, previous, now);
  const before = {
    path: finder(previous?.paths, ({ path }) => subject.path(path)),
    redundancy: finder(previous?.redundancy, ({ circuit, peering }) => subject.redundancy(circuit.name, peering)),
    pair: finder(previous?.pairs, ({ pair }) => subject.pair(pair)),
    router: finder(previous?.routers, ({ router }) => subject.router(router.name)),
  };
  const paths: PathVerdict[] = [];
  const redundancy: RedundancyVerdict[] = [];
  for (const circuit of estate.circuits.values()) {
    yield;
    for (const peering of circuit.peerings) {
      const scene = { estate, circuit, snapshot, hearing, now, remembered };
      const [primary, secondary] = linkNames.map((link) => {
        const path = peering.paths[link];
        const was = before.path(subject.path(path), (verdict) => verdict.path === path);
        return { was, own: judgePath(scene, path, was) };
      });
      if (primary === undefined || secondary === undefined) throw new Error("a peering has two paths");
      /** What is only seen beside the other path. */
      const together = ({ was, own }: typeof primary, { own: other }: typeof primary) =>
        unlessSame(was, withRoutes(own, other, peering, was, scene));
      const pair = [together(primary, secondary), together(secondary, primary)];
      paths.push(...pair);
      const was = before.redundancy(
        subject.redundancy(circuit.name, peering.name),
        (verdict) => verdict.circuit === circuit && verdict.peering === peering.name,
      );
      redundancy.push(unlessSame(was, redundancyOf(circuit, peering.name, pair, was, now)));
    }
  }
  const routers: RouterVerdict[] = [];
  for (const router of estate.routers.values()) {
    yield;
    const was = before.router(subject.router(router.name), (verdict) => verdict.router === router);
    routers.push(unlessSame(was, judgeRouter(router, snapshot, hearing, was, now)));
  }
  return {
    at: now,
    isolated: hearing.isolated,
    isolation: hearing.isolation,
    paths,
    redundancy,
    pairs: pairsOf(estate).map((pair) => {
      const key = subject.pair(pair);
      const was = before.pair(key, (verdict) => verdict.pair === pair);
      const probing = hearProbes({ of: key, ...pair }, snapshot, undefined, was, now, hearing.blindUntil);
      const { conditions, open } = judgeProbes(probing, pair.thresholds, "unknown", hearing, was, now);
      const findings = pairFindings({ estate, snapshot, now }, pair, was?.findings ?? []);
      return { pair, ...verdict(conditions, probing, open, hearing, was, now), findings } satisfies PairVerdict;
    }),
    routers,
    services: judgeServices({ estate, snapshot, hearing, redundancy, paths, now }, previous?.services),
  };
}

interface PathScene {
  readonly estate: Estate;
  readonly circuit: Circuit;
  readonly snapshot: Snapshot;
  readonly hearing: Hearing;
  readonly now: Instant;
}

function judgePath(scene: PathScene, path: Path, was: PathVerdict | undefined): PathVerdict {
  const { estate, circuit, snapshot, hearing, now } = scene;
  const key = subject.path(path);
  const router = estate.routers.get(path.router);
  if (router === undefined)
    throw new Error(`path of ${path.circuit} names the router ${path.router}, which is not in the estate`);
  const probing = hearProbes({ of: key, ...path }, snapshot, { estate, path, router }, was, now, hearing.blindUntil);
  const forwarding = judgeProbes(probing, path.thresholds, forwardingOwner(circuit), hearing, was, now);
  const context = { path, circuit, router, snapshot, now };
  const patience = { for: immediately, keepFiringFor: path.thresholds.keepFiringFor, mayFire: true };
  const control = [
    advance(conditionOf(was, "interface"), "interface", checkInterface(context), patience, now),
    advance(conditionOf(was, "session"), "session", checkSession(context), patience, now),
    ...flappingOf(scene, path, was),
  ];
  const notCovered = [...forwarding.open, ...modelCoverage(path, circuit, snapshot)];
  const findings = pathFindings(scene, path, was?.findings ?? []);
  return { path, ...verdict([...control, ...forwarding.conditions], probing, notCovered, hearing, was, now), findings };
}

/** How long it keeps firing is its own matter: until it has been quiet. */
function flappingOf(
  { estate, circuit, snapshot, now }: PathScene,
  path: Path,
  was: PathVerdict | undefined,
): readonly Condition[] {
  if (estate.sessions === undefined) return [];
  const before = conditionOf(was, "flapping");
  const { router, session } = path;
  const dropped =
    snapshot.sessionDrops(router, session.remoteAddress) ?? snapshot.interfaceDrops(router, path.interface);
  // Most never drop, and need no condition.
  if (dropped === undefined && before === undefined) return [];
  const finding = checkFlapping({ path, circuit, rules: estate.sessions, snapshot, now }, before);
  const patience = { for: immediately, keepFiringFor: immediately, mayFire: true };
  return [advance(before, "flapping", finding, patience, now)];
}

function judgeProbes(
  probing: Probing,
  thresholds: Path["thresholds"],
  owner: Owner,
  hearing: Hearing,
  was: Verdict | undefined,
  now: Instant,
): { readonly conditions: readonly Condition[]; readonly open: readonly string[] } {
  const context = { probing, thresholds, now, owner };
  const { view } = probing;
  const mayFire = hearing.mayFire && (view === undefined || settledSince(hearing.blindUntil, view, thresholds, now));
  const patience = { keepFiringFor: thresholds.keepFiringFor, mayFire };
  const step = (check: Condition["check"], finding: Finding, wait: Duration) =>
    advance(conditionOf(was, check), check, finding, { ...patience, for: wait }, now);
  const forwarding = checkForwarding(context);
  const leftOpen = (of: string, open: string | undefined) => (open === undefined ? [] : [`${of}: ${open}`]);
  const loss = checkLoss(context, conditionOf(was, "loss"));
  const classLoss = checkClassLoss(context, conditionOf(was, "classLoss"));
  return {
    conditions: [
      step("forwarding", forwarding, immediately),
      step("loss", loss, thresholds.loss.for),
      ...(classLoss === undefined ? [] : [step("classLoss", classLoss, thresholds.loss.for)]),
      step("delay", checkDelay(context, conditionOf(was, "delay")), thresholds.delay.for),
    ],
    open: [
      ...leftOpen("forwarding", forwarding.open),
      ...leftOpen("loss", loss.open),
      ...[classLoss?.open, ...unheardClasses(probing)].flatMap((said) => leftOpen("loss of a class", said)),
      ...(probing.unsent ?? []).flatMap(({ evidence }) => (forwarding.evidence.includes(evidence) ? [] : [evidence])),
    ],
  };
}

/** Who is asked first when packets vanish between a link and a session that are both up. */
function forwardingOwner(circuit: Circuit): Owner {
  switch (circuit.connectivityModel) {
    case "direct":
      return "unknown";
    case "anyToAny":
      return "provider";
    case "cloudExchange":
    case "pointToPoint":
      return "providerOrMicrosoft";
  }
}

function modelCoverage(path: Path, circuit: Circuit, snapshot: Snapshot): readonly string[] {
  const model =
    circuit.connectivityModel === "anyToAny"
      ? "the MSEE: the router peers with the provider, so the loss of one MSEE does not show here"
      : isSessionOutOfSight(path, snapshot)
        ? `the BGP session: ${outOfSight}`
        : undefined;
  const detection = uncoveredDetection(path, snapshot);
  return [model, detection].filter((what) => what !== undefined);
}

function verdict(
  conditions: readonly Condition[],
  probing: Probing,
  notCovered: readonly string[],
  hearing: Hearing,
  was: Verdict | undefined,
  now: Instant,
): Omit<Verdict, "findings"> {
  const firing = conditions.filter((c) => c.state === "firing");
  const unknown = conditions.filter((c) => c.state === "unknown" && c.effect === "unknown");
  const down = firing.filter((c) => c.effect === "down");
  const degraded = firing.filter((c) => c.effect === "degraded");
  const state: PathState =
    down.length > 0
      ? "down"
      : unknown.length > 0 || hearing.isolated
        ? "unknown"
        : degraded.length > 0
          ? "degraded"
          : "up";
  const changed = was !== undefined && was.state !== state;
  const reasons: readonly Reason[] = [...down, ...unknown, ...degraded].map((c) => reasonOf(c, now));
  return {
    state,
    since: was === undefined || changed ? now : was.since,
    transitions: (was?.transitions ?? 0) + (changed ? 1 : 0),
    reasons: state === "unknown" && hearing.isolated ? [hearing.reason, ...reasons] : reasons,
    notCovered,
    conditions,
    performance: (probing.view?.measured ?? notMeasured).window,
    classes: classLosses(probing),
    witness: witnessOf(probing),
    unsent: probing.unsent,
    disbelievedAt: disbelieved(probing, was, now),
  };
}

function judgeRouter(
  router: Router,
  snapshot: Snapshot,
  hearing: Hearing,
  was: RouterVerdict | undefined,
  now: Instant,
): RouterVerdict {
  const polls = pollGroups.map((group) => snapshot.poll(router.name, group)).filter((poll) => poll !== undefined);
  const answers = polls.some((poll) => isFresh(router, lastAnswer(poll), now));
  // Polls that timed out while the agent was cut off say nothing of a router that answered before.
  const excused = was?.reachable !== false && (hearing.isolated || isFresh(router, hearing.blindUntil, now));
  const silent = excused ? "unknown" : false;
  const reachable = polls.length === 0 ? "unknown" : answers && !hearing.isolated ? true : silent;
  // `system` where it was asked already: another group may be the first of which nothing came.
  const [asked] = polls;
  const reason = reachable === false && asked !== undefined ? whyStale(router, asked.last.group, snapshot, now) : "";
  return { router, reachable, since: was?.reachable === reachable ? was.since : now, reason };
}

/** A router that says "no such table" has answered. */
function lastAnswer({ last, lastOkAt }: PollRecord): Instant | undefined {
  return last.result === "noSuchTable" ? last.at : lastOkAt;
}

/**
 * Finds the verdict of the same subject in the judgement before. Of the same estate all stand in the same places, and
 * are asked for in their order; keys are only made of all of them when one does not.
 */
function finder<T>(verdicts: readonly T[] = [], keyOf: (verdict: T) => SubjectKey) {
  let place = 0;
  let byKey: Map<SubjectKey, T> | undefined;
  return (wanted: SubjectKey, isOf: (verdict: T) => boolean): T | undefined => {
    const next = verdicts[place++];
    if (next !== undefined && isOf(next)) return next;
    byKey ??= new Map(verdicts.map((verdict) => [keyOf(verdict), verdict]));
    return byKey.get(wanted);
  };
}

/** The one before if both say the same: what is kept need not be thrown away, and is known to be unchanged at a glance. */
function unlessSame<T extends object>(before: T | undefined, after: T): T {
  return before !== undefined && saysTheSame(before, after) ? before : after;
}

/** Of plain data. What is kept within it is the same object, so little of it is walked through. */
function saysTheSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => saysTheSame(one, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key in a) if (!saysTheSame(a[key], b[key])) return false;
  for (const key in b) if (a[key] === undefined && b[key] !== undefined) return false;
  return true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
