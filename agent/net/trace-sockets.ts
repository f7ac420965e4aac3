// What the tracer asks of sockets: datagrams with a TTL of their own, and what routers said of them by ICMP.

import type { Instant } from "../lib/clock.ts";
import type { Result } from "../lib/result.ts";
import type { ExtendedError } from "../wire/extended-error.ts";
import type { Endpoint, Family } from "./endpoint.ts";
import type { ProbeSocketError } from "./probe-sockets.ts";

export interface TraceProfile {
  readonly technique: "icmp" | "udp";
  readonly family: Family;
  readonly source: Endpoint | undefined;
  readonly interface: string | undefined;
  readonly dscp: number;
}

/** Octets are valid only during the call; `at`: when it arrived, by the kernel, however late it is read. */
export interface TraceArrivals {
  answer(bytes: Uint8Array, from: Endpoint, at: Instant): void;
  /** `quoted`: of the datagram that went to `to`, behind its IP and UDP headers. */
  error(error: ExtendedError, quoted: Uint8Array, to: Endpoint, at: Instant): void;
  /** It could not be read. */
  malformed(): void;
}

/** Nothing is fragmented (DF is set), and what the kernel has learnt of a path's MTU is ignored. */
export interface TraceSocket {
  /** Our ICMP identifier, or our UDP port. */
  readonly identifier: number;
  /** A raw socket is handed what belongs to others on this host. */
  readonly raw: boolean;
  /** `write` gives the length. Gives the name of the errno when it did not leave. */
  send(to: Endpoint, ttl: number, write: (into: Uint8Array) => number): string | undefined;
  /**
   * False when there may be more than what was handed over: it is not all read, or an ICMP error may have found no room, which
   * the kernel does not count.
   */
  receive(take: TraceArrivals): boolean;
  /** Datagrams that the full receive buffer dropped since the time before. */
  overflowed(): number;
  close(): void;
}

export interface TraceSockets {
  open(profile: TraceProfile): Result<TraceSocket, ProbeSocketError>;
  now(): Instant;
  close(): void;
}
