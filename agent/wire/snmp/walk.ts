// Walking the columns of one table side by side with GETBULK (RFC 3416 section 4.2.3), without I/O:
// which names to ask next, and what an answer adds.

import { type Cells, createCells, growCells, setAbsent, setCellFrom } from "./cells.ts";
import { maxArcs } from "./oid.ts";
import { nextBinding, type ResponseReader, rewind, startsWith } from "./response.ts";
import { tagEndOfMibView } from "./value.ts";

export interface Walk {
  /** Content octets of each column's OID. */
  readonly columns: readonly Uint8Array[];
  /** Places in `columns` of those whose end has not been seen. */
  active: readonly number[];
  /** Index octets of the last complete row; empty before the first. */
  last: Uint8Array;
  /** Index octets of every row. */
  readonly rows: Uint8Array[];
  /** Row by row, `columns.length` cells each. */
  readonly cells: Cells;
}

/**
 * - `more`: ask again with `namesToAsk`. `end`: every column's end was seen.
 * - `tooWide`: not even one cell for each column fitted in the answer; ask fewer columns.
 * - `notIncreasing`: the agent answered a name that does not lie behind the one asked, so the walk might never end.
 * - `malformed`: the reader's fault says why; the walk is as before.
 */
export type WalkStep = "more" | "end" | "tooWide" | "notIncreasing" | "malformed";

/** `expectedRows` only sizes the first allocation. */
export function createWalk(columns: readonly Uint8Array[], expectedRows = 8): Walk {
  return {
    columns,
    active: columns.map((_, i) => i),
    last: new Uint8Array(0),
    rows: [],
    cells: createCells(columns.length * expectedRows),
  };
}

/** Column and index of the row before, for each column that goes on. */
export function namesToAsk(walk: Walk): readonly Uint8Array[] {
  return walk.active.map((i) => {
    const column = walk.columns[i] ?? new Uint8Array(0);
    const name = new Uint8Array(column.length + walk.last.length);
    name.set(column);
    name.set(walk.last, column.length);
    return name;
  });
}

/** Bindings of the answer being read: offsets into its bytes. Shared, since reading is synchronous. */
const found = { capacity: 0, indexFrom: new Uint32Array(0), indexTo: new Uint32Array(0), tag: new Uint8Array(0) };
let valueFrom = new Uint32Array(0);
let valueTo = new Uint32Array(0);

function reserveFound(count: number): void {
  if (count <= found.capacity) return;
  const capacity = Math.max(count, 2 * found.capacity, 256);
  const grow = (old: Uint32Array) => {
    const grown = new Uint32Array(capacity);
    grown.set(old);
    return grown;
  };
  found.indexFrom = grow(found.indexFrom);
  found.indexTo = grow(found.indexTo);
  valueFrom = grow(valueFrom);
  valueTo = grow(valueTo);
  const tags = new Uint8Array(capacity);
  tags.set(found.tag);
  found.tag = tags;
  found.capacity = capacity;
}

/** Adds the complete rows of an answer without error status. */
export function takeBulkAnswer(walk: Walk, r: ResponseReader): WalkStep {
  const width = walk.active.length;
  const entries = new Array<number>(width).fill(0);
  const ended = new Array<boolean>(width).fill(false);
  const failed = readColumns(walk, r, entries, ended);
  if (failed !== undefined) return failed;
  const before = walk.rows.length;
  const taken = appendRows(walk, r.bytes, entries, ended);
  // A column may end rows ahead of another: it is asked again until its last rows were joined.
  const stays = walk.active.filter((_, slot) => !ended[slot] || (taken[slot] ?? 0) < (entries[slot] ?? 0));
  const shrunk = stays.length < width;
  walk.active = stays;
  if (stays.length === 0) return "end";
  return walk.rows.length > before || shrunk ? "more" : "tooWide";
}

/** First pass: checks every binding before the walk is touched, and notes where each value lies. */
function readColumns(
  walk: Walk,
  r: ResponseReader,
  entries: number[],
  ended: boolean[],
): "notIncreasing" | "malformed" | undefined {
  const { active, columns, last } = walk;
  const width = active.length;
  const { bytes } = r;
  let wrong = false;
  rewind(r);
  for (let slot = 0, at = 0; nextBinding(r); at++) {
    if (!ended[slot] && !wrong) {
      const column = columns[active[slot] ?? 0] ?? last;
      if (r.valueTag === tagEndOfMibView) {
        ended[slot] = true;
      } else if (startsWith(bytes, r.oidFrom, r.oidTo, column)) {
        const indexFrom = r.oidFrom + column.length;
        const previous = at - width;
        const increasing =
          isIndex(bytes, indexFrom, r.oidTo) &&
          (previous < 0
            ? compareOctets(bytes, indexFrom, r.oidTo, last, 0, last.length) > 0
            : compareOctets(
                bytes,
                indexFrom,
                r.oidTo,
                bytes,
                found.indexFrom[previous] ?? 0,
                found.indexTo[previous] ?? 0,
              ) > 0);
        if (!increasing) wrong = true;
        reserveFound(at + 1);
        found.indexFrom[at] = indexFrom;
        found.indexTo[at] = r.oidTo;
        found.tag[at] = r.valueTag;
        valueFrom[at] = r.valueFrom;
        valueTo[at] = r.valueTo;
        entries[slot] = (entries[slot] ?? 0) + 1;
      } else {
        // Outside the column: its end, but only if the name lies behind it.
        if (compareOctets(bytes, r.oidFrom, r.oidTo, column, 0, column.length) <= 0) wrong = true;
        ended[slot] = true;
      }
    }
    slot = slot + 1 === width ? 0 : slot + 1;
  }
  if (r.fault !== undefined) return "malformed";
  return wrong ? "notIncreasing" : undefined;
}

