// The tracer's sockets on Linux through libc: ICMP datagram sockets (raw ones where those are not allowed) and UDP, with what
// routers say of their datagrams read from the error queue (IP_RECVERR, ip(7)).

import { type Instant, monotonicNow } from "../lib/clock.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { decodeExtendedError } from "../wire/extended-error.ts";
import { ipv4Payload } from "../wire/icmp.ts";
import { momentsOf } from "./linux-clock.ts";
import type { Libc } from "./linux-libc.ts";
import {
  IP_MTU_DISCOVER,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  IPPROTO_UDP,
  IPV6_MTU_DISCOVER,
  IPV6_RECVERR,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  rxSoftwareStamps,
  SO_TIMESTAMPING,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "./linux-libc.ts";
import { realtimeOf } from "./linux-messages.ts";
import { openingOf } from "./linux-opening.ts";
import { receiveBuffersOf } from "./linux-receive-buffer.ts";
import { addressSize, readSockaddr, writeSockaddr } from "./linux-sockaddr.ts";
import { longestDatagram, type Moment, type ProbeSocketError } from "./probe-sockets.ts";
import type { TraceArrivals, TraceProfile, TraceSocket, TraceSockets } from "./trace-sockets.ts";

const IPV6_UNICAST_HOPS = 16;
const MSG_CTRUNC = 0x08;
/** Of both families: DF is set, and the path MTU that the kernel has learnt is ignored. */
const PMTUDISC_PROBE = 3;

const maxSockets = 256;
/** Receives in a row from one socket: a flood must not hold the thread. */
const receiveRounds = 256;
const controlSize = 256;
/** Places in the arena of struct mmsghdr, iovec and sockaddr. */
const vectorAt = 64;
const addressAt = 96;
const headSize = 128;

export function createLinuxTraceSockets(libc: Libc, random: () => number): TraceSockets {
  const scratch = libc.arena(64);
  const sending = libc.arena(longestDatagram);
  const head = libc.arena(headSize);
  const data = libc.arena(longestDatagram);
  const control = libc.arena(controlSize);
  const moment = momentsOf(libc);
  const receiveBufferOf = receiveBuffersOf(libc);
  const opening = openingOf(libc);
  const { option } = opening;
  const open: number[] = [];

  head.view.setBigUint64(0, BigInt(head.address + addressAt), true);
  head.view.setBigUint64(16, BigInt(head.address + vectorAt), true);
  head.view.setBigUint64(24, 1n, true);
  head.view.setBigUint64(32, BigInt(control.address), true);
  head.view.setBigUint64(vectorAt, BigInt(data.address), true);
  head.view.setBigUint64(vectorAt + 8, BigInt(longestDatagram), true);

  /** False when nothing more is there, or an error that was pending on the socket was read instead. */
  function receiveOne(fd: number, flags: number): boolean {
    head.view.setUint32(8, addressSize, true);
    head.view.setBigUint64(40, BigInt(controlSize), true);
    head.view.setUint32(48, 0, true);
    return libc.recvmmsg(fd, head.address, 1, MSG_DONTWAIT | flags, 0) === 1;
  }

  /** `near`: a moment shortly before or after, to tell the time of the kernel's stamp. */
  function received(near: Moment) {
    const flags = head.view.getUint32(48, true);
    const controlled = Math.min(Number(head.view.getBigUint64(40, true)), controlSize);
    const realtime = realtimeOf(control.view, 0, controlled);
    return {
      bytes: data.bytes.subarray(0, Math.min(head.view.getUint32(56, true), longestDatagram)),
      control: control.bytes.subarray(0, controlled),
      whole: (flags & (MSG_TRUNC | MSG_CTRUNC)) === 0,
      at: realtime === undefined ? monotonicNow() : ((near.monotonic + (realtime - near.realtime) / 1e6) as Instant),
    };
  }

  /** False when more is left than is read in a row. */
  function receive(fd: number, headed: boolean, raw: boolean, take: TraceArrivals): boolean {
    const near = moment();
    // Errors first: that the target was reached must not hide a hop that answered before.
    let errors = 0;
    for (; errors < receiveRounds && receiveOne(fd, MSG_ERRQUEUE); errors++) {
      const { bytes, control, at } = received(near);
      const error = decodeExtendedError(control);
      if (error.ok) take.error(error.value, bytes, readSockaddr(head.view, addressAt), at);
      else take.malformed();
    }
    for (let round = 0; round < receiveRounds; round++) {
      if (!receiveOne(fd, 0)) {
        if (libc.lastError() === "EAGAIN") return errors < receiveRounds;
        continue;
      }
      const { bytes, whole, at } = received(near);
      const payload = headed ? ipv4Payload(bytes) : ok(bytes);
      const from = readSockaddr(head.view, addressAt);
      if (whole && payload.ok) take.answer(payload.value, raw ? { ...from, port: 0 } : from, at);
      else take.malformed();
    }
    return false;
  }

  /** Undefined when all is well. */
  function prepare(fd: number, profile: TraceProfile): ProbeSocketError | undefined {
    const { family, dscp } = profile;
    const [level, tos, discover, errors] =
      family === 4
        ? [SOL_IP, IP_TOS, IP_MTU_DISCOVER, IP_RECVERR]
        : [SOL_IPV6, IPV6_TCLASS, IPV6_MTU_DISCOVER, IPV6_RECVERR];
    option(fd, level, errors, 1);
    option(fd, SOL_SOCKET, SO_TIMESTAMPING, rxSoftwareStamps);
    if (dscp !== 0) option(fd, level, tos, dscp << 2);
    option(fd, level, discover, PMTUDISC_PROBE);
    return opening.bind(fd, profile, "the traced probe's");
  }

  function openSocket({ family, technique }: TraceProfile): Result<{ fd: number; raw: boolean }, ProbeSocketError> {
    if (technique === "udp") {
      const fd = opening.socket(family, SOCK_DGRAM, IPPROTO_UDP);
      if (fd < 0) return err({ kind: "failed", message: `cannot open a UDP socket: ${libc.lastError()}` });
      if (family === 6) option(fd, SOL_IPV6, IPV6_V6ONLY, 1);
      return ok({ fd, raw: false });
    }
    const datagram = opening.icmp(family);
    if (datagram >= 0) return ok({ fd: datagram, raw: false });
    const raw = opening.rawIcmp(family);
    if (raw < 0) {
      const message =
        `ICMP is not permitted (${libc.lastError()}): set net.ipv4.ping_group_range or give CAP_NET_RAW, ` +
        'or set tracing.technique to "udp"';
      return err({ kind: "noPermission", message });
    }
    return ok({ fd: raw, raw: true });
  }

  function socketOver(fd: number, raw: boolean, { family }: TraceProfile): TraceSocket {
    let ttlNow = 0;
    const buffer = receiveBufferOf(fd);
    const headed = raw && family === 4;
    return {
      identifier: raw ? 1 + (random() % 0xffff) : opening.localPort(fd),
      raw,
      send(to, ttl, write) {
        if (ttl !== ttlNow)
          option(fd, family === 4 ? SOL_IP : SOL_IPV6, family === 4 ? IP_TTL : IPV6_UNICAST_HOPS, ttl);
        ttlNow = ttl;
        const length = write(sending.bytes);
        writeSockaddr(scratch.view, 0, to);
        const attempt = () => libc.sendto(fd, sending.address, length, MSG_DONTWAIT, scratch.address, addressSize) >= 0;
        // What a router said of an earlier datagram waits as this socket's error, and is read by the first attempt.
        return attempt() || attempt() ? undefined : libc.lastError();
      },
      receive(take) {
        const crowded = buffer.look();
        return receive(fd, headed, raw, take) && !crowded;
      },
      overflowed: buffer.overflowed,
      close() {
        const at = open.indexOf(fd);
        // Closed already: the number may be another file's by now.
        if (at < 0) return;
        open.splice(at, 1);
        libc.close(fd);
      },
    };
  }

  return {
    now: monotonicNow,
    open(profile) {
      if (open.length === maxSockets) {
        return err({ kind: "failed", message: `more than ${maxSockets} different sources and options of traces` });
      }
      const opened = openSocket(profile);
      if (!opened.ok) return opened;
      const { fd, raw } = opened.value;
      const failed = prepare(fd, profile);
      if (failed !== undefined) {
        libc.close(fd);
        return err(failed);
      }
      open.push(fd);
      return ok(socketOver(fd, raw, profile));
    },
    close() {
      for (const fd of open.splice(0)) libc.close(fd);
    },
  };
}
