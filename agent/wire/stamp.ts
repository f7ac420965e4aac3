// STAMP, unauthenticated mode: RFC 8762 section 4.2.1 (Session-Sender) and 4.3.1 (Session-Reflector),
// with the session identifier of RFC 8972 section 3. TWAMP-Light reflectors (RFC 5357 section 4.2.1)
// answer in the same layout, cut after the sender's TTL.

import { err, ok, type Result } from "../lib/result.ts";
import { putUint16, putUint32, uint16, uint32 } from "./octets.ts";

/** The port that a Session-Reflector listens on by default. */
export const stampPort = 862;
/** Octets of a base packet, in both directions. */
export const stampLength = 44;
/** A TWAMP-Light answer without padding ends after the sender's TTL: a shorter request cannot have one of its size. */
export const shortestReply = 41;
/** A TWAMP-Light request without padding ends after the error estimate. */
const shortestRequest = 14;
/** More than a jumbo frame carries: nobody sends such a test packet. */
export const longestPacket = 9_216;

/**
 * 64 bits as on the wire: seconds, then either 2^-32 s (NTP, since 1900) or nanoseconds (PTP),
 * as the error estimate beside it says.
 */
export interface StampTimestamp {
  readonly seconds: number;
  readonly fraction: number;
}

/** RFC 4656 section 4.1.2, with the Z bit of RFC 8186: error = multiplier * 2^(scale - 32) seconds. */
export interface ErrorEstimate {
  /** S: the clock is synchronised to UTC by an external source. */
  readonly synchronised: boolean;
  /** Z: the form of the timestamps. */
  readonly format: "ntp" | "ptp";
  readonly scale: number;
  /** Zero says nothing about the error; RFC 4656 calls it corrupt, but only the error is in doubt, not the packet. */
  readonly multiplier: number;
}

export interface SenderPacket {
  readonly sequence: number;
  readonly timestamp: StampTimestamp;
  readonly errorEstimate: ErrorEstimate;
  /** Session identifier, RFC 8972; 0 where the sender has none. */
  readonly ssid: number;
}

export interface ReflectorPacket {
  /** The reflector's own count when it is stateful, else the sender's sequence. */
  readonly sequence: number;
  /** T3: when the answer left. */
  readonly timestamp: StampTimestamp;
  readonly errorEstimate: ErrorEstimate;
  /** Session identifier as copied by a reflector that knows RFC 8972; else 0. */
  readonly ssid: number;
  /** T2: when the request arrived. */
  readonly receiveTimestamp: StampTimestamp;
  /** What the reflector copied from the request; `ttl` is what the request arrived with. */
  readonly sender: {
    readonly sequence: number;
    readonly timestamp: StampTimestamp;
    readonly errorEstimate: ErrorEstimate;
    readonly ttl: number;
  };
}

export const stampErrorKinds = ["truncated", "oversized"] as const;

/** `offset`: the octet at which the packet ends too early, or where it should have ended. */
export interface StampError {
  readonly kind: (typeof stampErrorKinds)[number];
  readonly offset: number;
}

/** What a clock of which nothing is known says of itself: S unset, NTP form, error 1 s. */
export const unsynchronised: ErrorEstimate = { synchronised: false, format: "ntp", scale: 32, multiplier: 1 };

/** The finest estimate that is not below `error` seconds; undefined: the clock is not known to be synchronised. */
export function estimateOf(error: number | undefined): ErrorEstimate {
  if (error === undefined) return unsynchronised;
  let scale = 0;
  while (scale < 63 && error * 2 ** (32 - scale) > 255) scale++;
  const multiplier = Math.min(255, Math.max(1, Math.ceil(error * 2 ** (32 - scale))));
  return { synchronised: true, format: "ntp", scale, multiplier };
}

/** The error that an estimate states, in seconds. */
export function errorOf({ scale, multiplier }: ErrorEstimate): number {
  return multiplier * 2 ** (scale - 32);
}

/** Seconds from 1900 (NTP era 0) to 1970. */
const ntpEpoch = 2_208_988_800;
const two32 = 0x1_0000_0000;

