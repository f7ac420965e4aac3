// UPDATE, RFC 4271 section 4.3, with the families of RFC 4760: where its parts lie. Reading is a matter of places, so
// that a stream of a million messages makes no object for any of them; the prefixes are then walked in place.

import { type BgpFault, fault } from "./fault.ts";
import { bgpHeaderLength, bgpTypes } from "./header.ts";
import { u16, u32 } from "./octets.ts";

export const afiIpv4 = 1;
export const afiIpv6 = 2;
export const safiUnicast = 1;

/** Path attributes that hold prefixes. */
export const mpReachNlri = 14;
export const mpUnreachNlri = 15;

/** Prefixes of one family, in `from` up to `to`. */
export interface PrefixRange {
  afi: number;
  safi: number;
  from: number;
  to: number;
  /** Each prefix has a path identifier before it (RFC 7911 section 3). */
  pathIds: boolean;
}

/** Where the parts of one UPDATE lie. Made once and filled by each message. */
export interface UpdateLayout {
  /** Octets of the whole message. */
  length: number;
  /** Withdrawn Routes and NLRI of the message itself: IPv4 unicast. Empty ranges where there are none. */
  readonly withdrawn: PrefixRange;
  readonly nlri: PrefixRange;
  /** Those of MP_UNREACH_NLRI and MP_REACH_NLRI. `afi` is 0 where there is no such attribute. */
  readonly mpUnreach: PrefixRange;
  readonly mpReach: PrefixRange;
  /** Path Attributes, those of prefixes included. */
  attributesFrom: number;
  attributesTo: number;
  /** Nothing but the mark that all routes of a family have been told (RFC 4724 section 2): its family, else 0. */
  endOfRibAfi: number;
  endOfRibSafi: number;
}

export function createUpdateLayout(): UpdateLayout {
  const range = () => ({ afi: 0, safi: 0, from: 0, to: 0, pathIds: false });
  return {
    length: 0,
    withdrawn: range(),
    nlri: range(),
    mpUnreach: range(),
    mpReach: range(),
    attributesFrom: 0,
    attributesTo: 0,
    endOfRibAfi: 0,
    endOfRibSafi: 0,
  };
}

/** Whether the prefixes of a family have path identifiers: what the OPENs of the session agreed on. */
export type PathIds = (afi: number, safi: number) => boolean;

function setRange(range: PrefixRange, afi: number, safi: number, from: number, to: number, pathIds: boolean): void {
  range.afi = afi;
  range.safi = safi;
  range.from = from;
  range.to = to;
  range.pathIds = pathIds;
}

/** Bits of an address; 0 for families whose prefixes are not read. */
function addressBits({ afi, safi }: PrefixRange): number {
  if (safi !== safiUnicast) return 0;
  return afi === afiIpv4 ? 32 : afi === afiIpv6 ? 128 : 0;
}

/** Whether the prefixes of a range were checked, and can be walked. */
export function isUnicast(range: PrefixRange): boolean {
  return addressBits(range) !== 0;
}

/**
 * Fills the layout from the UPDATE that begins at `at`, all of which must lie before `end`; gives what is wrong with it.
 * Every length is checked, and every prefix of a unicast family; the values of the other attributes are not.
 */
export function readUpdate(
  bytes: Uint8Array,
  at: number,
  end: number,
  pathIds: PathIds,
  into: UpdateLayout,
): BgpFault | undefined {
  const bodyAt = at + bgpHeaderLength;
  if (bodyAt > end) return fault("truncated", end);
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0xff) return fault("marker", i);
  const length = u16(bytes, at + 16);
  const to = at + length;
  if (to > end) return fault("truncated", end);
  if (length < bgpHeaderLength + 4) return fault("length", at + 16);
  if (bytes[at + 18] !== bgpTypes.update) return fault("type", at + 18);
  const withdrawnTo = bodyAt + 2 + u16(bytes, bodyAt);
  if (withdrawnTo + 2 > to) return fault("length", bodyAt);
  const attributesFrom = withdrawnTo + 2;
  const attributesTo = attributesFrom + u16(bytes, withdrawnTo);
  if (attributesTo > to) return fault("length", withdrawnTo);
  const ipv4 = pathIds(afiIpv4, safiUnicast);
  into.length = length;
  into.attributesFrom = attributesFrom;
  into.attributesTo = attributesTo;
  into.endOfRibAfi = into.endOfRibSafi = 0;
  setRange(into.withdrawn, afiIpv4, safiUnicast, bodyAt + 2, withdrawnTo, ipv4);
  setRange(into.nlri, afiIpv4, safiUnicast, attributesTo, to, ipv4);
  setRange(into.mpReach, 0, 0, 0, 0, false);
  setRange(into.mpUnreach, 0, 0, 0, 0, false);
  const bad =
    findPrefixAttributes(bytes, attributesFrom, attributesTo, pathIds, into) ??
    checkPrefixes(bytes, into.withdrawn) ??
    checkPrefixes(bytes, into.nlri) ??
    checkPrefixes(bytes, into.mpReach) ??
    checkPrefixes(bytes, into.mpUnreach);
  if (bad === undefined) findEndOfRib(into);
  return bad;
}

