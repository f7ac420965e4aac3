// struct sockaddr_in and sockaddr_in6 in memory (Linux, little-endian).

import { type Endpoint, ipv4Endpoint } from "./endpoint.ts";
import { AF_INET, AF_INET6 } from "./linux-libc.ts";

/** Octets of a struct sockaddr_in6. The kernel takes this length for a sockaddr_in too. */
export const addressSize = 28;

/** Writes a struct sockaddr_in or sockaddr_in6 (Linux, little-endian); its length is `addressSize` at most. */
export function writeSockaddr(view: DataView, at: number, { family, words, port }: Endpoint): void {
  if (family === 4) {
    writeSockaddrIn(view, at, words[3], port);
    return;
  }
  view.setUint16(at, AF_INET6, true);
  view.setUint16(at + 2, port);
  // sin6_flowinfo: the kernel chooses.
  view.setUint32(at + 4, 0);
  view.setUint32(at + 8, words[0]);
  view.setUint32(at + 12, words[1]);
  view.setUint32(at + 16, words[2]);
  view.setUint32(at + 20, words[3]);
  // sin6_scope_id: the interface that the socket is bound to.
  view.setUint32(at + 24, 0);
}

/** Writes a struct sockaddr_in. */
export function writeSockaddrIn(view: DataView, at: number, address: number, port: number): void {
  view.setUint16(at, AF_INET, true);
  view.setUint16(at + 2, port);
  view.setUint32(at + 4, address);
}

export function readSockaddr(view: DataView, at: number): Endpoint {
  const port = view.getUint16(at + 2);
  if (view.getUint16(at, true) !== AF_INET6) return ipv4Endpoint(view.getUint32(at + 4), port);
  const words = [
    view.getUint32(at + 8),
    view.getUint32(at + 12),
    view.getUint32(at + 16),
    view.getUint32(at + 20),
  ] as const;
  return { family: 6, words, port };
}
