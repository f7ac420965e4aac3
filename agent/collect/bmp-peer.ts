// What one monitored router said of one of its peers: whether the session is up, and the routes of each view.

import { formatAddress } from "../estate/address.ts";
import { type PrefixFamily, prefixFamilies } from "../estate/link-observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { BgpFaultKind } from "../wire/bgp/fault.ts";
import { asnOf } from "../wire/bgp/open.ts";
import {
  afiIpv4,
  afiIpv6,
  eachPrefix,
  isUnicast,
  type PrefixRange,
  safiUnicast,
  type UpdateLayout,
  type VisitPrefix,
} from "../wire/bgp/update.ts";
import {
  type PeerDown,
  type PeerUp,
  type PerPeerHeader,
  peerTypes,
  peerUpTlvs,
  type Statistic,
} from "../wire/bmp/message.ts";
import type { AttributeSets } from "./bmp-attributes.ts";
import { type CommunityCounts, createCommunityCounts } from "./bmp-communities.ts";
import { createGauges, type Gauge, type GaugedRib } from "./bmp-gauges.ts";
import { type PathIdReader, pathIdReader, withoutPathIds } from "./bmp-path-ids.ts";
import { createRouteTable, type RouteTable } from "./bmp-routes.ts";
import { textOf } from "./bmp-text.ts";

/** Adj-RIB-In and Adj-RIB-Out (RFC 8671), each before policy and after it; and Loc-RIB (RFC 9069). */
export const bmpViews = ["inPre", "inPost", "outPre", "outPost", "locRib"] as const;
export type BmpView = (typeof bmpViews)[number];

/** Why the routes of a view cannot be counted any more, until the session comes up anew. */
export type ViewDoubt = BgpFaultKind | "tooMany";

/** Greatest number of prepends that is told apart. */
export const mostPrepends = 31;

export interface FamilyRoutes {
  readonly table: RouteTable;
  /** Of routes with path identifiers: how many there are to each prefix, in the place of their attributes. */
  readonly paths: RouteTable;
  /** Routes by how often the neighbour's ASN stands in a row; index 0: nowhere at the beginning. */
  readonly prepends: Uint32Array;
  readonly communities: CommunityCounts;
  /** Something was said of this family: that there are no routes is then known. */
  isTold: boolean;
}

/** Each prefix once, however many paths there are to it. */
export function distinctPrefixes({ table, paths }: FamilyRoutes): RouteTable {
  return paths.size() > 0 ? paths : table;
}

export interface PeerView {
  readonly ipv4: FamilyRoutes;
  readonly ipv6: FamilyRoutes;
  readonly doubt: ViewDoubt | undefined;
}

export type PeerState =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "up";
      readonly at: Instant;
      readonly localAsn: number | undefined;
      readonly holdTime: number | undefined;
    }
  | { readonly kind: "down"; readonly at: Instant; readonly down: PeerDown };

/** The routes of all peers of a router may be so many. */
export interface RouteBudget {
  readonly most: number;
  used: number;
}

export interface BmpPeer {
  readonly address: string;
  readonly peerType: number;
  /** In hexadecimal. */
  readonly distinguisher: string;
  /** 0 until it was told. */
  peerAs(): number;
  state(): PeerState;
  /** Times that it came up on this connection. */
  ups(): number;
  up(peerUp: PeerUp, header: PerPeerHeader, at: Instant): void;
  down(down: PeerDown, at: Instant): void;
  /** Applies the UPDATE of a Route Monitoring; undefined when it was applied or is of no concern. */
  update(bytes: Uint8Array, at: number, end: number, header: PerPeerHeader): ViewDoubt | undefined;
  view(name: BmpView): PeerView | undefined;
  /** Whether a view of it cannot be counted until the session comes up anew. */
  isInDoubt(): boolean;
  /** Takes what a Statistics Report says of it. */
  statistics(statistics: readonly Statistic[], at: Instant): void;
  /** What the router counts itself; undefined where it does not. */
  gauge(rib: GaugedRib, family: PrefixFamily): Gauge | undefined;
  /** Of a Loc-RIB: name of its VRF or table, as the router gives it; empty where it does not. */
  tableName(): string;
  /** Of a Loc-RIB: the router does not tell all of it. */
  isFiltered(): boolean;
  /** Gives up routes for those of another peer; false: it has none. */
  yieldRoutes(): boolean;
  /** Octets that its routes take. */
  memory(): number;
  /** Gives back all routes. */
  clear(): void;
}

