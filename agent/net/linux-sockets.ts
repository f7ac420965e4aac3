// Probe sockets on Linux through libc: ICMP datagram sockets (raw ones where those are not allowed) and
// UDP, with receive stamps by the kernel. Calls block only in `wait`.

import { monotonicNow } from "../lib/clock.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { ipv4Payload } from "../wire/icmp.ts";
import { clockErrorOf } from "./linux-clock.ts";
import type { Libc } from "./linux-libc.ts";
import {
  AF_INET,
  CLOCK_REALTIME,
  ICMP_FILTER,
  IPPROTO_ICMP,
  IPPROTO_UDP,
  MSG_DONTWAIT,
  POLLIN,
  PR_SET_TIMERSLACK,
  rxSoftwareStamps,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RXQ_OVFL,
  SO_TIMESTAMPING,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_RAW,
  SOL_SOCKET,
} from "./linux-libc.ts";
import { addressSize, createMessageBatch, readTimespec, writeSockaddr } from "./linux-messages.ts";
import {
  type Endpoint,
  formatIpv4,
  longestWait,
  type Moment,
  type ProbeSocket,
  type ProbeSocketError,
  type ProbeSockets,
} from "./probe-sockets.ts";

/** Datagrams of one sendmmsg share one transmit stamp, so a longer batch would falsify the later ones. */
const sendBatch = 8;
const receiveBatch = 64;
/** Receive calls in a row before the others get their turn: a flood must not stop the sending. */
const receiveRounds = 32;
/** A send that took longer was preempted (facts on probing, 4, guard 1). In nanoseconds. */
const preemptionLimit = 200_000;
const receiveBuffer = 1 << 20;
const maxSockets = 64;
/** Two readings of the clock further apart than this were preempted: read again. */
const readingSpread = 0.02;

