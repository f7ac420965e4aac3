// What the kernel says of a socket's receive buffer (SO_MEMINFO).

import { type Libc, SO_MEMINFO, SOL_SOCKET } from "./linux-libc.ts";

/** Places in its array of 32-bit numbers (linux/sock_diag.h). */
const rmemAlloc = 0;
const rcvbuf = 4;
const drops = 32;
const infoSize = 36;

/** More than this share of a buffer is taken by others' datagrams, and the largest error may find no room in what is left. */
const nearlyFull = 3 / 4;

export interface ReceiveBuffer {
  /** Datagrams that found no room in it since the time before. */
  overflowed(): number;
  /** Now; nothing but reading makes room. An ICMP error that finds none is not among the `overflowed`. */
  nearlyFull(): boolean;
}

export function receiveBuffersOf(libc: Libc): (fd: number) => ReceiveBuffer {
  const info = libc.arena(infoSize + 4);
  return (fd) => {
    let told = 0;
    function ask(): boolean {
      info.view.setUint32(infoSize, infoSize, true);
      return libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.address, info.address + infoSize) === 0;
    }
    return {
      overflowed() {
        // A datagram that is read would tell only of those dropped before it (SO_RXQ_OVFL), and one of ICMP not even of these.
        if (!ask()) return 0;
        const dropped = info.view.getUint32(drops, true);
        const n = (dropped - told) >>> 0;
        told = dropped;
        return n;
      },
      nearlyFull: () => ask() && info.view.getUint32(rmemAlloc, true) > nearlyFull * info.view.getUint32(rcvbuf, true),
    };
  };
}
