// ICMP echo (RFC 792; the same layout in RFC 4443 section 4) and the payload of our own probes.
// ICMPv6 differs in its two type numbers and in a checksum that the kernel computes and verifies.

import { err, ok, type Result } from "../lib/result.ts";

/** What differs between the families: RFC 792 "Echo or Echo Reply Message", RFC 4443 sections 4.1 and 4.2. */
export interface EchoTypes {
  readonly request: number;
  readonly reply: number;
  /** ICMPv6's covers addresses that only the kernel knows (RFC 4443 section 2.3): it writes it, and drops what is wrong. */
  readonly checksum: "ours" | "kernel";
}

export const icmpEcho: EchoTypes = { request: 8, reply: 0, checksum: "ours" };
export const icmpv6Echo: EchoTypes = { request: 128, reply: 129, checksum: "kernel" };

const headerLength = 8;
/** Longest that an IPv4 datagram carries. */
const longestMessage = 65_515;

export interface EchoMessage {
  readonly type: "request" | "reply";
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export const icmpErrorKinds = ["truncated", "oversized", "otherType", "otherCode", "badChecksum"] as const;

/** `offset`: the octet that is wrong, or at which the message ends too early. */
export interface IcmpError {
  readonly kind: (typeof icmpErrorKinds)[number];
  readonly offset: number;
}

/** Internet checksum (RFC 1071) over all octets; 0 when they include a right checksum. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  const even = bytes.byteLength & ~1;
  for (let i = 0; i < even; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if (even !== bytes.byteLength) sum += (bytes[even] ?? 0) << 8;
  // Two folds: the first can carry once more.
  sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Completes the echo message whose payload already stands at octet 8 of `into`, with checksum; gives its length.
 * Datagram sockets write identifier and checksum anew, raw ones do not.
 */
export function sealEcho(
  into: Uint8Array,
  types: EchoTypes,
  head: { readonly type: "request" | "reply"; readonly identifier: number; readonly sequence: number },
  payloadLength: number,
): number {
  const length = headerLength + payloadLength;
  const view = viewOf(into);
  view.setUint8(0, types[head.type]);
  view.setUint8(1, 0);
  view.setUint16(2, 0);
  view.setUint16(4, head.identifier);
  view.setUint16(6, head.sequence);
  if (types.checksum === "ours") view.setUint16(2, internetChecksum(into.subarray(0, length)));
  return length;
}

export function encodeEcho(types: EchoTypes, message: EchoMessage): Uint8Array {
  const bytes = new Uint8Array(headerLength + message.payload.byteLength);
  bytes.set(message.payload, headerLength);
  sealEcho(bytes, types, message, message.payload.byteLength);
  return bytes;
}

/** `payload` is a view of `bytes`. */
export function decodeEcho(types: EchoTypes, bytes: Uint8Array): Result<EchoMessage, IcmpError> {
  if (bytes.byteLength < headerLength) return err({ kind: "truncated", offset: bytes.byteLength });
  if (bytes.byteLength > longestMessage) return err({ kind: "oversized", offset: longestMessage });
  const view = viewOf(bytes);
  const type = view.getUint8(0);
  if (type !== types.request && type !== types.reply) return err({ kind: "otherType", offset: 0 });
  if (view.getUint8(1) !== 0) return err({ kind: "otherCode", offset: 1 });
  if (types.checksum === "ours" && internetChecksum(bytes) !== 0) return err({ kind: "badChecksum", offset: 2 });
  return ok({
    type: type === types.request ? "request" : "reply",
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: bytes.subarray(headerLength),
  });
}

/** What our probes carry: who it is for, and 64 random bits that only the far end can know. */
export interface ProbePayload {
  readonly stream: number;
  readonly sequence: number;
  readonly cookie: readonly [high: number, low: number];
}

/** As long as that of ping, so that a policer treats both alike. */
export const probePayloadLength = 56;
/** The least that says whose probe it is. */
const usedPayload = 16;

/** Writes an echo request with a probe's payload of `payloadLength` octets (16 at least) into `into`; gives its length. */
export function writeProbeRequest(
  into: Uint8Array,
  types: EchoTypes,
  head: { readonly identifier: number; readonly sequence: number },
  probe: ProbePayload,
  payloadLength = probePayloadLength,
): number {
  const view = viewOf(into);
  into.fill(0, headerLength, headerLength + payloadLength);
  view.setUint32(headerLength, probe.stream);
  view.setUint32(headerLength + 4, probe.sequence);
  view.setUint32(headerLength + 8, probe.cookie[0]);
  view.setUint32(headerLength + 12, probe.cookie[1]);
  return sealEcho(into, types, { type: "request", ...head }, payloadLength);
}

export function decodeProbePayload(payload: Uint8Array): Result<ProbePayload, IcmpError> {
  if (payload.byteLength < usedPayload) {
    return err({ kind: "truncated", offset: headerLength + payload.byteLength });
  }
  const view = viewOf(payload);
  return ok({
    stream: view.getUint32(0),
    sequence: view.getUint32(4),
    cookie: [view.getUint32(8), view.getUint32(12)],
  });
}

/** The payload of an IPv4 datagram as a raw socket hands it out (RFC 791 section 3.1), as a view. */
export function ipv4Payload(datagram: Uint8Array): Result<Uint8Array, IcmpError> {
  const first = datagram[0];
  if (first === undefined) return err({ kind: "truncated", offset: 0 });
  if (first >> 4 !== 4) return err({ kind: "otherType", offset: 0 });
  const length = (first & 0x0f) * 4;
  if (length < 20 || length > datagram.byteLength) return err({ kind: "truncated", offset: datagram.byteLength });
  return ok(datagram.subarray(length));
}
