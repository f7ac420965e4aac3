// EtherLike-MIB (RFC 3635): dot3StatsTable, and dot3HCStatsTable with 64-bit counters, both indexed by ifIndex.
// A VLAN has no row of its own: errors of the wire are those of the port below it.

import { type Counter, type DuplexStatus, duplexStatuses, type ethernetCounters } from "../estate/observation.ts";
import { type Cells, counterAt, numberAt } from "../wire/snmp/cells.ts";
import { type Column, columnsOf, named } from "./table.ts";

const dot3StatsTable = columnsOf("1.3.6.1.2.1.10.7.2.1", {
  dot3StatsAlignmentErrors: 2,
  dot3StatsFCSErrors: 3,
  dot3StatsLateCollisions: 8,
  dot3StatsInternalMacTransmitErrors: 10,
  dot3StatsFrameTooLongs: 13,
  dot3StatsInternalMacReceiveErrors: 16,
  dot3StatsSymbolErrors: 18,
  dot3StatsDuplexStatus: 19,
});

const dot3HCStatsTable = columnsOf("1.3.6.1.2.1.10.7.11.1", {
  dot3HCStatsAlignmentErrors: 1,
  dot3HCStatsFCSErrors: 2,
  dot3HCStatsInternalMacTransmitErrors: 3,
  dot3HCStatsFrameTooLongs: 4,
  dot3HCStatsInternalMacReceiveErrors: 5,
  dot3HCStatsSymbolErrors: 6,
});

const only32 = [dot3StatsTable.dot3StatsLateCollisions, dot3StatsTable.dot3StatsDuplexStatus] as const;

/** What is polled of one Ethernet interface; `readEthernet` and `readDuplex` read cells in this order. */
export const ethernetPolled: Readonly<Record<32 | 64, readonly Column[]>> = {
  32: [
    dot3StatsTable.dot3StatsAlignmentErrors,
    dot3StatsTable.dot3StatsFCSErrors,
    dot3StatsTable.dot3StatsInternalMacTransmitErrors,
    dot3StatsTable.dot3StatsFrameTooLongs,
    dot3StatsTable.dot3StatsInternalMacReceiveErrors,
    dot3StatsTable.dot3StatsSymbolErrors,
    ...only32,
  ],
  64: [
    dot3HCStatsTable.dot3HCStatsAlignmentErrors,
    dot3HCStatsTable.dot3HCStatsFCSErrors,
    dot3HCStatsTable.dot3HCStatsInternalMacTransmitErrors,
    dot3HCStatsTable.dot3HCStatsFrameTooLongs,
    dot3HCStatsTable.dot3HCStatsInternalMacReceiveErrors,
    dot3HCStatsTable.dot3HCStatsSymbolErrors,
    ...only32,
  ],
};

/** What an agent has that counts Ethernet errors at all, in 32 and in 64 bits. */
export const ethernetSigns: Readonly<Record<32 | 64, Column>> = {
  32: dot3StatsTable.dot3StatsFCSErrors,
  64: dot3HCStatsTable.dot3HCStatsFCSErrors,
};

type EthernetCounters = Record<(typeof ethernetCounters)[number], Counter | undefined>;

/** Fills in the counters of one interface from the cell `at` on. Each value that is missing or bad is lost alone. */
export function readEthernet(into: EthernetCounters, cells: Cells, at: number): void {
  into.alignmentErrors = counterAt(cells, at);
  into.fcsErrors = counterAt(cells, at + 1);
  into.macTransmitErrors = counterAt(cells, at + 2);
  into.framesTooLong = counterAt(cells, at + 3);
  into.macReceiveErrors = counterAt(cells, at + 4);
  into.symbolErrors = counterAt(cells, at + 5);
  into.lateCollisions = counterAt(cells, at + 6);
}

export function readDuplex(cells: Cells, at: number): DuplexStatus | undefined {
  return named(duplexStatuses, numberAt(cells, at + 7));
}
