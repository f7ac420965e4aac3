// The reflector's socket on Linux through libc: IPv4 or IPv6, requests read in batches, each answered in the memory that
// it was read into, from the address that it was sent to.

import { monotonicNow } from "../lib/clock.ts";
import { err, ok } from "../lib/result.ts";
import type { Libc } from "./linux-libc.ts";
import {
  AF_INET,
  AF_INET6,
  CLOCK_REALTIME,
  IP_TTL,
  IPPROTO_UDP,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_TRUNC,
  POLLIN,
  PR_SET_TIMERSLACK,
  rxSoftwareStamps,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RXQ_OVFL,
  SO_TIMESTAMPING,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from "./linux-libc.ts";
import { behindControl, controlHeader, isControl, readTimespec } from "./linux-messages.ts";
import { openingOf } from "./linux-opening.ts";
import { addressSize } from "./linux-sockaddr.ts";
import { longestWait } from "./probe-sockets.ts";
import {
  type AnswerRequest,
  cannotListen,
  longestRequest,
  type ReflectorSocket,
  requestBuffer,
} from "./reflector-socket.ts";

const IP_PKTINFO = 8;
const IP_RECVTTL = 12;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_HOPLIMIT = 52;

const batch = 32;
/** Batches in a row before control messages get their turn. */
const rounds = 32;
const headerSize = 64;
const vectorSize = 16;
const nameSize = 32;
const controlSize = 256;

/** What the kernel says beside a request. */
interface Beside {
  realtime: number | undefined;
  ttl: number | undefined;
  /** Where its packet-info message stands, with the address that was asked; -1 without one. */
  info: number;
}

/** `octets`: 4 or 16, in network order; all zero: every address, with 16 of both families. */
export function createLinuxReflectorSocket(
  libc: Libc,
  host: string,
  octets: Uint8Array,
  port: number,
): ReflectorSocket {
  const six = octets.length === 16;
  const scratch = libc.arena(addressSize);
  const opening = openingOf(libc);
  const polled = libc.arena(8);
  const timeout = libc.arena(16);
  const headers = libc.arena(batch * headerSize);
  const vectors = libc.arena(batch * vectorSize);
  const names = libc.arena(batch * nameSize);
  const controls = libc.arena(batch * controlSize);
  const data = libc.arena(batch * longestRequest);
  const beside: Beside = { realtime: undefined, ttl: undefined, info: -1 };
  let fd = -1;
  let overflowNow = 0;
  let overflowTold = 0;

  function now(): number {
    libc.clock_gettime(CLOCK_REALTIME, scratch.address);
    return readTimespec(scratch.view, 0) ?? 0;
  }

  function option(level: number, name: number, value: number): boolean {
    return opening.option(fd, level, name, value) === 0;
  }

  function options(): boolean {
    // The first needs a capability; without it the kernel's limit holds (net.core.rmem_max).
    if (!option(SOL_SOCKET, SO_RCVBUFFORCE, requestBuffer)) option(SOL_SOCKET, SO_RCVBUF, requestBuffer);
    const common =
      option(SOL_SOCKET, SO_RXQ_OVFL, 1) &&
      option(SOL_SOCKET, SO_TIMESTAMPING, rxSoftwareStamps) &&
      // Also of IPv4 requests to an IPv6 socket.
      option(SOL_IP, IP_RECVTTL, 1);
    if (!six) return common && option(SOL_IP, IP_PKTINFO, 1);
    return (
      common &&
      option(SOL_IPV6, IPV6_V6ONLY, octets.some((octet) => octet !== 0) ? 1 : 0) &&
      option(SOL_IPV6, IPV6_RECVPKTINFO, 1) &&
      option(SOL_IPV6, IPV6_RECVHOPLIMIT, 1)
    );
  }

  function bind(): boolean {
    scratch.bytes.fill(0);
    scratch.view.setUint16(0, six ? AF_INET6 : AF_INET, true);
    scratch.view.setUint16(2, port);
    scratch.bytes.set(octets, six ? 8 : 4);
    return libc.bind(fd, scratch.address, addressSize) === 0;
  }

  function reset(): void {
    for (let i = 0; i < batch; i++) {
      const h = i * headerSize;
      headers.view.setUint32(h + 8, nameSize, true);
      headers.view.setBigUint64(h + 32, BigInt(controls.address + i * controlSize), true);
      headers.view.setBigUint64(h + 40, BigInt(controlSize), true);
      headers.view.setUint32(h + 48, 0, true);
      vectors.view.setBigUint64(i * vectorSize + 8, BigInt(longestRequest), true);
    }
  }

  function readBeside(i: number): Beside {
    beside.realtime = undefined;
    beside.ttl = undefined;
    beside.info = -1;
    const { view } = controls;
    const start = i * controlSize;
    const end = start + Math.min(controlSize, headers.view.getUint32(i * headerSize + 40, true));
    for (let at = start; isControl(view, at, end); at = behindControl(view, at)) {
      const level = view.getInt32(at + 8, true);
      const type = view.getInt32(at + 12, true);
      const value = at + controlHeader;
      if (level === SOL_SOCKET) {
        if (type === SO_TIMESTAMPING) beside.realtime = readTimespec(view, value);
        if (type === SO_RXQ_OVFL) overflowNow = view.getUint32(value, true);
      } else if ((level === SOL_IP && type === IP_TTL) || (level === SOL_IPV6 && type === IPV6_HOPLIMIT)) {
        beside.ttl = view.getInt32(value, true);
      } else if ((level === SOL_IP && type === IP_PKTINFO) || (level === SOL_IPV6 && type === IPV6_PKTINFO)) {
        beside.info = at;
      }
    }
    return beside;
  }

  function senderAddress(i: number): Uint8Array {
    const at = i * nameSize;
    if (!six) return names.bytes.subarray(at + 4, at + 8);
    const address = names.bytes.subarray(at + 8, at + 24);
    const mapped =
      address[10] === 0xff && address[11] === 0xff && address.subarray(0, 10).every((octet) => octet === 0);
    return mapped ? address.subarray(12) : address;
  }

  /** Sends message `i` back to where it came from, `length` octets of it. */
  function reply(i: number, length: number, info: number): boolean {
    const h = i * headerSize;
    vectors.view.setBigUint64(i * vectorSize + 8, BigInt(length), true);
    headers.view.setBigUint64(h + 40, 0n, true);
    if (info >= 0) {
      const { view } = controls;
      const size = view.getUint32(info, true);
      const ipv4 = view.getInt32(info + 8, true) === SOL_IP;
      const value = info + controlHeader;
      // The routing table chooses the interface; only a link-local address has no meaning without its own.
      if (ipv4) view.setInt32(value, 0, true);
      else if (controls.bytes[value] !== 0xfe || ((controls.bytes[value + 1] ?? 0) & 0xc0) !== 0x80) {
        view.setInt32(value + 16, 0, true);
      }
      headers.view.setBigUint64(h + 32, BigInt(controls.address + info), true);
      headers.view.setBigUint64(h + 40, BigInt((size + 7) & ~7), true);
    }
    for (;;) {
      if (libc.sendmmsg(fd, headers.address + h, 1, MSG_DONTWAIT) === 1) return true;
      if (libc.lastError() !== "EINTR") return false;
    }
  }

  function read(answer: AnswerRequest, sent: (left: boolean) => void): number {
    reset();
    const count = libc.recvmmsg(fd, headers.address, batch, MSG_DONTWAIT, 0);
    // An error that was pending on the socket; reading it has cleared it.
    if (count < 0) return libc.lastError() === "EAGAIN" ? 0 : batch;
    const readAt = monotonicNow();
    const read = now();
    for (let i = 0; i < count; i++) {
      const h = i * headerSize;
      const { realtime, ttl, info } = readBeside(i);
      const cut = (headers.view.getUint32(h + 48, true) & MSG_TRUNC) !== 0;
      const start = i * longestRequest;
      const length = answer({
        bytes: data.bytes.subarray(start, start + (cut ? 0 : headers.view.getUint32(h + 56, true))),
        address: senderAddress(i),
        port: names.view.getUint16(i * nameSize + 2),
        ttl,
        realtime: realtime ?? read,
        readAt,
      });
      if (length > 0) sent(reply(i, length, info));
    }
    return count;
  }

  return {
    async open() {
      fd = opening.socket(six ? 6 : 4, SOCK_DGRAM, IPPROTO_UDP);
      if (fd < 0) return err(cannotListen(host, port, libc.lastError()));
      if (!options() || !bind()) {
        const code = libc.lastError();
        libc.close(fd);
        fd = -1;
        return err(cannotListen(host, port, code));
      }
      libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
      for (let i = 0; i < batch; i++) {
        headers.view.setBigUint64(i * headerSize, BigInt(names.address + i * nameSize), true);
        headers.view.setBigUint64(i * headerSize + 16, BigInt(vectors.address + i * vectorSize), true);
        headers.view.setBigUint64(i * headerSize + 24, 1n, true);
        vectors.view.setBigUint64(i * vectorSize, BigInt(data.address + i * longestRequest), true);
      }
      polled.view.setInt32(0, fd, true);
      polled.view.setInt16(4, POLLIN, true);
      return ok(opening.localPort(fd));
    },
    async turn(answer, sent) {
      // One turn of the event loop first: control messages come by it, and ppoll blocks the thread.
      await new Promise<void>((resolve) => setImmediate(resolve));
      timeout.view.setBigInt64(0, 0n, true);
      timeout.view.setBigInt64(8, BigInt(longestWait * 1e6), true);
      if (libc.ppoll(polled.address, 1, timeout.address, 0) <= 0) return;
      for (let round = 0; round < rounds; round++) if (read(answer, sent) < batch) return;
    },
    now,
    overflowed() {
      const n = (overflowNow - overflowTold) >>> 0;
      overflowTold = overflowNow;
      return n;
    },
    close() {
      if (fd >= 0) libc.close(fd);
      fd = -1;
    },
  };
}
