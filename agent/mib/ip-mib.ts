// IP-MIB (RFC 4293): which interface an address stands on, and what is known of a neighbour (ARP, neighbour discovery).
// A neighbour table may hold a hundred thousand rows: exact instances are asked for, never the table.

import type { NeighborState } from "../estate/link-observation.ts";
import { type Cells, isAbsent, numberAt, octetsAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import { inetIndex } from "./inet-address.ts";
import { columnsOf, instance } from "./table.ts";

const ipAddressTable = columnsOf("1.3.6.1.2.1.4.34.1", { ipAddressIfIndex: 3 });
const ipAddrTable = columnsOf("1.3.6.1.2.1.4.20.1", { ipAdEntIfIndex: 2 });

const ipNetToPhysicalTable = columnsOf("1.3.6.1.2.1.4.35.1", {
  ipNetToPhysicalPhysAddress: 4,
  ipNetToPhysicalType: 6,
  ipNetToPhysicalState: 7,
});

const ipNetToMediaTable = columnsOf("1.3.6.1.2.1.4.22.1", { ipNetToMediaPhysAddress: 2, ipNetToMediaType: 4 });

/** What tells the ifIndex of one of the router's own addresses. */
export function ownAddressInstances(address: string): readonly Oid[] {
  const index = inetIndex(address);
  if (index === undefined) return [];
  const [type, , ...octets] = index;
  const newer = instance(ipAddressTable.ipAddressIfIndex, index);
  return type === 1 ? [newer, instance(ipAddrTable.ipAdEntIfIndex, octets)] : [newer];
}

/** The first of those cells that is an ifIndex. */
export function ownIfIndex(cells: Cells, from: number, count: number): number | undefined {
  for (let i = from; i < from + count; i++) {
    const ifIndex = isAbsent(cells, i) ? undefined : numberAt(cells, i);
    if (ifIndex !== undefined && ifIndex > 0) return ifIndex;
  }
  return undefined;
}

/** Instances of one neighbour on one interface in both tables; `readNeighbor` reads their cells in this order. */
export function neighborInstances(ifIndex: number, address: string): readonly Oid[] {
  const index = inetIndex(address);
  if (index === undefined) return [];
  const [type, , ...octets] = index;
  const physical = Object.values(ipNetToPhysicalTable).map((column) => instance(column, [ifIndex, ...index]));
  const media = Object.values(ipNetToMediaTable).map((column) => instance(column, [ifIndex, ...octets]));
  return type === 1 ? [...physical, ...media] : physical;
}

export interface NeighborRow {
  readonly state: NeighborState;
  /** `12:34:56:78:9a:bc`; undefined unless present, and when it is none. */
  readonly mac: string | undefined;
}

/** ipNetToPhysicalType and ipNetToMediaType: an entry that is no more. */
const invalidType = 2;
/** ipNetToPhysicalState. */
const invalidState = 5;
const incompleteState = 7;

/** Octets of an InfiniBand address; no PhysAddress of a link is longer. */
const longestMac = 20;

const absent: NeighborRow = { state: "absent", mac: undefined };
const incomplete: NeighborRow = { state: "incomplete", mac: undefined };

/** `count`: of the cells, which says whether ipNetToMediaTable was asked. The newer table has the word, if it has the entry. */
export function readNeighbor(cells: Cells, at: number, count: number): NeighborRow {
  const physical = entryAt(cells, at, at + 1, at + 2);
  if (physical.state === "present" || count < 5) return physical;
  const media = entryAt(cells, at + 3, at + 4, undefined);
  return media.state === "present" || physical.state === "absent" ? media : physical;
}

/** An entry without a usable address is one that waits for its answer, whatever the table's words for that. */
function entryAt(cells: Cells, address: number, type: number, state: number | undefined): NeighborRow {
  const stateValue = state === undefined ? undefined : numberAt(cells, state);
  const there = [address, type, ...(state === undefined ? [] : [state])].some((cell) => !isAbsent(cells, cell));
  if (!there || numberAt(cells, type) === invalidType || stateValue === invalidState) return absent;
  const mac = octetsAt(cells, address);
  if (stateValue === incompleteState || mac === undefined || !mac.some((octet) => octet !== 0)) return incomplete;
  if (mac.length > longestMac) return { state: "present", mac: undefined };
  return { state: "present", mac: Array.from(mac, (octet) => octet.toString(16).padStart(2, "0")).join(":") };
}
