// What one check of a service or an internet dependency saw.

import type { Instant } from "../lib/clock.ts";
import type { SubjectKey } from "./observation.ts";
import type { CheckTechnique } from "./service.ts";

/**
 * In the order in which they are gone through; `answer` is the rest of the answer after its first byte. With a proxy `dns` and
 * `connect` are of the proxy, and `proxy` is its way on to the server.
 */
export const checkPhases = ["dns", "connect", "proxy", "tls", "firstByte", "answer"] as const;
export type CheckPhase = (typeof checkPhases)[number];

/** Why a check failed. Closed: each is a metric label. */
export const checkFailures = [
  "timeout",
  "refused",
  "reset",
  "unreachable",
  "closed",
  "nxdomain",
  "noData",
  "servfail",
  "malformed",
  "certificateExpired",
  "certificateNotYetValid",
  "hostnameMismatch",
  "untrustedCertificate",
  "tlsFailed",
  "proxyRefused",
  "proxyCannotConnect",
  "unexpectedStatus",
  "tooManyRedirects",
  "notPrivate",
  "unexpectedAnswer",
  "notSent",
] as const;
/**
 * `notSent`: this host could not even try (no such source address, no descriptor): says nothing of the far end. `proxyRefused`: the
 * proxy will not; `proxyCannotConnect`: it could not.
 */
export type CheckFailure = (typeof checkFailures)[number];

export interface CertificateInfo {
  /** Common name, or the first alternative name. Untrusted text. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Everything that is known of one attempt; plain data, since it comes from another thread. */
export interface CheckResult {
  readonly failure:
    | {
        readonly phase: CheckPhase;
        readonly reason: CheckFailure;
        /** What was seen, for people; holds nothing of a URL's query. May quote the far end: untrusted text. */
        readonly detail: string;
      }
    | undefined;
  /** Seconds of each phase that was completed; after redirects those of all requests together. */
  readonly phases: Readonly<Partial<Record<CheckPhase, number>>>;
  /** Seconds from the start to the end, or to the failure. */
  readonly total: number;
  /** The address that was connected to: with a proxy, that of the proxy. */
  readonly address?: string | undefined;
  /** Status code of the last answer. */
  readonly status?: number | undefined;
  /** From the server's own to the root, as far as the server sent it or it is trusted here. */
  readonly certificates?: readonly CertificateInfo[] | undefined;
  /** Seconds, as of this check, until the first certificate of the chain ends. */
  readonly certificateTimeLeft?: number | undefined;
  /** Of a DNS check, sorted. */
  readonly answers?: readonly string[] | undefined;
  /** Least time to live of the answer, in seconds; undefined where it is not told. */
  readonly ttl?: number | undefined;
}

export interface CheckObservation extends CheckResult {
  readonly kind: "check";
  /** The service or dependency, and the check's place in its list. */
  readonly of: SubjectKey;
  readonly index: number;
  readonly technique: CheckTechnique;
  readonly at: Instant;
}
