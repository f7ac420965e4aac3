// What a notification says of a BGP session. The peer is taken from the index of any object of a peer table: the objects that
// should name it may read 0.0.0.0.

import type { BgpState } from "../estate/observation.ts";
import type { Notification } from "../wire/snmp/notification.ts";
import { isUnder, type Oid } from "../wire/snmp/oid.ts";
import type { Value } from "../wire/snmp/value.ts";
import { decodePeerIndex } from "./bgp-peer-index.ts";
import { type BgpTable, bgpTables, type PeerField } from "./bgp-tables.ts";

export interface NotifiedSession {
  /** Canonical text. */
  readonly remoteAddress: string;
  readonly state: BgpState | undefined;
  readonly lastError: readonly [code: number, subcode: number] | undefined;
}

interface Place {
  readonly table: BgpTable;
  readonly field: PeerField;
  readonly oid: Oid;
}

const places: readonly Place[] = bgpTables
  .filter(({ index }) => !index.includes("row"))
  .flatMap((table) =>
    (Object.keys(table.columns) as PeerField[]).flatMap((field) => {
      const column = table.columns[field];
      return column === undefined || field === table.byAddress ? [] : [{ table, field, oid: column.oid }];
    }),
  );

/** Undefined when it names no peer, or several. */
export function notifiedSession({ varbinds }: Notification): NotifiedSession | undefined {
  let found: NotifiedSession | undefined;
  for (const { oid: instance, value } of varbinds) {
    const place = places.find(({ oid }) => isUnder(instance, oid));
    if (place === undefined) continue;
    const { table, field, oid } = place;
    const remoteAddress = decodePeerIndex(table.index, instance.slice(oid.length))?.remoteAddress;
    if (remoteAddress === undefined || remoteAddress === "") continue;
    if (found !== undefined && found.remoteAddress !== remoteAddress) return undefined;
    found = {
      remoteAddress,
      state: field === "state" ? stateOf(table, value) : found?.state,
      lastError: field === "lastError" ? errorOf(value) : found?.lastError,
    };
  }
  return found;
}

function stateOf({ states }: BgpTable, value: Value): BgpState | undefined {
  return value.type === "integer" ? states[value.value] : undefined;
}

function errorOf(value: Value): NotifiedSession["lastError"] {
  if (value.type !== "octets" || value.value.length !== 2) return undefined;
  return [value.value[0] ?? 0, value.value[1] ?? 0];
}