/**
 * Second pass: joins the columns by index, up to the first column that has no further entry though it goes on.
 * Gives how many entries of each column were taken.
 */
function appendRows(
  walk: Walk,
  bytes: Uint8Array,
  entries: readonly number[],
  ended: readonly boolean[],
): readonly number[] {
  const { active, cells } = walk;
  const width = active.length;
  const full = walk.columns.length;
  const next = new Array<number>(width).fill(0);
  // Columns that wait for rows further behind, and the least of those. Comparing them anew for each row would let
  // one hostile datagram hold the event loop: long indexes that are alike up to their last octets.
  const waits = new Array<boolean>(width).fill(false);
  let waiting = -1;
  for (;;) {
    let least = -1;
    for (let slot = 0; slot < width; slot++) {
      if (waits[slot]) continue;
      const repetition = next[slot] ?? 0;
      if (repetition >= (entries[slot] ?? 0)) {
        if (ended[slot]) continue;
        return next;
      }
      const at = repetition * width + slot;
      if (least < 0 || compareFound(bytes, at, least) < 0) least = at;
    }
    if (waiting >= 0 && (least < 0 || compareFound(bytes, waiting, least) <= 0)) {
      least = waiting;
      waiting = -1;
      waits.fill(false);
    }
    if (least < 0) return next;
    const row = walk.rows.length;
    growCells(cells, (row + 1) * full);
    if (width < full) for (let i = 0; i < full; i++) setAbsent(cells, row * full + i);
    for (let slot = 0; slot < width; slot++) {
      const repetition = next[slot] ?? 0;
      const at = repetition * width + slot;
      const cell = row * full + (active[slot] ?? 0);
      const goesOn = repetition < (entries[slot] ?? 0);
      if (goesOn && !waits[slot] && compareFound(bytes, at, least) === 0) {
        setCellFrom(cells, cell, bytes, found.tag[at] ?? 0, valueFrom[at] ?? 0, valueTo[at] ?? 0);
        next[slot] = repetition + 1;
        continue;
      }
      setAbsent(cells, cell);
      if (!goesOn || waits[slot]) continue;
      waits[slot] = true;
      if (waiting < 0 || compareFound(bytes, at, waiting) < 0) waiting = at;
    }
    walk.last = Uint8Array.prototype.slice.call(bytes, found.indexFrom[least], found.indexTo[least]);
    walk.rows.push(walk.last);
  }
}

function compareFound(bytes: Uint8Array, a: number, b: number): number {
  if (a === b) return 0;
  return compareOctets(
    bytes,
    found.indexFrom[a] ?? 0,
    found.indexTo[a] ?? 0,
    bytes,
    found.indexFrom[b] ?? 0,
    found.indexTo[b] ?? 0,
  );
}

/**
 * Octets of at least one sub-identifier, none padded, the last one complete (X.690 section 8.19.2), each below 2^32 and
 * not too many (RFC 2578 section 3.5): `decodeArcs` reads it.
 */
function isIndex(bytes: Uint8Array, from: number, to: number): boolean {
  let octets = 0;
  let arcs = 0;
  for (let at = from; at < to; at++) {
    const octet = bytes[at] ?? 0;
    if (octets === 0 && octet === 0x80) return false;
    octets += 1;
    // Five octets carry 35 bits, of which the first may have four.
    if (octets > 5 || (octets === 5 && (bytes[at - 4] ?? 0) > 0x8f)) return false;
    if (octet > 0x7f) continue;
    octets = 0;
    arcs += 1;
  }
  return octets === 0 && arcs > 0 && arcs <= maxArcs;
}

/** Lexicographic order of encoded arcs. Octets alone do not give it: an arc of more octets is the greater one. */
export function compareOctets(
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number {
  const shared = Math.min(aTo - aFrom, bTo - bFrom);
  for (let i = 0; i < shared; i++) {
    const difference = (a[aFrom + i] ?? 0) - (b[bFrom + i] ?? 0);
    if (difference === 0) continue;
    const longer = octetsOfArc(a, aFrom + i, aTo) - octetsOfArc(b, bFrom + i, bTo);
    return longer !== 0 ? longer : difference;
  }
  return aTo - aFrom - (bTo - bFrom);
}

/** Octets from here to the end of the sub-identifier that this octet belongs to. */
function octetsOfArc(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] ?? 0) > 0x7f) at += 1;
  return at - from;
}
