// The latest observation of every subject, with what is needed to judge it: tallies of polls and
// probes, and the probes of the last while. Nothing here says what an observation means.

import type {
  BfdObservation,
  NeighborObservation,
  OpticsObservation,
  PrefixesObservation,
} from "../estate/link-observation.ts";
import {
  type InterfaceObservation,
  type Observation,
  type PollFailure,
  type PollGroup,
  type PollObservation,
  type ProbeCounts,
  type ProbeObservation,
  pollFailures,
  type RouterObservation,
  type SessionObservation,
  type SubjectKey,
} from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { addReading, type CounterRecord, type CounterTrack, loseCounters, trackCounters } from "./counters.ts";
import { type Flow, flowSince, markFlow } from "./flow.ts";
import { createRouterProbes, type RouterProbeRecord } from "./router-probes.ts";

export interface PollRecord {
  readonly last: PollObservation;
  readonly lastOkAt: Instant | undefined;
  readonly failuresInRow: number;
  /** Polls since the agent started, by result. */
  readonly results: Readonly<Record<"ok" | PollFailure, number>>;
}

/** Sums over the life of the agent. */
export interface ProbeTotals
  extends Pick<ProbeCounts, "lost" | "late" | "duplicate" | "reordered" | "discarded" | "sendErrors"> {
  readonly settled: number;
  /** Losses of each way; undefined until a reflector was known to count for itself. */
  readonly directions?: ProbeCounts["directions"];
}

export interface ProbeRecord {
  readonly last: ProbeObservation;
  readonly totals: ProbeTotals;
  /** The observations of the last `keep`, oldest first. */
  readonly recent: readonly ProbeObservation[];
}

/** Reads what was last seen. A subject that was never observed is undefined: not asked yet. */
export interface Snapshot {
  poll(router: string, group: PollGroup): PollRecord | undefined;
  router(router: string): RouterObservation | undefined;
  interface(router: string, name: string): InterfaceObservation | undefined;
  /** What its counters grew by; undefined until the interface was seen. */
  counters(router: string, name: string): CounterRecord | undefined;
  /** When it last carried packets both ways, as far as two readings in a row tell. */
  flow(router: string, name: string): Flow | undefined;
  session(router: string, remoteAddress: string): SessionObservation | undefined;
  bfd(router: string, remoteAddress: string): BfdObservation | undefined;
  neighbor(router: string, remoteAddress: string): NeighborObservation | undefined;
  optics(router: string, name: string): OpticsObservation | undefined;
  prefixes(router: string, remoteAddress: string): PrefixesObservation | undefined;
  probe(of: SubjectKey, index: number): ProbeRecord | undefined;
  /** Probes that the path's router sends itself. */
  routerProbes(of: SubjectKey): readonly RouterProbeRecord[];
}

export interface State extends Snapshot {
  observe(observation: Observation): void;
}

interface MutablePollRecord {
  last: PollObservation;
  lastOkAt: Instant | undefined;
  failuresInRow: number;
  readonly results: Record<keyof PollRecord["results"], number>;
}

interface MutableInterfaceRecord {
  last: InterfaceObservation;
  counters: CounterTrack | undefined;
  flow: Flow | undefined;
}

interface MutableProbeRecord {
  last: ProbeObservation;
  totals: ProbeTotals;
  recent: ProbeObservation[];
}

