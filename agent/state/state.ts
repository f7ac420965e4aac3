// The latest observation of every subject, with what is needed to judge it: tallies of polls and
// probes, and figures of the probes of the last while. Nothing here says what an observation means.

import { type BestPathsObservation, seenBestPaths } from "../estate/best-path.ts";
import type {
  BmpConnectionObservation,
  BmpPrefixesObservation,
  BmpSetsObservation,
} from "../estate/bmp-observation.ts";
import type { PeeringName } from "../estate/estate.ts";
import type { HostObservation, LoopObservation, LoopThread } from "../estate/host-observation.ts";
import type {
  BfdObservation,
  NeighborObservation,
  OpticsObservation,
  PrefixesObservation,
} from "../estate/link-observation.ts";
import type {
  IfOperStatus,
  InterfaceObservation,
  Observation,
  PollFailure,
  PollGroup,
  PollObservation,
  RouterObservation,
  SubjectKey,
} from "../estate/observation.ts";
import { type SeenSession, seenPrefixes } from "../estate/seen-session.ts";
import type { PeersObservation } from "../estate/session-observation.ts";
import type { MtuObservation, TraceObservation } from "../estate/tracing.ts";
import { type UnconfiguredSession, unconfiguredSessions } from "../estate/unconfigured.ts";
import type { Instant } from "../lib/clock.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import { type CheckRecord, createCheckRecords } from "./check-records.ts";
import { addReading, type CounterRecord, type CounterTrack, loseCounters, trackCounters } from "./counters.ts";
import { addDrops, type Drops } from "./flaps.ts";
import { addFlow, type Flow, type FlowTrack, markFlow, trackFlow } from "./flow.ts";
import { type ProbeKeeping, type ProbeRecord, type ProbeTrack, trackProbes } from "./probe-statistics.ts";
import { createRouterProbes, type RouterProbeRecord } from "./router-probes.ts";
import { createSessions } from "./sessions.ts";
import { createTable } from "./table.ts";

export interface PollRecord {
  readonly last: PollObservation;
  readonly lastOkAt: Instant | undefined;
  readonly failuresInRow: number;
  /** Polls since the agent started, by result. */
  readonly results: Readonly<Record<"ok" | PollFailure, number>>;
}

/** An interface as it was last seen; what its counters grew by is in its `CounterRecord`. */
export type InterfaceSeen = WithoutReading<InterfaceObservation>;

type WithoutReading<T> = T extends unknown ? Omit<T, "counters" | "source"> : never;

export interface TraceRecord {
  readonly last: TraceObservation;
  /** The last that reached its target: what a trace of a broken path is compared with. */
  readonly lastReached: TraceObservation | undefined;
}

/**
 * Reads what was last seen, which changes with the next observation. A subject that was never observed is undefined: not
 * asked yet.
 */
export interface Snapshot {
  poll(router: string, group: PollGroup): PollRecord | undefined;
  router(router: string): RouterObservation | undefined;
  interface(router: string, name: string): InterfaceSeen | undefined;
  /** What its counters grew by; undefined until the interface was seen. */
  counters(router: string, name: string): CounterRecord | undefined;
  /** When it last carried packets both ways, as far as two readings in a row tell. */
  flow(router: string, name: string): Flow | undefined;
  /** When it went down, of the last day; undefined where it never did. */
  interfaceDrops(router: string, name: string): Drops | undefined;
  sessionDrops(router: string, remoteAddress: string): Drops | undefined;
  session(router: string, remoteAddress: string): SeenSession | undefined;
  /** Sessions with Microsoft that no path has, by whoever told of them. */
  unconfigured(router: string): readonly UnconfiguredSession[];
  bfd(router: string, remoteAddress: string): BfdObservation | undefined;
  neighbor(router: string, remoteAddress: string): NeighborObservation | undefined;
  optics(router: string, name: string): OpticsObservation | undefined;
  prefixes(router: string, remoteAddress: string): PrefixesObservation | undefined;
  /** Undefined where the router never connected. */
  bmp(router: string): BmpConnectionObservation | undefined;
  /** What it told on the connection that stands. */
  bmpPrefixes(router: string, remoteAddress: string): BmpPrefixesObservation | undefined;
  /** The last comparison of the two paths of a peering. */
  bmpSets(circuit: string, peering: PeeringName): BmpSetsObservation | undefined;
  /** The routes of the table in which a session lives: by BMP while it tells them, else by SNMP. */
  bestPaths(router: string, remoteAddress: string): BestPathsObservation | undefined;
  probe(of: SubjectKey, index: number): ProbeRecord | undefined;
  /** Probes that the path's router sends itself. */
  routerProbes(of: SubjectKey): readonly RouterProbeRecord[];
  host(): HostObservation | undefined;
  /** What a thread said of itself in the last minute, oldest first. */
  loop(thread: LoopThread): readonly LoopObservation[];
  check(of: SubjectKey, index: number): CheckRecord | undefined;
  trace(of: SubjectKey): TraceRecord | undefined;
  mtu(of: SubjectKey): MtuObservation | undefined;
}

