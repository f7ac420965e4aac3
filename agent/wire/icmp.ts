// ICMP echo (RFC 792; the same layout in RFC 4443 section 4) and the payload of our own probes.
// ICMPv6 differs in its two type numbers and in a checksum that the kernel computes and verifies.

import { err, ok, type Result } from "../lib/result.ts";
import { putUint16, putUint32, uint16, uint32 } from "./octets.ts";

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

/** Internet checksum (RFC 1071) over the first octets, by default all; 0 when they include a right checksum. */
export function internetChecksum(bytes: Uint8Array, length = bytes.byteLength): number {
  let sum = 0;
  const even = length & ~1;
  for (let i = 0; i < even; i += 2) sum += uint16(bytes, i);
  if (even !== length) sum += (bytes[even] ?? 0) << 8;
  // Two folds: the first can carry once more.
  sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
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
  into[0] = types[head.type];
  into[1] = 0;
  putUint16(into, 2, 0);
  putUint16(into, 4, head.identifier);
  putUint16(into, 6, head.sequence);
  if (types.checksum === "ours") putUint16(into, 2, internetChecksum(into, length));
  return length;
}

export function encodeEcho(types: EchoTypes, message: EchoMessage): Uint8Array {
  const bytes = new Uint8Array(headerLength + message.payload.byteLength);
  bytes.set(message.payload, headerLength);
  sealEcho(bytes, types, message, message.payload.byteLength);
  return bytes;
}

/** What is wrong with an echo message, if anything. */
function faultOf(types: EchoTypes, bytes: Uint8Array): IcmpError | undefined {
  if (bytes.byteLength < headerLength) return { kind: "truncated", offset: bytes.byteLength };
  if (bytes.byteLength > longestMessage) return { kind: "oversized", offset: longestMessage };
  if (bytes[0] !== types.request && bytes[0] !== types.reply) return { kind: "otherType", offset: 0 };
  if (bytes[1] !== 0) return { kind: "otherCode", offset: 1 };
  if (types.checksum === "ours" && internetChecksum(bytes) !== 0) return { kind: "badChecksum", offset: 2 };
  return undefined;
}

/** `payload` is a view of `bytes`. */
export function decodeEcho(types: EchoTypes, bytes: Uint8Array): Result<EchoMessage, IcmpError> {
  const fault = faultOf(types, bytes);
  if (fault !== undefined) return err(fault);
  return ok({
    type: bytes[0] === types.request ? "request" : "reply",
    identifier: uint16(bytes, 4),
    sequence: uint16(bytes, 6),
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
  into.fill(0, headerLength + usedPayload, headerLength + payloadLength);
  putUint32(into, headerLength, probe.stream);
  putUint32(into, headerLength + 4, probe.sequence);
  putUint32(into, headerLength + 8, probe.cookie[0]);
  putUint32(into, headerLength + 12, probe.cookie[1]);
  const { identifier, sequence } = head;
  return sealEcho(into, types, { type: "request", identifier, sequence }, payloadLength);
}

/** What an echo message says, and what stands in it if it is one of our probes. */
export interface ProbeEcho extends Pick<EchoMessage, "type" | "identifier" | "sequence"> {
  /** Octets of the payload. */
  readonly size: number;
  /** Undefined where the payload is too short for one. */
  readonly probe: ProbePayload | undefined;
}

/** The same as `decodeEcho`, for thousands a second: without a view of the payload. */
export function decodeProbeEcho(types: EchoTypes, bytes: Uint8Array): Result<ProbeEcho, IcmpError> {
  const fault = faultOf(types, bytes);
  if (fault !== undefined) return err(fault);
  const size = bytes.byteLength - headerLength;
  return ok({
    type: bytes[0] === types.request ? "request" : "reply",
    identifier: uint16(bytes, 4),
    sequence: uint16(bytes, 6),
    size,
    probe:
      size < usedPayload
        ? undefined
        : {
            stream: uint32(bytes, headerLength),
            sequence: uint32(bytes, headerLength + 4),
            cookie: [uint32(bytes, headerLength + 8), uint32(bytes, headerLength + 12)],
          },
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
