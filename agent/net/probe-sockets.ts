// What the prober asks of sockets. Two kinds stand behind it: libc on Linux (kernel stamps, ICMP) and
// node:dgram elsewhere (STAMP only).

import type { Instant } from "../lib/clock.ts";
import type { Result } from "../lib/result.ts";

/** An IPv4 address as a 32-bit number, and a UDP port (0 for ICMP). */
export interface Endpoint {
  readonly address: number;
  readonly port: number;
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

/** A datagram to send. The functions are called within `send`, except `failed`, which may come later. */
export interface Outgoing {
  readonly to: Endpoint;
  /** Writes the datagram; `at` is its transmit stamp. Gives its length. */
  write(into: Uint8Array, at: Moment): number;
  /** The send took so long that the transmit stamp does not say when it left. */
  preempted(): void;
  /** It did not leave. `code` is the name of the errno. */
  failed(code: string): void;
}

export interface Incoming {
  /** Valid only during the call that hands it over. */
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
}

export type ProbeSocketErrorKind = "unavailable" | "noPermission" | "noSuchSource" | "failed";

export interface ProbeSocketError {
  readonly kind: ProbeSocketErrorKind;
  /** For people: what is wrong and what to do, in one line. */
  readonly message: string;
}

export interface ProbeSockets {
  /** Sources are IPv4 addresses of this host; undefined leaves it to the routing table. */
  openIcmp(source: Endpoint | undefined): Result<ProbeSocket, ProbeSocketError>;
  openUdp(source: Endpoint | undefined): Promise<Result<ProbeSocket, ProbeSocketError>>;
  now(): Moment;
  /** Greatest error of the wall clock in seconds; undefined while it is not known to be synchronised. */
  clockError(): number | undefined;
  /** Returns when something has arrived or `until` has come; never more than 50 ms later than now. */
  wait(until: Instant): Promise<void>;
  close(): void;
}

/** A longer nap would keep control messages waiting. */
export const longestWait = 50;

/** Dotted quad to number; undefined when the text is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (parts === null) return undefined;
  let address = 0;
  for (const part of parts.slice(1)) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    address = address * 256 + octet;
  }
  return address;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}
