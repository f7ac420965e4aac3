// SNMPv3 messages (RFC 3412 section 6) with the security parameters of the User-based Security Model
// (RFC 3414 section 2.4). Reading gives places in the datagram; whether it is to be believed is decided elsewhere.

import {
  type BerReader,
  createWriter,
  fail,
  openAs,
  putAround,
  putHeader,
  putInteger,
  putOctets,
  readInteger,
  resetReader,
  tagInteger,
  tagOctets,
  tagSequence,
  takeWritten,
  written,
} from "../ber.ts";
import { openEnclosing } from "./response.ts";
import { type AuthKey, authenticate, authProtocols } from "./usm.ts";
import { encrypt, type PrivacyKey, saltLength } from "./usm-privacy.ts";

/** The version field of an SNMPv3 message. */
export const versionV3 = 3;

/** msgFlags. */
export const flagAuth = 0x01;
export const flagPrivacy = 0x02;
export const flagReportable = 0x04;

/** msgSecurityModel of the User-based Security Model (RFC 3411 section 5). */
const usm = 3;

/** SnmpEngineID has 5 to 32 octets (RFC 3411 section 5); in discovery it is empty. */
export const leastEngineId = 5;
export const greatestEngineId = 32;

const greatestUser = 32;
const greatestMac = 48;

/** Where the parts of one message lie. Made once and filled by each message. */
export interface V3Header {
  messageId: number;
  flags: number;
  engineFrom: number;
  engineTo: number;
  boots: number;
  /** Seconds. */
  time: number;
  userFrom: number;
  userTo: number;
  macFrom: number;
  macTo: number;
  saltFrom: number;
  saltTo: number;
  /** The scoped PDU with its header, or the octets it is encrypted in. */
  dataFrom: number;
  dataTo: number;
}

export function createV3Header(): V3Header {
  return {
    messageId: 0,
    flags: 0,
    engineFrom: 0,
    engineTo: 0,
    boots: 0,
    time: 0,
    userFrom: 0,
    userTo: 0,
    macFrom: 0,
    macTo: 0,
    saltFrom: 0,
    saltTo: 0,
    dataFrom: 0,
    dataTo: 0,
  };
}

/** Reads everything but the scoped PDU; false when `r.fault` says why not. */
export function readV3Header(h: V3Header, r: BerReader, bytes: Uint8Array): boolean {
  resetReader(r, bytes);
  const end = bytes.length;
  if (!openEnclosing(r, end, tagSequence)) return false;
  const versionAt = r.at;
  const version = readInteger(r, end);
  if (r.fault !== undefined) return false;
  if (version !== versionV3) return fail(r, "version", versionAt);
  if (!readGlobalData(h, r, end) || !readSecurityParameters(h, r, end)) return false;
  h.dataFrom = r.at;
  h.dataTo = end;
  if ((h.flags & flagPrivacy) === 0) return openEnclosing(r, end, tagSequence);
  if (!openEnclosing(r, end, tagOctets)) return false;
  h.dataFrom = r.at;
  return true;
}

function readGlobalData(h: V3Header, r: BerReader, limit: number): boolean {
  if (!openAs(r, limit, tagSequence)) return false;
  const end = r.contentEnd;
  h.messageId = readUnsigned31(r, end);
  readUnsigned31(r, end);
  if (!openAs(r, end, tagOctets)) return false;
  if (r.contentEnd - r.at !== 1) return fail(r, "value", r.at);
  h.flags = r.bytes[r.at] ?? 0;
  // RFC 3412 section 7.2 step 5d: privacy without authentication is no security level.
  if ((h.flags & (flagAuth | flagPrivacy)) === flagPrivacy) return fail(r, "value", r.at);
  r.at = r.contentEnd;
  const modelAt = r.at;
  const model = readInteger(r, end);
  if (r.fault !== undefined) return false;
  if (model !== usm) return fail(r, "value", modelAt);
  return r.at === end || fail(r, "trailing", r.at);
}

function readSecurityParameters(h: V3Header, r: BerReader, limit: number): boolean {
  if (!openAs(r, limit, tagOctets)) return false;
  const end = r.contentEnd;
  if (!openEnclosing(r, end, tagSequence)) return false;
  if (!openOctets(r, end, greatestEngineId)) return false;
  h.engineFrom = r.at;
  h.engineTo = r.contentEnd;
  r.at = r.contentEnd;
  h.boots = readUnsigned31(r, end);
  h.time = readUnsigned31(r, end);
  if (!openOctets(r, end, greatestUser)) return false;
  h.userFrom = r.at;
  h.userTo = r.contentEnd;
  r.at = r.contentEnd;
  if (!openOctets(r, end, greatestMac)) return false;
  h.macFrom = r.at;
  h.macTo = r.contentEnd;
  r.at = r.contentEnd;
  if (!openOctets(r, end, saltLength)) return false;
  h.saltFrom = r.at;
  h.saltTo = r.contentEnd;
  r.at = r.contentEnd;
  return r.at === end || fail(r, "trailing", r.at);
}

/** INTEGER (0..2147483647). 0 after a fault. */
function readUnsigned31(r: BerReader, limit: number): number {
  const at = r.at;
  const value = readInteger(r, limit);
  if (value >= 0) return value;
  fail(r, "integer", at);
  return 0;
}

