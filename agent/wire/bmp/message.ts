// BMP messages: RFC 7854, with the views of RFC 8671 (Adj-RIB-Out) and RFC 9069 (Loc-RIB).

import { err, ok, type Result } from "../../lib/result.ts";
import { bgpFaultKinds } from "../bgp/fault.ts";
import { bgpHeaderLength, bgpTypes, decodeBgpHeader } from "../bgp/header.ts";
import { decodeNotification, type NotificationMessage } from "../bgp/notification.ts";
import { u16, u32, u64 } from "../bgp/octets.ts";
import { decodeOpen, type OpenMessage } from "../bgp/open.ts";

/** Message types, section 4.1. */
export const bmpTypes = [
  "routeMonitoring",
  "statisticsReport",
  "peerDown",
  "peerUp",
  "initiation",
  "termination",
  "routeMirroring",
] as const;
export type BmpType = (typeof bmpTypes)[number];

/** Those of BMP itself, and those of the BGP messages inside a Peer Up or a Peer Down. */
export const bmpFaultKinds = [...bgpFaultKinds, "version", "oversized"] as const;
export type BmpFaultKind = (typeof bmpFaultKinds)[number];

/** `offset`: of the octet in what was given to read. */
export interface BmpFault {
  readonly kind: BmpFaultKind;
  readonly offset: number;
}

export const bmpVersion = 3;
export const commonHeaderLength = 6;
export const perPeerHeaderLength = 42;

/** Beyond what any router sends: an extended UPDATE with its headers has 65,583 octets. */
export const longestBmpMessage = 1 << 20;

const failed = (kind: BmpFaultKind, offset: number) => err<BmpFault>({ kind, offset });

/**
 * Octets of the message that begins at `at`; 0 while fewer than its common header are there. Its length is checked
 * before anything waits for that much to arrive.
 */
export function bmpMessageLength(bytes: Uint8Array, at: number, end: number): Result<number, BmpFault> {
  if (at < end && bytes[at] !== bmpVersion) return failed("version", at);
  if (at + commonHeaderLength > end) return ok(0);
  const length = u32(bytes, at + 1);
  if (length < commonHeaderLength) return failed("length", at + 1);
  return length > longestBmpMessage ? failed("oversized", at + 1) : ok(length);
}

/** Type of a message whose common header is there; undefined for one that nobody has defined yet. */
export function bmpTypeOf(bytes: Uint8Array, at: number): BmpType | undefined {
  return bmpTypes[bytes[at + 5] ?? 0];
}

/** Peer Types, section 4.2 and RFC 9069 section 4.1. */
export const peerTypes = { global: 0, rd: 1, local: 2, locRib: 3 } as const;

/** Per-Peer Header, section 4.2. Addresses stay where they are: most messages are about the peer of the one before. */
export interface PerPeerHeader {
  readonly peerType: number;
  readonly flags: number;
  /** V: the peer's address is of IPv6. */
  readonly isIpv6: boolean;
  /** L: after the inbound policy. */
  readonly isPostPolicy: boolean;
  /** A: AS_PATH in the old form of two octets. */
  readonly asOctets: 2 | 4;
  /** O (RFC 8671): what is sent to the peer, not what it sent. */
  readonly isAdjRibOut: boolean;
  /** F (RFC 9069 section 4.2): of the Loc-RIB not all routes are told. */
  readonly isFiltered: boolean;
  /** Where the 8 octets of the Peer Distinguisher begin; the 16 of the address stand behind them. */
  readonly distinguisherAt: number;
  readonly peerAs: number;
  /** 32 bits, written like an IPv4 address. 0 where the router does not know it (any more). */
  readonly peerBgpId: number;
  /** By the router's clock, since 1970; 0 where it does not say. */
  readonly timestampSeconds: number;
  readonly timestampMicroseconds: number;
}

