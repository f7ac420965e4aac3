// Replays one walk over loopback UDP, and polls it with the agent's own engine and tables.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type WalkedBfd, walkBfd } from "../../agent/collect/bfd.ts";
import { candidateTables, walkPeers } from "../../agent/collect/bgp-peers.ts";
import { walkIfNames } from "../../agent/collect/interface-names.ts";
import { opticsCollector } from "../../agent/collect/optics.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { answerSnmp } from "../../agent/lab/snmp-agent.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import type { Result } from "../../agent/lib/result.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { bfdTables } from "../../agent/mib/bfd-tables.ts";
import type { BgpPeerRow } from "../../agent/mib/bgp-peers.ts";
import {
  type PrefixCounts,
  type PrefixTable,
  peerKey,
  prefixColumns,
  prefixKey,
  prefixTables,
  readPrefixes,
} from "../../agent/mib/bgp-prefixes.ts";
import type { BgpTable } from "../../agent/mib/bgp-tables.ts";
import { ifNaming, ifPolled, ifTable } from "../../agent/mib/if-mib.ts";
import { type NeighborRow, neighborInstances, readNeighbor } from "../../agent/mib/ip-mib.ts";
import { domColumns, type OpticalReading, readDom, readSensor, sensorTables } from "../../agent/mib/optics.ts";
import { type Column, columnsOf } from "../../agent/mib/table.ts";
import { createSnmpClient, type SnmpTarget } from "../../agent/net/snmp-client.ts";
import type { SnmpError } from "../../agent/net/snmp-error.ts";
import { isAbsent } from "../../agent/wire/snmp/cells.ts";
import { decodeArcs } from "../../agent/wire/snmp/oid.ts";
import type { VarBind } from "../../agent/wire/snmp/value.ts";
import { viewOf } from "./snmprec.ts";

export interface FoundPeer {
  readonly mib: string;
  readonly row: BgpPeerRow;
  readonly prefixes: readonly PrefixCounts[];
}

export interface Found {
  /** Rows of ifTable, or of ifXTable where there is no ifTable. */
  readonly interfaces: number;
  readonly peers: readonly FoundPeer[];
  readonly optics: readonly OpticalReading[];
  /** Powers that the agent's collector brings to an interface of the walk. */
  readonly opticsOfInterfaces: number;
  readonly bfd: readonly WalkedBfd[];
  /** The entry of each neighbour that was asked for. */
  readonly neighbors: readonly NeighborRow[];
}

/** A neighbour as the agent asks for it: by interface and address. */
export interface AskedNeighbor {
  readonly ifIndex: number;
  readonly address: string;
}

const community = "walk";

/** A row may hold nothing that the agent polls: these make it count. */
const ofRowsOnly = columnsOf("1.3.6.1.2.1.2.2.1", { ifIndex: 1, ifType: 3, ifMtu: 4 });

/** Throws when a poll fails: a recording always answers. */
export async function pollWalk(bindings: readonly VarBind[], neighbors: readonly AskedNeighbor[] = []): Promise<Found> {
  const view = viewOf(bindings);
  const socket = createSocket("udp4");
  socket.on("message", (request, from) => {
    const answer = answerSnmp(request, Buffer.from(community), view);
    if (answer.ok) socket.send(answer.octets, from.port, from.address);
  });
  await once(socket.bind(0, "127.0.0.1"), "listening");
  const client = createSnmpClient({ clock: systemClock });
  const target = client.target({
    router: "walk",
    address: "127.0.0.1",
    port: socket.address().port,
    credentials: { version: "2c", community: new Secret(community) },
    anySource: false,
  });
  try {
    await client.start();
    return {
      interfaces: await interfacesOf(target),
      peers: await peersOf(target),
      optics: await opticsOf(target),
      opticsOfInterfaces: await opticsOfInterfaces(target),
      bfd: await bfdOf(target),
      neighbors: await neighborsOf(target, neighbors),
    };
  } finally {
    await client.stop();
    await new Promise<void>((done) => socket.close(() => done()));
  }
}

