// Requests encoded once and sent many times: only the request id differs between polls.

import {
  type BerWriter,
  createReader,
  createWriter,
  openAs,
  putAround,
  putHeader,
  putInteger,
  putOctets,
  tagInteger,
  tagNull,
  tagOctets,
  tagOid,
  tagSequence,
  takeWritten,
  written,
} from "../ber.ts";
import { pduTags, type versionV1, versionV2c } from "./message.ts";

/** Request ids lie in here, so that each takes exactly four octets and can be patched in. */
export const leastRequestId = 0x0100_0000;
export const greatestRequestId = 0x7fff_ffff;

export interface RequestTemplate {
  readonly bytes: Uint8Array;
  /** Offset of the four octets of the request id. */
  readonly requestIdAt: number;
  /** Offset of the first binding: the names are read from here, since an array of them takes eight times as much memory. */
  readonly bindingsAt: number;
  /** How many names are asked for. */
  readonly names: number;
}

export interface RequestSpec {
  readonly type: "getRequest" | "getNextRequest" | "getBulkRequest";
  /** GetBulkRequest-PDU only; 0 otherwise. */
  readonly maxRepetitions: number;
}

const scratch = createWriter(65_536);

/** A v2c or v1 request for the given OIDs (content octets), without a request id yet. */
export function encodeRequest(
  community: Uint8Array,
  spec: RequestSpec,
  oids: readonly Uint8Array[],
  version: typeof versionV1 | typeof versionV2c = versionV2c,
): RequestTemplate {
  const w = scratch;
  const places = putRequestPdu(w, spec, oids);
  putOctets(w, community);
  putHeader(w, tagOctets, community.length);
  putInteger(w, tagInteger, version);
  putAround(w, tagSequence, 0);
  return taken(w, places);
}

/** The bare PDU of a request, for messages that are made anew at each transmission (SNMPv3). */
export function encodeRequestPdu(spec: RequestSpec, oids: readonly Uint8Array[]): RequestTemplate {
  const w = scratch;
  return taken(w, putRequestPdu(w, spec, oids));
}

/** In octets from the end. */
interface Places {
  readonly requestId: number;
  readonly bindings: number;
  readonly names: number;
}

function putRequestPdu(w: BerWriter, spec: RequestSpec, oids: readonly Uint8Array[]): Places {
  for (let i = oids.length - 1; i >= 0; i--) {
    const oid = oids[i];
    if (oid === undefined) continue;
    const before = written(w);
    putHeader(w, tagNull, 0);
    putOctets(w, oid);
    putHeader(w, tagOid, oid.length);
    putAround(w, tagSequence, before);
  }
  const bindings = written(w);
  putAround(w, tagSequence, 0);
  putInteger(w, tagInteger, spec.maxRepetitions);
  putInteger(w, tagInteger, 0);
  putInteger(w, tagInteger, leastRequestId);
  const requestId = written(w) - 2;
  putAround(w, pduTags[spec.type], 0);
  return { requestId, bindings, names: oids.length };
}

function taken(w: BerWriter, { requestId, bindings, names }: Places): RequestTemplate {
  const bytes = takeWritten(w);
  const { length } = bytes;
  return { bytes, requestIdAt: length - requestId, bindingsAt: length - bindings, names };
}

/** The names that a template asks for (content octets of their OIDs), as parts of its own octets. */
export function namesOf({ bytes, bindingsAt }: RequestTemplate): readonly Uint8Array[] {
  const r = createReader(bytes);
  const names: Uint8Array[] = [];
  for (r.at = bindingsAt; r.at < bytes.length && openAs(r, bytes.length, tagSequence); ) {
    const bindingEnd = r.contentEnd;
    if (!openAs(r, bindingEnd, tagOid)) break;
    names.push(bytes.subarray(r.at, r.contentEnd));
    r.at = bindingEnd;
  }
  return names;
}

/** The template's own octets, now with this request id: they are the next request's as soon as that is made. */
export function setRequestId({ bytes, requestIdAt: at }: RequestTemplate, id: number): Uint8Array {
  bytes[at] = id >>> 24;
  bytes[at + 1] = id >>> 16;
  bytes[at + 2] = id >>> 8;
  bytes[at + 3] = id;
  return bytes;
}
