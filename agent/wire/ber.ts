// Basic Encoding Rules (X.690) as SNMP restricts them (RFC 3417 section 8): definite lengths
// and primitive strings only. Readers never throw and never allocate by a declared length.

/** What is wrong with an encoding. Closed: each can be a metric label. */
export const berFaults = [
  "truncated",
  "tag",
  "length",
  "integer",
  "oid",
  "value",
  "trailing",
  "version",
  "pdu",
] as const;
export type BerFault = (typeof berFaults)[number];

/** A fault and the offset of the octet where it was found. */
export interface WireError {
  readonly kind: BerFault;
  readonly offset: number;
}

/** No UDP payload over IPv4 is larger, so no element in it can be. */
export const maxDatagram = 65_507;

export const tagInteger = 0x02;
export const tagOctets = 0x04;
export const tagNull = 0x05;
export const tagOid = 0x06;
export const tagSequence = 0x30;

/** A position in bytes. The first fault sticks, so a chain of reads is checked once at its end. */
export interface BerReader {
  bytes: Uint8Array;
  /** The next octet to read. */
  at: number;
  /** Tag of the element opened last, and the end of its content. */
  tag: number;
  contentEnd: number;
  fault: BerFault | undefined;
  faultAt: number;
}

export function createReader(bytes: Uint8Array): BerReader {
  return { bytes, at: 0, tag: 0, contentEnd: 0, fault: undefined, faultAt: 0 };
}

/** Uses the reader for other bytes, so that a hot path needs only one. */
export function resetReader(r: BerReader, bytes: Uint8Array): void {
  r.bytes = bytes;
  r.at = 0;
  r.fault = undefined;
}

export function fail(r: BerReader, kind: BerFault, at: number): false {
  if (r.fault === undefined) {
    r.fault = kind;
    r.faultAt = at;
  }
  return false;
}

/**
 * Reads tag and length at `r.at`: afterwards `r.tag`, `r.contentEnd` describe the element and `r.at` is
 * its first content octet. The content is proven to lie before `limit`, the end of what encloses it.
 */
export function open(r: BerReader, limit: number): boolean {
  if (r.fault !== undefined) return false;
  const { bytes } = r;
  const start = r.at;
  if (start + 2 > limit) return fail(r, "truncated", start);
  r.tag = bytes[start] ?? 0;
  let at = start + 1;
  let length = bytes[at] ?? 0;
  at += 1;
  if (length > 0x7f) {
    // 0x80 alone is the indefinite form, which SNMP forbids; agents do pad the long form with zeros.
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4) return fail(r, "length", start + 1);
    if (at + octets > limit) return fail(r, "truncated", start + 1);
    length = 0;
    for (const last = at + octets; at < last; at++) length = length * 256 + (bytes[at] ?? 0);
    if (length > maxDatagram) return fail(r, "length", start + 1);
  }
  if (length > limit - at) return fail(r, "truncated", start + 1);
  r.at = at;
  r.contentEnd = at + length;
  return true;
}

/** As `open`, for an element whose tag is known beforehand. */
export function openAs(r: BerReader, limit: number, tag: number): boolean {
  const start = r.at;
  if (!open(r, limit)) return false;
  return r.tag === tag || fail(r, "tag", start);
}

/** An INTEGER (Integer32): -2^31 to 2^31-1. 0 after a fault. */
export function readInteger(r: BerReader, limit: number): number {
  if (!openAs(r, limit, tagInteger)) return 0;
  const value = signed32(r.bytes, r.at, r.contentEnd);
  if (Number.isNaN(value)) {
    fail(r, "integer", r.at);
    return 0;
  }
  r.at = r.contentEnd;
  return value;
}

/** Content octets of an Integer32; NaN when there are none or more than four. */
export function signed32(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 1 || length > 4) return Number.NaN;
  let value = (bytes[from] ?? 0) > 0x7f ? -1 : 0;
  for (let at = from; at < to; at++) value = (value << 8) | (bytes[at] ?? 0);
  return value;
}

