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
import type { PollRecord, Snapshot } from "../state/state.ts";
import { advance, type Finding } from "./condition.ts";
import { type Hearing, hear } from "./hearing.ts";
import { checkInterface, checkSession, isSessionOutOfSight, outOfSight } from "./path-checks.ts";
import {
  checkDelay,
  checkForwarding,
  checkLoss,
  disbelieved,
  hearProbes,
  type Probing,
  witnessOf,
} from "./probe-checks.ts";
import { notMeasured } from "./probe-window.ts";
import { redundancyOf } from "./redundancy.ts";
import { whyStale } from "./stale.ts";

const immediately = milliseconds(0);

export function judge(estate: Estate, snapshot: Snapshot, previous: Judgement | undefined, now: Instant): Judgement {
  const hearing = hear(estate, snapshot, now);
  const before = index(previous);
  const paths: PathVerdict[] = [];
  const redundancy: RedundancyVerdict[] = [];
  for (const circuit of estate.circuits.values()) {
    for (const peering of circuit.peerings) {
      const pair = linkNames.map((link) => {
        const path = peering.paths[link];
        return judgePath({ estate, circuit, snapshot, hearing, now }, path, before.path);
      });
      paths.push(...pair);
      const was = before.redundancy(subject.redundancy(circuit.name, peering.name));
      redundancy.push(redundancyOf(circuit, peering.name, pair, was, now));
    }
  }
  return {
    at: now,
    isolated: hearing.isolated,
    paths,
    redundancy,
    pairs: pairsOf(estate).map((pair) => {
      const key = subject.pair(pair);
      const was = before.pair(key);
      const probing = hearProbes({ of: key, ...pair }, snapshot, undefined, was, now);
      const { conditions, open } = judgeProbes(probing, pair.thresholds, "unknown", hearing, was, now);
      return { pair, ...verdict(conditions, probing, open, hearing, was, now) } satisfies PairVerdict;
    }),
    routers: [...estate.routers.values()].map((router) =>
      judgeRouter(router, snapshot, before.router(subject.router(router.name)), now),
    ),
  };
}

interface PathScene {
  readonly estate: Estate;
  readonly circuit: Circuit;
  readonly snapshot: Snapshot;
  readonly hearing: Hearing;
  readonly now: Instant;
}

function judgePath(scene: PathScene, path: Path, before: (key: SubjectKey) => PathVerdict | undefined): PathVerdict {
  const { estate, circuit, snapshot, hearing, now } = scene;
  const key = subject.path(path);
  const was = before(key);
  const router = estate.routers.get(path.router);
  if (router === undefined)
    throw new Error(`path of ${path.circuit} names the router ${path.router}, which is not in the estate`);
  const probing = hearProbes({ of: key, ...path }, snapshot, { estate, path, router }, was, now);
  const forwarding = judgeProbes(probing, path.thresholds, forwardingOwner(circuit), hearing, was, now);
  const context = { path, circuit, router, snapshot, now };
  const patience = { for: immediately, keepFiringFor: path.thresholds.keepFiringFor, mayFire: true };
  const control = [
    advance(condition(was, "interface"), "interface", checkInterface(context), patience, now),
    advance(condition(was, "session"), "session", checkSession(context), patience, now),
  ];
  const notCovered = [...forwarding.open, ...modelCoverage(path, circuit, snapshot)];
  return { path, ...verdict([...control, ...forwarding.conditions], probing, notCovered, hearing, was, now) };
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
  const patience = { keepFiringFor: thresholds.keepFiringFor, mayFire: !hearing.deaf };
  const step = (check: Condition["check"], finding: Finding, wait: Duration) =>
    advance(condition(was, check), check, finding, { ...patience, for: wait }, now);
  const forwarding = checkForwarding(context);
  const loss = checkLoss(context, condition(was, "loss"));
  return {
    conditions: [
      step("forwarding", forwarding, immediately),
      step("loss", loss, thresholds.loss.for),
      step("delay", checkDelay(context, condition(was, "delay")), thresholds.delay.for),
    ],
    open: [
      ...(forwarding.open === undefined ? [] : [`forwarding: ${forwarding.open}`]),
      ...(loss.open === undefined ? [] : [`loss: ${loss.open}`]),
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
  if (circuit.connectivityModel === "anyToAny") {
    return ["the MSEE: the router peers with the provider, so the loss of one MSEE does not show here"];
  }
  return isSessionOutOfSight(path, snapshot) ? [`the BGP session: ${outOfSight}`] : [];
}

function verdict(
  conditions: readonly Condition[],
  probing: Probing,
  notCovered: readonly string[],
  hearing: Hearing,
  was: Verdict | undefined,
  now: Instant,
): Verdict {
  const firing = conditions.filter((c) => c.state === "firing");
  const unknown = conditions.filter((c) => c.state === "unknown" && c.effect === "unknown");
  const down = firing.filter((c) => c.effect === "down");
  const degraded = firing.filter((c) => c.effect === "degraded");
  const state: PathState =
    down.length > 0 ? "down" : unknown.length > 0 ? "unknown" : degraded.length > 0 ? "degraded" : "up";
  const changed = was !== undefined && was.state !== state;
  const reasons: readonly Reason[] = [...down, ...unknown, ...degraded];
  return {
    state,
    since: was === undefined || changed ? now : was.since,
    transitions: (was?.transitions ?? 0) + (changed ? 1 : 0),
    reasons: state === "unknown" && hearing.isolated ? [hearing.reason, ...reasons] : reasons,
    notCovered,
    conditions,
    performance: (probing.view?.measured ?? notMeasured).window,
    witness: witnessOf(probing),
    disbelievedAt: disbelieved(probing, was, now),
  };
}

function judgeRouter(router: Router, snapshot: Snapshot, was: RouterVerdict | undefined, now: Instant): RouterVerdict {
  const polls = pollGroups.map((group) => snapshot.poll(router.name, group)).filter((poll) => poll !== undefined);
  const answers = polls.some((poll) => isFresh(router, lastAnswer(poll), now));
  const reachable = polls.length === 0 ? "unknown" : answers;
  const reason = reachable === false ? whyStale(router, "system", snapshot, now) : "";
  return { router, reachable, since: was?.reachable === reachable ? was.since : now, reason };
}

/** A router that says "no such table" has answered. */
function lastAnswer({ last, lastOkAt }: PollRecord): Instant | undefined {
  return last.result === "noSuchTable" ? last.at : lastOkAt;
}

function condition(was: Verdict | undefined, check: Condition["check"]): Condition | undefined {
  return was?.conditions.find((c) => c.check === check);
}

/** Finds the verdict of the same subject in the judgement before. */
function index(previous: Judgement | undefined) {
  const by = <T>(verdicts: readonly T[] | undefined, key: (verdict: T) => SubjectKey) => {
    const found = new Map(verdicts?.map((verdict) => [key(verdict), verdict]));
    return (wanted: SubjectKey) => found.get(wanted);
  };
  return {
    path: by(previous?.paths, ({ path }) => subject.path(path)),
    redundancy: by(previous?.redundancy, ({ circuit, peering }) => subject.redundancy(circuit.name, peering)),
    pair: by(previous?.pairs, ({ pair }) => subject.pair(pair)),
    router: by(previous?.routers, ({ router }) => subject.router(router.name)),
  };
}
