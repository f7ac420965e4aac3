// struct sockaddr_in and sockaddr_in6 in memory (Linux, little-endian). Maglev, V8's compiler in a small agent (lib/heap.ts),
// compiles the signed accesses of a DataView inline, and calls a function for each unsigned one.

import type { Endpoint, Family } from "./endpoint.ts";
import { AF_INET, AF_INET6 } from "./linux-libc.ts";

/** Octets of a struct sockaddr_in6. The kernel takes this length for a sockaddr_in too. */
export const addressSize = 28;

/** Writes a struct sockaddr_in or sockaddr_in6 (Linux, little-endian); its length is `addressSize` at most. */
export function writeSockaddr(view: DataView, at: number, { family, words, port }: Endpoint): void {
  if (family === 4) {
    writeSockaddrIn(view, at, words[3], port);
    return;
  }
  view.setInt16(at, AF_INET6, true);
  view.setInt16(at + 2, port);
  // sin6_flowinfo: the kernel chooses.
  view.setInt32(at + 4, 0);
  view.setInt32(at + 8, words[0]);
  view.setInt32(at + 12, words[1]);
  view.setInt32(at + 16, words[2]);
  view.setInt32(at + 20, words[3]);
  // sin6_scope_id: the interface that the socket is bound to.
  view.setInt32(at + 24, 0);
}

/** Writes a struct sockaddr_in. */
export function writeSockaddrIn(view: DataView, at: number, address: number, port: number): void {
  view.setInt16(at, AF_INET, true);
  view.setInt16(at + 2, port);
  view.setInt32(at + 4, address);
}

/** An Endpoint that is written over. */
export interface ReceivedEndpoint extends Endpoint {
  family: Family;
  readonly words: [number, number, number, number];
  port: number;
}

export function receivedEndpoint(): ReceivedEndpoint {
  return { family: 4, words: [0, 0, 0, 0], port: 0 };
}

export function readSockaddr(view: DataView, at: number): Endpoint {
  const endpoint = receivedEndpoint();
  readSockaddrInto(endpoint, view, at);
  return endpoint;
}

export function readSockaddrInto(into: ReceivedEndpoint, view: DataView, at: number): void {
  const { words } = into;
  const six = view.getInt16(at, true) === AF_INET6;
  into.family = six ? 6 : 4;
  into.port = view.getInt16(at + 2) & 0xffff;
  words[0] = six ? view.getInt32(at + 8) >>> 0 : 0;
  words[1] = six ? view.getInt32(at + 12) >>> 0 : 0;
  words[2] = six ? view.getInt32(at + 16) >>> 0 : 0;
  words[3] = view.getInt32(at + (six ? 20 : 4)) >>> 0;
}
