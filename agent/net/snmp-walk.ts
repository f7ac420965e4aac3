// Walking a table: its columns side by side, as many rows as fit a datagram, until its end is seen.

import { err, ok, type Result } from "../lib/result.ts";
import { type Cells, copyCell, createCells, setAbsent } from "../wire/snmp/cells.ts";
import { errorStatuses } from "../wire/snmp/message.ts";
import { decodeOid, encodeOid, formatOid, type Oid } from "../wire/snmp/oid.ts";
import { nextBinding, rewind } from "../wire/snmp/response.ts";
import { compareOctets, createWalk, namesToAsk, takeBulkAnswer, type Walk, type WalkStep } from "../wire/snmp/walk.ts";
import { type Asked, exchangeError, type SnmpError, snmpError, statusError } from "./snmp-error.ts";
import {
  type Ask,
  asked,
  bindingOverhead,
  type Conversation,
  datagramRoom,
  expectedValue,
  submit,
  templateFor,
} from "./snmp-peer.ts";

/** A whole table: `columns.length` cells for each row, in the order of the columns. */
export interface WalkedTable {
  /** Index octets of each row, after the column's OID. `decodeArcs` gives the arcs. */
  readonly rows: readonly Uint8Array[];
  readonly cells: Cells;
}

/** What does not change from walk to walk, and what was seen of the table. */
export interface WalkPlan {
  /** What it was made for. */
  readonly of: readonly Oid[];
  readonly columns: readonly Uint8Array[];
  /** Octets that one row took in answers; undefined before the first walk. */
  rowOctets: number | undefined;
  /** Rows of the last complete walk. */
  rows: number | undefined;
}

/** Columns are constants of the program, and thousands of routers are asked for the same. */
const encodedColumns = new WeakMap<readonly Oid[], readonly Uint8Array[]>();

export function planWalk(columns: readonly Oid[]): WalkPlan {
  let encoded = encodedColumns.get(columns);
  if (encoded === undefined) {
    encoded = columns.map(encodeOid);
    encodedColumns.set(columns, encoded);
  }
  return { of: columns, columns: encoded, rowOctets: undefined, rows: undefined };
}

/** No table that is polled has more rows; a walk behind this is an agent that invents them. */
export const mostRows = 20_000;

/** Index and value of a row that nobody has seen yet. */
const expectedIndex = 2;

export type Outcome = { readonly kind: "end"; readonly table: WalkedTable } | { readonly kind: "tooWide" } | SnmpError;

/** Walks some of the plan's columns, given by their places. */
export type WalkGroup = (to: Conversation, plan: WalkPlan, group: readonly number[], ask: Ask) => Promise<Outcome>;

/** Ok only when every column's end was seen. */
export async function runWalk(
  to: Conversation,
  plan: WalkPlan,
  ask: Ask,
  walkGroup: WalkGroup,
): Promise<Result<WalkedTable, SnmpError>> {
  const most = to.learnt.mostNames;
  const all = plan.columns.map((_, i) => i);
  const groups: number[][] = [];
  for (let from = 0; from < all.length; from += most) groups.push(all.slice(from, from + most));
  const parts: Part[] = [];
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const outcome = await walkGroup(to, plan, group, ask);
    if (outcome.kind === "end") {
      parts.push({ columns: group, table: outcome.table });
    } else if (outcome.kind === "tooWide") {
      const half = Math.ceil(group.length / 2);
      to.learnt.mostNames = Math.min(to.learnt.mostNames, half);
      groups.unshift(group.slice(0, half), group.slice(half));
    } else {
      return err(outcome);
    }
  }
  const [only] = parts;
  const table = parts.length === 1 && only !== undefined ? only.table : joinParts(parts, plan.columns.length);
  plan.rows = table.rows.length;
  to.learnt.mostRepetitions = Math.min(to.learnt.ceiling, to.learnt.mostRepetitions * 2);
  return ok(table);
}

