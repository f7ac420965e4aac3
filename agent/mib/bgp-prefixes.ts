// Prefix counts of BGP peers by address family, where a vendor's MIB has them. BGP4-MIB has none.

import type { BgpTableName } from "../estate/estate.ts";
import { type Cells, isAbsent, numberAt } from "../wire/snmp/cells.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import { decodePeerIndex, type IndexPart, type PeerIndex } from "./bgp-peer-index.ts";
import type { BgpPeerRow } from "./bgp-peers.ts";

/** `advertised` may be cumulative, with `withdrawn` beside it: what is advertised now is their difference. */
type PrefixField = "received" | "accepted" | "active" | "rejected" | "advertised" | "withdrawn";

/** The counts of one table; `afi` and `safi` where the columns, and not the index, say the family. */
export interface PrefixTable {
  readonly name: string;
  /** The peer tables whose peers it counts. */
  readonly of: readonly BgpTableName[];
  /** `row` stands for the peer's own index there (jnxBgpM2PeerIndex). */
  readonly index: readonly IndexPart[];
  readonly family: { readonly afi: number; readonly safi: number } | undefined;
  readonly columns: Readonly<Partial<Record<PrefixField, Oid>>>;
  /** The agent shows every family of every peer: one without any count is not in use. */
  readonly allFamilies: boolean;
}

export interface PrefixCounts {
  readonly afi: number;
  readonly safi: number;
  /** Before policy. */
  readonly received: number | undefined;
  /** After policy. */
  readonly accepted: number | undefined;
  /** Chosen as best path. */
  readonly active: number | undefined;
  readonly rejected: number | undefined;
  readonly advertised: number | undefined;
}

const enterprises = "1.3.6.1.4.1";
const cisco = `${enterprises}.9.9.187.1.2`;
const nokia = `${enterprises}.6527.3.1.2.14.4.8.1`;
const foundry = `${enterprises}.1991.1.2.11.17.1.1`;
const firebrick = `${enterprises}.24693.100.179.1.1`;

function columns(
  entry: string,
  arcs: Readonly<Partial<Record<PrefixField, number>>>,
): Readonly<Partial<Record<PrefixField, Oid>>> {
  return Object.fromEntries(Object.entries(arcs).map(([field, arc]) => [field, oid(`${entry}.${arc}`)]));
}

/** cbgpPeer…AcceptedPrefixes, DeniedPrefixes, AdvertisedPrefixes, WithdrawnPrefixes. */
const ciscoArcs = { accepted: 1, rejected: 2, advertised: 6, withdrawn: 8 } as const;

/** …NlriPrefixCountersTable of draft-ietf-idr-bgp4-mibv2. */
const bgp4V2Arcs = { received: 3, accepted: 4, advertised: 5 } as const;

/** A family of tBgpPeerNgOperTable, whose columns follow one another. */
function nokiaFamily(afi: number, safi: number, received: number): PrefixTable {
  return {
    name: "tBgpPeerNgOperTable",
    of: ["tBgpPeerNgTable"],
    index: ["vrf", "remote"],
    family: { afi, safi },
    columns: columns(nokia, { received, advertised: received + 1, active: received + 2 }),
    allFamilies: true,
  };
}

