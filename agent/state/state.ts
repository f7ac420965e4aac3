// The latest observation of every subject, with what is needed to judge it: tallies of polls and
// probes, and figures of the probes of the last while. Nothing here says what an observation means.

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
  pollFailures,
  type RouterObservation,
  type SessionObservation,
  type SubjectKey,
} from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { addReading, type CounterRecord, type CounterTrack, loseCounters, trackCounters } from "./counters.ts";
import { type ProbeKeeping, type ProbeRecord, type ProbeTrack, trackProbes } from "./probe-statistics.ts";

export interface PollRecord {
  readonly last: PollObservation;
  readonly lastOkAt: Instant | undefined;
  readonly failuresInRow: number;
  /** Polls since the agent started, by result. */
  readonly results: Readonly<Record<"ok" | PollFailure, number>>;
}

/** Reads what was last seen. A subject that was never observed is undefined: not asked yet. */
export interface Snapshot {
  poll(router: string, group: PollGroup): PollRecord | undefined;
  router(router: string): RouterObservation | undefined;
  interface(router: string, name: string): InterfaceObservation | undefined;
  /** What its counters grew by; undefined until the interface was seen. */
  counters(router: string, name: string): CounterRecord | undefined;
  session(router: string, remoteAddress: string): SessionObservation | undefined;
  bfd(router: string, remoteAddress: string): BfdObservation | undefined;
  neighbor(router: string, remoteAddress: string): NeighborObservation | undefined;
  optics(router: string, name: string): OpticsObservation | undefined;
  prefixes(router: string, remoteAddress: string): PrefixesObservation | undefined;
  probe(of: SubjectKey, index: number): ProbeRecord | undefined;
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
}

/** `keep`: how far back the probes of a subject can be judged: its threshold window. */
export function createState({
  keep,
  windows = [],
  buckets = [],
}: { readonly keep: Duration | ((of: SubjectKey) => Duration) } & Partial<ProbeKeeping>): State {
  const routers = new Map<string, RouterObservation>();
  const polls = createTable<PollGroup, MutablePollRecord>();
  const interfaces = createTable<string, MutableInterfaceRecord>();
  const sessions = createTable<string, SessionObservation>();
  const bfd = createTable<string, BfdObservation>();
  const neighbors = createTable<string, NeighborObservation>();
  const optics = createTable<string, OpticsObservation>();
  const prefixes = createTable<string, PrefixesObservation>();
  const probes = createTable<number, ProbeTrack>();

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
            interfaces.set(o.router, o.interface, { last: o, counters: o.present ? trackCounters(o) : undefined });
            return;
          }
          record.last = o;
          const { counters } = record;
          if (counters === undefined) record.counters = o.present ? trackCounters(o) : undefined;
          else if (o.present) addReading(counters, o);
          else loseCounters(counters);
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
        case "probe": {
          const record = probes.get(o.of, o.index);
          if (record === undefined) {
            const span = typeof keep === "function" ? keep(o.of) : keep;
            probes.set(o.of, o.index, trackProbes(o, span, { windows, buckets }));
          } else record.add(o);
          return;
        }
      }
    },
    poll: polls.get,
    router: (router) => routers.get(router),
    interface: (router, name) => interfaces.get(router, name)?.last,
    counters: (router, name) => interfaces.get(router, name)?.counters,
    session: sessions.get,
    bfd: bfd.get,
    neighbor: neighbors.get,
    optics: optics.get,
    prefixes: prefixes.get,
    probe: probes.get,
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
