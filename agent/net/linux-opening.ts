// What is done to a socket of probes or traces while it is opened: options, interface, source, and of raw ones the filter.

import { icmpEcho, icmpv6Echo } from "../wire/icmp.ts";
import { anyAddress, type Endpoint, type Family, formatAddress } from "./endpoint.ts";
import {
  AF_INET,
  AF_INET6,
  ICMP_FILTER,
  ICMP6_FILTER,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  type Libc,
  SO_BINDTODEVICE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_RAW,
  SOL_SOCKET,
} from "./linux-libc.ts";
import { addressSize, writeSockaddr } from "./linux-sockaddr.ts";
import type { ProbeSocketError } from "./probe-sockets.ts";

/** Where it sends from; undefined leaves it to the routing table. */
interface Place {
  readonly family: Family;
  readonly source: Endpoint | undefined;
  readonly interface: string | undefined;
}

/** Its own 64 octets of memory are used again by each call. */
export interface Opening {
  /** Non-blocking; negative when it failed. */
  socket(family: Family, type: number, protocol: number): number;
  /** An ICMP socket that needs no privilege where `ping_group_range` admits the process. */
  icmp(family: Family): number;
  /** A raw one, which is handed nothing but echo replies, of everybody on this host. */
  rawIcmp(family: Family): number;
  /** A number as a socket option: 0, or negative when it failed. */
  option(fd: number, level: number, name: number, value: number): number;
  /** Undefined when all is well; `whose`: of whom the configuration says it, as in "the probe's". */
  bind(fd: number, place: Place, whose: string): ProbeSocketError | undefined;
  /** The bound port; of an ICMP datagram socket its identifier. */
  localPort(fd: number): number;
}

export function openingOf(libc: Libc): Opening {
  const scratch = libc.arena(64);

  function socket(family: Family, type: number, protocol: number): number {
    return libc.socket(family === 4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  }

  /** A set bit keeps a type out: all but the echo reply. */
  function filter(fd: number, family: Family): void {
    if (family === 4) {
      scratch.view.setUint32(0, ~(1 << icmpEcho.reply), true);
      libc.setsockopt(fd, SOL_RAW, ICMP_FILTER, scratch.address, 4);
      return;
    }
    for (let word = 0; word < 8; word++) {
      const reply = word === icmpv6Echo.reply >> 5 ? 1 << (icmpv6Echo.reply & 31) : 0;
      scratch.view.setUint32(word * 4, ~reply, true);
    }
    libc.setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, scratch.address, 32);
  }

  function bindToInterface(fd: number, name: string, whose: string): ProbeSocketError | undefined {
    const { written } = new TextEncoder().encodeInto(name, scratch.bytes);
    if (libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, scratch.address, written) === 0) return undefined;
    const code = libc.lastError();
    return code === "ENODEV"
      ? { kind: "noSuchInterface", message: `this host has no interface ${name}: fix ${whose} "interface"` }
      : { kind: "failed", message: `cannot bind to the interface ${name}: ${code}` };
  }

  return {
    socket,
    icmp: (family) => socket(family, SOCK_DGRAM, family === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6),
    rawIcmp(family) {
      const fd = socket(family, SOCK_RAW, family === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
      if (fd >= 0) filter(fd, family);
      return fd;
    },
    option(fd, level, name, value) {
      scratch.view.setInt32(0, value, true);
      return libc.setsockopt(fd, level, name, scratch.address, 4);
    },
    bind(fd, { family, source, interface: name }, whose) {
      const unbound = name === undefined ? undefined : bindToInterface(fd, name, whose);
      if (unbound !== undefined) return unbound;
      writeSockaddr(scratch.view, 0, source ?? anyAddress(family));
      if (libc.bind(fd, scratch.address, addressSize) === 0) return undefined;
      const code = libc.lastError();
      const from = source === undefined ? "any address" : formatAddress(source);
      return code === "EADDRNOTAVAIL"
        ? { kind: "noSuchSource", message: `the source ${from} is not an address of this host: fix ${whose} "source"` }
        : { kind: "failed", message: `cannot bind to ${from}: ${code}` };
    },
    localPort(fd) {
      scratch.view.setUint32(32, addressSize, true);
      libc.getsockname(fd, scratch.address, scratch.address + 32);
      return scratch.view.getUint16(2);
    },
  };
}
