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
  subject,
} from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { addReading, type CounterRecord, type CounterTrack, loseCounters, trackCounters } from "./counters.ts";

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

interface MutableInterfaceRecord {
  last: InterfaceObservation;
  counters: CounterTrack | undefined;
}

interface MutableProbeRecord {
  last: ProbeObservation;
  totals: ProbeTotals;
  recent: ProbeObservation[];
}

/** `keep`: how long single probe observations are held, at least the longest threshold window. */
export function createState(config: { readonly keep: Duration }): State {
  const polls = new Map<SubjectKey, PollRecord>();
  const routers = new Map<SubjectKey, RouterObservation>();
  const interfaces = new Map<SubjectKey, MutableInterfaceRecord>();
  const sessions = new Map<SubjectKey, SessionObservation>();
  const bfd = new Map<SubjectKey, BfdObservation>();
  const neighbors = new Map<SubjectKey, NeighborObservation>();
  const optics = new Map<SubjectKey, OpticsObservation>();
  const prefixes = new Map<SubjectKey, PrefixesObservation>();
  const probes = new Map<SubjectKey, MutableProbeRecord>();

  return {
    observe(o) {
      switch (o.kind) {
        case "poll": {
          const key = subject.poll(o.router, o.group);
          polls.set(key, afterPoll(polls.get(key), o));
          return;
        }
        case "router":
          routers.set(subject.router(o.router), o);
          return;
        case "interface": {
          const key = subject.interface(o.router, o.interface);
          const record = interfaces.get(key);
          if (record === undefined) {
            interfaces.set(key, { last: o, counters: o.present ? trackCounters(o) : undefined });
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
          sessions.set(subject.session(o.router, o.remoteAddress), o);
          return;
        case "bfd":
          bfd.set(subject.session(o.router, o.remoteAddress), o);
          return;
        case "neighbor":
          neighbors.set(subject.session(o.router, o.remoteAddress), o);
          return;
        case "optics":
          optics.set(subject.interface(o.router, o.interface), o);
          return;
        case "prefixes":
          prefixes.set(subject.session(o.router, o.remoteAddress), o);
          return;
        case "probe": {
          const key = subject.probe(o.of, o.index);
          const record = probes.get(key);
          if (record === undefined) probes.set(key, { last: o, totals: plus(noProbes, o), recent: [o] });
          else addProbes(record, o, config.keep);
          return;
        }
      }
    },
    poll: (router, group) => polls.get(subject.poll(router, group)),
    router: (router) => routers.get(subject.router(router)),
    interface: (router, name) => interfaces.get(subject.interface(router, name))?.last,
    counters: (router, name) => interfaces.get(subject.interface(router, name))?.counters,
    session: (router, remoteAddress) => sessions.get(subject.session(router, remoteAddress)),
    bfd: (router, remoteAddress) => bfd.get(subject.session(router, remoteAddress)),
    neighbor: (router, remoteAddress) => neighbors.get(subject.session(router, remoteAddress)),
    optics: (router, name) => optics.get(subject.interface(router, name)),
    prefixes: (router, remoteAddress) => prefixes.get(subject.session(router, remoteAddress)),
    probe: (of, index) => probes.get(subject.probe(of, index)),
  };
}

const noPolls = Object.fromEntries(["ok", ...pollFailures].map((result) => [result, 0])) as PollRecord["results"];

function afterPoll(before: PollRecord | undefined, o: PollObservation): PollRecord {
  const results = before?.results ?? noPolls;
  return {
    last: o,
    lastOkAt: o.result === "ok" ? o.at : before?.lastOkAt,
    failuresInRow: o.result === "ok" ? 0 : (before?.failuresInRow ?? 0) + 1,
    results: { ...results, [o.result]: results[o.result] + 1 },
  };
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
  };
}

function addProbes(record: MutableProbeRecord, o: ProbeObservation, keep: Duration): void {
  record.last = o;
  record.totals = plus(record.totals, o);
  record.recent.push(o);
  const stale = record.recent.findIndex((kept) => kept.at >= o.at - keep);
  if (stale > 0) record.recent.splice(0, stale);
}
