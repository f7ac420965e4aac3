// What is noticed of a path or pair that is no outage.

import type { Circuit, Estate, GlobalReachPair, Path } from "../estate/estate.ts";
import type { FindingKind, PathFinding } from "../estate/finding.ts";
import type { Owner } from "../estate/judgement.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { MtuObservation, Traced, TraceObservation } from "../estate/tracing.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { sessionFindings } from "./session-findings.ts";
import { type IsOwn, wayOf } from "./way.ts";

/** What was seen this many intervals ago no longer speaks for the present. */
const freshIntervals = 3;

export interface FindingScene {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly now: Instant;
}

type Noticed = Omit<PathFinding, "since">;

/** Nearly every path, at every judgement. */
const none: readonly PathFinding[] = [];

export function pathFindings(scene: FindingScene, path: Path, was: readonly PathFinding[]): readonly PathFinding[] {
  const isOwn: IsOwn = ({ circuit, link }) => circuit === path.circuit && link === path.link;
  const ofPath = findings(scene, subject.path(path), isOwn, [path.router], was);
  const ofBgp = ofSession(scene, path, was);
  return ofBgp.length === 0 ? ofPath : [...ofBgp, ...ofPath];
}

const ofSessions: readonly FindingKind[] = ["noFastDetection", "peerAsOther"];

function ofSession(
  { estate, snapshot, now }: FindingScene,
  path: Path,
  was: readonly PathFinding[],
): readonly PathFinding[] {
  const router = estate.routers.get(path.router);
  const before = was.length === 0 ? was : was.filter(({ kind }) => ofSessions.includes(kind));
  const noticed = router && sessionFindings({ path, router, rules: estate.sessions, snapshot, now });
  return noticed === undefined ? before : dated(noticed, before, now);
}

export function pairFindings(
  scene: FindingScene,
  pair: GlobalReachPair,
  was: readonly PathFinding[],
): readonly PathFinding[] {
  const joined: readonly string[] = scene.estate.globalReach.get(pair.globalReach)?.circuits ?? [];
  return findings(scene, subject.pair(pair), ({ circuit }) => joined.includes(circuit), [], was);
}

function findings(
  scene: FindingScene,
  key: SubjectKey,
  isOwn: IsOwn,
  routers: readonly string[],
  was: readonly PathFinding[],
): readonly PathFinding[] {
  const { estate, snapshot, now } = scene;
  const { tracing } = estate;
  if (tracing === undefined) return none;
  const noticed: Noticed[] = [];
  const trace = snapshot.trace(key)?.last;
  if (trace !== undefined && now - trace.at <= freshIntervals * tracing.interval) {
    noticed.push(...fromTrace(trace, isOwn, estate, was));
  }
  const mtu = snapshot.mtu(key);
  const traced = targetOf(estate, key);
  if (mtu !== undefined && traced !== undefined && now - mtu.at <= freshIntervals * tracing.mtuInterval) {
    const found = fromMtu(mtu, traced, (address) => ownerOf(address, routers, estate));
    if (found !== undefined) noticed.push(found);
  }
  return dated(noticed, was, now);
}

function dated(noticed: readonly Noticed[], was: readonly PathFinding[], now: Instant): readonly PathFinding[] {
  if (noticed.length === 0) return none;
  return noticed.map((finding) => ({ ...finding, since: was.find(({ kind }) => kind === finding.kind)?.since ?? now }));
}

const ofTraces: readonly FindingKind[] = ["tracedOverOtherLink", "tracedOverInternet"];

function fromTrace(
  trace: TraceObservation,
  isOwn: IsOwn,
  estate: Estate,
  was: readonly PathFinding[],
): readonly Noticed[] {
  const way = wayOf(trace, isOwn, estate);
  const what = `${trace.technique} trace to ${trace.target}`;
  switch (way.kind) {
    case "own":
      return [];
    case "unclear":
      // Only evidence ends a finding.
      return was.filter(({ kind }) => ofTraces.includes(kind));
    case "otherLink": {
      const { circuit, link, msee } = way.path;
      const end = msee === undefined ? "provider edge" : "MSEE";
      const evidence = `${what} went over the ${link} link of ${circuit}: hop ${way.hop.ttl} is ${way.hop.address}, its ${end}`;
      return [{ kind: "tracedOverOtherLink", owner: "customer", evidence }];
    }
    case "internet": {
      const evidence = `${what} left through the internet: hop ${way.hop.ttl} is ${way.hop.address}, and no hop is the far end of a link`;
      return [{ kind: "tracedOverInternet", owner: "customer", evidence }];
    }
  }
}

function fromMtu(
  { result, mtu, by, technique, target }: MtuObservation,
  { mtu: expected }: Traced,
  ownerOf: (address: string) => Owner,
): Noticed | undefined {
  if (mtu === undefined || mtu >= expected) return undefined;
  const what = `path MTU to ${target} (${technique}) is ${mtu} octets, and ${expected} are expected`;
  switch (result) {
    case "limited":
      return {
        kind: "pathMtuLow",
        owner: ownerOf(by ?? ""),
        evidence: `${what}: ${by} says that a larger packet does not fit its next hop`,
      };
    case "ownInterface":
      return { kind: "pathMtuLow", owner: "customer", evidence: `${what}: this host's own interface takes no more` };
    case "blackHole": {
      const evidence = `${what}: larger packets with DF vanish without an ICMP message, while small ones are answered`;
      return { kind: "pathMtuBlackhole", owner: "unknown", evidence };
    }
    default:
      return undefined;
  }
}

/** Whose the hop is that named the smaller MTU, as far as its address tells. */
function ownerOf(address: string, routers: readonly string[], estate: Estate): Owner {
  for (const name of routers) {
    const router = estate.routers.get(name);
    if (router?.address === address || router?.notifications.addresses.includes(address)) return "customer";
  }
  for (const circuit of estate.circuits.values()) {
    for (const { paths } of circuit.peerings) {
      for (const { session } of Object.values(paths)) {
        if (session.localAddress === address) return "customer";
        if (session.remoteAddress === address) return farEndOwner(circuit);
      }
    }
  }
  return "unknown";
}

function farEndOwner({ connectivityModel }: Circuit): Owner {
  return connectivityModel === "anyToAny" ? "provider" : "microsoft";
}

const targets = new WeakMap<Estate, ReadonlyMap<SubjectKey, Traced>>();

function targetOf(estate: Estate, key: SubjectKey): Traced | undefined {
  let known = targets.get(estate);
  if (known === undefined) {
    known = new Map(estate.tracing?.targets.map((traced) => [traced.of, traced]));
    targets.set(estate, known);
  }
  return known.get(key);
}