/** NTP timestamp of a moment given as whole seconds since 1970 and nanoseconds (0 to 999,999,999). */
export function ntpTimestamp(epochSeconds: number, nanoseconds: number): StampTimestamp {
  // Modulo 2^32: the era changes in 2036, and only differences are ever taken.
  return { seconds: (epochSeconds + ntpEpoch) % two32, fraction: Math.floor((nanoseconds * two32) / 1e9) };
}

/** `to - from` in seconds, right across a change of the NTP era; both in the same form. */
export function timestampDifference(
  from: StampTimestamp,
  to: StampTimestamp,
  format: ErrorEstimate["format"] = "ntp",
): number {
  const seconds = (to.seconds - from.seconds) | 0;
  return seconds + (to.fraction - from.fraction) / (format === "ntp" ? two32 : 1e9);
}

/** Where the fields of a packet stand; the sequence number is the first of each. */
export interface Layout {
  /** Octets of a base packet, in both directions. */
  readonly length: number;
  readonly timestamp: number;
  readonly errorEstimate: number;
  readonly ssid: number;
  /** Of a Session-Reflector's packet alone, from here on. */
  readonly receiveTimestamp: number;
  readonly senderSequence: number;
  readonly senderTimestamp: number;
  readonly senderErrorEstimate: number;
  readonly senderTtl: number;
}

const unauthenticated: Layout = {
  length: stampLength,
  timestamp: 4,
  errorEstimate: 12,
  ssid: 14,
  receiveTimestamp: 16,
  senderSequence: 24,
  senderTimestamp: 28,
  senderErrorEstimate: 36,
  senderTtl: 40,
};

export function lengthError(bytes: Uint8Array, shortest: number): StampError | undefined {
  if (bytes.byteLength < shortest) return { kind: "truncated", offset: bytes.byteLength };
  if (bytes.byteLength > longestPacket) return { kind: "oversized", offset: longestPacket };
  return undefined;
}

function readTimestamp(bytes: Uint8Array, at: number): StampTimestamp {
  return { seconds: uint32(bytes, at), fraction: uint32(bytes, at + 4) };
}

function writeTimestamp(into: Uint8Array, at: number, t: StampTimestamp): void {
  putUint32(into, at, t.seconds);
  putUint32(into, at + 4, t.fraction);
}

function readErrorEstimate(bytes: Uint8Array, at: number): ErrorEstimate {
  const bits = uint16(bytes, at);
  return {
    synchronised: (bits & 0x8000) !== 0,
    format: (bits & 0x4000) === 0 ? "ntp" : "ptp",
    scale: (bits >> 8) & 0x3f,
    multiplier: bits & 0xff,
  };
}

function writeErrorEstimate(into: Uint8Array, at: number, e: ErrorEstimate): void {
  const flags = (e.synchronised ? 0x8000 : 0) | (e.format === "ptp" ? 0x4000 : 0);
  putUint16(into, at, flags | ((e.scale & 0x3f) << 8) | (e.multiplier & 0xff));
}

/** Writes what both packets have in common over the first octets of `into`; the rest of the base packet becomes zero. */
export function writeHead(into: Uint8Array, layout: Layout, packet: SenderPacket): void {
  into.fill(0, 0, layout.length);
  putUint32(into, 0, packet.sequence);
  writeTimestamp(into, layout.timestamp, packet.timestamp);
  writeErrorEstimate(into, layout.errorEstimate, packet.errorEstimate);
  putUint16(into, layout.ssid, packet.ssid);
}

/** The length is the caller's to check. */
export function readHead(bytes: Uint8Array, layout: Layout): SenderPacket {
  return {
    sequence: uint32(bytes, 0),
    timestamp: readTimestamp(bytes, layout.timestamp),
    errorEstimate: readErrorEstimate(bytes, layout.errorEstimate),
    ssid: bytes.byteLength >= layout.ssid + 2 ? uint16(bytes, layout.ssid) : 0,
  };
}