/** Of a message that has one, and begins at `at`; all of it must lie before `end`. */
export function decodePerPeerHeader(bytes: Uint8Array, at: number, end: number): Result<PerPeerHeader, BmpFault> {
  const from = at + commonHeaderLength;
  if (from + perPeerHeaderLength > end) return failed("truncated", end);
  const peerType = bytes[from] ?? 0;
  const flags = bytes[from + 1] ?? 0;
  // Of the Loc-RIB the flags mean other things (RFC 9069 section 4.2): 0x80 is F, for a filtered table.
  const isLocRib = peerType === peerTypes.locRib;
  return ok({
    peerType,
    flags,
    isIpv6: !isLocRib && (flags & 0x80) !== 0,
    isPostPolicy: !isLocRib && (flags & 0x40) !== 0,
    asOctets: !isLocRib && (flags & 0x20) !== 0 ? 2 : 4,
    isAdjRibOut: !isLocRib && (flags & 0x10) !== 0,
    isFiltered: isLocRib && (flags & 0x80) !== 0,
    distinguisherAt: from + 2,
    peerAs: u32(bytes, from + 26),
    peerBgpId: u32(bytes, from + 30),
    timestampSeconds: u32(bytes, from + 34),
    timestampMicroseconds: u32(bytes, from + 38),
  });
}

/** The peer's address: 4 octets, which are the last of the field, or 16. */
export function peerAddressOf(bytes: Uint8Array, { distinguisherAt, isIpv6 }: PerPeerHeader): Uint8Array {
  const at = distinguisherAt + 8;
  return isIpv6 ? bytes.subarray(at, at + 16) : bytes.subarray(at + 12, at + 16);
}

/** Where the body of a message with a per-peer header begins. */
export function bodyOf(at: number): number {
  return at + commonHeaderLength + perPeerHeaderLength;
}

/** Information TLV, section 4.4. */
export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

function decodeTlvs(bytes: Uint8Array, from: number, end: number): Result<readonly Tlv[], BmpFault> {
  const tlvs: Tlv[] = [];
  for (let at = from; at < end; ) {
    if (at + 4 > end) return failed("truncated", end);
    const to = at + 4 + u16(bytes, at + 2);
    if (to > end) return failed("length", at + 2);
    tlvs.push({ type: u16(bytes, at), value: bytes.slice(at + 4, to) });
    at = to;
  }
  return ok(tlvs);
}

/** Initiation (section 4.3) and Termination (section 4.5): nothing but TLVs. */
export function decodeInformation(bytes: Uint8Array, at: number, end: number): Result<readonly Tlv[], BmpFault> {
  return decodeTlvs(bytes, at + commonHeaderLength, end);
}

/** Types in an Initiation. */
export const initiationTlvs = { string: 0, sysDescr: 1, sysName: 2 } as const;
/** Types in a Termination: a text, and a reason of two octets. */
export const terminationTlvs = { string: 0, reason: 1 } as const;

export const terminationReasons: Readonly<Record<number, string>> = {
  0: "administratively closed",
  1: "unspecified reason",
  2: "out of resources",
  3: "redundant connection",
  4: "permanently administratively closed",
};

/** Types in a Peer Up: a text, and the name of the VRF or table (RFC 9069 section 4.4). */
export const peerUpTlvs = { string: 0, vrfTableName: 3 } as const;

/** Peer Up Notification, section 4.10. */
export interface PeerUp {
  /** 4 or 16 octets. */
  readonly localAddress: Uint8Array;
  readonly localPort: number;
  readonly remotePort: number;
  /** Undefined where the router does not have it (any more). */
  readonly sentOpen: OpenMessage | undefined;
  readonly receivedOpen: OpenMessage | undefined;
  readonly information: readonly Tlv[];
}

export function decodePeerUp(
  bytes: Uint8Array,
  at: number,
  end: number,
  header: Pick<PerPeerHeader, "isIpv6">,
): Result<PeerUp, BmpFault> {
  const from = bodyOf(at);
  if (from + 20 > end) return failed("truncated", end);
  const sent = openOrNothing(bytes, from + 20, end);
  if (!sent.ok) return sent;
  const receivedAt = from + 20 + (sent.value?.length ?? bgpHeaderLength);
  const received = openOrNothing(bytes, receivedAt, end);
  if (!received.ok) return received;
  const information = decodeTlvs(bytes, receivedAt + (received.value?.length ?? bgpHeaderLength), end);
  if (!information.ok) return information;
  return ok({
    localAddress: header.isIpv6 ? bytes.slice(from, from + 16) : bytes.slice(from + 12, from + 16),
    localPort: u16(bytes, from + 16),
    remotePort: u16(bytes, from + 18),
    sentOpen: sent.value,
    receivedOpen: received.value,
    information: information.value,
  });
}

/** FRR has no OPEN for a peer that went away again meanwhile: it sends the header of one, and nothing behind it. */
function openOrNothing(bytes: Uint8Array, at: number, end: number): Result<OpenMessage | undefined, BmpFault> {
  const header = decodeBgpHeader(bytes, at, end);
  if (!header.ok) return header;
  const { length, type } = header.value;
  return length === bgpHeaderLength && type === bgpTypes.open ? ok(undefined) : decodeOpen(bytes, at, end);
}