/**
 * Content octets of an Unsigned32; NaN when they do not fit. Some agents forget the leading zero
 * that keeps a large value positive: four octets are always taken as unsigned.
 */
export function unsigned32(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 1 || length > 5 || (length === 5 && bytes[from] !== 0)) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at++) value = ((value << 8) | (bytes[at] ?? 0)) >>> 0;
  return value;
}

/** True when content octets fit a Counter64: eight, or nine with a leading zero. */
export function fits64(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  return length >= 1 && length <= 9 && (length < 9 || bytes[from] === 0);
}

/** The upper 32 bits of a Counter64 that `fits64`. */
export function high64(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to - 4; at++) value = ((value << 8) | (bytes[at] ?? 0)) >>> 0;
  return value;
}

/** The lower 32 bits of a Counter64 that `fits64`. */
export function low64(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = Math.max(from, to - 4); at < to; at++) value = ((value << 8) | (bytes[at] ?? 0)) >>> 0;
  return value;
}

/** Writes from the end to the beginning, so that every length is known when its header is written. */
export interface BerWriter {
  bytes: Uint8Array;
  /** First octet written so far; the end is the end of `bytes`. */
  at: number;
}

export function createWriter(capacity = 1_472): BerWriter {
  return { bytes: new Uint8Array(capacity), at: capacity };
}

/** Octets written so far; the difference of two calls is the length of what was written between. */
export function written(w: BerWriter): number {
  return w.bytes.length - w.at;
}

/** A copy of what was written; the writer is empty afterwards. */
export function takeWritten(w: BerWriter): Uint8Array {
  // Of the pool: an ArrayBuffer for each message would cost more than all of its encoding.
  const { buffer, byteOffset, length } = Buffer.allocUnsafe(written(w));
  const taken = new Uint8Array(buffer, byteOffset, length);
  taken.set(w.bytes.subarray(w.at));
  w.at = w.bytes.length;
  return taken;
}

function reserve(w: BerWriter, octets: number): void {
  if (w.at >= octets) return;
  const used = written(w);
  const grown = new Uint8Array(Math.max(w.bytes.length * 2, used + octets));
  grown.set(w.bytes.subarray(w.at), grown.length - used);
  w.at = grown.length - used;
  w.bytes = grown;
}

export function putOctet(w: BerWriter, octet: number): void {
  reserve(w, 1);
  w.at -= 1;
  w.bytes[w.at] = octet;
}

export function putOctets(w: BerWriter, octets: Uint8Array): void {
  reserve(w, octets.length);
  w.at -= octets.length;
  w.bytes.set(octets, w.at);
}

export function putHeader(w: BerWriter, tag: number, length: number): void {
  if (length < 0x80) {
    putOctet(w, length);
  } else {
    let octets = 0;
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
      putOctet(w, rest & 0xff);
      octets += 1;
    }
    putOctet(w, 0x80 | octets);
  }
  putOctet(w, tag);
}

/** Closes a constructed element around everything written since `before`. */
export function putAround(w: BerWriter, tag: number, before: number): void {
  putHeader(w, tag, written(w) - before);
}

/** A two's complement integer in the fewest octets; exact for every safe integer. */
export function putInteger(w: BerWriter, tag: number, value: number): void {
  const before = written(w);
  let rest = value;
  for (;;) {
    const octet = ((rest % 256) + 256) % 256;
    putOctet(w, octet);
    rest = (rest - octet) / 256;
    if ((rest === 0 && octet < 0x80) || (rest === -1 && octet >= 0x80)) break;
  }
  putHeader(w, tag, written(w) - before);
}

/** A Counter64; only the lower 64 bits of `value` are kept. */
export function putUnsigned64(w: BerWriter, tag: number, value: bigint): void {
  const before = written(w);
  let rest = BigInt.asUintN(64, value);
  let octet: number;
  do {
    octet = Number(rest & 0xffn);
    putOctet(w, octet);
    rest >>= 8n;
  } while (rest > 0n);
  if (octet >= 0x80) putOctet(w, 0);
  putHeader(w, tag, written(w) - before);
}
