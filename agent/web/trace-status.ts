// What was traced and noticed of a path or pair, as JSON. Times are ISO 8601 in UTC, delays are seconds, null: not known.

import type { PathFinding } from "../estate/finding.ts";
import type { SubjectKey } from "../estate/observation.ts";
import type { MtuResult, TraceEnd, TraceHop, TraceObservation, TraceReason } from "../estate/tracing.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";

export interface FindingStatus extends Omit<PathFinding, "since"> {
  readonly since: string;
}

export interface TraceStatus {
  readonly at: string;
  /** `degraded`: made when the state got worse. */
  readonly why: TraceReason;
  readonly technique: string;
  readonly target: string;
  readonly end: TraceEnd;
  readonly detail: string;
  /** A null address: nobody answered within so many tries. */
  readonly hops: readonly {
    readonly ttl: number;
    readonly address: string | null;
    readonly delay: number | null;
    readonly tries: number;
  }[];
}

export interface MtuStatus {
  readonly at: string;
  readonly target: string;
  readonly result: MtuResult;
  /** Octets of the largest IP packet that got through whole. */
  readonly bytes: number | null;
}

export interface TracedStatus {
  readonly findings: readonly FindingStatus[];
  readonly trace: TraceStatus | null;
  /** The last trace that reached its target, where it is another. */
  readonly traceBefore: TraceStatus | null;
  readonly mtu: MtuStatus | null;
}

export function tracedStatus(
  of: SubjectKey,
  findings: readonly PathFinding[],
  snapshot: Snapshot,
  iso: (at: Instant) => string,
): TracedStatus {
  const record = snapshot.trace(of);
  const mtu = snapshot.mtu(of);
  const before = record?.lastReached === record?.last ? undefined : record?.lastReached;
  return {
    findings: findings.map(({ kind, since, owner, evidence }) => ({ kind, since: iso(since), owner, evidence })),
    trace: record === undefined ? null : traceStatus(record.last, iso),
    traceBefore: before === undefined ? null : traceStatus(before, iso),
    mtu: mtu === undefined ? null : { at: iso(mtu.at), target: mtu.target, result: mtu.result, bytes: mtu.mtu ?? null },
  };
}

function traceStatus(trace: TraceObservation, iso: (at: Instant) => string): TraceStatus {
  const { at, why, technique, target, end, detail, hops } = trace;
  return { at: iso(at), why, technique, target, end, detail, hops: hops.map(hopStatus) };
}

function hopStatus({ ttl, address, delay, tries }: TraceHop): TraceStatus["hops"][number] {
  return { ttl, address: address ?? null, delay: delay ?? null, tries };
}
