// What the agent knows at this moment as plain JSON: the answer of /api/v1/status, and what the page is
// drawn from. Times are ISO 8601 in UTC, spans and delays are seconds, ratios are 0 to 1, null is
// "not measured" or "does not exist here".

import {
  type Estate,
  type GlobalReach,
  type LinkName,
  linkNames,
  type Path,
  type PeeringName,
  type Router,
} from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type {
  Cause,
  Judgement,
  PathState,
  PathVerdict,
  Performance,
  Reason,
  Redundancy,
  RouterVerdict,
  Verdict,
  Witness,
} from "../estate/judgement.ts";
import type { PrefixFamily } from "../estate/link-observation.ts";
import { type BgpState, type IfAdminStatus, type IfOperStatus, subject } from "../estate/observation.ts";
import type { Probed } from "../estate/probed.ts";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import type { TrafficRate } from "../state/counters.ts";
import type { Snapshot } from "../state/state.ts";
import { type CommunityStatus, communityStatuses } from "./community-status.ts";
import { type LinkStatus, linkStatus } from "./link-status.ts";
import { type ProbeStatus, probeStatus } from "./probe-status.ts";
import { type HostStatus, hostStatus, type IsolationStatus, isolationStatus } from "./self-status.ts";
import { type DependencyStatus, type ServiceStatus, serviceStatuses } from "./service-status.ts";
import { type FlapStatus, flapStatus, type NotSeen, type SessionStatus, sessionStatus } from "./session-status.ts";
import { type TracedStatus, tracedStatus } from "./trace-status.ts";

export interface InterfaceStatus {
  /** ifOperStatus; `absent`: the router answers and has no such interface. */
  readonly state: IfOperStatus | "absent" | NotSeen;
  /** ifAdminStatus, where `state` is one of the MIB's. */
  readonly adminStatus: IfAdminStatus | null;
  readonly drops: FlapStatus;
}

/** What was measured over the threshold window. */
export interface Measured {
  readonly loss: {
    readonly ratio: number | null;
    readonly probes: number;
    /** Lost probes of which the way is known; null where the far end does not tell. */
    readonly directions: NonNullable<Performance["directions"]> | null;
  };
  /** Round-trip delay in seconds; null when no probe was answered. */
  readonly delay: NonNullable<Performance["delay"]> | null;
  /** Median delay of each way, and the error of both clocks, in seconds; null unless both are synchronised. */
  readonly oneWay: NonNullable<Performance["oneWay"]> | null;
  /** Over longer windows, of the stream by which it is judged. */
  readonly probing: ProbeStatus;
}

export interface ReasonStatus extends Pick<Reason, "cause" | "owner" | "evidence"> {
  /** When it was last so, where it is held; null while it is so. */
  readonly lastSeen: string | null;
}

interface Judged extends Measured {
  readonly state: PathState;
  readonly since: string;
  /** State changes since the agent started. */
  readonly transitions: number;
  /** In the order of the stages; the first is the cause. */
  readonly reasons: readonly ReasonStatus[];
  readonly notCovered: readonly string[];
  /** What is so and harms nothing now, such as a drain whose traffic moved. */
  readonly notes: readonly { readonly cause: Cause; readonly since: string; readonly evidence: string }[];
  /** Whose word on forwarding counts; null when nobody can tell. */
  readonly witness: Witness | null;
}

export interface PathStatus extends Judged {
  readonly link: LinkName;
  readonly router: string;
  readonly interface: string;
  readonly interfaceStatus: InterfaceStatus;
  /** Bits per second over the interface, all circuits on it; null while its counters give no rate. */
  readonly traffic: TrafficRate | null;
  /** Address of the MSEE; null where the router peers with the provider (`anyToAny`). */
  readonly msee: string | null;
  readonly localAddress: string | null;
  readonly remoteAddress: string;
  readonly remoteAsn: number;
  readonly vlan: number;
  readonly session: SessionStatus;
  readonly evidence: LinkStatus;
  /** Prefixes by Microsoft's communities; empty where no BMP tells them. */
  readonly communities: readonly CommunityStatus[];
  readonly traced: TracedStatus;
}

export interface PeeringStatus {
  readonly name: PeeringName;
  readonly redundancy: Redundancy;
  readonly since: string;
  readonly reason: string;
  readonly paths: readonly PathStatus[];
}

export interface CircuitStatus {
  readonly name: string;
  readonly serviceKey: string;
  readonly provider: string;
  readonly peeringLocation: string;
  readonly sku: string;
  readonly connectivityModel: string;
  /** Bits per second, of each link. */
  readonly bandwidth: number;
  readonly peerings: readonly PeeringStatus[];
}

export interface PairStatus extends Judged {
  readonly fromSite: string;
  readonly toSite: string;
  readonly traced: TracedStatus;
}

export interface GlobalReachStatus {
  readonly name: string;
  readonly circuits: readonly [string, string];
  /** The site of each circuit, in the same order. */
  readonly sites: readonly [string, string];
  /** The directions that this agent measures. */
  readonly pairs: readonly PairStatus[];
}

