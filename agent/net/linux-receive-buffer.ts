// What the kernel says of a socket's receive buffer (SO_MEMINFO).

import { type Libc, SO_MEMINFO, SOL_SOCKET } from "./linux-libc.ts";

/** Places in its array of 32-bit numbers (linux/sock_diag.h). */
const rmemAlloc = 0;
const rcvbuf = 4;
const drops = 32;
const infoSize = 36;

/** With more of it taken, a datagram that was dropped may have found no room. */
const full = 1 / 2;
/** More than this share of a buffer is taken by others' datagrams, and the largest error may find no room in what is left. */
const nearlyFull = 3 / 4;

export interface ReceiveBuffer {
  /**
   * To be called before each reading, for nothing but reading makes room. True when it is nearly full: an ICMP error that
   * finds no room is not among the `overflowed`.
   */
  look(): boolean;
  /**
   * Datagrams dropped since the time before, if the buffer was seen full meanwhile: with room in it the kernel dropped them
   * for themselves, as those that came with a wrong checksum.
   */
  overflowed(): number;
}

export function receiveBuffersOf(libc: Libc): (fd: number) => ReceiveBuffer {
  const info = libc.arena(infoSize + 4);
  return (fd) => {
    let told = 0;
    let wasFull = false;

    /** The share that is taken; undefined where the kernel does not say. */
    function taken(): number | undefined {
      info.view.setUint32(infoSize, infoSize, true);
      if (libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.address, info.address + infoSize) !== 0) return undefined;
      const share = info.view.getUint32(rmemAlloc, true) / info.view.getUint32(rcvbuf, true);
      wasFull ||= share > full;
      return share;
    }

    return {
      look: () => (taken() ?? 0) > nearlyFull,
      overflowed() {
        // A datagram that is read would tell only of those dropped before it (SO_RXQ_OVFL), and one of ICMP not even of these.
        if (taken() === undefined) return 0;
        const dropped = info.view.getUint32(drops, true);
        const n = wasFull ? (dropped - told) >>> 0 : 0;
        told = dropped;
        wasFull = false;
        return n;
      },
    };
  };
}