export interface PeerDeps {
  readonly sets: AttributeSets;
  readonly budget: RouteBudget;
  /** One for all peers: filled by each message. */
  readonly layout: UpdateLayout;
  readonly seed: number;
  /** False: its routes are of no concern, and none is kept. */
  readonly keepsRoutes: boolean;
  /** Where the budget is used up: gives back what counts less than a route of this peer; false: there is nothing. */
  readonly makeRoom: () => boolean;
}

export function addressText(octets: Uint8Array): string {
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  return formatAddress({ family: octets.length === 4 ? 4 : 6, value });
}

export function createBmpPeer(
  { sets, budget, layout, seed, keepsRoutes, makeRoom }: PeerDeps,
  identity: Pick<BmpPeer, "address" | "peerType" | "distinguisher">,
): BmpPeer {
  let state: PeerState = { kind: "unknown" };
  let ups = 0;
  let peerAs = 0;
  let isFiltered = false;
  let tableName = "";
  const gauges = createGauges();
  const views = new Map<BmpView, PeerView>();
  let reading: { readonly in: PathIdReader; readonly out: PathIdReader } = { in: withoutPathIds, out: withoutPathIds };

  // Where the prefixes that are walked belong, and the attributes they come with; the visitors are made once.
  let into = familyRoutes(32);
  let octets: Uint8Array = new Uint8Array(0);
  let hasPathIds = false;
  let attributes = 0;
  let asOctets: 2 | 4 = 4;
  let overflowed = false;

  const announce: VisitPrefix = (bytes, at, length, pathId) => {
    const { table } = into;
    if (overflowed || (isFull() && table.get(bytes, at, length, pathId) === 0 && !makeRoom())) {
      overflowed = true;
      return;
    }
    // The first prefix of a message finds the set; the others have the same.
    if (attributes === 0) attributes = sets.take(octets, layout, asOctets);
    else sets.retain(attributes);
    const before = table.set(bytes, at, length, pathId, attributes);
    count(attributes, 1);
    if (before === 0) {
      budget.used += 1;
      if (hasPathIds) countPath(bytes, at, length, 1);
      return;
    }
    count(before, -1);
    sets.release(before);
  };
  const withdraw: VisitPrefix = (bytes, at, length, pathId) => {
    const before = into.table.delete(bytes, at, length, pathId);
    if (before === 0) return;
    budget.used -= 1;
    if (hasPathIds) countPath(bytes, at, length, -1);
    count(before, -1);
    sets.release(before);
  };

  const isFull = () => budget.used + (hasPathIds ? 1 : 0) >= budget.most;

  /** A prefix that has several paths takes one place more, of the budget too. */
  function countPath(bytes: Uint8Array, at: number, length: number, change: 1 | -1): void {
    const { paths } = into;
    const before = paths.get(bytes, at, length, 0);
    const after = Math.max(0, before + change);
    if (after > 0) paths.set(bytes, at, length, 0, after);
    else paths.delete(bytes, at, length, 0);
    budget.used += Math.min(1, after) - Math.min(1, before);
  }

  /** A router may stand its own ASN before the path, as FRR does: it writes what it would send. */
  function count(id: number, change: 1 | -1): void {
    const { asns, runs } = sets.head(id);
    const run = asns[0] === peerAs ? runs[0] : asns[1] === peerAs ? runs[1] : 0;
    const at = Math.min(run, mostPrepends);
    into.prepends[at] = (into.prepends[at] ?? 0) + change;
    into.communities.count(sets.communities(id), change);
  }

  function walk(view: PeerView, range: PrefixRange, visit: VisitPrefix): void {
    if (range.from === range.to || !isUnicast(range)) return;
    into = range.afi === afiIpv4 ? view.ipv4 : view.ipv6;
    into.isTold = true;
    hasPathIds = range.pathIds;
    eachPrefix(octets, range, visit);
  }

  function viewOf(name: BmpView): PeerView {
    const known = views.get(name);
    if (known !== undefined) return known;
    const made: PeerView = { ipv4: familyRoutes(32), ipv6: familyRoutes(128), doubt: undefined };
    views.set(name, made);
    return made;
  }

  function familyRoutes(bits: 32 | 128): FamilyRoutes {
    return {
      table: createRouteTable(bits, seed),
      prepends: new Uint32Array(mostPrepends + 1),
      communities: createCommunityCounts(sets.numbers),
      paths: createRouteTable(bits, seed),
      isTold: false,
    };
  }

  function empty({ ipv4, ipv6 }: PeerView): void {
    for (const { table, paths } of [ipv4, ipv6]) {
      budget.used -= table.size() + paths.size();
      table.each(sets.release);
    }
  }

  /** Microsoft has a session for each family, of its own addresses; a Loc-RIB has those of which routes were told. */
  function onlyFamily(): PrefixFamily | undefined {
    if (identity.peerType !== peerTypes.locRib) return identity.address.includes(":") ? "ipv6" : "ipv4";
    const view = views.get("locRib");
    const told = prefixFamilies.filter((family) => view?.[family].isTold);
    return told.length === 1 ? told[0] : undefined;
  }

  /** What is missing of it is not known any more, so neither is how many there are. */
  function giveUp(name: BmpView, view: PeerView, doubt: ViewDoubt): void {
    empty(view);
    views.set(name, { ipv4: familyRoutes(32), ipv6: familyRoutes(128), doubt });
  }

  function clear(): void {
    for (const view of views.values()) empty(view);
    views.clear();
    gauges.clear();
  }

  return {
    ...identity,
    peerAs: () => peerAs,
    state: () => state,
    ups: () => ups,
    up(peerUp, header, at) {
      // A second Peer Up begins anew. Before the first one there may be routes of this same session (IOS does that).
      if (state.kind === "up") clear();
      const { sentOpen, receivedOpen } = peerUp;
      reading = { in: pathIdReader(receivedOpen, sentOpen), out: pathIdReader(sentOpen, receivedOpen) };
      peerAs = header.peerAs;
      isFiltered = header.isFiltered;
      tableName = textOf(peerUp.information, peerUpTlvs.vrfTableName);
      ups += 1;
      const holdTimes = [sentOpen?.holdTime, receivedOpen?.holdTime].filter((time) => time !== undefined);
      state = {
        kind: "up",
        at,
        localAsn: sentOpen && asnOf(sentOpen),
        holdTime: holdTimes.length === 2 ? Math.min(...holdTimes) : undefined,
      };
    },
    down(down, at) {
      clear();
      // Some say it again at every attempt to connect: the first time is when it went.
      if (state.kind !== "down") state = { kind: "down", at, down };
    },
    update(bytes, at, end, header) {
      if (!keepsRoutes) return undefined;
      const name = viewNameOf(header);
      const view = viewOf(name);
      if (view.doubt !== undefined) return undefined;
      if (peerAs === 0) peerAs = header.peerAs;
      isFiltered ||= header.isFiltered;
      const fault = reading[header.isAdjRibOut ? "out" : "in"].read(bytes, at, end, layout);
      octets = bytes;
      attributes = 0;
      asOctets = header.asOctets;
      overflowed = false;
      if (fault === undefined) {
        walk(view, layout.withdrawn, withdraw);
        walk(view, layout.mpUnreach, withdraw);
        walk(view, layout.nlri, announce);
        walk(view, layout.mpReach, announce);
        if (layout.endOfRibSafi === safiUnicast) {
          if (layout.endOfRibAfi === afiIpv4) view.ipv4.isTold = true;
          if (layout.endOfRibAfi === afiIpv6) view.ipv6.isTold = true;
        }
        if (!overflowed) return undefined;
      }
      const doubt = fault?.kind ?? "tooMany";
      giveUp(name, view, doubt);
      return doubt;
    },
    view: (name) => views.get(name),
    isInDoubt: () => [...views.values()].some(({ doubt }) => doubt !== undefined),
    statistics: (statistics, at) => gauges.take(statistics, onlyFamily(), at),
    gauge: gauges.of,
    tableName: () => tableName,
    isFiltered: () => isFiltered,
    yieldRoutes() {
      const full = [...views].filter(([, { ipv4, ipv6 }]) => ipv4.table.size() + ipv6.table.size() > 0);
      for (const [name, view] of full) giveUp(name, view, "tooMany");
      return full.length > 0;
    },
    memory: () =>
      [...views.values()]
        .flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])
        .flatMap(({ table, paths, communities }) => [table, paths, communities])
        .reduce((sum, part) => sum + part.memory(), 0),
    clear,
  };
}

function viewNameOf({ peerType, isAdjRibOut, isPostPolicy }: PerPeerHeader): BmpView {
  if (peerType === peerTypes.locRib) return "locRib";
  if (isAdjRibOut) return isPostPolicy ? "outPost" : "outPre";
  return isPostPolicy ? "inPost" : "inPre";
}
