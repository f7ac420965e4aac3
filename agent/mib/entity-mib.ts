// ENTITY-MIB (RFC 6933): what is built into what, and which port is which interface.

import { type Cells, numberAt, oidAt, textAt } from "../wire/snmp/cells.ts";
import { isUnder, type Oid, oid } from "../wire/snmp/oid.ts";
import { columnsOf } from "./table.ts";

const entPhysicalTable = columnsOf("1.3.6.1.2.1.47.1.1.1.1", {
  entPhysicalDescr: 2,
  entPhysicalContainedIn: 4,
  entPhysicalName: 7,
});

/** What a walk asks for, and the order in which `readEntity` finds the cells of a row. */
export const entityColumns: readonly Oid[] = [
  entPhysicalTable.entPhysicalName.oid,
  entPhysicalTable.entPhysicalDescr.oid,
  entPhysicalTable.entPhysicalContainedIn.oid,
];

/** The interface of a port, indexed by entPhysicalIndex and a number without meaning here. */
export const entAliasMapping: readonly Oid[] = [
  columnsOf("1.3.6.1.2.1.47.1.3.2.1", { entAliasMappingIdentifier: 2 }).entAliasMappingIdentifier.oid,
];

export interface Entity {
  readonly name: string;
  readonly description: string;
  /** entPhysicalIndex of what holds it; 0 for what nothing holds. */
  readonly containedIn: number;
}

export function readEntity(cells: Cells, row: number): Entity {
  const at = row * entityColumns.length;
  return {
    name: textAt(cells, at) ?? "",
    description: textAt(cells, at + 1) ?? "",
    containedIn: numberAt(cells, at + 2) ?? 0,
  };
}

const ifIndexColumn = oid("1.3.6.1.2.1.2.2.1.1");

/** The ifIndex that a port's alias names; undefined when it names something else. */
export function aliasedIfIndex(cells: Cells, row: number): number | undefined {
  const named = oidAt(cells, row);
  return named !== undefined && isUnder(named, ifIndexColumn) && named.length === ifIndexColumn.length + 1
    ? named.at(-1)
    : undefined;
}
