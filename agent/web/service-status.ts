// Services and internet dependencies in the status: plain JSON, in the manner of status.ts. Nothing here holds the query
// of a URL.

import type { Estate } from "../estate/estate.ts";
import type { PathState } from "../estate/judgement.ts";
import { subject } from "../estate/observation.ts";
import { type DependencyKind, type ServiceCheck, type ServiceOrDependency, targetOf } from "../estate/service.ts";
import type { CheckVerdict, ServiceReason, ServiceVerdict } from "../estate/service-judgement.ts";
import type { CheckFailure, CheckPhase } from "../estate/service-observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { type AnnouncedStatus, announcedStatuses } from "./community-status.ts";

export interface CheckStatus {
  readonly name: string;
  readonly technique: ServiceCheck["technique"];
  readonly target: string;
  /** `address:port` of the DNS server that is asked; null where the host's own are, and with other techniques. */
  readonly resolver: string | null;
  readonly state: CheckVerdict["state"];
  /** The last result; null before the first. Durations are seconds. */
  readonly last: {
    readonly at: string;
    readonly failure: { readonly phase: CheckPhase; readonly reason: CheckFailure; readonly detail: string } | null;
    readonly phases: Readonly<Partial<Record<CheckPhase, number>>>;
    readonly total: number;
    readonly address: string | null;
    readonly status: number | null;
    /** From the server's own to the root. Untrusted text. */
    readonly certificates: readonly { readonly subject: string; readonly notAfter: string }[];
    readonly answers: readonly string[] | null;
    readonly ttl: number | null;
  } | null;
}

interface WatchedStatus {
  readonly name: string;
  readonly state: PathState;
  readonly since: string;
  readonly transitions: number;
  readonly reasons: readonly ServiceReason[];
  readonly checks: readonly CheckStatus[];
}

export interface ServiceStatus extends WatchedStatus {
  readonly circuit: string;
  readonly peering: string;
  /** What it is reached by, one for each of its communities. */
  readonly announced: readonly AnnouncedStatus[];
}

export interface DependencyStatus extends WatchedStatus {
  readonly kind: DependencyKind;
}

export function serviceStatuses(
  verdicts: readonly ServiceVerdict[],
  estate: Estate,
  snapshot: Snapshot,
  iso: (at: Instant) => string,
): { readonly services: readonly ServiceStatus[]; readonly internetDependencies: readonly DependencyStatus[] } {
  const services: ServiceStatus[] = [];
  const internetDependencies: DependencyStatus[] = [];
  for (const verdict of verdicts) {
    const { of } = verdict;
    const watched = watchedStatus(verdict, snapshot, iso);
    if (of.is === "service") {
      const announced = announcedStatuses(of, estate, snapshot);
      services.push({ ...watched, circuit: of.circuit, peering: of.peering, announced });
    } else internetDependencies.push({ ...watched, kind: of.kind });
  }
  return { services, internetDependencies };
}

function watchedStatus(
  { of, state, since, transitions, reasons, checks }: ServiceVerdict,
  snapshot: Snapshot,
  iso: (at: Instant) => string,
): WatchedStatus {
  return {
    name: of.name,
    state,
    since: iso(since),
    transitions,
    reasons: reasons.map(({ cause, owner, evidence }) => ({ cause, owner, evidence })),
    checks: of.checks.map((check, index) => checkStatus(of, check, index, checks[index], snapshot, iso)),
  };
}

function checkStatus(
  of: ServiceOrDependency,
  check: ServiceCheck,
  index: number,
  verdict: CheckVerdict | undefined,
  snapshot: Snapshot,
  iso: (at: Instant) => string,
): CheckStatus {
  const last = snapshot.check(subject.watched(of), index)?.last;
  return {
    name: check.label,
    technique: check.technique,
    target: targetOf(check),
    resolver: check.technique === "dns" ? (check.resolver ?? null) : null,
    state: verdict?.state ?? "unknown",
    last:
      last === undefined
        ? null
        : {
            at: iso(last.at),
            failure: last.failure ?? null,
            phases: last.phases,
            total: last.total,
            address: last.address ?? null,
            status: last.status ?? null,
            certificates: (last.certificates ?? []).map(({ subject, notAfter }) => ({
              subject,
              notAfter: day(notAfter),
            })),
            answers: last.answers ?? null,
            ttl: last.ttl ?? null,
          },
  };
}

/** A date that no calendar has comes from a certificate that nobody should trust, and must not end the page. */
const day = (epoch: number) => (Number.isFinite(epoch) ? new Date(epoch).toISOString().slice(0, 10) : "unknown");