/** `random` gives 32 random bits. */
export function createLinuxSockets(libc: Libc, random: () => number): ProbeSockets {
  const scratch = libc.arena(64);
  const polled = libc.arena(maxSockets * 8);
  const timeout = libc.arena(16);
  const outgoing = createMessageBatch(libc, sendBatch);
  const incoming = createMessageBatch(libc, receiveBatch);
  const open: number[] = [];

  function now(): Moment {
    for (let attempt = 0; ; attempt++) {
      const before = monotonicNow();
      libc.clock_gettime(CLOCK_REALTIME, scratch.address);
      const after = monotonicNow();
      if (after - before < readingSpread || attempt === 3) {
        const monotonic = (before + (after - before) / 2) as typeof before;
        return { realtime: readTimespec(scratch.view, 0) ?? 0, monotonic };
      }
    }
  }

  /** A number as a socket option; the options here are all ints. */
  function option(fd: number, level: number, name: number, value: number): number {
    scratch.view.setInt32(0, value, true);
    return libc.setsockopt(fd, level, name, scratch.address, 4);
  }

  function bind(fd: number, source: Endpoint | undefined): ProbeSocketError | undefined {
    writeSockaddr(scratch.view, 0, source ?? { address: 0, port: 0 });
    if (libc.bind(fd, scratch.address, addressSize) === 0) return undefined;
    const code = libc.lastError();
    const from = source === undefined ? "any address" : formatIpv4(source.address);
    return code === "EADDRNOTAVAIL"
      ? { kind: "noSuchSource", message: `the source ${from} is not an address of this host: fix the probe's "source"` }
      : { kind: "failed", message: `cannot bind to ${from}: ${code}` };
  }

  function localPort(fd: number): number {
    scratch.view.setUint32(32, addressSize, true);
    libc.getsockname(fd, scratch.address, scratch.address + 32);
    return scratch.view.getUint16(2);
  }

  function prepared(fd: number, source: Endpoint | undefined): ProbeSocketError | undefined {
    if (option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer) !== 0) {
      // Needs a capability; without it the kernel's limit holds (net.core.rmem_max).
      option(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    }
    option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (option(fd, SOL_SOCKET, SO_TIMESTAMPING, rxSoftwareStamps) !== 0) {
      return { kind: "failed", message: `the kernel gives no receive stamps: ${libc.lastError()}` };
    }
    return bind(fd, source);
  }

  function finish(
    fd: number,
    source: Endpoint | undefined,
    raw: { readonly identifier: number } | undefined,
  ): Result<ProbeSocket, ProbeSocketError> {
    const failed =
      open.length === maxSockets
        ? { kind: "failed" as const, message: `more than ${maxSockets} different probe sources` }
        : prepared(fd, source);
    if (failed !== undefined) {
      libc.close(fd);
      return err(failed);
    }
    polled.view.setInt32(open.length * 8, fd, true);
    polled.view.setInt16(open.length * 8 + 4, POLLIN, true);
    open.push(fd);
    return ok(socketOver(fd, raw?.identifier ?? localPort(fd), raw !== undefined));
  }

  function socketOver(fd: number, identifier: number, raw: boolean): ProbeSocket {
    let overflowNow = 0;
    let overflowTold = 0;
    return {
      identifier,
      raw,
      send(batch) {
        for (let first = 0; first < batch.length; first += sendBatch) {
          const part = batch.slice(first, first + sendBatch);
          const before = now();
          part.forEach((datagram, i) => {
            outgoing.address(i, datagram.to, datagram.write(outgoing.data(i), before));
          });
          for (let next = 0; next < part.length; ) {
            const address = outgoing.headers.address + next * 64;
            const sent = libc.sendmmsg(fd, address, part.length - next, MSG_DONTWAIT);
            if (sent > 0) next += sent;
            else {
              // The errno is that of the first datagram not sent; the others get their own chance.
              const code = libc.lastError();
              if (code === "EINTR") continue;
              part[next]?.failed(code);
              next++;
            }
          }
          if (now().realtime - before.realtime > preemptionLimit) for (const datagram of part) datagram.preempted();
        }
      },
      receive(take) {
        for (let round = 0; round < receiveRounds; round++) {
          incoming.reset(receiveBatch);
          const count = libc.recvmmsg(fd, incoming.headers.address, receiveBatch, MSG_DONTWAIT, 0);
          if (count < 0) {
            if (libc.lastError() === "EAGAIN") return true;
            // An error that was pending on the socket; reading it has cleared it.
            continue;
          }
          const readAt = now();
          for (let i = 0; i < count; i++) {
            const { bytes, from, realtime, overflow } = incoming.received(i);
            if (overflow !== undefined) overflowNow = overflow;
            const payload = raw ? ipv4Payload(bytes) : ok(bytes);
            take({
              bytes: payload.ok ? payload.value : bytes.subarray(0, 0),
              from: raw ? { address: from.address, port: 0 } : from,
              realtime: realtime ?? readAt.realtime,
              readAt,
            });
          }
          if (count < receiveBatch) return true;
        }
        return false;
      },
      overflowed() {
        const n = (overflowNow - overflowTold) >>> 0;
        overflowTold = overflowNow;
        return n;
      },
    };
  }

  function openRawIcmp(source: Endpoint | undefined): Result<ProbeSocket, ProbeSocketError> {
    const fd = libc.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (fd < 0) {
      const code = libc.lastError();
      if (code !== "EPERM" && code !== "EACCES")
        return err({ kind: "failed", message: `cannot open a socket: ${code}` });
      return err({
        kind: "noPermission",
        message:
          "ICMP is not permitted: set the sysctl net.ipv4.ping_group_range to the group of this process " +
          `("${process.getgid?.() ?? 0} ${process.getgid?.() ?? 0}", in this network namespace), or give it CAP_NET_RAW`,
      });
    }
    // A set bit keeps the type out: all but the echo reply.
    scratch.view.setUint32(0, 0xffff_fffe, true);
    libc.setsockopt(fd, SOL_RAW, ICMP_FILTER, scratch.address, 4);
    return finish(fd, source, { identifier: 1 + (random() % 0xffff) });
  }

  libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

  return {
    now,
    clockError: clockErrorOf(libc),
    openIcmp(source) {
      const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
      return fd < 0 ? openRawIcmp(source) : finish(fd, source, undefined);
    },
    async openUdp(source) {
      const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
      if (fd < 0) return err({ kind: "failed", message: `cannot open a UDP socket: ${libc.lastError()}` });
      return finish(fd, source, undefined);
    },
    async wait(until) {
      // One turn of the event loop first: control messages come by it, and ppoll blocks the thread.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const left = Math.min(Math.max(until - monotonicNow(), 0), longestWait);
      timeout.view.setBigInt64(0, 0n, true);
      timeout.view.setBigInt64(8, BigInt(Math.round(left * 1e6)), true);
      libc.ppoll(polled.address, open.length, timeout.address, 0);
    },
    close() {
      for (const fd of open.splice(0)) libc.close(fd);
    },
  };
}
