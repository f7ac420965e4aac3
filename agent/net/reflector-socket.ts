// What the Session-Reflector asks of its socket. Two kinds stand behind it: libc on Linux (kernel stamps, the TTL that a
// request arrived with, answers from the address that was asked) and node:dgram elsewhere.

import type { Instant } from "../lib/clock.ts";
import type { Result } from "../lib/result.ts";

export interface ReflectorRequest {
  /** All of the datagram; the answer is written over it. Valid only during the call. Empty when longer than we take. */
  readonly bytes: Uint8Array;
  /** 4 or 16 octets, in network order; an IPv4 sender has 4 on every socket. */
  readonly address: Uint8Array;
  readonly port: number;
  /** TTL or hop limit that it arrived with; undefined where the host does not say. */
  readonly ttl: number | undefined;
  /** When it arrived: nanoseconds after `epochBase`, by the kernel where it can. */
  readonly realtime: number;
  readonly readAt: Instant;
}

/** Gives the length of the answer, at most that of the request; 0: none. */
export type AnswerRequest = (request: ReflectorRequest) => number;

export interface ReflectorSocket {
  /** Binds; gives the port. The error is one line for people. */
  open(): Promise<Result<number, string>>;
  /** Waits for requests, 50 ms at most, and answers them; `sent` says of each answer whether it left. */
  turn(answer: AnswerRequest, sent: (left: boolean) => void): Promise<void>;
  /** The wall clock: nanoseconds after `epochBase`. */
  now(): number;
  /** Requests that the full receive buffer lost since the last call. */
  overflowed(): number;
  close(): void;
}

/** Room for the longest test packet. */
export const longestRequest = 9_216;
export const requestBuffer = 1 << 20;

export function cannotListen(host: string, port: number, code: string): string {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use: stop what uses it, or choose another",
    EADDRNOTAVAIL: "that is no address of this host",
    EACCES: "a port below 1024 needs CAP_NET_BIND_SERVICE (deploy/README.md), or choose another",
  };
  return `reflector: cannot listen on UDP ${host.includes(":") ? `[${host}]` : host}:${port}: ${why[code] ?? code}`;
}
