// Requests encoded once and sent many times: only the request id differs between polls.

import {
  type BerWriter,
  createWriter,
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
  const idFromEnd = putRequestPdu(w, spec, oids);
  putOctets(w, community);
  putHeader(w, tagOctets, community.length);
  putInteger(w, tagInteger, version);
  putAround(w, tagSequence, 0);
  return taken(w, idFromEnd);
}

/** The bare PDU of a request, for messages that are made anew at each transmission (SNMPv3). */
export function encodeRequestPdu(spec: RequestSpec, oids: readonly Uint8Array[]): RequestTemplate {
  const w = scratch;
  return taken(w, putRequestPdu(w, spec, oids));
}

/** Gives the place of the request id, in octets from the end. */
function putRequestPdu(w: BerWriter, spec: RequestSpec, oids: readonly Uint8Array[]): number {
  for (let i = oids.length - 1; i >= 0; i--) {
    const oid = oids[i];
    if (oid === undefined) continue;
    const before = written(w);
    putHeader(w, tagNull, 0);
    putOctets(w, oid);
    putHeader(w, tagOid, oid.length);
    putAround(w, tagSequence, before);
  }
  putAround(w, tagSequence, 0);
  putInteger(w, tagInteger, spec.maxRepetitions);
  putInteger(w, tagInteger, 0);
  putInteger(w, tagInteger, leastRequestId);
  const idFromEnd = written(w) - 2;
  putAround(w, pduTags[spec.type], 0);
  return idFromEnd;
}

function taken(w: BerWriter, idFromEnd: number): RequestTemplate {
  const bytes = takeWritten(w);
  return { bytes, requestIdAt: bytes.length - idFromEnd };
}

/** The template's own octets, now with this request id: they are the next request's as soon as that is made. */
export function setRequestId({ bytes, requestIdAt: at }: RequestTemplate, id: number): Uint8Array {
  bytes[at] = id >>> 24;
  bytes[at + 1] = id >>> 16;
  bytes[at + 2] = id >>> 8;
  bytes[at + 3] = id;
  return bytes;
}