/** `keep`: how long single probe observations are held, at least the longest threshold window. */
export function createState(config: { readonly keep: Duration }): State {
  const routers = new Map<string, RouterObservation>();
  const polls = createTable<PollGroup, MutablePollRecord>();
  const interfaces = createTable<string, MutableInterfaceRecord>();
  const sessions = createTable<string, SessionObservation>();
  const bfd = createTable<string, BfdObservation>();
  const neighbors = createTable<string, NeighborObservation>();
  const optics = createTable<string, OpticsObservation>();
  const prefixes = createTable<string, PrefixesObservation>();
  const probes = createTable<number, MutableProbeRecord>();
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
        case "router":
          routers.set(o.router, o);
          return;
        case "interface": {
          const record = interfaces.get(o.router, o.interface);
          if (record === undefined) {
            const counters = o.present ? trackCounters(o) : undefined;
            interfaces.set(o.router, o.interface, { last: o, counters, flow: undefined });
            return;
          }
          record.last = o;
          const { counters } = record;
          if (counters === undefined) record.counters = o.present ? trackCounters(o) : undefined;
          else if (o.present) {
            const mark = markFlow(counters);
            addReading(counters, o);
            record.flow = flowSince(mark, counters) ?? record.flow;
          } else loseCounters(counters);
          return;
        }
        case "session":
          sessions.set(o.router, o.remoteAddress, o);
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
        case "routerProbe":
          routerProbes.observe(o);
          return;
        case "probe": {
          const record = probes.get(o.of, o.index);
          if (record === undefined) probes.set(o.of, o.index, { last: o, totals: plus(noProbes, o), recent: [o] });
          else addProbes(record, o, config.keep);
          return;
        }
      }
    },
    poll: polls.get,
    router: (router) => routers.get(router),
    interface: (router, name) => interfaces.get(router, name)?.last,
    counters: (router, name) => interfaces.get(router, name)?.counters,
    flow: (router, name) => interfaces.get(router, name)?.flow,
    session: sessions.get,
    bfd: bfd.get,
    neighbor: neighbors.get,
    optics: optics.get,
    prefixes: prefixes.get,
    probe: probes.get,
    routerProbes: routerProbes.of,
  };
}

/** Values by a subject and what of it. Names joined to one key would have to be joined, and hashed, at every look. */
function createTable<K, V>() {
  const rows = new Map<string, Map<K, V>>();
  return {
    get: (subject: string, of: K): V | undefined => rows.get(subject)?.get(of),
    set(subject: string, of: K, value: V): void {
      const row = rows.get(subject);
      if (row === undefined) rows.set(subject, new Map([[of, value]]));
      else row.set(of, value);
    },
  };
}

const noPolls = Object.fromEntries(["ok", ...pollFailures].map((result) => [result, 0])) as PollRecord["results"];

function neverPolled(first: PollObservation): MutablePollRecord {
  return { last: first, lastOkAt: undefined, failuresInRow: 0, results: { ...noPolls } };
}

function addPoll(record: MutablePollRecord, o: PollObservation): MutablePollRecord {
  record.last = o;
  record.results[o.result] += 1;
  if (o.result === "ok") {
    record.lastOkAt = o.at;
    record.failuresInRow = 0;
  } else {
    record.failuresInRow += 1;
  }
  return record;
}

/** Before the first probe has settled. */
export const noProbes: ProbeTotals = {
  settled: 0,
  lost: 0,
  late: 0,
  duplicate: 0,
  reordered: 0,
  discarded: 0,
  sendErrors: 0,
};

function plus(totals: ProbeTotals, o: ProbeObservation): ProbeTotals {
  return {
    settled: totals.settled + o.received + o.lost,
    lost: totals.lost + o.lost,
    late: totals.late + o.late,
    duplicate: totals.duplicate + o.duplicate,
    reordered: totals.reordered + o.reordered,
    discarded: totals.discarded + o.discarded,
    sendErrors: totals.sendErrors + o.sendErrors,
    directions:
      o.directions === undefined
        ? totals.directions
        : {
            forward: o.directions.forward + (totals.directions?.forward ?? 0),
            backward: o.directions.backward + (totals.directions?.backward ?? 0),
          },
  };
}

function addProbes(record: MutableProbeRecord, o: ProbeObservation, keep: Duration): void {
  record.last = o;
  record.totals = plus(record.totals, o);
  record.recent.push(o);
  const stale = record.recent.findIndex((kept) => kept.at >= o.at - keep);
  if (stale > 0) record.recent.splice(0, stale);
}