export const prefixTables: readonly PrefixTable[] = [
  {
    name: "cbgpPeer2AddrFamilyPrefixTable",
    of: ["cbgpPeer2Table"],
    index: ["remote", "afi", "safi"],
    family: undefined,
    columns: columns(`${cisco}.8.1`, ciscoArcs),
    allFamilies: false,
  },
  {
    // IPv4 peers of older IOS stand here only.
    name: "cbgpPeerAddrFamilyPrefixTable",
    of: ["cbgpPeer2Table", "bgpPeerTable"],
    index: ["v4", "afi", "safi"],
    family: undefined,
    columns: columns(`${cisco}.4.1`, ciscoArcs),
    allFamilies: false,
  },
  {
    name: "jnxBgpM2PrefixCountersTable",
    of: ["jnxBgpM2PeerTable"],
    index: ["row", "afi", "safi"],
    family: undefined,
    columns: columns(`${enterprises}.2636.5.1.1.2.6.2.1`, {
      received: 7,
      accepted: 8,
      rejected: 9,
      advertised: 10,
      active: 11,
    }),
    allFamilies: false,
  },
  {
    name: "aristaBgp4V2PrefixGaugesTable",
    of: ["aristaBgp4V2PeerTable"],
    index: ["vrf", "remote", "afi", "safi"],
    family: undefined,
    columns: columns(`${enterprises}.30065.4.1.1.8.1`, bgp4V2Arcs),
    allFamilies: false,
  },
  {
    name: "os10bgp4V2PrefixGaugesTable",
    of: ["os10bgp4V2PeerTable"],
    index: ["vrf", "remote", "afi", "safi"],
    family: undefined,
    columns: columns(`${enterprises}.674.11000.5000.200.1.1.8.1`, bgp4V2Arcs),
    allFamilies: false,
  },
  {
    name: "hwBgpPeerRouteTable",
    of: ["hwBgpPeerTable"],
    index: ["vrf", "afi", "safi", "remote"],
    family: undefined,
    columns: columns(`${enterprises}.2011.5.25.177.1.1.3.1`, { received: 1, active: 2, advertised: 3 }),
    allFamilies: false,
  },
  nokiaFamily(1, 1, 5),
  nokiaFamily(1, 128, 13),
  nokiaFamily(2, 1, 27),
  nokiaFamily(2, 128, 40),
  {
    name: "snBgp4NeighborSummaryTable",
    of: ["snBgp4NeighborSummaryTable"],
    index: ["row"],
    family: { afi: 1, safi: 1 },
    columns: columns(foundry, { received: 5, accepted: 6 }),
    allFamilies: false,
  },
  ...([6, 8] as const).map(
    (received, i): PrefixTable => ({
      name: "fbBgpPeerTable",
      of: ["fbBgpPeerTable"],
      index: ["remote"],
      family: { afi: i + 1, safi: 1 },
      columns: columns(firebrick, { received }),
      allFamilies: false,
    }),
  ),
];

/** What a walk asks for, and the order in which `readPrefixes` finds the cells of a row. */
export function prefixColumns(table: PrefixTable): readonly Oid[] {
  return Object.values(table.columns);
}

/**
 * Joins counts with peers: by VRF and address, and by the family where the index of a peer has one; or by the peer's
 * own number. Undefined when the index is none of the table's.
 */
export function prefixKey(table: PrefixTable, index: readonly number[]): string | undefined {
  if (table.index.includes("row")) return `row ${index[0]}`;
  const decoded = decodePeerIndex(table.index, index);
  // What stands behind the address is the family of the counts, not the peer's.
  const behind = table.index.at(-1) !== "remote";
  return decoded?.remoteAddress === undefined
    ? undefined
    : keyOf(behind ? { ...decoded, afi: undefined } : decoded, decoded.remoteAddress);
}

/** The key under which the counts of a peer stand, given the form and the index of its row. */
export function peerKey(
  table: PrefixTable,
  form: readonly IndexPart[],
  index: readonly number[],
  { peerIndex, remoteAddress }: BgpPeerRow,
): string {
  if (table.index.includes("row")) return `row ${peerIndex ?? index[0]}`;
  return keyOf(decodePeerIndex(form, index), remoteAddress);
}

function keyOf(decoded: PeerIndex | undefined, remoteAddress: string): string {
  const { vrf, afi, safi } = decoded ?? {};
  return [vrf, remoteAddress, ...(afi === undefined ? [] : [afi, safi])].join(" ");
}

/** One row from the cell `at` on; undefined for a family that is not in use. Each value that is missing or bad is lost alone. */
export function readPrefixes(
  table: PrefixTable,
  index: readonly number[],
  cells: Cells,
  at: number,
): PrefixCounts | undefined {
  const decoded = decodePeerIndex(table.index, index);
  const { afi, safi } = table.family ?? { afi: decoded?.afi, safi: decoded?.safi };
  if (afi === undefined || safi === undefined) return undefined;
  const fields = Object.keys(table.columns) as PrefixField[];
  if (fields.every((_, i) => isAbsent(cells, at + i))) return undefined;
  if (table.allFamilies && fields.every((_, i) => (numberAt(cells, at + i) ?? 0) === 0)) return undefined;
  const read = (field: PrefixField) => {
    const place = fields.indexOf(field);
    return place < 0 ? undefined : numberAt(cells, at + place);
  };
  const advertised = read("advertised");
  return {
    afi,
    safi,
    received: read("received"),
    accepted: read("accepted"),
    active: read("active"),
    rejected: read("rejected"),
    // Both are Counter32 or Gauge32 that count up, so their difference is taken modulo 2^32.
    advertised: advertised === undefined ? undefined : (advertised - (read("withdrawn") ?? 0)) >>> 0,
  };
}