/** Reasons of a Peer Down Notification: section 4.9, RFC 9069 section 4.5.1. */
export const peerDownReasons = {
  1: "localNotification",
  2: "localFsmEvent",
  3: "remoteNotification",
  4: "remoteNoNotification",
  5: "deconfigured",
  6: "localTlv",
} as const;

export interface PeerDown {
  /** Undefined for one that nobody has defined yet. */
  readonly reason: (typeof peerDownReasons)[keyof typeof peerDownReasons] | undefined;
  readonly reasonCode: number;
  /** Of the two reasons that have one. */
  readonly notification: NotificationMessage | undefined;
  /** Code of the event of the state machine (RFC 4271 section 8.1); 0 where the router does not say. */
  readonly fsmEvent: number | undefined;
}

export function decodePeerDown(bytes: Uint8Array, at: number, end: number): Result<PeerDown, BmpFault> {
  const from = bodyOf(at);
  if (from >= end) return failed("truncated", end);
  const reasonCode = bytes[from] ?? 0;
  const reason = peerDownReasons[reasonCode as keyof typeof peerDownReasons];
  const down = { reason, reasonCode, notification: undefined, fsmEvent: undefined };
  if (reason === "localNotification" || reason === "remoteNotification") {
    const notification = decodeNotification(bytes, from + 1, end);
    return notification.ok ? ok({ ...down, notification: notification.value }) : notification;
  }
  if (reason !== "localFsmEvent") return ok(down);
  return from + 3 > end ? failed("truncated", end) : ok({ ...down, fsmEvent: u16(bytes, from + 1) });
}

/** Stat Types of section 4.8 and RFC 8671 section 6.2, with the octets of their values. */
export const statTypes = {
  0: { name: "rejectedPrefixes", octets: 4 },
  1: { name: "duplicatePrefixes", octets: 4 },
  2: { name: "duplicateWithdraws", octets: 4 },
  3: { name: "clusterListLoops", octets: 4 },
  4: { name: "asPathLoops", octets: 4 },
  5: { name: "originatorIdLoops", octets: 4 },
  6: { name: "asConfedLoops", octets: 4 },
  7: { name: "adjRibInRoutes", octets: 8 },
  8: { name: "locRibRoutes", octets: 8 },
  9: { name: "adjRibInFamilyRoutes", octets: 11 },
  10: { name: "locRibFamilyRoutes", octets: 11 },
  11: { name: "treatAsWithdrawUpdates", octets: 4 },
  12: { name: "treatAsWithdrawPrefixes", octets: 4 },
  13: { name: "duplicateUpdates", octets: 4 },
  14: { name: "adjRibOutPreRoutes", octets: 8 },
  15: { name: "adjRibOutPostRoutes", octets: 8 },
  16: { name: "adjRibOutPreFamilyRoutes", octets: 11 },
  17: { name: "adjRibOutPostFamilyRoutes", octets: 11 },
} as const;

/** One statistic. `afi` and `safi` are 0 unless it is of one family. */
export interface Statistic {
  /** The number of its type. */
  readonly type: number;
  readonly afi: number;
  readonly safi: number;
  /** Exact to 2^53. Undefined for a type that is not known, and for a value of another length than its type has. */
  readonly value: number | undefined;
}

/** Statistics Report, section 4.8. */
export function decodeStatistics(bytes: Uint8Array, at: number, end: number): Result<readonly Statistic[], BmpFault> {
  const from = bodyOf(at);
  if (from + 4 > end) return failed("truncated", end);
  const tlvs = decodeTlvs(bytes, from + 4, end);
  if (!tlvs.ok) return tlvs;
  if (tlvs.value.length !== u32(bytes, from)) return failed("length", from);
  const statistics = tlvs.value.map(({ type, value }): Statistic => {
    const octets = statTypes[type as keyof typeof statTypes]?.octets;
    const [afi, safi] = octets === 11 && value.length === 11 ? [u16(value, 0), value[2] ?? 0] : [0, 0];
    if (octets !== value.length) return { type, afi, safi, value: undefined };
    return { type, afi, safi, value: octets === 4 ? u32(value, 0) : u64(value, octets - 8) };
  });
  return ok(statistics);
}
