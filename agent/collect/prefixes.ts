// Polls the prefix counts of the configured BGP sessions of one router, where its vendor's MIB has them.

import type { BgpTableName } from "../estate/estate.ts";
import type { PrefixesObservation, PrefixFamily } from "../estate/link-observation.ts";
import { err, ok, type Result } from "../lib/result.ts";
import {
  type PrefixTable,
  peerKey,
  prefixColumns,
  prefixKey,
  prefixTables,
  readPrefixes,
} from "../mib/bgp-prefixes.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { Cells } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import { candidateTables, walkPeers } from "./bgp-peers.ts";
import type { Collector, CollectorDeps } from "./collector.ts";
import {
  areAbsent,
  type Look,
  type Place,
  type Sought,
  type SoughtContext,
  soughtCollector,
  tenMinutes,
} from "./sought.ts";

const group = "prefixes";

/** Rows of one session: one for each family, or one with all. */
interface Row {
  readonly table: PrefixTable;
  readonly index: readonly number[];
}

interface PrefixPlace extends Place {
  readonly rows: readonly Row[];
}

/** Made once: the client keeps the plan of a walk by its array of columns. */
const columnsOf = new Map(prefixTables.map((table) => [table, prefixColumns(table)]));

/** Unicast only: no other family comes over a link to Microsoft. */
function familyOf(afi: number, safi: number): PrefixFamily | undefined {
  return safi !== 1 ? undefined : afi === 1 ? "ipv4" : afi === 2 ? "ipv6" : undefined;
}

interface Wanted extends SoughtContext {
  readonly peers: readonly string[];
  readonly configured: BgpTableName | undefined;
}

export function prefixesCollector(
  { clock, target, uptime }: CollectorDeps,
  router: string,
  peers: readonly string[],
  configured: BgpTableName | undefined,
): Collector {
  return soughtCollector({ clock, target, uptime, router, peers, configured }, prefixes);
}

const prefixes: Sought<Wanted, PrefixPlace> = {
  group,
  table: "prefix counts",
  rarely: tenMinutes,
  nothingShown: () => "shows no prefix counts of its sessions (BGP4-MIB has none)",
  look: ({ target, peers, configured }) => look(target, peers, configured),
  read({ router }, { key, rows, width }, cells, from, at) {
    if (areAbsent(cells, from, width)) return "gone";
    return { kind: "prefixes", router, remoteAddress: key, at, families: familiesOf(rows, cells, from) };
  },
};

function familiesOf(rows: readonly Row[], cells: Cells, from: number): PrefixesObservation["families"] {
  let next = from;
  return rows.flatMap(({ table, index }) => {
    const at = next;
    next += columnsOf.get(table)?.length ?? 0;
    const counts = readPrefixes(table, index, cells, at);
    const family = counts && familyOf(counts.afi, counts.safi);
    if (counts === undefined || family === undefined) return [];
    const { received, accepted, active, advertised } = counts;
    return [{ family, received, accepted, active, advertised }];
  });
}

async function look(
  target: SnmpTarget,
  peers: readonly string[],
  configured: BgpTableName | undefined,
): Promise<Result<Look<PrefixPlace>, SnmpError>> {
  const tables = await candidateTables(target, configured, group);
  if (!tables.ok) return tables;
  const places: PrefixPlace[] = [];
  const oids: Oid[] = [];
  let left = peers;
  let doubt: SnmpError | undefined;
  for (const table of tables.value) {
    const counting = prefixTables.filter((one) => one.of.includes(table.name));
    if (left.length === 0 || counting.length === 0) continue;
    const walked = await walkPeers(target, table, "all", group);
    const counted = walked.ok && walked.value.length > 0 ? await walkCounts(target, counting) : undefined;
    const failure = walked.ok ? (counted?.ok === false ? counted.error : undefined) : walked.error;
    if (failure?.kind === "aborted") return err(failure);
    doubt ??= failure;
    if (!walked.ok || counted?.ok !== true) continue;
    for (const key of left) {
      const here = walked.value.filter(({ row }) => row.remoteAddress === key);
      // Who is meant among the VRFs of an address is not guessed; the session's own poll says so.
      if (new Set(here.map(({ row }) => row.vrf)).size !== 1) continue;
      const rows = rowsOf(
        here.map(
          ({ index, row }) =>
            (one: PrefixTable) =>
              peerKey(one, table.index, index, row),
        ),
        counted.value,
      );
      if (rows.length === 0) continue;
      const own = rows.flatMap((row) => (columnsOf.get(row.table) ?? []).map((column) => [...column, ...row.index]));
      places.push({ key, rows, width: own.length });
      oids.push(...own);
    }
    left = left.filter((key) => !places.some((place) => place.key === key));
  }
  return ok({ places, oids, missing: left, shown: places.length > 0, doubt });
}

/** The rows of one session; a family that stands in two tables is taken from the first. */
function rowsOf(keys: readonly ((table: PrefixTable) => string)[], counted: readonly CountedRow[]): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const { table, index, key, family } of counted) {
    if (keys.some((of) => of(table) === key) && !rows.has(family)) rows.set(family, { table, index });
  }
  return [...rows.values()];
}

interface CountedRow extends Row {
  readonly key: string;
  readonly family: PrefixFamily;
}

/** Unicast rows of all peers. */
async function walkCounts(
  target: SnmpTarget,
  tables: readonly PrefixTable[],
): Promise<Result<readonly CountedRow[], SnmpError>> {
  const counted: CountedRow[] = [];
  for (const table of tables) {
    const columns = columnsOf.get(table) ?? [];
    const walked = await target.walk(columns, { group, table: table.name });
    if (!walked.ok) return walked;
    walked.value.rows.forEach((octets, row) => {
      const index = decodeArcs(octets, 0, octets.length) ?? [];
      const key = prefixKey(table, index);
      const counts = readPrefixes(table, index, walked.value.cells, row * columns.length);
      const family = counts && familyOf(counts.afi, counts.safi);
      if (key !== undefined && family !== undefined) counted.push({ table, index, key, family });
    });
  }
  return ok(counted);
}