function openOctets(r: BerReader, limit: number, most: number): boolean {
  if (!openAs(r, limit, tagOctets)) return false;
  return r.contentEnd - r.at <= most || fail(r, "value", r.at);
}

/** Where the parts of a scoped PDU lie in the octets it was read from. */
export interface ScopedPdu {
  engineFrom: number;
  engineTo: number;
  contextFrom: number;
  contextTo: number;
  /** The PDU, with its header. */
  pduFrom: number;
  pduTo: number;
}

export function createScopedPdu(): ScopedPdu {
  return { engineFrom: 0, engineTo: 0, contextFrom: 0, contextTo: 0, pduFrom: 0, pduTo: 0 };
}

/**
 * Reads the scoped PDU in octets `from`..`to`, of which the last `padding` at most may mean nothing, and stands before
 * its PDU; false when `r.fault` says why not.
 */
export function readScopedPdu(
  s: ScopedPdu,
  r: BerReader,
  bytes: Uint8Array,
  from: number,
  to: number,
  padding: number,
): boolean {
  resetReader(r, bytes);
  r.at = from;
  if (!openAs(r, to, tagSequence)) return false;
  const end = r.contentEnd;
  if (to - end > padding) return fail(r, "trailing", end);
  if (!openAs(r, end, tagOctets)) return false;
  s.engineFrom = r.at;
  s.engineTo = r.contentEnd;
  r.at = r.contentEnd;
  if (!openAs(r, end, tagOctets)) return false;
  s.contextFrom = r.at;
  s.contextTo = r.contentEnd;
  r.at = r.contentEnd;
  s.pduFrom = r.at;
  s.pduTo = end;
  return true;
}

const scratch = createWriter(65_536);

/** A scoped PDU around an encoded one. */
export function encodeScopedPdu(contextEngineId: Uint8Array, context: Uint8Array, pdu: Uint8Array): Uint8Array {
  const w = scratch;
  putOctets(w, pdu);
  putOctetString(context);
  putOctetString(contextEngineId);
  putAround(w, tagSequence, 0);
  return takeWritten(w);
}

/** The keys of a user at one engine: what there is decides the security level. */
export interface UsmKeys {
  readonly auth: AuthKey | undefined;
  /** Never without `auth`. */
  readonly privacy: PrivacyKey | undefined;
}

/** noAuthNoPriv. */
export const noKeys: UsmKeys = { auth: undefined, privacy: undefined };

export function levelOf({ auth, privacy }: UsmKeys): number {
  return (auth === undefined ? 0 : flagAuth) | (privacy === undefined ? 0 : flagPrivacy);
}

export interface V3Envelope {
  readonly messageId: number;
  readonly reportable: boolean;
  readonly engineId: Uint8Array;
  readonly boots: number;
  /** Seconds. */
  readonly time: number;
  readonly user: Uint8Array;
  readonly keys: UsmKeys;
  /** `saltLength` octets, never the same twice; used with privacy only. */
  readonly salt: Uint8Array;
}

/** Encrypts and authenticates as the keys allow (RFC 3414 section 3.1). */
export function encodeV3(envelope: V3Envelope, scopedPdu: Uint8Array): Uint8Array {
  const { keys, boots, time, salt } = envelope;
  const { auth, privacy } = keys;
  const w = scratch;
  if (privacy === undefined) putOctets(w, scopedPdu);
  else putOctetString(encrypt(privacy, { boots, time, salt }, scopedPdu));
  const dataLength = written(w);
  putOctetString(privacy === undefined ? nothing : salt);
  const macLength = auth === undefined ? 0 : authProtocols[auth.protocol].mac;
  putOctets(w, zeros.subarray(0, macLength));
  const macFromEnd = written(w);
  putHeader(w, tagOctets, macLength);
  putOctetString(envelope.user);
  putInteger(w, tagInteger, time);
  putInteger(w, tagInteger, boots);
  putOctetString(envelope.engineId);
  putAround(w, tagSequence, dataLength);
  putAround(w, tagOctets, dataLength);
  const globalFrom = written(w);
  putInteger(w, tagInteger, usm);
  putOctets(w, flagOctets[levelOf(keys) | (envelope.reportable ? flagReportable : 0)] ?? nothing);
  putHeader(w, tagOctets, 1);
  putInteger(w, tagInteger, maxMessage);
  putInteger(w, tagInteger, envelope.messageId);
  putAround(w, tagSequence, globalFrom);
  putInteger(w, tagInteger, versionV3);
  putAround(w, tagSequence, 0);
  const bytes = takeWritten(w);
  if (auth !== undefined) authenticate(auth, bytes, bytes.length - macFromEnd);
  return bytes;
}

/** msgMaxSize: what we can receive. How much is asked for at once is decided by who asks. */
const maxMessage = 65_507;

const nothing = new Uint8Array(0);
const zeros = new Uint8Array(greatestMac);
const flagOctets = Array.from({ length: 8 }, (_, flags) => Uint8Array.of(flags));

function putOctetString(octets: Uint8Array): void {
  putOctets(scratch, octets);
  putHeader(scratch, tagOctets, octets.length);
}
