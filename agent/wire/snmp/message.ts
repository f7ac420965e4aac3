// SNMP v1 and v2c messages (RFC 1157 section 4, RFC 1901 section 3) and PDUs (RFC 3416 section 3), an object for each
// variable binding.
// What answers and notifies is read and written with this; the answers to our own polls take the way
// without objects (`response.ts`).

import { err, ok, type Result } from "../../lib/result.ts";
import {
  type BerReader,
  type BerWriter,
  createReader,
  createWriter,
  fail,
  open,
  openAs,
  putAround,
  putInteger,
  readInteger,
  tagInteger,
  tagOctets,
  tagOid,
  tagSequence,
  takeWritten,
  type WireError,
  written,
} from "../ber.ts";
import { decodeOid, encodeOid } from "./oid.ts";
import { putPrimitive, putValue, readValue, type VarBind } from "./value.ts";

/** The version field of a message: RFC 1157 section 4, RFC 1901 section 3. */
export const versionV1 = 0;
export const versionV2c = 1;

/** PDU tags, RFC 3416 section 3. */
export const pduTags = {
  getRequest: 0xa0,
  getNextRequest: 0xa1,
  response: 0xa2,
  setRequest: 0xa3,
  getBulkRequest: 0xa5,
  informRequest: 0xa6,
  snmpV2Trap: 0xa7,
  report: 0xa8,
} as const;
export type PduType = keyof typeof pduTags;

/** Of those, what RFC 1157 section 4.1 has too, with the same tag and form. */
const pdusOfV1: ReadonlySet<PduType> = new Set(["getRequest", "getNextRequest", "response", "setRequest"]);

const pduTypes = new Map(Object.entries(pduTags).map(([type, tag]) => [tag as number, type as PduType]));

/** error-status of a Response-PDU, RFC 3416 section 3, by its number. */
export const errorStatuses = [
  "noError",
  "tooBig",
  "noSuchName",
  "badValue",
  "readOnly",
  "genErr",
  "noAccess",
  "wrongType",
  "wrongLength",
  "wrongEncoding",
  "wrongValue",
  "noCreation",
  "inconsistentValue",
  "resourceUnavailable",
  "commitFailed",
  "undoFailed",
  "authorizationError",
  "notWritable",
  "inconsistentName",
] as const;
export type ErrorStatus = (typeof errorStatuses)[number];

export type Pdu =
  | {
      readonly type: Exclude<PduType, "getBulkRequest">;
      readonly requestId: number;
      /** Number of an `ErrorStatus`; 0 in requests. */
      readonly errorStatus: number;
      /** Place of the binding in error, from 1; 0 when none is. */
      readonly errorIndex: number;
      readonly varbinds: readonly VarBind[];
    }
  | {
      readonly type: "getBulkRequest";
      readonly requestId: number;
      readonly nonRepeaters: number;
      readonly maxRepetitions: number;
      readonly varbinds: readonly VarBind[];
    };

export interface Message {
  readonly version: "1" | "2c";
  readonly community: Uint8Array;
  readonly pdu: Pdu;
}

/** Reads a whole datagram. Never throws; the error says what is wrong and at which octet. */
export function decodeMessage(bytes: Uint8Array): Result<Message, WireError> {
  const r = createReader(bytes);
  const message = readMessage(r);
  if (r.fault !== undefined || message === undefined) return err({ kind: r.fault ?? "value", offset: r.faultAt });
  return ok(message);
}

function readMessage(r: BerReader): Message | undefined {
  const { bytes } = r;
  if (!openAs(r, bytes.length, tagSequence)) return undefined;
  const end = r.contentEnd;
  if (end !== bytes.length) return void fail(r, "trailing", end);
  const versionAt = r.at;
  const version = readInteger(r, end);
  if (r.fault !== undefined) return undefined;
  if (version !== versionV2c && version !== versionV1) return void fail(r, "version", versionAt);
  if (!openAs(r, end, tagOctets)) return undefined;
  const community = bytes.slice(r.at, r.contentEnd);
  r.at = r.contentEnd;
  const pduAt = r.at;
  const pdu = readPdu(r, end);
  if (pdu === undefined) return undefined;
  if (version === versionV2c) return { version: "2c", community, pdu };
  return pdusOfV1.has(pdu.type) ? { version: "1", community, pdu } : void fail(r, "pdu", pduAt);
}

