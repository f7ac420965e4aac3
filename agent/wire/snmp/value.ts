// SMIv2 application types (RFC 2578 section 7.1, RFC 3416 section 3) as values of their own.

import {
  type BerReader,
  type BerWriter,
  fail,
  fits64,
  high64,
  low64,
  open,
  putAround,
  putHeader,
  putInteger,
  putOctets,
  putUnsigned64,
  signed32,
  tagInteger,
  tagNull,
  tagOctets,
  tagOid,
  unsigned32,
  written,
} from "../ber.ts";
import { decodeOid, encodeOid, type Oid } from "./oid.ts";

export const tagIpAddress = 0x40;
export const tagCounter32 = 0x41;
export const tagGauge32 = 0x42;
export const tagTimeTicks = 0x43;
export const tagOpaque = 0x44;
export const tagCounter64 = 0x46;
export const tagNoSuchObject = 0x80;
export const tagNoSuchInstance = 0x81;
export const tagEndOfMibView = 0x82;

export type Value =
  | { readonly type: "integer" | "counter32" | "gauge32" | "timeTicks"; readonly value: number }
  | { readonly type: "counter64"; readonly value: bigint }
  | { readonly type: "octets" | "opaque"; readonly value: Uint8Array }
  | { readonly type: "oid"; readonly value: Oid }
  /** Dotted quad. */
  | { readonly type: "ipAddress"; readonly value: string }
  | { readonly type: "null" | "noSuchObject" | "noSuchInstance" | "endOfMibView" };

export interface VarBind {
  readonly oid: Oid;
  readonly value: Value;
}

const valueTags = {
  integer: tagInteger,
  octets: tagOctets,
  null: tagNull,
  oid: tagOid,
  ipAddress: tagIpAddress,
  counter32: tagCounter32,
  gauge32: tagGauge32,
  timeTicks: tagTimeTicks,
  opaque: tagOpaque,
  counter64: tagCounter64,
  noSuchObject: tagNoSuchObject,
  noSuchInstance: tagNoSuchInstance,
  endOfMibView: tagEndOfMibView,
} as const satisfies Readonly<Record<Value["type"], number>>;

const bare = {
  [tagNull]: "null",
  [tagNoSuchObject]: "noSuchObject",
  [tagNoSuchInstance]: "noSuchInstance",
  [tagEndOfMibView]: "endOfMibView",
} as const;

const unsigned = { [tagCounter32]: "counter32", [tagGauge32]: "gauge32", [tagTimeTicks]: "timeTicks" } as const;

/** Reads one value; undefined after a fault, which the reader holds. */
export function readValue(r: BerReader, limit: number): Value | undefined {
  const start = r.at;
  if (!open(r, limit)) return undefined;
  const value = contentOf(r.bytes, r.tag, r.at, r.contentEnd);
  if (typeof value === "string") {
    fail(r, value, value === "tag" ? start : r.at);
    return undefined;
  }
  r.at = r.contentEnd;
  return value;
}

function contentOf(
  bytes: Uint8Array,
  tag: number,
  from: number,
  to: number,
): Value | "tag" | "value" | "integer" | "oid" {
  switch (tag) {
    case tagInteger: {
      const value = signed32(bytes, from, to);
      return Number.isNaN(value) ? "integer" : { type: "integer", value };
    }
    case tagCounter32:
    case tagGauge32:
    case tagTimeTicks: {
      const value = unsigned32(bytes, from, to);
      return Number.isNaN(value) ? "integer" : { type: unsigned[tag], value };
    }
    case tagCounter64: {
      if (!fits64(bytes, from, to)) return "integer";
      const value = (BigInt(high64(bytes, from, to)) << 32n) | BigInt(low64(bytes, from, to));
      return { type: "counter64", value };
    }
    case tagOctets:
    case tagOpaque:
      return { type: tag === tagOctets ? "octets" : "opaque", value: Uint8Array.from(bytes.subarray(from, to)) };
    case tagOid: {
      const value = decodeOid(bytes, from, to);
      return value === undefined ? "oid" : { type: "oid", value };
    }
    case tagIpAddress:
      return to - from === 4 ? { type: "ipAddress", value: bytes.subarray(from, to).join(".") } : "value";
    case tagNull:
    case tagNoSuchObject:
    case tagNoSuchInstance:
    case tagEndOfMibView:
      return to === from ? { type: bare[tag] } : "value";
    default:
      return "tag";
  }
}

/** Writes one value; throws on one that its type cannot hold. */
export function putValue(w: BerWriter, value: Value): void {
  const tag = valueTags[value.type];
  switch (value.type) {
    case "integer":
      putInteger(w, tag, within(value.value, -0x8000_0000, 0x7fff_ffff));
      break;
    case "counter32":
    case "gauge32":
    case "timeTicks":
      putInteger(w, tag, within(value.value, 0, 0xffff_ffff));
      break;
    case "counter64":
      putUnsigned64(w, tag, value.value);
      break;
    case "octets":
    case "opaque":
      putPrimitive(w, tag, value.value);
      break;
    case "oid":
      putPrimitive(w, tag, encodeOid(value.value));
      break;
    case "ipAddress":
      putPrimitive(w, tag, quad(value.value));
      break;
    default:
      putHeader(w, tag, 0);
  }
}

export function putPrimitive(w: BerWriter, tag: number, content: Uint8Array): void {
  const before = written(w);
  putOctets(w, content);
  putAround(w, tag, before);
}

function within(value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${value} is not an integer from ${least} to ${most}`);
}

function quad(text: string): Uint8Array {
  const octets = text.split(".").map(Number);
  if (octets.length !== 4) throw new RangeError(`not an IPv4 address: ${text}`);
  return Uint8Array.from(octets.map((octet) => within(octet, 0, 255)));
}
