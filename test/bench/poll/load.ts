// The poll that is measured: one router with 20 interfaces and 6 BGP peers, 288 values.

import type { MibView } from "../../../agent/lab/mib-view.ts";
import { compareOids, type Oid, oid } from "../../../agent/wire/snmp/oid.ts";
import type { Value } from "../../../agent/wire/snmp/value.ts";

export const community = "benchmark";
export const interfaces = 20;
export const peers = 6;

export interface LoadColumn {
  readonly name: string;
  readonly oid: string;
  readonly type: "counter64" | "counter32" | "gauge32" | "integer";
}

const column = (name: string, dotted: string, type: LoadColumn["type"]): LoadColumn => ({ name, oid: dotted, type });

export const ifColumns: readonly LoadColumn[] = [
  column("ifAdminStatus", "1.3.6.1.2.1.2.2.1.7", "integer"),
  column("ifOperStatus", "1.3.6.1.2.1.2.2.1.8", "integer"),
  column("ifInDiscards", "1.3.6.1.2.1.2.2.1.13", "counter32"),
  column("ifInErrors", "1.3.6.1.2.1.2.2.1.14", "counter32"),
  column("ifOutDiscards", "1.3.6.1.2.1.2.2.1.19", "counter32"),
  column("ifOutErrors", "1.3.6.1.2.1.2.2.1.20", "counter32"),
  column("ifHCInOctets", "1.3.6.1.2.1.31.1.1.1.6", "counter64"),
  column("ifHCInUcastPkts", "1.3.6.1.2.1.31.1.1.1.7", "counter64"),
  column("ifHCInMulticastPkts", "1.3.6.1.2.1.31.1.1.1.8", "counter64"),
  column("ifHCOutOctets", "1.3.6.1.2.1.31.1.1.1.10", "counter64"),
  column("ifHCOutUcastPkts", "1.3.6.1.2.1.31.1.1.1.11", "counter64"),
  column("ifHighSpeed", "1.3.6.1.2.1.31.1.1.1.15", "gauge32"),
];

export const bgpColumns: readonly LoadColumn[] = [
  column("bgpPeerState", "1.3.6.1.2.1.15.3.1.2", "integer"),
  column("bgpPeerAdminStatus", "1.3.6.1.2.1.15.3.1.3", "integer"),
  column("bgpPeerRemoteAs", "1.3.6.1.2.1.15.3.1.9", "integer"),
  column("bgpPeerInUpdates", "1.3.6.1.2.1.15.3.1.10", "counter32"),
  column("bgpPeerOutUpdates", "1.3.6.1.2.1.15.3.1.11", "counter32"),
  column("bgpPeerFsmEstablishedTransitions", "1.3.6.1.2.1.15.3.1.15", "counter32"),
  column("bgpPeerFsmEstablishedTime", "1.3.6.1.2.1.15.3.1.16", "gauge32"),
  column("bgpPeerInUpdateElapsedTime", "1.3.6.1.2.1.15.3.1.24", "gauge32"),
];

const ifIndexes = Array.from({ length: interfaces }, (_, i) => [i + 1]);
export const peerIndexes = Array.from({ length: peers }, (_, i) => [172, 16, 0, 4 * i + 2]);

interface Cell {
  readonly oid: Oid;
  readonly value: Value;
  readonly number: number;
}

const cells: readonly Cell[] = [
  ...ifColumns.flatMap((c, i) => ifIndexes.map((index, row) => cellOf(c, index, i, row))),
  ...bgpColumns.flatMap((c, i) => peerIndexes.map((index, row) => cellOf(c, index, i + ifColumns.length, row))),
].sort((a, b) => compareOids(a.oid, b.oid));

/** What a client must have read: as many values, with this sum. All are exact in a double. */
export const expected = { values: cells.length, sum: cells.reduce((sum, { number }) => sum + number, 0) };

function cellOf({ oid: dotted, type }: LoadColumn, index: readonly number[], i: number, row: number): Cell {
  const number = type === "integer" ? 1 + (row % 2) : type === "counter64" ? 1e12 + 1e6 * i + row : 1e5 * (i + 1) + row;
  const value: Value = type === "counter64" ? { type, value: BigInt(number) } : { type, value: number };
  return { oid: [...oid(dotted), ...index], value, number };
}

export const view: MibView = {
  get: (wanted) => cells.find((cell) => compareOids(cell.oid, wanted) === 0)?.value ?? { type: "noSuchInstance" },
  next(after) {
    // A binary search: the responder must not be what is measured, nor starve the clients.
    let [low, high] = [0, cells.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const cell = cells[middle];
      if (cell !== undefined && compareOids(cell.oid, after) <= 0) low = middle + 1;
      else high = middle;
    }
    return cells[low];
  },
};
