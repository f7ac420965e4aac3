// The poll that is measured: one router with 20 interfaces and 6 BGP peers, 288 values.

import type { MibView } from "../../../agent/lab/mib-view.ts";
import { varBindLength } from "../../../agent/wire/snmp/message.ts";
import { compareOids, type Oid, oid } from "../../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../../agent/wire/snmp/value.ts";

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

/** As many routers; a client keeps several of them busy at once. */
export const routers = 64;

const ifIndexes = Array.from({ length: interfaces }, (_, i) => [i + 1]);
export const peerIndexes = Array.from({ length: peers }, (_, i) => [172, 16, 0, 4 * i + 2]);

/** The measured values by name, as an agent asks once it knows the rows. */
export const ifInstances: readonly Oid[] = ifIndexes.flatMap((index) => under(ifColumns, index));
export const peerInstances: readonly Oid[] = peerIndexes.flatMap((index) => under(bgpColumns, index));

function under(columns: readonly LoadColumn[], index: readonly number[]): readonly Oid[] {
  return columns.map((c) => [...oid(c.oid), ...index]);
}

interface Cell extends VarBind {
  readonly number: number;
}

const measured: readonly Cell[] = [
  ...ifColumns.flatMap((c, i) => ifIndexes.map((index, row) => cellOf(c, index, i, row))),
  ...bgpColumns.flatMap((c, i) => peerIndexes.map((index, row) => cellOf(c, index, i + ifColumns.length, row))),
];

/** What a client must have read: as many values, with this sum. All are exact in a double. */
export const expected = { values: measured.length, sum: measured.reduce((sum, { number }) => sum + number, 0) };

function cellOf({ oid: dotted, type }: LoadColumn, index: readonly number[], i: number, row: number): Cell {
  const number = type === "integer" ? 1 + (row % 2) : type === "counter64" ? 1e12 + 1e6 * i + row : 1e5 * (i + 1) + row;
  const value: Value = type === "counter64" ? { type, value: BigInt(number) } : { type, value: number };
  return { oid: [...oid(dotted), ...index], value, number };
}

export const ifName = (ifIndex: number) => `eth${ifIndex}`;

/** What the agent asks besides: who the router is, how its interfaces are called, how its sessions ended. */
const besides: readonly VarBind[] = [
  { oid: oid("1.3.6.1.2.1.1.1.0"), value: text("a router that exists in this benchmark only") },
  { oid: oid("1.3.6.1.2.1.1.2.0"), value: { type: "oid", value: oid("1.3.6.1.4.1.8072.3.2.10") } },
  { oid: oid("1.3.6.1.2.1.1.3.0"), value: { type: "timeTicks", value: 8_640_000 } },
  { oid: oid("1.3.6.1.2.1.1.5.0"), value: text("benchmark") },
  ...ifIndexes.flatMap(([ifIndex = 0]): readonly VarBind[] => [
    { oid: oid(`1.3.6.1.2.1.2.2.1.2.${ifIndex}`), value: text(`Ethernet ${ifIndex}`) },
    { oid: oid(`1.3.6.1.2.1.2.2.1.5.${ifIndex}`), value: { type: "gauge32", value: 1e9 } },
    { oid: oid(`1.3.6.1.2.1.31.1.1.1.1.${ifIndex}`), value: text(ifName(ifIndex)) },
    { oid: oid(`1.3.6.1.2.1.31.1.1.1.18.${ifIndex}`), value: text("") },
  ]),
  ...peerIndexes.map(
    (index): VarBind => ({
      oid: [...oid("1.3.6.1.2.1.15.3.1.14"), ...index],
      value: { type: "octets", value: Uint8Array.of(0, 0) },
    }),
  ),
];

function text(of: string): Value {
  return { type: "octets", value: new TextEncoder().encode(of) };
}

const cells: readonly VarBind[] = [...measured, ...besides].sort((a, b) => compareOids(a.oid, b.oid));

/** Place of the first cell behind a name: a binary search, for the responder must not starve the clients. */
function firstBehind(name: Oid): number {
  let [low, high] = [0, cells.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const cell = cells[middle];
    if (cell !== undefined && compareOids(cell.oid, name) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** It counts sessions that came up anew, which is no traffic: a thousand drops in a poll are no load that anybody has. */
const transitions = oid("1.3.6.1.2.1.15.3.1.15");

/** The router after it has counted on `times` times: every counter of traffic by `countedOn` each time. */
export function viewAfter(times: number): MibView {
  const moved = ({ oid: name, value }: VarBind): Value => {
    if (transitions.every((arc, i) => arc === name[i])) return value;
    if (value.type === "counter64") return { type: value.type, value: value.value + BigInt(times * countedOn) };
    return value.type === "counter32" ? { type: value.type, value: value.value + times * countedOn } : value;
  };
  return {
    get(name) {
      const cell = cells[firstBehind(name) - 1];
      const isThere = cell !== undefined && compareOids(cell.oid, name) === 0;
      return isThere ? moved(cell) : { type: "noSuchInstance" };
    },
    next(name) {
      const cell = cells[firstBehind(name)];
      return cell && { ...cell, value: moved(cell) };
    },
  };
}

/** In octets, packets and errors: what any link carries. */
const countedOn = 1_001;

/** Octets that the measured values take in answers, names included. */
export const bindingOctets = measured.reduce((sum, cell) => sum + varBindLength(cell), 0);
