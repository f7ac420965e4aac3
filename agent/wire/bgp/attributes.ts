// Path attributes, RFC 4271 section 4.3 and those that came later. Each is decoded once per set of attributes, not once
// per prefix: thousands of prefixes share one.

import { ok, type Result } from "../../lib/result.ts";
import { type BgpFault, failed, fault } from "./fault.ts";
import { u16, u32 } from "./octets.ts";

export const attributeTypes = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  multiExitDisc: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReachNlri: 14,
  mpUnreachNlri: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  largeCommunities: 32,
} as const;

/** The last two are of confederations, RFC 5065. */
export const segmentTypes = { 1: "asSet", 2: "asSequence", 3: "asConfedSequence", 4: "asConfedSet" } as const;

export interface AsSegment {
  readonly type: (typeof segmentTypes)[keyof typeof segmentTypes];
  readonly asns: readonly number[];
}

export interface Aggregator {
  readonly asn: number;
  /** 32 bits of an IPv4 address. */
  readonly address: number;
}

/** Undefined: there is no such attribute. */
export interface PathAttributes {
  /** 0 IGP, 1 EGP, 2 INCOMPLETE. */
  readonly origin: number | undefined;
  /** As sent; `truePath` has it with the numbers that only AS4_PATH holds. */
  readonly asPath: readonly AsSegment[] | undefined;
  readonly as4Path: readonly AsSegment[] | undefined;
  /** 32 bits of an IPv4 address. */
  readonly nextHop: number | undefined;
  /** Next hop of MP_REACH_NLRI: 16 octets, 32 with a link-local address behind, or 4. */
  readonly mpNextHop: Uint8Array | undefined;
  readonly multiExitDisc: number | undefined;
  readonly localPref: number | undefined;
  readonly atomicAggregate: boolean;
  readonly aggregator: Aggregator | undefined;
  readonly as4Aggregator: Aggregator | undefined;
  /** RFC 1997, 32 bits each. */
  readonly communities: readonly number[];
  /** RFC 4360, 8 octets each. */
  readonly extendedCommunities: readonly Uint8Array[];
  /** RFC 8092: global administrator and two parts of local data. */
  readonly largeCommunities: readonly (readonly [number, number, number])[];
  /** 32 bits, like `clusterList`: RFC 4456. */
  readonly originatorId: number | undefined;
  readonly clusterList: readonly number[];
  /** Types of those that are not read. */
  readonly others: readonly number[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads the attributes in `from` up to `to`. `asOctets`: how long AS numbers are in AS_PATH and AGGREGATOR (RFC 6793).
 * Of an attribute that comes twice the first counts (RFC 7606 section 3).
 */
export function decodeAttributes(
  bytes: Uint8Array,
  from: number,
  to: number,
  asOctets: 2 | 4,
): Result<PathAttributes, BgpFault> {
  const found: Mutable<PathAttributes> = {
    origin: undefined,
    asPath: undefined,
    as4Path: undefined,
    nextHop: undefined,
    mpNextHop: undefined,
    multiExitDisc: undefined,
    localPref: undefined,
    atomicAggregate: false,
    aggregator: undefined,
    as4Aggregator: undefined,
    communities: [],
    extendedCommunities: [],
    largeCommunities: [],
    originatorId: undefined,
    clusterList: [],
    others: [],
  };
  const seen = new Set<number>();
  const others: number[] = [];
  for (let at = from; at < to; ) {
    const extended = ((bytes[at] ?? 0) & 0x10) !== 0;
    const valueAt = at + (extended ? 4 : 3);
    if (valueAt > to) return failed("truncated", to);
    const size = extended ? u16(bytes, at + 2) : (bytes[at + 2] ?? 0);
    if (valueAt + size > to) return failed("length", at + 2);
    const type = bytes[at + 1] ?? 0;
    if (!seen.has(type)) {
      seen.add(type);
      const bad = readAttribute(bytes, type, valueAt, size, asOctets, found, others);
      if (bad === "length") return failed("length", at + 2);
      if (bad !== undefined) return failed(bad.kind, bad.offset);
    }
    at = valueAt + size;
  }
  found.others = others;
  return ok(found);
}

function readAttribute(
  bytes: Uint8Array,
  type: number,
  at: number,
  size: number,
  asOctets: 2 | 4,
  into: Mutable<PathAttributes>,
  others: number[],
): BgpFault | "length" | undefined {
  const is = attributeTypes;
  switch (type) {
    case is.origin:
      if (size !== 1) return "length";
      if ((bytes[at] ?? 0) > 2) return fault("origin", at);
      into.origin = bytes[at];
      return undefined;
    case is.asPath:
    case is.as4Path: {
      const path = readPath(bytes, at, at + size, type === is.as4Path ? 4 : asOctets);
      if (!path.ok) return path.error;
      into[type === is.as4Path ? "as4Path" : "asPath"] = path.value;
      return undefined;
    }
    case is.nextHop:
    case is.multiExitDisc:
    case is.localPref:
    case is.originatorId:
      if (size !== 4) return "length";
      into[numberNames[type]] = u32(bytes, at);
      return undefined;
    case is.atomicAggregate:
      if (size !== 0) return "length";
      into.atomicAggregate = true;
      return undefined;
    case is.aggregator:
      if (size !== asOctets + 4) return "length";
      into.aggregator = readAggregator(bytes, at, asOctets);
      return undefined;
    case is.as4Aggregator:
      if (size !== 8) return "length";
      into.as4Aggregator = readAggregator(bytes, at, 4);
      return undefined;
    case is.communities:
    case is.clusterList:
      if (size % 4 !== 0) return "length";
      into[type === is.communities ? "communities" : "clusterList"] = Array.from({ length: size / 4 }, (_, i) =>
        u32(bytes, at + 4 * i),
      );
      return undefined;
    case is.extendedCommunities:
      if (size % 8 !== 0) return "length";
      into.extendedCommunities = Array.from({ length: size / 8 }, (_, i) => bytes.slice(at + 8 * i, at + 8 * i + 8));
      return undefined;
    case is.largeCommunities:
      if (size % 12 !== 0) return "length";
      into.largeCommunities = Array.from({ length: size / 12 }, (_, i) => {
        const from = at + 12 * i;
        return [u32(bytes, from), u32(bytes, from + 4), u32(bytes, from + 8)] as const;
      });
      return undefined;
    case is.mpReachNlri: {
      const length = bytes[at + 3] ?? 0;
      if (size < 5 || length + 5 > size) return "length";
      into.mpNextHop = bytes.slice(at + 4, at + 4 + length);
      return undefined;
    }
    case is.mpUnreachNlri:
      return size < 3 ? "length" : undefined;
    default:
      others.push(type);
      return undefined;
  }
}

const numberNames = {
  [attributeTypes.nextHop]: "nextHop",
  [attributeTypes.multiExitDisc]: "multiExitDisc",
  [attributeTypes.localPref]: "localPref",
  [attributeTypes.originatorId]: "originatorId",
} as const;

function readAggregator(bytes: Uint8Array, at: number, asOctets: 2 | 4): Aggregator {
  return { asn: asOctets === 4 ? u32(bytes, at) : u16(bytes, at), address: u32(bytes, at + asOctets) };
}

function readPath(bytes: Uint8Array, from: number, to: number, asOctets: 2 | 4): Result<AsSegment[], BgpFault> {
  const segments: AsSegment[] = [];
  for (let at = from; at < to; ) {
    if (at + 2 > to) return failed("truncated", to);
    const type = segmentTypes[(bytes[at] ?? 0) as keyof typeof segmentTypes];
    const count = bytes[at + 1] ?? 0;
    if (type === undefined) return failed("asPath", at);
    const next = at + 2 + count * asOctets;
    // A segment without AS numbers is malformed (RFC 7606 section 7.2).
    if (count === 0 || next > to) return failed("asPath", at + 1);
    const asns: number[] = [];
    for (let i = at + 2; i < next; i += asOctets) asns.push(asOctets === 4 ? u32(bytes, i) : u16(bytes, i));
    segments.push({ type, asns });
    at = next;
  }
  return ok(segments);
}

/** What a path counts: a set is one AS, confederations are none (RFC 4271 section 9.1.2.2, RFC 5065 section 5.3). */
function countOf({ type, asns }: AsSegment): number {
  return type === "asSequence" ? asns.length : type === "asSet" ? 1 : 0;
}

/**
 * The AS_PATH with AS4_PATH put in (RFC 6793 section 4.2.3): the numbers of AS4_PATH stand at the end of the path, and
 * what AS_PATH counts more stands before them.
 */
export function truePath({ asPath = [], as4Path }: Pick<PathAttributes, "asPath" | "as4Path">): readonly AsSegment[] {
  if (as4Path === undefined) return asPath;
  const of = (path: readonly AsSegment[]) => path.reduce((sum, segment) => sum + countOf(segment), 0);
  let ahead = of(asPath) - of(as4Path);
  if (ahead < 0) return asPath;
  const head: AsSegment[] = [];
  for (const segment of asPath) {
    const counts = countOf(segment);
    if (ahead === 0 && counts > 0) break;
    if (counts <= ahead) head.push(segment);
    else head.push({ type: segment.type, asns: segment.asns.slice(0, ahead) });
    ahead -= Math.min(counts, ahead);
  }
  // AS4_PATH has no confederation segments; where a router put some in, they are left out.
  return [...head, ...as4Path.filter((segment) => countOf(segment) > 0)];
}