export interface State extends Snapshot {
  observe(observation: Observation): void;
}

type Mutable<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;
type MutableInterface = Mutable<InterfaceSeen>;

interface MutablePollRecord {
  readonly last: Mutable<PollObservation>;
  lastOkAt: Instant | undefined;
  failuresInRow: number;
  readonly results: Record<keyof PollRecord["results"], number>;
}

interface MutableInterfaceRecord {
  last: MutableInterface;
  counters: CounterTrack | undefined;
  readonly flow: FlowTrack;
  drops: Drops | undefined;
}

/** How long it is known what a thread said of itself. */
const loopsKept = seconds(60);

/** `keep`: how far back the probes of a subject can be judged: its threshold window. */
export function createState({
  keep,
  windows = [],
  buckets = [],
}: { readonly keep: Duration | ((of: SubjectKey) => Duration) } & Partial<ProbeKeeping>): State {
  const routers = new Map<string, Mutable<RouterObservation>>();
  const polls = createTable<PollGroup, MutablePollRecord>();
  const interfaces = createTable<string, MutableInterfaceRecord>();
  const peers = new Map<string, PeersObservation>();
  const bfd = createTable<string, BfdObservation>();
  const neighbors = createTable<string, NeighborObservation>();
  const optics = createTable<string, OpticsObservation>();
  const prefixes = createTable<string, PrefixesObservation>();
  const probes = createTable<number, ProbeTrack>();
  const loops: Record<LoopThread, LoopObservation[]> = { main: [], probing: [] };
  let host: HostObservation | undefined;
  const checks = createCheckRecords();
  const traces = new Map<SubjectKey, TraceRecord>();
  const mtus = new Map<SubjectKey, MtuObservation>();
  const bmp = new Map<string, BmpConnectionObservation>();
  const sessions = createSessions((router) => bmp.get(router));
  const bmpPrefixes = createTable<string, BmpPrefixesObservation>();
  const bmpSets = createTable<PeeringName, BmpSetsObservation>();
  const bestPaths = {
    snmp: createTable<string, BestPathsObservation>(),
    bmp: createTable<string, BestPathsObservation>(),
  };
  const routerProbes = createRouterProbes();

  return {
    observe(o) {
      switch (o.kind) {
        case "poll": {
          const record = polls.get(o.router, o.group);
          if (record === undefined) polls.set(o.router, o.group, addPoll(neverPolled(o), o));
          else addPoll(record, o);
          return;
        }
        case "router": {
          const last = routers.get(o.router);
          if (last === undefined) routers.set(o.router, { ...o });
          else updateRouter(last, o);
          return;
        }
        case "interface": {
          const record = interfaces.get(o.router, o.interface);
          if (record === undefined) interfaces.set(o.router, o.interface, newInterface(o));
          else addInterface(record, o);
          return;
        }
        case "session":
          sessions.polled(o);
          return;
        case "notification":
          sessions.notified(o);
          return;
        case "peers":
          peers.set(o.router, o);
          return;
        case "bfd":
          bfd.set(o.router, o.remoteAddress, o);
          return;
        case "neighbor":
          neighbors.set(o.router, o.remoteAddress, o);
          return;
        case "optics":
          optics.set(o.router, o.interface, o);
          return;
        case "prefixes":
          prefixes.set(o.router, o.remoteAddress, o);
          return;
        case "host":
          host = o;
          return;
        case "loop":
          loops[o.thread] = [...loops[o.thread].filter(({ at }) => at >= o.at - loopsKept), o];
          return;
        case "bmpConnection":
          bmp.set(o.router, o);
          return;
        case "bmpSession":
          sessions.told(o);
          return;
        case "bmpPrefixes":
          bmpPrefixes.set(o.router, o.remoteAddress, o);
          return;
        case "bmpSets":
          bmpSets.set(o.circuit, o.peering, o);
          return;
        case "bestPaths":
          bestPaths[o.source].set(o.router, o.remoteAddress, o);
          return;
        case "routerProbe":
          routerProbes.observe(o);
          return;
        case "probe": {
          const record = probes.get(o.of, o.index);
          if (record === undefined) {
            const span = typeof keep === "function" ? keep(o.of) : keep;
            probes.set(o.of, o.index, trackProbes(o, span, { windows, buckets }));
          } else record.add(o);
          return;
        }
        case "check":
          checks.observe(o);
          return;
        case "trace":
          traces.set(o.of, { last: o, lastReached: o.end === "reached" ? o : traces.get(o.of)?.lastReached });
          return;
        case "mtu":
          // A search that could not tell takes nothing back.
          if (o.mtu !== undefined || !mtus.has(o.of)) mtus.set(o.of, o);
          return;
      }
    },
    poll: polls.get,
    router: (router) => routers.get(router),
    interface: (router, name) => interfaces.get(router, name)?.last,
    counters: (router, name) => interfaces.get(router, name)?.counters,
    session: sessions.seen,
    flow: (router, name) => interfaces.get(router, name)?.flow.last,
    interfaceDrops: (router, name) => interfaces.get(router, name)?.drops,
    sessionDrops: sessions.drops,
    unconfigured: (router) => unconfiguredSessions(peers.get(router), bmp.get(router)),
    bfd: bfd.get,
    neighbor: neighbors.get,
    optics: optics.get,
    prefixes: (router, address) =>
      seenPrefixes(prefixes.get(router, address), bmpPrefixes.get(router, address), bmp.get(router)),
    bmp: (router) => bmp.get(router),
    bmpPrefixes(router, address) {
      const [counted, connection] = [bmpPrefixes.get(router, address), bmp.get(router)];
      const stands = counted !== undefined && connection?.connected === true && counted.at >= connection.since;
      return stands ? counted : undefined;
    },
    bmpSets: bmpSets.get,
    bestPaths: (router, address) =>
      seenBestPaths(bestPaths.snmp.get(router, address), bestPaths.bmp.get(router, address), bmp.get(router)),
    probe: probes.get,
    host: () => host,
    loop: (thread) => loops[thread],
    check: checks.get,
    trace: (of) => traces.get(of),
    mtu: (of) => mtus.get(of),
    routerProbes: routerProbes.of,
  };
}

