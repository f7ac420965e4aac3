// The probes that routers send themselves: each result counts once, however often it was read.

import type { SubjectKey } from "../estate/observation.ts";
import type { RouterProbeObservation, RouterProbeResult } from "../estate/router-probe.ts";
import type { Instant } from "../lib/clock.ts";

/** What one result came to. */
export interface CountedResult {
  readonly at: Instant;
  readonly sent: number;
  readonly received: number;
  /** Average round-trip delay in seconds; undefined when nothing came back, or the router does not tell it. */
  readonly delay: number | undefined;
}

export interface RouterProbeRecord {
  readonly last: RouterProbeObservation;
  /** Of the latest result that was read. */
  readonly mark: string | undefined;
  /** The result of `last` was completed then, or later; undefined while that is not known. */
  readonly resultAt: Instant | undefined;
  /** So for the last result in which something came back. */
  readonly answeredAt: Instant | undefined;
  /** Packets lost in a row up to now. */
  readonly lossRun: number;
  /** Sums since the agent started. */
  readonly totals: {
    readonly results: number;
    readonly sent: number;
    readonly lost: number;
    readonly forward: number;
    readonly backward: number;
  };
  /** Oldest first. */
  readonly recent: readonly CountedResult[];
}

export interface RouterProbes {
  observe(observation: RouterProbeObservation): void;
  /** Those of a path, in the order in which they were first seen. */
  of(path: SubjectKey): readonly RouterProbeRecord[];
}

/** Results that are kept of each: enough for the loss of a few minutes. */
const mostRecent = 32;

/** Probes that are kept of each path: a router may rename them as often as it likes. */
const mostOfPath = 8;

export function createRouterProbes(): RouterProbes {
  const paths = new Map<SubjectKey, Map<string, RouterProbeRecord>>();
  return {
    observe(o) {
      const records = paths.get(o.of);
      if (records === undefined) {
        paths.set(o.of, new Map([[o.name, first(o)]]));
        return;
      }
      const record = records.get(o.name);
      records.set(o.name, record === undefined ? first(o) : next(record, o));
      if (records.size > mostOfPath) records.delete(oldest(records));
    },
    of: (path) => [...(paths.get(path)?.values() ?? [])],
  };
}

function oldest(records: ReadonlyMap<string, RouterProbeRecord>): string {
  const [name] = [...records].reduce((a, b) => (b[1].last.at < a[1].last.at ? b : a));
  return name;
}

const noTotals = { results: 0, sent: 0, lost: 0, forward: 0, backward: 0 };

/** A result that was there before the first reading counts if the router says when it was. */
function first(o: RouterProbeObservation): RouterProbeRecord {
  const before: RouterProbeRecord = {
    last: o,
    mark: o.result?.mark,
    resultAt: undefined,
    answeredAt: undefined,
    lossRun: 0,
    totals: noTotals,
    recent: [],
  };
  return o.result?.completedAt === undefined ? before : counted(before, o.result, o.result.completedAt);
}

function next(record: RouterProbeRecord, o: RouterProbeObservation): RouterProbeRecord {
  const { last, mark } = record;
  if (o.result === undefined || o.result.mark === mark) return { ...record, last: o };
  // It was not there at the reading before.
  return counted({ ...record, last: o, mark: o.result.mark }, o.result, o.result.completedAt ?? last.at);
}

function counted(record: RouterProbeRecord, result: RouterProbeResult, at: Instant): RouterProbeRecord {
  const { sent, received, complete, directions, delay } = result;
  const answered = received > 0 ? { answeredAt: at, lossRun: 0 } : {};
  if (!complete) return { ...record, ...answered, resultAt: at };
  const { totals } = record;
  return {
    ...record,
    resultAt: at,
    lossRun: record.lossRun + sent,
    ...answered,
    totals: {
      results: totals.results + 1,
      sent: totals.sent + sent,
      lost: totals.lost + (sent - received),
      forward: totals.forward + (directions?.forward ?? 0),
      backward: totals.backward + (directions?.backward ?? 0),
    },
    recent: [...record.recent.slice(1 - mostRecent), { at, sent, received, delay: delay?.average }],
  };
}
