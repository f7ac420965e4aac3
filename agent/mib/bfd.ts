// Sessions of any BFD table as rows of one form.

import { type BfdDetail, type BfdDiagnostic, type BfdState, bfdDiagnostics } from "../estate/link-observation.ts";
import { type Cells, numberAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import type { BfdField, BfdTable } from "./bfd-tables.ts";
import { inetAddressAt } from "./inet-address.ts";
import { named } from "./table.ts";

/** Each value that is missing or bad is lost alone. */
export interface BfdRow extends BfdDetail {
  /** Canonical text, without a zone. */
  readonly remoteAddress: string | undefined;
  /** Undefined: no number of the MIB. */
  readonly state: BfdState | undefined;
}

/** Who is there: what a walk asks for. */
const identity: readonly BfdField[] = ["state", "addressType", "address"];

/** Fields of a table in the order in which `readBfd` finds their cells. */
export interface BfdLayout {
  readonly table: BfdTable;
  readonly fields: readonly BfdField[];
  /** Their columns. */
  readonly oids: readonly Oid[];
}

export function bfdLayout(table: BfdTable, what: "identity" | "session"): BfdLayout {
  const present = Object.keys(table.columns) as BfdField[];
  const fields = what === "session" ? present : present.filter((field) => identity.includes(field));
  return { table, fields, oids: fields.map((field) => (table.columns[field] ?? table.columns.state).oid) };
}

/** One session from the cell `at` on. `now`: sysUpTime in hundredths of a second, if known. */
export function readBfd({ table, fields }: BfdLayout, cells: Cells, at: number, now?: number): BfdRow {
  const cellOf = (field: BfdField) => {
    const place = fields.indexOf(field);
    return place < 0 ? undefined : at + place;
  };
  const read = (field: BfdField) => {
    const cell = cellOf(field);
    return cell === undefined ? undefined : numberAt(cells, cell);
  };
  const inSeconds = (field: BfdField) => fromMicroseconds(read(field));
  const state = named(table.states, read("state"));
  const interval = natural(read("negotiatedInterval"));
  const negotiatedMultiplier = natural(read("negotiatedMultiplier"));
  const agreed =
    interval === undefined || negotiatedMultiplier === undefined ? undefined : interval * negotiatedMultiplier;
  return {
    remoteAddress: inetAddressAt(cells, cellOf("addressType"), cellOf("address") ?? at),
    state,
    diagnostic:
      diagnosticOf(table, read("diagnostic")) ??
      // Juniper's bfdSessDiag is for notifications only.
      diagnosticOf(table, read("lostDiagnostic")),
    multiplier: negotiatedMultiplier ?? natural(read("multiplier")),
    transmitInterval: inSeconds("transmitInterval"),
    receiveInterval: inSeconds("receiveInterval"),
    negotiatedInterval: fromMicroseconds(interval),
    detectionTime: inSeconds("detectionTime") ?? fromMicroseconds(agreed),
    upCount: counted(read("upCount")),
    upSeconds: state === "up" ? since(read("upTime"), now) : undefined,
    localDiscriminator: natural(read("localDiscriminator")),
    remoteDiscriminator: natural(read("remoteDiscriminator")),
  };
}

function diagnosticOf({ noDiagnostic }: BfdTable, value: number | undefined): BfdDiagnostic | undefined {
  return value === undefined ? undefined : named(bfdDiagnostics, value - noDiagnostic);
}

/** None of these may be 0 or negative: such a value means that there is none yet. */
function natural(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

function counted(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

function fromMicroseconds(value: number | undefined): number | undefined {
  const microseconds = natural(value);
  return microseconds === undefined ? undefined : microseconds / 1e6;
}

/** TimeStamp (RFC 2579): 0 when it never happened. sysUpTime may have wrapped since. */
function since(then: number | undefined, now: number | undefined): number | undefined {
  return then === undefined || then <= 0 || now === undefined ? undefined : ((now - then) >>> 0) / 100;
}
