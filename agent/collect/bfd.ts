// Polls the BFD sessions with the far ends of the configured BGP sessions of one router. Their tables number the
// sessions, so a walk finds them by the address that a column, or the index of a map beside the table, has.

import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";
import { type BfdLayout, bfdLayout, readBfd } from "../mib/bfd.ts";
import { bfdTables } from "../mib/bfd-tables.ts";
import { decodePeerIndex } from "../mib/bgp-peer-index.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { isAbsent, numberAt } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import type { Collector, CollectorDeps } from "./collector.ts";
import { type Look, type Place, type Sought, type SoughtContext, soughtCollector, tenMinutes } from "./sought.ts";

const group = "bfd";

/** Made once: the client keeps the plan of a walk by its array of columns. */
const layouts = bfdTables.map((table) => ({
  table,
  identity: bfdLayout(table, "identity"),
  session: bfdLayout(table, "session"),
  maps: table.maps.map(({ column, index }) => ({ name: column.name, columns: [column.oid], index })),
}));

interface BfdPlace extends Place {
  readonly layout: BfdLayout;
}

export interface WalkedBfd {
  readonly index: readonly number[];
  readonly remoteAddress: string;
  readonly isUp: boolean;
  readonly layout: BfdLayout;
}

interface Wanted extends SoughtContext {
  readonly peers: readonly string[];
}

/** `peers`: the remote addresses of the configured sessions, each once. */
export function bfdCollector(
  { clock, target, uptime }: CollectorDeps,
  router: string,
  peers: readonly string[],
): Collector {
  return soughtCollector({ clock, target, uptime, router, peers }, bfdSessions);
}

const bfdSessions: Sought<Wanted, BfdPlace> = {
  group,
  table: "bfdSessTable",
  rarely: tenMinutes,
  nothingShown: () => `has no BFD session in ${bfdTables.map(({ mib }) => mib).join(", ")}`,
  look: ({ target, peers }) => look(target, peers),
  read({ router }, { key, layout }, cells, from, at) {
    const state = from + layout.fields.indexOf("state");
    if (isAbsent(cells, state)) return "gone";
    const { remoteAddress, state: read, ...row } = readBfd(layout, cells, from, numberAt(cells, 0));
    if (remoteAddress !== undefined && remoteAddress !== key) return "gone";
    if (read === undefined) return undefined;
    return { kind: "bfd", router, remoteAddress: key, at, present: true, state: read, ...row };
  },
  absent: ({ router }, remoteAddress, at) => ({ kind: "bfd", router, remoteAddress, at, present: false }),
};

async function look(target: SnmpTarget, peers: readonly string[]): Promise<Result<Look<BfdPlace>, SnmpError>> {
  const places: BfdPlace[] = [];
  const oids: Oid[] = [];
  let left = peers;
  let shown = false;
  let doubt: SnmpError | undefined;
  for (const { table } of layouts) {
    if (left.length === 0) break;
    const walked = await walkBfd(target, table.name);
    if (!walked.ok) {
      if (walked.error.kind === "aborted") return err(walked.error);
      doubt ??= walked.error;
      continue;
    }
    shown ||= walked.value.length > 0;
    for (const key of left) {
      const here = walked.value.filter(({ remoteAddress }) => remoteAddress === key);
      // An old row may stand beside the live one, and one end may be watched for several clients.
      const best = here.find(({ isUp }) => isUp) ?? here[0];
      if (best === undefined) continue;
      const { layout, index } = best;
      places.push({ key, layout, width: layout.oids.length });
      for (const column of layout.oids) oids.push([...column, ...index]);
    }
    left = left.filter((key) => !places.some((place) => place.key === key));
  }
  return ok({ places, oids, missing: left, shown, doubt });
}

/** All sessions of one table that have an address. */
export async function walkBfd(target: SnmpTarget, name: string): Promise<Result<readonly WalkedBfd[], SnmpError>> {
  const layout = layouts.find(({ table }) => table.name === name);
  if (layout === undefined) return ok([]);
  const { identity, session, maps } = layout;
  const got = await target.walk(identity.oids, { group, table: name });
  if (!got.ok) return got;
  const width = identity.fields.length;
  const rows = got.value.rows.flatMap((octets, row) => {
    const index = decodeArcs(octets, 0, octets.length);
    const shown = !isAbsent(got.value.cells, row * width + identity.fields.indexOf("state"));
    return index === undefined || !shown ? [] : [{ index, ...readBfd(identity, got.value.cells, row * width) }];
  });
  const nameless = rows.some(({ remoteAddress }) => remoteAddress === undefined);
  const addresses = nameless ? await walkMaps(target, maps) : ok(new Map<number, string>());
  if (!addresses.ok) return addresses;
  return ok(
    rows.flatMap(({ index, remoteAddress, state }) => {
      const address = remoteAddress ?? addresses.value.get(index[0] ?? 0);
      return address === undefined ? [] : [{ index, remoteAddress: address, isUp: state === "up", layout: session }];
    }),
  );
}

/** Addresses by the number of their session. */
async function walkMaps(
  target: SnmpTarget,
  maps: (typeof layouts)[number]["maps"],
): Promise<Result<ReadonlyMap<number, string>, SnmpError>> {
  const addresses = new Map<number, string>();
  for (const { name, columns, index } of maps) {
    const got = await target.walk(columns, { group, table: name });
    if (!got.ok) return got;
    got.value.rows.forEach((octets, row) => {
      const session = numberAt(got.value.cells, row);
      const address = decodePeerIndex(index, decodeArcs(octets, 0, octets.length) ?? [])?.remoteAddress;
      if (session !== undefined && address !== undefined && address !== "") addresses.set(session, address);
    });
  }
  return ok(addresses);
}
