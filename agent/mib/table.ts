// MIB tables as data: a column is its MIB name and its object identifier.

import { type Oid, oid } from "../wire/snmp/oid.ts";

/** A column of a table; an instance is the column followed by an index. */
export interface Column<Name extends string = string> {
  readonly name: Name;
  readonly oid: Oid;
}

/** The columns of one entry, by the last arc that the MIB gives them. */
export function columnsOf<const Names extends Readonly<Record<string, number>>>(
  entry: string,
  arcs: Names,
): { readonly [N in keyof Names & string]: Column<N> } {
  const root = oid(entry);
  const columns = Object.entries(arcs).map(([name, arc]) => [name, { name, oid: [...root, arc] }]);
  return Object.fromEntries(columns) as { readonly [N in keyof Names & string]: Column<N> };
}

export function instance(column: Column, index: readonly number[]): Oid {
  // Not by spreading, which makes room for twice as many arcs as there are: these are kept, for every router.
  return column.oid.concat(index);
}

/** The word of a numbered MIB value; undefined when the MIB has no such number. */
export function named<const Words extends Readonly<Record<number, string>>>(
  words: Words,
  value: number | undefined,
): Words[keyof Words & number] | undefined {
  return value === undefined ? undefined : (words as Readonly<Record<number, Words[keyof Words & number]>>)[value];
}
