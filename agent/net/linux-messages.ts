// struct mmsghdr, iovec, sockaddr and cmsghdr in memory, for batches of datagrams
// (Linux, LP64, little-endian): laid out once, reused for every call.

import type { Endpoint } from "./endpoint.ts";
import type { Arena, Libc } from "./linux-libc.ts";
import { MSG_TRUNC, SO_TIMESTAMPING, SOL_SOCKET } from "./linux-libc.ts";
import { addressSize, readSockaddr, writeSockaddr } from "./linux-sockaddr.ts";
import { epochBase, longestDatagram } from "./probe-sockets.ts";

const headerSize = 64;
const vectorSize = 16;
/** From one address to the next: a sockaddr_in6, and aligned. */
const addressStride = 32;
const controlSize = 128;
const controlHeader = 16;

/** `count` datagrams that one sendmmsg or recvmmsg takes. */
export interface MessageBatch {
  readonly headers: Arena;
  data(i: number): Uint8Array;
  /** Makes message `i` one of `length` octets to `to`. */
  address(i: number, to: Endpoint, length: number): void;
  /** Prepares the first `n` messages for a receive: the kernel overwrites the lengths. */
  reset(n: number): void;
  received(i: number): Received;
  /** The octets and the IPv4 sender of message `i` alone, without an object for either. */
  datagram(i: number): Uint8Array;
  senderAddress(i: number): number;
  senderPort(i: number): number;
}

/** What the kernel says of a datagram. */
export interface Received {
  /** Empty when it was longer than we take. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  /** Nanoseconds after `epochBase`; undefined without a kernel stamp. */
  readonly realtime: number | undefined;
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
    vectors.view.setBigUint64(i * vectorSize, BigInt(data.address + i * dataSize), true);
    vectors.view.setBigUint64(i * vectorSize + 8, BigInt(dataSize), true);
  }

  const slice = (i: number): Uint8Array => {
    const bytes = slices[i];
    if (bytes === undefined) throw new RangeError(`message ${i} of a batch of ${count}`);
    return bytes;
  };

  return {
    headers,
    data: slice,
    address(i, to, length) {
      writeSockaddr(addresses.view, i * addressStride, to);
      vectors.view.setUint32(i * vectorSize + 8, length, true);
    },
    reset(n) {
      for (let i = 0; i < n; i++) {
        const h = i * headerSize;
        headers.view.setUint32(h + 8, addressSize, true);
        // Set here and not at construction: a send has no control data.
        headers.view.setBigUint64(h + 32, BigInt(controls.address + i * controlSize), true);
        headers.view.setUint32(h + 40, controlSize, true);
      }
    },
    received(i) {
      const h = i * headerSize;
      const length = headers.view.getUint32(h + 56, true);
      const cut = (headers.view.getUint32(h + 48, true) & MSG_TRUNC) !== 0;
      const controlled = Math.min(headers.view.getUint32(h + 40, true), controlSize);
      const realtime = realtimeOf(controls.view, i * controlSize, controlled);
      const bytes = slice(i).subarray(0, cut ? 0 : length);
      return { bytes, from: readSockaddr(addresses.view, i * addressStride), realtime };
    },
    datagram: (i) => slice(i).subarray(0, headers.view.getUint32(i * headerSize + 56, true)),
    senderAddress: (i) => addresses.view.getUint32(i * addressStride + 4),
    senderPort: (i) => addresses.view.getUint16(i * addressStride + 2),
  };
}

/** The kernel's stamp among the `length` octets of control messages at `start`. */
export function realtimeOf(view: DataView, start: number, length: number): number | undefined {
  let realtime: number | undefined;
  const end = start + length;
  for (let at = start; at + controlHeader <= end; ) {
    const size = view.getUint32(at, true);
    if (size < controlHeader || at + size > end) break;
    if (view.getInt32(at + 8, true) === SOL_SOCKET) {
      const type = view.getInt32(at + 12, true);
      const value = at + controlHeader;
      if (type === SO_TIMESTAMPING && size >= controlHeader + 16) realtime = readTimespec(view, value) ?? realtime;
    }
    at += (size + 7) & ~7;
  }
  return realtime;
}

/** A struct timespec as nanoseconds after `epochBase`; undefined when it is zero, which means not stamped. */
export function readTimespec(view: DataView, at: number): number | undefined {
  const seconds = Number(view.getBigInt64(at, true));
  if (seconds === 0) return undefined;
  return (seconds - epochBase) * 1e9 + Number(view.getBigInt64(at + 8, true));
}