function must<T>(result: Result<T, SnmpError>): T {
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

async function interfacesOf(target: SnmpTarget): Promise<number> {
  const ofIfTable: readonly Column[] = [...Object.values(ifTable), ...Object.values(ofRowsOnly)];
  const all = [...ifNaming, ...ifPolled[64], ...Object.values(ofRowsOnly)];
  const { rows, cells } = must(
    await target.walk(
      all.map((column) => column.oid),
      { group: "interfaces", table: "ifTable and ifXTable" },
    ),
  );
  const places = all.flatMap((column, i) => (ofIfTable.includes(column) ? [i] : []));
  const inIfTable = rows.filter((_, row) => places.some((i) => !isAbsent(cells, row * all.length + i)));
  return inIfTable.length > 0 ? inIfTable.length : rows.length;
}

/** Each address from the first table that has it, as the agent looks for its sessions. */
async function peersOf(target: SnmpTarget): Promise<readonly FoundPeer[]> {
  const found: FoundPeer[] = [];
  for (const table of must(await candidateTables(target, undefined))) {
    const walked = must(await walkPeers(target, table, "all"));
    const known = new Set(found.map(({ row }) => row.remoteAddress));
    const more = walked.filter(({ row }) => !known.has(row.remoteAddress));
    if (more.length === 0) continue;
    const counts = await prefixesOf(target, table);
    for (const { index, row } of more) {
      const prefixes = counts.flatMap((of) => of.byPeer.get(peerKey(of.table, table.index, index, row)) ?? []);
      found.push({ mib: table.mib, row, prefixes });
    }
  }
  return found;
}

interface CountsByPeer {
  readonly table: PrefixTable;
  readonly byPeer: ReadonlyMap<string, readonly PrefixCounts[]>;
}

async function prefixesOf(target: SnmpTarget, of: BgpTable): Promise<readonly CountsByPeer[]> {
  const counts: CountsByPeer[] = [];
  for (const table of prefixTables.filter((one) => one.of.includes(of.name))) {
    const columns = prefixColumns(table);
    const { rows, cells } = must(await target.walk(columns, { group: "bgp", table: table.name }));
    const byPeer = new Map<string, PrefixCounts[]>();
    rows.forEach((octets, row) => {
      const index = decodeArcs(octets, 0, octets.length) ?? [];
      const key = prefixKey(table, index);
      const read = readPrefixes(table, index, cells, row * columns.length);
      if (key !== undefined && read !== undefined) byPeer.set(key, [...(byPeer.get(key) ?? []), read]);
    });
    counts.push({ table, byPeer });
  }
  return withoutRepeated(counts);
}

/** Both of Cisco's prefix tables may count the IPv4 peers: the newer one is taken. */
function withoutRepeated(counts: readonly CountsByPeer[]): readonly CountsByPeer[] {
  const [first, ...rest] = counts;
  if (first?.table.name !== "cbgpPeer2AddrFamilyPrefixTable") return counts;
  return [
    first,
    ...rest.map(({ table, byPeer }) => ({
      table,
      byPeer: new Map([...byPeer].filter(([key]) => !first.byPeer.has(key))),
    })),
  ];
}

async function opticsOf(target: SnmpTarget): Promise<readonly OpticalReading[]> {
  const readings: OpticalReading[] = [];
  for (const { name, columns } of sensorTables) {
    const { rows, cells } = must(await target.walk(columns, { group: "optics", table: name }));
    rows.forEach((_, row) => {
      const reading = readSensor(cells, row);
      if (reading !== undefined) readings.push(reading);
    });
  }
  const dom = must(await target.walk(domColumns, { group: "optics", table: "jnxDomCurrentTable" }));
  dom.rows.forEach((_, row) => {
    readings.push(...readDom(dom.cells, row));
  });
  return readings;
}

/** The collector, asked once for every interface that has a name and is no subinterface. */
async function opticsOfInterfaces(target: SnmpTarget): Promise<number> {
  const named = must(await walkIfNames(target, "optics"));
  const ports = named.flatMap(({ names: [ifName, ifDescr] }) => ifName ?? ifDescr ?? []);
  const names = [...new Set(ports.filter((name) => !/[.:]\d+$/.test(name)))];
  const deps = { clock: systemClock, target, uptime: createUptimeWatch() };
  const { observations } = await opticsCollector(deps, "walk", names)();
  return observations.reduce(
    (sum, o) =>
      sum + (o.kind === "optics" ? o.readings.filter(({ quantity }) => quantity.endsWith("Power")).length : 0),
    0,
  );
}

async function bfdOf(target: SnmpTarget): Promise<readonly WalkedBfd[]> {
  const sessions: WalkedBfd[] = [];
  for (const { name } of bfdTables) sessions.push(...must(await walkBfd(target, name)));
  return sessions;
}

async function neighborsOf(target: SnmpTarget, asked: readonly AskedNeighbor[]): Promise<readonly NeighborRow[]> {
  const each = asked.map(({ ifIndex, address }) => neighborInstances(ifIndex, address));
  const oids = each.flat();
  if (oids.length === 0) return [];
  const cells = must(await target.get(oids, { group: "neighbors", table: "ipNetToPhysicalTable" }));
  let from = 0;
  return each.map((instances) => {
    const at = from;
    from += instances.length;
    return readNeighbor(cells, at, instances.length);
  });
}