// What comes at every poll is written over what was there: if it were kept itself, most of the garbage collector's work would
// be with it, for it lives until the next poll and then dies old.

function newInterface(o: InterfaceObservation): MutableInterfaceRecord {
  return { last: seenOf(o), counters: o.present ? trackCounters(o) : undefined, flow: trackFlow(), drops: undefined };
}

function seenOf(o: InterfaceObservation): MutableInterface {
  const { kind, router, interface: name, at } = o;
  if (!o.present) return { kind, router, interface: name, at, present: false, shown: o.shown ?? "" };
  const { ifIndex, adminStatus, operStatus, speed, duplex } = o;
  return { kind, router, interface: name, at, present: true, ifIndex, adminStatus, operStatus, speed, duplex };
}

/** An interface that was up and is one of these was lost, unless somebody shut it. */
const lost: readonly IfOperStatus[] = ["down", "notPresent", "lowerLayerDown"];

function addInterface(record: MutableInterfaceRecord, o: InterfaceObservation): void {
  const { last, counters } = record;
  if (last.present && o.present) {
    if (last.operStatus === "up" && o.adminStatus === "up" && lost.includes(o.operStatus)) {
      record.drops = addDrops(record.drops, [o.at]);
    }
    last.at = o.at;
    last.ifIndex = o.ifIndex;
    last.adminStatus = o.adminStatus;
    last.operStatus = o.operStatus;
    last.speed = o.speed;
    last.duplex = o.duplex;
  } else {
    record.last = seenOf(o);
  }
  if (counters === undefined) record.counters = o.present ? trackCounters(o) : undefined;
  else if (o.present) {
    const mark = markFlow(counters);
    addReading(counters, o);
    addFlow(record.flow, mark, counters);
  } else loseCounters(counters);
}

function updateRouter(last: Mutable<RouterObservation>, o: RouterObservation): void {
  last.at = o.at;
  last.sysUpTime = o.sysUpTime;
  // The same text is kept: what was read anew may go.
  if (last.sysName !== o.sysName) last.sysName = o.sysName;
  if (last.sysDescr !== o.sysDescr) last.sysDescr = o.sysDescr;
  if (last.sysObjectId !== o.sysObjectId) last.sysObjectId = o.sysObjectId;
}

/** Each written out: what is copied from elsewhere stands in an array beside its object. */
const noPolls = (): Record<keyof PollRecord["results"], number> => ({
  ok: 0,
  timeout: 0,
  unreachable: 0,
  malformed: 0,
  refused: 0,
  incomplete: 0,
  noSuchTable: 0,
});

function neverPolled(first: PollObservation): MutablePollRecord {
  const { kind, router, group, at, result, detail, seconds } = first;
  const last = { kind, router, group, at, result, detail, seconds };
  return { last, lastOkAt: undefined, failuresInRow: 0, results: noPolls() };
}

function addPoll(record: MutablePollRecord, o: PollObservation): MutablePollRecord {
  const { last } = record;
  last.at = o.at;
  last.result = o.result;
  last.detail = o.detail;
  last.seconds = o.seconds;
  record.results[o.result] += 1;
  if (o.result === "ok") {
    record.lastOkAt = o.at;
    record.failuresInRow = 0;
  } else {
    record.failuresInRow += 1;
  }
  return record;
}