/** Reads a PDU that fills everything up to `limit`; undefined after a fault, which the reader holds. */
export function readPdu(r: BerReader, limit: number): Pdu | undefined {
  const start = r.at;
  if (!open(r, limit)) return undefined;
  const end = r.contentEnd;
  const type = pduTypes.get(r.tag);
  if (type === undefined) return void fail(r, "pdu", start);
  if (end !== limit) return void fail(r, "trailing", end);
  const requestId = readInteger(r, end);
  const first = readInteger(r, end);
  const second = readInteger(r, end);
  const varbinds = readVarbinds(r, end);
  if (r.fault !== undefined) return undefined;
  return type === "getBulkRequest"
    ? { type, requestId, nonRepeaters: first, maxRepetitions: second, varbinds }
    : { type, requestId, errorStatus: first, errorIndex: second, varbinds };
}

/** Reads a binding list that fills everything up to `limit`; cut short after a fault, which the reader holds. */
export function readVarbinds(r: BerReader, limit: number): readonly VarBind[] {
  const varbinds: VarBind[] = [];
  if (!openAs(r, limit, tagSequence)) return varbinds;
  const end = r.contentEnd;
  if (end !== limit) {
    fail(r, "trailing", end);
    return varbinds;
  }
  while (r.at < end) {
    if (!openAs(r, end, tagSequence)) return varbinds;
    const bindingEnd = r.contentEnd;
    if (!openAs(r, bindingEnd, tagOid)) return varbinds;
    const oid = decodeOid(r.bytes, r.at, r.contentEnd);
    if (oid === undefined) {
      fail(r, "oid", r.at);
      return varbinds;
    }
    r.at = r.contentEnd;
    const value = readValue(r, bindingEnd);
    if (value === undefined) return varbinds;
    if (r.at !== bindingEnd) {
      fail(r, "trailing", r.at);
      return varbinds;
    }
    varbinds.push({ oid, value });
  }
  return varbinds;
}

/** Writes a message. Throws (RangeError) on a value that its type cannot hold: that is our own bug. */
export function encodeMessage({ version, community, pdu }: Message): Uint8Array {
  const w = createWriter();
  putPdu(w, pdu);
  putPrimitive(w, tagOctets, community);
  putInteger(w, tagInteger, version === "1" ? versionV1 : versionV2c);
  putAround(w, tagSequence, 0);
  return takeWritten(w);
}

/** A PDU alone, as an SNMPv3 message encloses it. */
export function encodePdu(pdu: Pdu): Uint8Array {
  const w = createWriter();
  putPdu(w, pdu);
  return takeWritten(w);
}

/** Writes a PDU into an empty writer. */
function putPdu(w: BerWriter, pdu: Pdu): void {
  for (let i = pdu.varbinds.length - 1; i >= 0; i--) {
    const varbind = pdu.varbinds[i];
    if (varbind !== undefined) putVarBind(w, varbind);
  }
  putAround(w, tagSequence, 0);
  const bulk = pdu.type === "getBulkRequest";
  putInteger(w, tagInteger, bulk ? pdu.maxRepetitions : pdu.errorIndex);
  putInteger(w, tagInteger, bulk ? pdu.nonRepeaters : pdu.errorStatus);
  putInteger(w, tagInteger, pdu.requestId);
  putAround(w, pduTags[pdu.type], 0);
}

function putVarBind(w: BerWriter, { oid, value }: VarBind): void {
  const before = written(w);
  putValue(w, value);
  putPrimitive(w, tagOid, encodeOid(oid));
  putAround(w, tagSequence, before);
}

const scratch = createWriter();

/** Octets that a binding takes in a message. */
export function varBindLength(varbind: VarBind): number {
  putVarBind(scratch, varbind);
  const length = written(scratch);
  scratch.at = scratch.bytes.length;
  return length;
}