/** By GETBULK: many rows at a time. */
export async function walkByBulk(
  to: Conversation,
  plan: WalkPlan,
  group: readonly number[],
  ask: Ask,
): Promise<Outcome> {
  const columns = group.map((i) => plan.columns[i] ?? new Uint8Array(0));
  const walk = createWalk(columns, plan.rows);
  const width = group.length;
  for (;;) {
    const names = namesToAsk(walk);
    const repetitions = repetitionsFor(to, plan, walk);
    const template = templateFor(to.peer, { type: "getBulkRequest", maxRepetitions: repetitions }, names);
    const answer: { step: WalkStep; status: number } = { step: "malformed", status: 0 };
    const before = walk.rows.length;
    const failure = await submit(to, ask, template, (r) => {
      answer.status = r.errorStatus;
      if (r.errorStatus !== 0) {
        rewind(r);
        while (nextBinding(r));
        return r.fault === undefined ? "accepted" : "malformed";
      }
      const step = takeBulkAnswer(walk, r);
      answer.step = step;
      const added = walk.rows.length - before;
      // Only whole answers of all columns tell how large a row is.
      if (added > 0 && step === "more" && walk.active.length === plan.columns.length) {
        plan.rowOctets = Math.ceil((r.end - r.bindingsFrom) / added);
      }
      return step === "malformed" ? "malformed" : "accepted";
    });
    const { step, status } = answer;
    const first = names[0] ?? new Uint8Array(0);
    const what = () => asked(to, ask, "GETBULK", formatOid(decodeOid(first, 0, first.length) ?? []), names.length - 1);
    if (failure !== undefined) {
      // Some agents fall silent when too much is asked at once: the next walk asks for less.
      if (failure.kind === "timeout") to.learnt.mostRepetitions = Math.max(1, Math.floor(repetitions / 2));
      return exchangeError(what(), failure);
    }
    if (status !== 0) {
      const reason = errorStatuses[status] ?? status;
      if (reason !== "tooBig") return statusError(what(), reason, undefined);
      if (repetitions > 1) {
        to.learnt.mostRepetitions = Math.floor(repetitions / 2);
        to.learnt.ceiling = to.learnt.mostRepetitions;
      } else if (width > 1) return { kind: "tooWide" };
      else return statusError(what(), reason, undefined);
      continue;
    }
    if (step === "end") return { kind: "end", table: walk };
    if (step === "notIncreasing") return notIncreasing(what(), walk);
    if (step === "tooWide") {
      if (width > 1) return { kind: "tooWide" };
      return snmpError(what(), "notIncreasing", "answered without any value, so the walk cannot go on");
    }
    if (walk.rows.length > mostRows) return tooManyRows(what());
  }
}

export function notIncreasing(what: Asked, { rows }: Walk): SnmpError {
  return snmpError(
    what,
    "notIncreasing",
    `answered a name that does not lie behind the one asked, so the table has no end; rows seen: ${rows.length}`,
  );
}

export function tooManyRows(what: Asked): SnmpError {
  return snmpError(what, "tooManyRows", `the table has more than ${mostRows} rows`);
}

/** As many rows as fit one datagram; no more than the table had last time, and one that shows its end. */
function repetitionsFor(to: Conversation, plan: WalkPlan, walk: Walk): number {
  const width = walk.active.length;
  let octets = plan.rowOctets ?? 0;
  if (octets === 0) {
    for (const i of walk.active) {
      octets += (walk.columns[i]?.length ?? 0) + expectedIndex + bindingOverhead + expectedValue;
    }
  } else {
    octets = (octets * width) / plan.columns.length;
  }
  const fitting = Math.max(1, Math.floor(datagramRoom(to.peer) / octets));
  const left = plan.rows === undefined ? fitting : Math.max(1, plan.rows + 1 - walk.rows.length);
  return Math.min(fitting, left, to.learnt.mostRepetitions);
}

interface Part {
  readonly columns: readonly number[];
  readonly table: WalkedTable;
}

/** Joins walks of some columns each into rows of all, by index. */
function joinParts(parts: readonly Part[], width: number): WalkedTable {
  const byIndex = new Map<string, Uint8Array>();
  for (const { table } of parts) for (const index of table.rows) byIndex.set(index.join("."), index);
  const rows = [...byIndex.values()].sort((a, b) => compareOctets(a, 0, a.length, b, 0, b.length));
  const places = new Map(rows.map((index, row) => [index.join("."), row]));
  const cells = createCells(rows.length * width);
  for (let i = 0; i < rows.length * width; i++) setAbsent(cells, i);
  for (const { columns, table } of parts) {
    table.rows.forEach((index, from) => {
      const row = places.get(index.join(".")) ?? 0;
      columns.forEach((column, i) => {
        copyCell(cells, row * width + column, table.cells, from * columns.length + i);
      });
    });
  }
  return { rows, cells };
}
