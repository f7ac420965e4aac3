// Whether the cells that a client holds say what a datagram said of the names that were asked, and nothing else.

import { type Cells, contentAt, counterAt, numberAt } from "../../agent/wire/snmp/cells.ts";
import { hex, liesBehind, numberOf, type OracleAnswer, type OracleBinding } from "./oracle.ts";
import { sameBytes } from "./target.ts";

const signedTag = 0x02;
const numberTags: ReadonlySet<number> = new Set([0x02, 0x41, 0x42, 0x43, 0x46]);
const octetTags: ReadonlySet<number> = new Set([0x04, 0x06, 0x40, 0x44]);
const noSuchInstance = 0x81;

/** The cell holds the value of the binding, or holds that it could not be read. */
function saysTheSame(cells: Cells, i: number, { tag, value }: OracleBinding): boolean {
  const held = cells.tags[i];
  if (held === 0) return true;
  if (held !== tag) return false;
  if (octetTags.has(tag)) return sameBytes(contentAt(cells, i) ?? new Uint8Array(0), value);
  if (!numberTags.has(tag)) return true;
  const expected = numberOf(value, tag === signedTag);
  const number = counterAt(cells, i) ?? numberAt(cells, i);
  return number !== undefined && BigInt(number) === expected;
}

/** Undefined when the answer binds exactly the names asked, in their order, and the cells say so; else what is wrong. */
export function wrongInGet(
  cells: Cells,
  from: number,
  names: readonly string[],
  answer: OracleAnswer | undefined,
): string | undefined {
  if (answer === undefined) return "cells from a datagram that is no answer";
  if (answer.bindings.length !== names.length) return `${answer.bindings.length} bindings for ${names.length} names`;
  for (const [i, name] of names.entries()) {
    const binding = answer.bindings[i];
    if (binding?.name !== name) return `asked for ${name}, took ${binding?.name}`;
    if (!saysTheSame(cells, from + i, binding)) return `cell ${i} does not hold the value of ${name}`;
  }
  return undefined;
}

const absentTags: ReadonlySet<number> = new Set([0x80, 0x81]);

/**
 * As `wrongInGet`, where a router that does not have some of the names makes the client ask again for the others: each
 * cell is what some answer without an error said of its name, or absent.
 */
export function wrongInCells(
  cells: Cells,
  names: readonly string[],
  answers: readonly (OracleAnswer | undefined)[],
): string | undefined {
  const said = byName(answers.filter((answer) => answer?.errorStatus === 0n));
  const wrong = names.findIndex((name, i) => {
    if (absentTags.has(cells.tags[i] ?? 0)) return false;
    return !said.get(name)?.some((binding) => saysTheSame(cells, i, binding));
  });
  return wrong < 0 ? undefined : `nothing that was received says this of ${names[wrong]}`;
}

export interface WalkedRows {
  readonly rows: readonly Uint8Array[];
  readonly cells: Cells;
}

/** As `wrongInGet`, for the rows of a walk from row `first` on; `said` are the bindings that it may have taken. */
export function wrongInWalk(
  { rows, cells }: WalkedRows,
  first: number,
  columns: readonly Uint8Array[],
  said: ReadonlyMap<string, readonly OracleBinding[]>,
): string | undefined {
  const prefixes = columns.map(hex);
  for (let row = first; row < rows.length; row++) {
    const index = rows[row] ?? new Uint8Array(0);
    const before = rows[row - 1];
    if (index.length === 0) return `row ${row} lies not under its column`;
    if (before !== undefined && !liesBehind(before, index)) return `row ${row} does not lie behind row ${row - 1}`;
    for (const [column, prefix] of prefixes.entries()) {
      const cell = row * columns.length + column;
      if (cells.tags[cell] === noSuchInstance) continue;
      const named = said.get(prefix + hex(index)) ?? [];
      if (!named.some((binding) => saysTheSame(cells, cell, binding))) {
        return `row ${row} column ${column}: nothing that was received says this of ${prefix}${hex(index)}`;
      }
    }
  }
  return undefined;
}

export function byName(answers: readonly (OracleAnswer | undefined)[]): ReadonlyMap<string, readonly OracleBinding[]> {
  return Map.groupBy(
    answers.flatMap((answer) => answer?.bindings ?? []),
    ({ name }) => name,
  );
}
