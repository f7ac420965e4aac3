// struct mmsghdr, iovec, sockaddr and cmsghdr in memory, for batches of datagrams
// (Linux, LP64, little-endian): laid out once, reused for every call.

import type { Endpoint } from "./endpoint.ts";
import type { Arena, Libc } from "./linux-libc.ts";
import { MSG_TRUNC, SO_TIMESTAMPING, SOL_SOCKET } from "./linux-libc.ts";
import {
  addressSize,
  type ReceivedEndpoint,
  readSockaddrInto,
  receivedEndpoint,
  writeSockaddr,
} from "./linux-sockaddr.ts";
import { epochBase, longestDatagram } from "./probe-sockets.ts";

const headerSize = 64;
const vectorSize = 16;
/** From one address to the next: a sockaddr_in6, and aligned. */
const addressStride = 32;
const controlSize = 128;
/** Octets of a struct cmsghdr: length, level, type. */
export const controlHeader = 16;

/** `count` datagrams that one sendmmsg or recvmmsg takes. */
export interface MessageBatch {
  readonly headers: Arena;
  data(i: number): Uint8Array;
  /** Makes message `i` one of `length` octets to `to`. */
  address(i: number, to: Endpoint, length: number): void;
  /** Prepares the first `n` messages for a receive: the kernel overwrites the lengths of those that it fills. */
  reset(n: number): void;
  /** Valid until the next one is asked for. */
  received(i: number): Received;
  /** The octets and the IPv4 sender of message `i` alone, without an object for either. */
  datagram(i: number): Uint8Array;
  senderAddress(i: number): number;
  senderPort(i: number): number;
}

/** What the kernel says of a datagram. */
export interface Received {
  /** Empty when it was longer than we take. */
  bytes: Uint8Array;
  readonly from: ReceivedEndpoint;
  /** Nanoseconds after `epochBase`; undefined without a kernel stamp. */
  realtime: number | undefined;
}

export function createMessageBatch(libc: Libc, count: number, dataSize = longestDatagram): MessageBatch {
  const headers = libc.arena(count * headerSize);
  const vectors = libc.arena(count * vectorSize);
  const addresses = libc.arena(count * addressStride);
  const controls = libc.arena(count * controlSize);
  const data = libc.arena(count * dataSize);
  const slices = Array.from({ length: count }, (_, i) => data.bytes.subarray(i * dataSize, (i + 1) * dataSize));

  for (let i = 0; i < count; i++) {
    const h = i * headerSize;
    headers.view.setBigUint64(h, BigInt(addresses.address + i * addressStride), true);
    headers.view.setUint32(h + 8, addressSize, true);
    headers.view.setBigUint64(h + 16, BigInt(vectors.address + i * vectorSize), true);
    headers.view.setBigUint64(h + 24, 1n, true);
    // Its length stays 0 for a send, which has no control data.
    headers.view.setBigUint64(h + 32, BigInt(controls.address + i * controlSize), true);
    vectors.view.setBigUint64(i * vectorSize, BigInt(data.address + i * dataSize), true);
    vectors.view.setBigUint64(i * vectorSize + 8, BigInt(dataSize), true);
  }

  const slice = (i: number): Uint8Array => {
    const bytes = slices[i];
    if (bytes === undefined) throw new RangeError(`message ${i} of a batch of ${count}`);
    return bytes;
  };

  /** Of the last datagram that was read: most that come have the length of those before. */
  const views = slices.map((whole) => whole.subarray(0, 0));
  const view = (i: number, length: number): Uint8Array => {
    const before = views[i];
    if (before?.byteLength === length) return before;
    const now = slice(i).subarray(0, length);
    views[i] = now;
    return now;
  };
  // Written over by each datagram: thousands come in a second.
  const received: Received = { bytes: view(0, 0), from: receivedEndpoint(), realtime: undefined };

  return {
    headers,
    data: slice,
    address(i, to, length) {
      writeSockaddr(addresses.view, i * addressStride, to);
      vectors.view.setUint32(i * vectorSize + 8, length, true);
    },
    reset(n) {
      for (let i = 0; i < n; i++) {
        headers.view.setInt32(i * headerSize + 8, addressSize, true);
        headers.view.setInt32(i * headerSize + 40, controlSize, true);
      }
    },
    received(i) {
      const h = i * headerSize;
      const cut = (headers.view.getInt32(h + 48, true) & MSG_TRUNC) !== 0;
      received.bytes = view(i, cut ? 0 : headers.view.getInt32(h + 56, true));
      const controlled = Math.min(headers.view.getInt32(h + 40, true), controlSize);
      received.realtime = realtimeOf(controls.view, i * controlSize, controlled);
      readSockaddrInto(received.from, addresses.view, i * addressStride);
      return received;
    },
    datagram: (i) => slice(i).subarray(0, headers.view.getUint32(i * headerSize + 56, true)),
    senderAddress: (i) => addresses.view.getUint32(i * addressStride + 4),
    senderPort: (i) => addresses.view.getUint16(i * addressStride + 2),
  };
}

/** The kernel's stamp among the `length` octets of control messages at `start`. */
export function realtimeOf(view: DataView, start: number, length: number): number | undefined {
  const end = start + length;
  for (let at = start; isControl(view, at, end); at = behindControl(view, at)) {
    const isStamp = view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === SO_TIMESTAMPING;
    if (isStamp && at + controlHeader + 16 <= end) return readTimespec(view, at + controlHeader);
  }
  return undefined;
}

/** Whether a whole control message stands at `at`. */
export function isControl(view: DataView, at: number, end: number): boolean {
  if (at + controlHeader > end) return false;
  const size = view.getInt32(at, true);
  return size >= controlHeader && at + size <= end;
}

/** Where the next one stands. */
export function behindControl(view: DataView, at: number): number {
  return at + ((view.getInt32(at, true) + 7) & ~7);
}

/** A struct timespec as nanoseconds after `epochBase`; undefined when it is zero, which means not stamped. */
export function readTimespec(view: DataView, at: number): number | undefined {
  // In two halves: a BigInt would be an object.
  const seconds = view.getInt32(at + 4, true) * 0x1_0000_0000 + (view.getInt32(at, true) >>> 0);
  if (seconds === 0) return undefined;
  return (seconds - epochBase) * 1e9 + view.getInt32(at + 8, true);
}
