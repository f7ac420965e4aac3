// Cells that are used again: made anew at each poll, their memory would be most of what the garbage collector does.

import { type Cells, clearCells, createCells } from "../wire/snmp/cells.ts";

/** By their capacity, a power of two. */
const spare: Cells[][] = [];

/** Of one capacity: as many as polls are answered between two turns of the event loop. */
const mostSpare = 64;

/** Larger ones are seldom wanted. */
const mostCells = 4_096;

/** At least so many, all empty. */
export function takeCells(count: number): Cells {
  const size = sizeOf(count);
  const cells = spare[size]?.pop();
  if (cells === undefined) return createCells(count > mostCells ? count : 1 << size);
  clearCells(cells);
  return cells;
}

/** Only for cells that nobody will look at again: not even octets of them may be kept. Those that are not given back are garbage. */
export function giveBackCells(cells: Cells): void {
  const count = cells.tags.length;
  if (count > mostCells) return;
  const size = sizeOf(count);
  // Those of another making would come back too small.
  if (1 << size !== count) return;
  spare[size] ??= [];
  if (spare[size].length < mostSpare) spare[size].push(cells);
}

function sizeOf(count: number): number {
  return 32 - Math.clz32(Math.max(1, count) - 1);
}