function findPrefixAttributes(
  bytes: Uint8Array,
  from: number,
  to: number,
  pathIds: PathIds,
  into: UpdateLayout,
): BgpFault | undefined {
  for (let at = from; at < to; ) {
    // Extended Length: two octets of it.
    const extended = ((bytes[at] ?? 0) & 0x10) !== 0;
    const valueAt = at + (extended ? 4 : 3);
    if (valueAt > to) return fault("truncated", to);
    const size = extended ? u16(bytes, at + 2) : (bytes[at + 2] ?? 0);
    const next = valueAt + size;
    if (next > to) return fault("length", at + 2);
    const type = bytes[at + 1];
    if (type === mpUnreachNlri) {
      if (into.mpUnreach.afi !== 0) return fault("repeated", at);
      if (size < 3) return fault("length", at + 2);
      const [afi, safi] = [u16(bytes, valueAt), bytes[valueAt + 2] ?? 0];
      setRange(into.mpUnreach, afi, safi, valueAt + 3, next, pathIds(afi, safi));
    } else if (type === mpReachNlri) {
      if (into.mpReach.afi !== 0) return fault("repeated", at);
      // Family, length of the next hop, next hop, one octet that is reserved.
      const nlriAt = valueAt + 5 + (bytes[valueAt + 3] ?? 0);
      if (size < 5 || nlriAt > next) return fault("length", at + 2);
      const [afi, safi] = [u16(bytes, valueAt), bytes[valueAt + 2] ?? 0];
      setRange(into.mpReach, afi, safi, nlriAt, next, pathIds(afi, safi));
    }
    at = next;
  }
  return undefined;
}

function checkPrefixes(bytes: Uint8Array, range: PrefixRange): BgpFault | undefined {
  const bits = addressBits(range);
  if (bits === 0) return undefined;
  const before = range.pathIds ? 4 : 0;
  for (let at = range.from; at < range.to; ) {
    at += before;
    if (at >= range.to) return fault("truncated", range.to);
    const length = bytes[at] ?? 0;
    if (length > bits) return fault("prefixLength", at);
    at += 1 + ((length + 7) >> 3);
    if (at > range.to) return fault("truncated", range.to);
  }
  return undefined;
}

/** An empty UPDATE for IPv4 unicast; for others one whose only attribute is an MP_UNREACH_NLRI without prefixes. */
function findEndOfRib(into: UpdateLayout): void {
  const { withdrawn, nlri, mpUnreach, mpReach, attributesFrom, attributesTo } = into;
  if (withdrawn.from !== withdrawn.to || nlri.from !== nlri.to || mpReach.afi !== 0) return;
  if (attributesFrom === attributesTo) {
    into.endOfRibAfi = afiIpv4;
    into.endOfRibSafi = safiUnicast;
  } else if (mpUnreach.afi !== 0 && mpUnreach.from === mpUnreach.to && attributesTo === mpUnreach.to) {
    // Its attribute is the only one when it begins where they all begin: three or four octets of header, three of family.
    if (mpUnreach.from - attributesFrom > 7) return;
    into.endOfRibAfi = mpUnreach.afi;
    into.endOfRibSafi = mpUnreach.safi;
  }
}

/** `at`: where the octets of the prefix begin, as many as its length needs. `pathId` is 0 where there is none. */
export type VisitPrefix = (bytes: Uint8Array, at: number, length: number, pathId: number) => void;

/** Walks the prefixes of a unicast range that `readUpdate` has checked. */
export function eachPrefix(bytes: Uint8Array, range: PrefixRange, visit: VisitPrefix): void {
  if (!isUnicast(range)) return;
  for (let at = range.from; at < range.to; ) {
    const pathId = range.pathIds ? u32(bytes, at) : 0;
    if (range.pathIds) at += 4;
    const length = bytes[at] ?? 0;
    visit(bytes, at + 1, length, pathId);
    at += 1 + ((length + 7) >> 3);
  }
}
