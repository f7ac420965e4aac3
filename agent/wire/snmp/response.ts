// Answers to polls, read without an object for each variable binding: the reader stands on one
// binding at a time, and the caller takes the number straight out of the datagram.

import {
  type BerReader,
  createReader,
  fail,
  open,
  openAs,
  readInteger,
  resetReader,
  tagOctets,
  tagOid,
  tagSequence,
} from "../ber.ts";
import { pduTags, versionV1, versionV2c } from "./message.ts";

export interface ResponseReader extends BerReader {
  version: number;
  communityFrom: number;
  communityTo: number;
  /** Tag of the PDU: a response, or in SNMPv3 a report. */
  pduTag: number;
  requestId: number;
  errorStatus: number;
  errorIndex: number;
  /** First octet of the variable bindings, and the end of the message. */
  bindingsFrom: number;
  end: number;
  /** The current binding: content octets of its name, and tag and content octets of its value. */
  oidFrom: number;
  oidTo: number;
  valueTag: number;
  valueFrom: number;
  valueTo: number;
}

export function createResponseReader(): ResponseReader {
  return {
    ...createReader(new Uint8Array(0)),
    version: 0,
    communityFrom: 0,
    communityTo: 0,
    pduTag: 0,
    requestId: 0,
    errorStatus: 0,
    errorIndex: 0,
    bindingsFrom: 0,
    end: 0,
    oidFrom: 0,
    oidTo: 0,
    valueTag: 0,
    valueFrom: 0,
    valueTo: 0,
  };
}

/** Reads everything before the bindings and stands before the first; false when `r.fault` says why not. */
export function readResponse(r: ResponseReader, bytes: Uint8Array): boolean {
  resetReader(r, bytes);
  const end = bytes.length;
  if (!openEnclosing(r, end, tagSequence)) return false;
  const versionAt = r.at;
  r.version = readInteger(r, end);
  if (r.fault !== undefined) return false;
  if (r.version !== versionV2c && r.version !== versionV1) return fail(r, "version", versionAt);
  if (!openAs(r, end, tagOctets)) return false;
  r.communityFrom = r.at;
  r.communityTo = r.contentEnd;
  r.at = r.contentEnd;
  const pduAt = r.at;
  return readResponsePdu(r, end) && (r.pduTag === pduTags.response || fail(r, "pdu", pduAt));
}

/** Reads a Response-PDU or Report-PDU at `r.at`, which must fill everything up to `end`, and stands before its first binding. */
export function readResponsePdu(r: ResponseReader, end: number): boolean {
  r.end = end;
  const pduAt = r.at;
  if (!open(r, end)) return false;
  r.pduTag = r.tag;
  if (r.tag !== pduTags.response && r.tag !== pduTags.report) return fail(r, "pdu", pduAt);
  if (r.contentEnd !== end) return fail(r, "trailing", r.contentEnd);
  r.requestId = readInteger(r, end);
  r.errorStatus = readInteger(r, end);
  r.errorIndex = readInteger(r, end);
  if (!openEnclosing(r, end, tagSequence)) return false;
  r.bindingsFrom = r.at;
  return true;
}

/** Goes back before the first binding. */
export function rewind(r: ResponseReader): void {
  r.at = r.bindingsFrom;
}

/** Steps to the next binding; false behind the last one, or after a fault. */
export function nextBinding(r: ResponseReader): boolean {
  if (r.at >= r.end || !openAs(r, r.end, tagSequence)) return false;
  const bindingEnd = r.contentEnd;
  if (!openAs(r, bindingEnd, tagOid)) return false;
  r.oidFrom = r.at;
  r.oidTo = r.contentEnd;
  r.at = r.contentEnd;
  if (!open(r, bindingEnd)) return false;
  if (r.contentEnd !== bindingEnd) return fail(r, "trailing", r.contentEnd);
  r.valueTag = r.tag;
  r.valueFrom = r.at;
  r.valueTo = bindingEnd;
  r.at = bindingEnd;
  return true;
}

/** True when octets `from`..`to` of `bytes` are exactly `expected`. */
export function sameOctets(bytes: Uint8Array, from: number, to: number, expected: Uint8Array): boolean {
  if (to - from !== expected.length) return false;
  return startsWith(bytes, from, to, expected);
}

/** True when octets `from`..`to` of `bytes` begin with `prefix`. */
export function startsWith(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
  const { length } = prefix;
  if (to - from < length) return false;
  // From the back: names in one table differ in their last octets.
  for (let i = length - 1; i >= 0; i--) if (bytes[from + i] !== prefix[i]) return false;
  return true;
}

/** Opens an element that must fill everything up to `end`. */
export function openEnclosing(r: BerReader, end: number, tag: number): boolean {
  if (!openAs(r, end, tag)) return false;
  return r.contentEnd === end || fail(r, "trailing", r.contentEnd);
}