export interface RouterStatus {
  readonly name: string;
  readonly site: string;
  readonly address: string;
  readonly reachable: boolean | "unknown";
  readonly since: string;
  readonly reason: string;
  /** What the router says of itself: untrusted text. */
  readonly sysName: string | null;
  readonly sysDescr: string | null;
  /** Null where the router never connected by BMP. */
  readonly bmp: {
    readonly connected: boolean;
    readonly since: string;
    /** What the router says of itself, or why the connection ended: untrusted text. */
    readonly detail: string;
    /** Its Loc-RIBs, by their VRFs or tables: untrusted text. */
    readonly locRibs: readonly {
      readonly table: string;
      readonly isFiltered: boolean;
      readonly families: readonly { readonly family: PrefixFamily; readonly count: number; readonly gauged: boolean }[];
    }[];
  } | null;
  /** Sessions with Microsoft's ASN that no path has: their failure would be seen by nobody. */
  readonly unconfigured: readonly {
    readonly remoteAddress: string;
    readonly state: BgpState | null;
    readonly sources: readonly { readonly source: "snmp" | "bmp"; readonly age: number }[];
  }[];
}

export interface Status {
  readonly version: string;
  /** When this was judged. */
  readonly at: string;
  /** How old the judgement was when this was asked for. */
  readonly ageSeconds: number;
  readonly site: string;
  readonly simulated: boolean;
  /** What the simulated story does now; null on a real estate. */
  readonly simulation: string | null;
  /** The agent itself is the problem: nothing else is known. */
  readonly isolated: boolean;
  readonly isolation: IsolationStatus | null;
  /** What the agent sees of the host that it stands on. */
  readonly host: HostStatus;
  readonly circuits: readonly CircuitStatus[];
  readonly globalReach: readonly GlobalReachStatus[];
  readonly routers: readonly RouterStatus[];
  readonly services: readonly ServiceStatus[];
  readonly internetDependencies: readonly DependencyStatus[];
}

export interface StatusSource {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  readonly version: string;
  readonly simulation: (() => string) | undefined;
}

export function statusOf(source: StatusSource, judgement: Judgement): Status {
  const { estate, snapshot, clock, version, simulation } = source;
  const now = clock.now();
  const iso = (at: Instant) => utc(clock, at);
  return {
    version,
    at: iso(judgement.at),
    ageSeconds: Math.max(0, now - judgement.at) / 1_000,
    site: estate.site,
    simulated: simulation !== undefined,
    simulation: simulation?.() ?? null,
    isolated: judgement.isolated,
    isolation: isolationStatus(judgement.isolation, iso),
    host: hostStatus(snapshot, now),
    circuits: circuitStatuses(source, judgement, now),
    globalReach: [...estate.globalReach.values()].map((globalReach) =>
      globalReachStatus(globalReach, source, judgement, now),
    ),
    routers: judgement.routers.map((verdict) => routerStatus(verdict, snapshot, now, iso)),
    ...serviceStatuses(judgement.services, estate, snapshot, iso),
  };
}

/** To the second: people compare these with a provider's clock, and the wall clock is no better. */
function utc(clock: Clock, at: Instant): string {
  return new Date(Math.round(clock.toEpoch(at) / 1_000) * 1_000).toISOString().replace(".000Z", "Z");
}

function circuitStatuses(source: StatusSource, judgement: Judgement, now: Instant): readonly CircuitStatus[] {
  const redundancy = Map.groupBy(judgement.redundancy, ({ circuit }) => circuit.name);
  const paths = Map.groupBy(judgement.paths, ({ path }) => path.circuit);
  return [...source.estate.circuits.values()].map((circuit) => {
    const { name, serviceKey, provider, peeringLocation, sku, connectivityModel, bandwidth } = circuit;
    const peerings = (redundancy.get(name) ?? []).map((verdict) => ({
      name: verdict.peering,
      redundancy: verdict.redundancy,
      since: utc(source.clock, verdict.since),
      reason: verdict.reason,
      paths: linkNames.flatMap((link) =>
        (paths.get(name) ?? [])
          .filter(({ path }) => path.peering === verdict.peering && path.link === link)
          .map((path) => pathStatus(path, source, now)),
      ),
    }));
    return { name, serviceKey, provider, peeringLocation, sku, connectivityModel, bandwidth, peerings };
  });
}