/** Writes a Session-Reflector packet over the first octets of `into`, as far as there are so many. */
export function writeReflection(into: Uint8Array, layout: Layout, packet: ReflectorPacket): void {
  writeHead(into, layout, packet);
  writeTimestamp(into, layout.receiveTimestamp, packet.receiveTimestamp);
  putUint32(into, layout.senderSequence, packet.sender.sequence);
  writeTimestamp(into, layout.senderTimestamp, packet.sender.timestamp);
  writeErrorEstimate(into, layout.senderErrorEstimate, packet.sender.errorEstimate);
  into[layout.senderTtl] = packet.sender.ttl;
}

/** The length is the caller's to check. */
export function readReflection(bytes: Uint8Array, layout: Layout): ReflectorPacket {
  const { sequence, timestamp, errorEstimate, ssid } = readHead(bytes, layout);
  return {
    sequence,
    timestamp,
    errorEstimate,
    ssid,
    receiveTimestamp: readTimestamp(bytes, layout.receiveTimestamp),
    sender: {
      sequence: uint32(bytes, layout.senderSequence),
      timestamp: readTimestamp(bytes, layout.senderTimestamp),
      errorEstimate: readErrorEstimate(bytes, layout.senderErrorEstimate),
      ttl: bytes[layout.senderTtl] ?? 0,
    },
  };
}

/** Writes a Session-Sender packet into the first 44 octets of `into`; gives their number. */
export function writeSender(into: Uint8Array, packet: SenderPacket): number {
  writeHead(into, unauthenticated, packet);
  return stampLength;
}

export function encodeSender(packet: SenderPacket): Uint8Array {
  const bytes = new Uint8Array(stampLength);
  writeSender(bytes, packet);
  return bytes;
}

/** Takes TWAMP-Light requests too, which may end after 14 octets. */
export function decodeSender(bytes: Uint8Array): Result<SenderPacket, StampError> {
  const bad = lengthError(bytes, shortestRequest);
  return bad === undefined ? ok(readHead(bytes, unauthenticated)) : err(bad);
}

export function encodeReflector(packet: ReflectorPacket): Uint8Array {
  const bytes = new Uint8Array(stampLength);
  writeReflector(bytes, packet);
  return bytes;
}

/** Writes a Session-Reflector packet over the first octets of `into`: 44 of them, or what there is of 41 to 43. */
export function writeReflector(into: Uint8Array, packet: ReflectorPacket): void {
  writeReflection(into, unauthenticated, packet);
}

/** Takes answers from 41 octets on; what follows octet 44 (padding, TLVs of RFC 8972) is not looked at. */
export function decodeReflector(bytes: Uint8Array): Result<ReflectorPacket, StampError> {
  const bad = lengthError(bytes, shortestReply);
  return bad === undefined ? ok(readReflection(bytes, unauthenticated)) : err(bad);
}

/** What a Session-Reflector adds of its own. */
export interface Reflection {
  /** T2: when the request arrived. */
  readonly receiveTimestamp: StampTimestamp;
  /** T3: when the answer leaves. */
  readonly timestamp: StampTimestamp;
  /** Its own count, when it is stateful; without it the sender's sequence is copied (stateless). */
  readonly sequence?: number;
  /** TTL that the request arrived with; 255 where the host cannot tell. */
  readonly ttl?: number;
  readonly errorEstimate?: ErrorEstimate;
}

/**
 * The answer of a Session-Reflector to the octets of a request, as octets. It has the size of the request, never
 * less than 44 (RFC 8762 section 4.3); what the request carries after octet 44 comes back unchanged.
 * The Session-Sender takes T3 - T2 off the round trip: a simulated network delay must pass before T2 is read.
 */
export function reflect(request: Uint8Array, own: Reflection): Result<Uint8Array, StampError> {
  const asked = decodeSender(request);
  if (!asked.ok) return asked;
  const { sequence, timestamp, errorEstimate, ssid } = asked.value;
  const base = encodeReflector({
    sequence: own.sequence ?? sequence,
    timestamp: own.timestamp,
    errorEstimate: own.errorEstimate ?? unsynchronised,
    ssid,
    receiveTimestamp: own.receiveTimestamp,
    sender: { sequence, timestamp, errorEstimate, ttl: own.ttl ?? 255 },
  });
  if (request.byteLength <= stampLength) return ok(base);
  const answer = Uint8Array.from(request);
  answer.set(base);
  return ok(answer);
}
