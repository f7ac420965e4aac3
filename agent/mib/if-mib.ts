// IF-MIB (RFC 2863): ifTable and ifXTable, which share their index ifIndex.

import {
  type Counter,
  type IfAdminStatus,
  type IfOperStatus,
  type InterfaceCounter,
  ifAdminStatuses,
  ifOperStatuses,
} from "../estate/observation.ts";
import { type Cells, counterAt, numberAt, textAt } from "../wire/snmp/cells.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import { type Column, columnsOf, named } from "./table.ts";

/** How many interfaces there are. */
export const ifNumber: Oid = oid("1.3.6.1.2.1.2.1.0");

/** sysUpTime when an interface was last created or deleted. */
export const ifTableLastChange: Oid = oid("1.3.6.1.2.1.31.1.5.0");

export const ifTable = columnsOf("1.3.6.1.2.1.2.2.1", {
  ifDescr: 2,
  ifSpeed: 5,
  ifAdminStatus: 7,
  ifOperStatus: 8,
  ifInOctets: 10,
  ifInUcastPkts: 11,
  ifInDiscards: 13,
  ifInErrors: 14,
  ifOutOctets: 16,
  ifOutUcastPkts: 17,
  ifOutDiscards: 19,
  ifOutErrors: 20,
});

export const ifXTable = columnsOf("1.3.6.1.2.1.31.1.1.1", {
  ifName: 1,
  ifHCInOctets: 6,
  ifHCInUcastPkts: 7,
  ifHCOutOctets: 10,
  ifHCOutUcastPkts: 11,
  ifHighSpeed: 15,
  ifAlias: 18,
  ifCounterDiscontinuityTime: 19,
});

/** What an operator may call an interface, in the order in which a configured name is looked up. */
export const ifNaming = [ifXTable.ifName, ifTable.ifDescr, ifXTable.ifAlias] as const;
export type IfNaming = (typeof ifNaming)[number];

const state = [
  ifTable.ifAdminStatus,
  ifTable.ifOperStatus,
  ifXTable.ifHighSpeed,
  ifTable.ifInDiscards,
  ifTable.ifInErrors,
  ifTable.ifOutDiscards,
  ifTable.ifOutErrors,
  ifXTable.ifCounterDiscontinuityTime,
] as const;

/** What is polled of one interface, after the column that names it; `readInterface` reads cells in this order. */
export const ifPolled: Readonly<Record<32 | 64, readonly Column[]>> = {
  /** For agents without the 64-bit counters. */
  32: [...state, ifTable.ifInOctets, ifTable.ifOutOctets, ifTable.ifInUcastPkts, ifTable.ifOutUcastPkts],
  64: [...state, ifXTable.ifHCInOctets, ifXTable.ifHCOutOctets, ifXTable.ifHCInUcastPkts, ifXTable.ifHCOutUcastPkts],
};

/** What an agent has that counts in 64 bits. */
export const wideSign: Column = ifXTable.ifHCInOctets;

/** In Mbit/s, and 0 below 500 kbit/s (RFC 2863 section 3.1.7). */
export const ifHighSpeed: Column = ifXTable.ifHighSpeed;

/** In bit/s, up to its 32 bits: polled last of all, where ifHighSpeed does not tell. */
export const ifSpeed: Column = ifTable.ifSpeed;

export interface IfRow {
  /** Undefined when missing or no number of the MIB. */
  readonly ifAdminStatus: IfAdminStatus | undefined;
  readonly ifOperStatus: IfOperStatus | undefined;
  /** Bits per second; 0 when the router does not say. */
  readonly speed: number;
  /** Hundredths of a second of sysUpTime. */
  readonly ifCounterDiscontinuityTime: number | undefined;
  /** Those of Ethernet are undefined: EtherLike-MIB has them. */
  readonly counters: Record<InterfaceCounter, Counter | undefined>;
}

/**
 * One interface from the cell `at` on, with its ifSpeed in another where that was polled. Each value that is missing
 * or bad is lost alone.
 */
export function readInterface(cells: Cells, at: number, ifSpeedAt?: number): IfRow {
  // Gauges that an agent writes as INTEGERs can be negative.
  const high = Math.max(0, numberAt(cells, at + 2) ?? 0);
  return {
    ifAdminStatus: named(ifAdminStatuses, numberAt(cells, at)),
    ifOperStatus: named(ifOperStatuses, numberAt(cells, at + 1)),
    speed: high > 0 || ifSpeedAt === undefined ? high * 1_000_000 : slowSpeed(numberAt(cells, ifSpeedAt)),
    ifCounterDiscontinuityTime: numberAt(cells, at + 7),
    counters: {
      receiveBytes: counterAt(cells, at + 8),
      transmitBytes: counterAt(cells, at + 9),
      receivePackets: counterAt(cells, at + 10),
      transmitPackets: counterAt(cells, at + 11),
      receiveErrors: counterAt(cells, at + 4),
      transmitErrors: counterAt(cells, at + 6),
      receiveDiscards: counterAt(cells, at + 3),
      transmitDiscards: counterAt(cells, at + 5),
      alignmentErrors: undefined,
      fcsErrors: undefined,
      macTransmitErrors: undefined,
      framesTooLong: undefined,
      macReceiveErrors: undefined,
      symbolErrors: undefined,
      lateCollisions: undefined,
    },
  };
}

/** Its greatest value says no more than that it does not reach. */
function slowSpeed(bitsPerSecond: number | undefined): number {
  return bitsPerSecond === undefined || bitsPerSecond < 0 || bitsPerSecond === 0xffff_ffff ? 0 : bitsPerSecond;
}

/** One row of the walk that finds interfaces by name. */
export interface IfNames {
  readonly ifIndex: number;
  /** In the order of `ifNaming`. */
  readonly names: readonly (string | undefined)[];
}

/** Row `row` of a walk over the columns of `ifNaming`. */
export function readNames(ifIndex: number, cells: Cells, row: number): IfNames {
  return { ifIndex, names: ifNaming.map((_, i) => textAt(cells, row * ifNaming.length + i)) };
}