function pathStatus(verdict: PathVerdict, source: StatusSource, now: Instant): PathStatus {
  const { path } = verdict;
  const { estate, snapshot, clock } = source;
  const router = estate.routers.get(path.router);
  const iso = (at: Instant) => utc(clock, at);
  return {
    link: path.link,
    ...judged(verdict, { of: subject.path(path), probes: path.probes }, source, now),
    router: path.router,
    interface: path.interface,
    interfaceStatus: interfaceStatus(path, router, snapshot, now, iso),
    traffic: trafficOf(path, router, snapshot, now),
    msee: path.msee ?? null,
    localAddress: path.session.localAddress ?? null,
    remoteAddress: path.session.remoteAddress,
    remoteAsn: path.session.remoteAsn,
    vlan: path.vlan,
    session: sessionStatus(path, router, snapshot, now, iso),
    evidence: linkStatus(path, router, estate, snapshot, now),
    communities: communityStatuses(verdict, estate, snapshot),
    traced: tracedStatus(subject.path(path), verdict.findings, snapshot, iso),
  };
}

function judged(
  verdict: Verdict,
  probed: Pick<Probed, "of" | "probes">,
  { estate, snapshot, clock }: StatusSource,
  now: Instant,
): Judged {
  const { state, since, transitions, reasons, notCovered, performance, conditions } = verdict;
  return {
    state,
    since: utc(clock, since),
    transitions,
    reasons: reasons.map(({ cause, owner, evidence, lastSeen }) => {
      return { cause, owner, evidence, lastSeen: lastSeen === undefined ? null : utc(clock, lastSeen) };
    }),
    notCovered,
    notes: conditions
      .filter((condition) => condition.state === "firing" && condition.effect === "none")
      .map(({ cause, since: from, evidence }) => ({ cause, since: utc(clock, from), evidence })),
    witness: verdict.witness ?? null,
    loss: {
      ratio: performance.lossRatio ?? null,
      probes: performance.probes,
      directions: performance.directions ?? null,
    },
    delay: performance.delay ?? null,
    oneWay: performance.oneWay ?? null,
    probing: probeStatus({ ...probed, performance }, estate, snapshot, now),
  };
}

function interfaceStatus(
  path: Path,
  router: Router | undefined,
  snapshot: Snapshot,
  now: Instant,
  iso: (at: Instant) => string,
): InterfaceStatus {
  const seen = snapshot.interface(path.router, path.interface);
  const drops = flapStatus(snapshot.interfaceDrops(path.router, path.interface), now, iso);
  if (seen === undefined || router === undefined) return { state: "notAsked", adminStatus: null, drops };
  if (!isFresh(router, seen.at, now)) return { state: "stale", adminStatus: null, drops };
  if (!seen.present) return { state: "absent", adminStatus: null, drops };
  return { state: seen.operStatus, adminStatus: seen.adminStatus, drops };
}

function trafficOf(path: Path, router: Router | undefined, snapshot: Snapshot, now: Instant): TrafficRate | null {
  const seen = snapshot.interface(path.router, path.interface);
  if (seen === undefined || router === undefined || !seen.present || !isFresh(router, seen.at, now)) return null;
  return snapshot.counters(path.router, path.interface)?.rate ?? null;
}

function globalReachStatus(
  { name, circuits }: GlobalReach,
  source: StatusSource,
  judgement: Judgement,
  now: Instant,
): GlobalReachStatus {
  const pairs = judgement.pairs
    .filter(({ pair }) => pair.globalReach === name)
    .map((verdict) => ({
      fromSite: verdict.pair.fromSite,
      toSite: verdict.pair.toSite,
      ...judged(verdict, { of: subject.pair(verdict.pair), probes: verdict.pair.probes }, source, now),
      traced: tracedStatus(subject.pair(verdict.pair), verdict.findings, source.snapshot, (at) =>
        utc(source.clock, at),
      ),
    }));
  const siteOf = (circuit: string) => source.estate.circuits.get(circuit)?.peerings[0]?.paths.primary.site ?? circuit;
  return { name, circuits, sites: [siteOf(circuits[0]), siteOf(circuits[1])], pairs };
}

function routerStatus(
  verdict: RouterVerdict,
  snapshot: Snapshot,
  now: Instant,
  iso: (at: Instant) => string,
): RouterStatus {
  const { router, reachable, since, reason } = verdict;
  const seen = snapshot.router(router.name);
  const bmp = snapshot.bmp(router.name);
  return {
    name: router.name,
    site: router.site,
    address: router.address,
    reachable,
    since: iso(since),
    reason,
    sysName: seen?.sysName ?? null,
    sysDescr: seen?.sysDescr ?? null,
    bmp:
      bmp === undefined
        ? null
        : {
            connected: bmp.connected,
            since: iso(bmp.since),
            detail: bmp.detail,
            locRibs: (bmp.locRibs ?? []).map(({ table, isFiltered, families }) => ({
              table,
              isFiltered,
              families: families.map(({ family, count, gaugedAt }) => ({
                family,
                count,
                gauged: gaugedAt !== undefined,
              })),
            })),
          },
    unconfigured: snapshot.unconfigured(router.name).map(({ remoteAddress, state, sources }) => ({
      remoteAddress,
      state: state ?? null,
      sources: sources.map(({ source, at }) => ({ source, age: Math.max(0, elapsed(at, now)) / 1_000 })),
    })),
  };
}
