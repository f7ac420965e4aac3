// Notifications: Trap-PDU (RFC 1157 section 4.1.6), SNMPv2-Trap-PDU and InformRequest-PDU (RFC 3416 sections 4.2.6
// and 4.2.7), each in the form of the later two (RFC 3584 section 3.1).

import { err, ok, type Result } from "../../lib/result.ts";
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
  unsigned32,
  type WireError,
} from "../ber.ts";
import { readPdu, readVarbinds, versionV1, versionV2c } from "./message.ts";
import { decodeOid, isOid, type Oid, oid } from "./oid.ts";
import { openEnclosing } from "./response.ts";
import { tagIpAddress, tagTimeTicks, type VarBind } from "./value.ts";

/** Tag of a Trap-PDU. */
export const tagTrapV1 = 0xa4;

export const sysUpTimeInstance = oid("1.3.6.1.2.1.1.3.0");
export const snmpTrapOidInstance = oid("1.3.6.1.6.3.1.1.4.1.0");

/** snmpTraps of SNMPv2-MIB: the generic traps of v1 stand under it. */
const snmpTraps = oid("1.3.6.1.6.3.1.1.5");
const enterpriseSpecific = 6;

export interface Notification {
  /** An InformRequest: its sender waits for a Response with this request id and these bindings. */
  readonly confirmed: boolean;
  /** 0 in v1, which has none. */
  readonly requestId: number;
  /** snmpTrapOID.0; of a v1 trap what RFC 3584 makes of it. */
  readonly trapOid: Oid;
  /** sysUpTime.0 in hundredths of a second; undefined where the sender left it out. */
  readonly upTime: number | undefined;
  /** All bindings, as they were received. */
  readonly varbinds: readonly VarBind[];
}

/** The version field of any SNMP message; undefined when there is none. */
export function versionOf(bytes: Uint8Array): number | undefined {
  const r = createReader(bytes);
  if (!openEnclosing(r, bytes.length, tagSequence)) return undefined;
  const version = readInteger(r, bytes.length);
  return r.fault === undefined ? version : undefined;
}

/** The head of a v1 or v2c message, behind which its reader stands. */
export interface CommunityHead {
  readonly version: number;
  /** Part of the datagram, no copy. */
  readonly community: Uint8Array;
}

/** Undefined when `r.fault` says why not. */
export function readCommunityHead(r: BerReader, bytes: Uint8Array): CommunityHead | undefined {
  resetReader(r, bytes);
  const end = bytes.length;
  if (!openEnclosing(r, end, tagSequence)) return undefined;
  const versionAt = r.at;
  const version = readInteger(r, end);
  if (r.fault !== undefined) return undefined;
  if (version !== versionV1 && version !== versionV2c) return void fail(r, "version", versionAt);
  if (!openAs(r, end, tagOctets)) return undefined;
  const community = bytes.subarray(r.at, r.contentEnd);
  r.at = r.contentEnd;
  return { version, community };
}

/**
 * Reads the PDU at `r.at`, which must fill everything up to `end`. A Trap-PDU is taken in v1 only, the others in the
 * later versions. A PDU that is no notification is the fault `pdu`.
 */
export function readNotification(r: BerReader, end: number, version: number): Result<Notification, WireError> {
  const notification = version === versionV1 ? readTrapV1(r, end) : readNotificationV2(r, end);
  if (r.fault !== undefined || notification === undefined) return err({ kind: r.fault ?? "value", offset: r.faultAt });
  return ok(notification);
}

function readNotificationV2(r: BerReader, end: number): Notification | undefined {
  const start = r.at;
  const pdu = readPdu(r, end);
  if (pdu === undefined) return undefined;
  if (pdu.type !== "snmpV2Trap" && pdu.type !== "informRequest") return void fail(r, "pdu", start);
  const { type, requestId, varbinds } = pdu;
  // Both are to stand first, in this order; some agents forget that, and their meaning is as clear anywhere.
  const trap = varbinds.find(({ oid: name }) => isSame(name, snmpTrapOidInstance))?.value;
  if (trap?.type !== "oid") return void fail(r, "value", start);
  const time = varbinds.find(({ oid: name }) => isSame(name, sysUpTimeInstance))?.value;
  const upTime = time?.type === "timeTicks" ? time.value : undefined;
  return { confirmed: type === "informRequest", requestId, trapOid: trap.value, upTime, varbinds };
}

function readTrapV1(r: BerReader, end: number): Notification | undefined {
  const start = r.at;
  if (!open(r, end)) return undefined;
  if (r.tag !== tagTrapV1) return void fail(r, "pdu", start);
  if (r.contentEnd !== end) return void fail(r, "trailing", r.contentEnd);
  if (!openAs(r, end, tagOid)) return undefined;
  const enterprise = decodeOid(r.bytes, r.at, r.contentEnd);
  if (enterprise === undefined) return void fail(r, "oid", r.at);
  r.at = r.contentEnd;
  // The agent's address: who sent it is judged by the datagram's source.
  if (!openAs(r, end, tagIpAddress)) return undefined;
  if (r.contentEnd - r.at !== 4) return void fail(r, "value", r.at);
  r.at = r.contentEnd;
  const genericAt = r.at;
  const generic = readInteger(r, end);
  const specificAt = r.at;
  const specific = readInteger(r, end);
  if (!openAs(r, end, tagTimeTicks)) return undefined;
  const upTime = unsigned32(r.bytes, r.at, r.contentEnd);
  if (Number.isNaN(upTime)) return void fail(r, "integer", r.at);
  r.at = r.contentEnd;
  const varbinds = readVarbinds(r, end);
  if (r.fault !== undefined) return undefined;
  if (generic < 0 || generic > enterpriseSpecific) return void fail(r, "value", genericAt);
  if (specific < 0) return void fail(r, "value", specificAt);
  const trapOid = generic === enterpriseSpecific ? [...enterprise, 0, specific] : [...snmpTraps, generic + 1];
  if (!isOid(trapOid)) return void fail(r, "oid", start);
  return { confirmed: false, requestId: 0, trapOid, upTime, varbinds };
}

function isSame(a: Oid, b: Oid): boolean {
  // The last arcs differ most often.
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
