// Where a router shows its BGP peers. Its sysObjectID proposes tables; a walk of the column of states says whether
// a table has rows, and which of them are the configured sessions.

import { type BgpTableName, microsoftAsn } from "../estate/estate.ts";
import type { PollGroup } from "../estate/observation.ts";
import type { PeersObservation } from "../estate/session-observation.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { decodePeerIndex, type PeerIndex } from "../mib/bgp-peer-index.ts";
import {
  type BgpPeerRow,
  columnsOfLayout,
  instancesOf,
  layoutOf,
  type PeerLayout,
  readPeer,
} from "../mib/bgp-peers.ts";
import { type BgpTable, bgpTables, proposedBgpTables } from "../mib/bgp-tables.ts";
import { sysObjectId } from "../mib/snmpv2-mib.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { isAbsent, oidAt } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";

/** A configured session and its row. */
export interface KnownPeer {
  readonly remoteAddress: string;
  readonly layout: PeerLayout;
  /** Undefined when it is none of the layout. */
  readonly index: PeerIndex | undefined;
  /** As the table has it. */
  readonly arcs: readonly number[];
}

/** What to GET of it, in the order of the layout. */
export function oidsOf({ layout, arcs, remoteAddress }: KnownPeer): readonly Oid[] {
  return instancesOf(layout, arcs, remoteAddress);
}

export interface PeersFound {
  readonly known: readonly KnownPeer[];
  /** Sessions that a table could hold, and none does. */
  readonly missing: readonly string[];
  /** IPv6 sessions, where no table that has rows can hold any. */
  readonly unseen: readonly string[];
  /** One sentence for each address that is a peer in more than one VRF. */
  readonly ambiguous: readonly string[];
  /** Peers with Microsoft's ASN that are none of the sessions looked for. */
  readonly unconfigured: PeersObservation["unconfigured"];
  /** The tables that have rows. */
  readonly tables: readonly BgpTable[];
  /** A table that could not be read: what is missing may be there. */
  readonly doubt: SnmpError | undefined;
}

export interface WalkedPeer {
  readonly index: readonly number[];
  readonly row: BgpPeerRow;
}

/** The tables to look in: the configured one, or those that the router's sysObjectID proposes. */
export async function candidateTables(
  target: SnmpTarget,
  configured: BgpTableName | undefined,
  group: PollGroup = "bgp",
): Promise<Result<readonly BgpTable[], SnmpError>> {
  if (configured !== undefined) return ok(bgpTables.filter(({ name }) => name === configured));
  const got = await target.get(makeQuestion, { group, table: "system" });
  return got.ok ? ok(proposedBgpTables(oidAt(got.value, 0) ?? [])) : got;
}

const makeQuestion: readonly Oid[] = [sysObjectId];

/** One for all routers. */
const sessionLayouts = new Map(bgpTables.map((table) => [table, layoutOf(table, "session")]));

/** Made once: the client keeps the plan of a walk by its array of columns. */
const plans = {
  identity: new Map(bgpTables.map((table) => [table, planOf(table, "identity")])),
  all: new Map(bgpTables.map((table) => [table, planOf(table, "all")])),
};

function planOf(table: BgpTable, what: "identity" | "all") {
  const layout = layoutOf(table, what);
  return { layout, columns: columnsOfLayout(layout) };
}

/** All peers that a table shows. */
export async function walkPeers(
  target: SnmpTarget,
  table: BgpTable,
  what: "identity" | "all",
  group: PollGroup = "bgp",
): Promise<Result<readonly WalkedPeer[], SnmpError>> {
  const { layout, columns } = plans[what].get(table) ?? planOf(table, what);
  const got = await target.walk(columns, { group, table: table.name });
  if (!got.ok) return got;
  const state = layout.places.state ?? 0;
  const rows = got.value.rows.flatMap((octets, i): readonly WalkedPeer[] => {
    const index = decodeArcs(octets, 0, octets.length);
    const at = i * layout.fields.length;
    const row = index === undefined ? undefined : readPeer(layout, index, got.value.cells, at);
    // Some agents fill only other columns of a peer they cannot show.
    const shown = row !== undefined && !isAbsent(got.value.cells, at + state);
    return index === undefined || row === undefined || !shown ? [] : [{ index, row }];
  });
  return ok(rows);
}

/** Looks for the sessions in one table after the other, until all are found. An error only when no table could be read. */
export async function findPeers(
  target: SnmpTarget,
  router: string,
  tables: readonly BgpTable[],
  peers: readonly string[],
): Promise<Result<PeersFound, SnmpError>> {
  const known: KnownPeer[] = [];
  const ambiguous: string[] = [];
  const withRows: BgpTable[] = [];
  const unconfigured = new Map<string, PeersObservation["unconfigured"][number]>();
  let left = peers;
  let doubt: SnmpError | undefined;
  for (const table of tables) {
    const rows = await walkPeers(target, table, "identity");
    if (!rows.ok) {
      if (rows.error.kind === "aborted") return rows;
      doubt ??= rows.error;
      continue;
    }
    if (rows.value.length === 0) continue;
    withRows.push(table);
    for (const { row } of rows.value) {
      const { remoteAddress, remoteAsn, state } = row;
      if (remoteAsn !== microsoftAsn || peers.includes(remoteAddress)) continue;
      // Of an address that is a peer of several VRFs, or has an old row, the session that stands counts.
      if (unconfigured.get(remoteAddress)?.state !== "established")
        unconfigured.set(remoteAddress, { remoteAddress, state });
    }
    const layout = sessionLayouts.get(table) ?? layoutOf(table, "session");
    for (const remoteAddress of left) {
      const fitting = rows.value.filter(({ row }) => row.remoteAddress === remoteAddress);
      const vrfs = [...new Set(fitting.map(({ row }) => row.vrf))];
      // One peer may have a row for each address family, or an old one from before its address was known.
      const best = fitting.find(({ row }) => row.state === "established") ?? fitting[0];
      if (vrfs.length > 1) {
        ambiguous.push(
          `${router}: ${remoteAddress} is a BGP peer in several VRFs (${vrfs.join(", ")}) of ${table.name}, and the configuration does not say in which`,
        );
      } else if (best !== undefined) {
        const { index } = best;
        const decoded = decodePeerIndex(table.index, index);
        known.push({ remoteAddress, layout, index: decoded, arcs: index });
      }
      if (best !== undefined) left = left.filter((one) => one !== remoteAddress);
    }
    if (left.length === 0) break;
  }
  if (withRows.length === 0 && doubt !== undefined) return err(doubt);
  const ipv6 = withRows.some((table) => table.ipv6);
  const unseen = left.filter((peer) => peer.includes(":") && !ipv6);
  const missing = left.filter((peer) => !unseen.includes(peer));
  return ok({ known, missing, unseen, ambiguous, unconfigured: [...unconfigured.values()], tables: withRows, doubt });
}
