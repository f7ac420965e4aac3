// What the prober asks of sockets. Two kinds stand behind it: libc on Linux (kernel stamps, ICMP) and
// node:dgram elsewhere (STAMP only).

import type { Instant } from "../lib/clock.ts";
import type { Result } from "../lib/result.ts";
import type { Endpoint, Family } from "./endpoint.ts";

/** What all probes of one socket have in common. */
export interface SocketProfile {
  readonly family: Family;
  /** An address of this host; undefined leaves it to the routing table. */
  readonly source: Endpoint | undefined;
  /** Send and receive on this interface only; undefined leaves it to the routing table. */
  readonly interface: string | undefined;
  /** Differentiated services code point (RFC 2474), 0 to 63. */
  readonly dscp: number;
  /** Never fragmented, neither on the way nor here: what is too large fails with EMSGSIZE. */
  readonly dontFragment: boolean;
}

/** One moment on both clocks of the host. */
export interface Moment {
  /** Nanoseconds after `epochBase`: the wall clock, which can step. */
  readonly realtime: number;
  readonly monotonic: Instant;
}

/**
 * Whole seconds since 1970 at which this thread started: nanoseconds after it stay exact in a double for 104 days,
 * and good to 2 ns for a year.
 */
export const epochBase = Math.floor(Date.now() / 1_000);

/** Wall clock minus monotonic, in nanoseconds: changes only when the wall clock steps. */
export function clockOffset(m: Moment): number {
  return m.realtime - m.monotonic * 1e6;
}

/** A datagram to send. The functions are called within `send`, except `left` and `failed`, which may come later. */
export interface Outgoing {
  readonly to: Endpoint;
  /** Writes the datagram; `at` is its transmit stamp. Gives its length. */
  write(into: Uint8Array, at: Moment): number;
  /** The send took so long that the transmit stamp does not say when it left. */
  preempted(): void;
  /**
   * When it left by the kernel, in nanoseconds after `epochBase`, which is better than the transmit stamp; not all kernels
   * say it, nor of every datagram. Called within `send` or later, but before an answer is handed over.
   */
  left(realtime: number, readAt: Moment): void;
  /** It did not leave. `code` is the name of the errno. */
  failed(code: string): void;
}

export interface Incoming {
  /** Valid only during the call that hands it over, as is the sender. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  /** When it arrived: nanoseconds after `epochBase`, by the kernel where it can. */
  readonly realtime: number;
  /** When it was read. */
  readonly readAt: Moment;
}

export interface ProbeSocket {
  /** Our ICMP identifier, or our UDP port. */
  readonly identifier: number;
  /** A raw socket is handed every echo reply of the host, also those that answer to others. */
  readonly raw: boolean;
  send(batch: readonly Outgoing[]): void;
  /** Hands over what has arrived; false when it stopped before the socket was empty. */
  receive(take: (datagram: Incoming) => void): boolean;
  /** Datagrams that the full receive buffer lost since the last call. */
  overflowed(): number;
  close(): void;
}

export type ProbeSocketErrorKind = "unavailable" | "noPermission" | "noSuchSource" | "noSuchInterface" | "failed";

export interface ProbeSocketError {
  readonly kind: ProbeSocketErrorKind;
  /** For people: what is wrong and what to do, in one line. */
  readonly message: string;
}

export interface ProbeSockets {
  /** `rate`: datagrams that will be sent per second. */
  openIcmp(profile: SocketProfile, rate: number): Result<ProbeSocket, ProbeSocketError>;
  openUdp(profile: SocketProfile, rate: number): Promise<Result<ProbeSocket, ProbeSocketError>>;
  now(): Moment;
  /** Greatest error of the wall clock in seconds; undefined while it is not known to be synchronised. */
  clockError(): number | undefined;
  /**
   * Returns when `until` has come, or before, but not before something has arrived or 20 ms have passed; never more than
   * 50 ms later than now. What has arrived and is stamped may wait as long. A promise only when it does not block the thread.
   */
  wait(until: Instant): Promise<void> | undefined;
  close(): void;
}

/** A longer nap would keep control messages waiting. */
export const longestWait = 50;

/** The longest datagram that is sent or taken: a jumbo frame's. */
export const longestDatagram = 9_216;
