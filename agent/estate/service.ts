// Services behind the peerings and internet dependencies: what is watched of them, and with which checks.

import type { Duration } from "../lib/duration.ts";
import type { Secret } from "../lib/secret.ts";
import type { Community } from "./communities.ts";
import type { Limit, PeeringName } from "./estate.ts";

export const checkTechniques = ["tcp", "http", "dns"] as const;
export type CheckTechnique = (typeof checkTechniques)[number];

export const dependencyKinds = ["dns", "certificateRevocation", "cdn", "other"] as const;
export type DependencyKind = (typeof dependencyKinds)[number];

export const httpMethods = ["GET", "HEAD"] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** Resource record types that a DNS check asks for (RFC 1035, RFC 3596). */
export const recordTypes = ["A", "AAAA", "CNAME"] as const;
export type RecordType = (typeof recordTypes)[number];

interface CheckOf {
  /** Unique within its service or dependency, but for the resolvers of one DNS check, which share it. A metric label. */
  readonly label: string;
  readonly interval: Duration;
  /** The whole check ends by then, in whichever phase it is. */
  readonly timeout: Duration;
  /** Local address to send from; undefined leaves it to the routing table. */
  readonly source: string | undefined;
}

interface Resolving extends CheckOf {
  /** Which addresses a host name is looked up for, and which are connected to. */
  readonly family: 4 | 6;
  /** `address:port` of the DNS servers that are asked for a host name, in order; empty: those of this host. */
  readonly resolvers: readonly string[];
}

/** Opens a TCP connection and closes it. */
export interface TcpCheck extends Resolving {
  readonly technique: "tcp";
  /** A host name, or an address in canonical form. */
  readonly host: string;
  readonly port: number;
}

/** An HTTP proxy: http goes to it as a whole, https through a tunnel (CONNECT). */
export interface HttpProxy {
  /** As the configuration calls it. */
  readonly name: string;
  /** A host name, or an address in canonical form. */
  readonly host: string;
  readonly port: number;
  /** Basic (RFC 7617); undefined where it asks nobody who he is. */
  readonly credentials: { readonly user: string; readonly password: Secret } | undefined;
}

/** One HTTP/1.1 request, over TLS where the URL says https. */
export interface HttpCheck extends Resolving {
  readonly technique: "http";
  readonly url: string;
  /** Connect to this address, and look no name up; the name in the URL is still asked for. */
  readonly address: string | undefined;
  readonly method: HttpMethod;
  /** Host header; undefined: that of the URL. */
  readonly hostHeader: string | undefined;
  /** Name asked for by SNI, and looked for in the certificate; undefined: that of the URL. */
  readonly serverName: string | undefined;
  /** Status codes that are right, each from `from` to `to`. */
  readonly status: readonly { readonly from: number; readonly to: number }[];
  /** Redirects followed at most; 0: a redirect is an answer like any other. */
  readonly redirects: number;
  /** PEM certificates trusted instead of those of Node; undefined: Node's. */
  readonly ca: string | undefined;
  /** Undefined: the connection is made to the server itself. */
  readonly proxy: HttpProxy | undefined;
}

/** One question to one DNS server. */
export interface DnsCheck extends CheckOf {
  readonly technique: "dns";
  readonly name: string;
  readonly record: RecordType;
  /** `address:port`; undefined: the servers of this host. */
  readonly resolver: string | undefined;
  /** The answer must be exactly these, in any order: canonical addresses, or names in lower case. Empty: any. */
  readonly expect: readonly string[];
  /** Every address of the answer must be private: a private endpoint must not resolve to a public address. */
  readonly mustBePrivate: boolean;
  /** All resolvers of this check must give the same answer. */
  readonly sameAnswer: boolean;
}

export type ServiceCheck = TcpCheck | HttpCheck | DnsCheck;

/** When a service or dependency is judged degraded or down. */
export interface ServiceThresholds {
  /** So many results in a row must be failures before a check counts as failed. */
  readonly failures: number;
  /** So many results in a row must be good before it counts as well again. */
  readonly successes: number;
  /** On the whole duration of a check in seconds; `for` is 0, since `failures` says how often. */
  readonly duration: Limit;
  /** A certificate of the chain that ends sooner than this is degraded. */
  readonly certificateExpiry: Duration;
}

interface Watched {
  readonly name: string;
  readonly checks: readonly ServiceCheck[];
  readonly thresholds: ServiceThresholds;
}

/** A Microsoft service, or what of ours runs in Azure, reached through a peering. */
export interface Service extends Watched {
  readonly is: "service";
  readonly circuit: string;
  readonly peering: PeeringName;
  /** What Microsoft announces it with; absent: not known. */
  readonly communities?: readonly Community[];
}

/** On the public internet, and needed all the same. No circuit is ever blamed for it. */
export interface InternetDependency extends Watched {
  readonly is: "internetDependency";
  readonly kind: DependencyKind;
}

export type ServiceOrDependency = Service | InternetDependency;

/** What a check is about, for people: never the query of a URL, which may hold a token. */
export function targetOf(check: ServiceCheck): string {
  switch (check.technique) {
    case "tcp":
      return `${check.host.includes(":") ? `[${check.host}]` : check.host}:${check.port}`;
    case "http":
      return `${withoutQuery(check.url)}${check.proxy === undefined ? "" : ` by proxy ${check.proxy.name}`}`;
    case "dns":
      return `${check.name} ${check.record}`;
  }
}

export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}
