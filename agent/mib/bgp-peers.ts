// Peers of any BGP peer table as rows of one form.

import type { BgpState } from "../estate/observation.ts";
import { type Cells, contentAt, isAbsent, numberAt, octetsAt, textAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import { addressOf, decodePeerIndex, type PeerIndex } from "./bgp-peer-index.ts";
import type { BgpTable, PeerField } from "./bgp-tables.ts";
import { type Column, instance } from "./table.ts";

/** Each value that is missing or bad is lost alone. */
export interface BgpPeerRow {
  /** Canonical text, without a zone. */
  readonly remoteAddress: string;
  readonly remoteAsn: number | undefined;
  readonly state: BgpState | undefined;
  /** `none`: this router does not tell it. Undefined: no number of the MIB. */
  readonly admin: "up" | "down" | "none" | undefined;
  readonly transitions: number | undefined;
  /** Seconds since established, or since the drop. */
  readonly establishedSeconds: number | undefined;
  readonly lastError: readonly [code: number, subcode: number] | undefined;
  /** Seconds, as both ends agreed; undefined while there is none (0 in the MIBs). */
  readonly holdTime: number | undefined;
  readonly description: string | undefined;
  /** Its name, or the number that the index has for it. */
  readonly vrf: string | number | undefined;
  /** The number by which other tables of the MIB name the peer, where that is not its index. */
  readonly peerIndex: number | undefined;
}

/** The fields that a session needs at every poll; the others only describe. */
const describing: readonly PeerField[] = ["description", "vrf", "peerIndex"];

/** Fields of the table in the order in which `readPeer` finds their cells. */
export interface PeerLayout {
  readonly table: BgpTable;
  readonly fields: readonly PeerField[];
  /** Where each field stands in `fields`. */
  readonly places: Readonly<Partial<Record<PeerField, number>>>;
}

/** `session`: what is polled of a configured session. `identity`: who is there. `all`: that and what describes. */
export function layoutOf(table: BgpTable, what: "session" | "identity" | "all"): PeerLayout {
  const isPart = (field: PeerField) => {
    switch (what) {
      case "session":
        return !describing.includes(field);
      case "identity":
        return field === "remoteAddress" || field === "state" || field === "remoteAs";
      case "all":
        return field !== table.byAddress;
    }
  };
  const present = (Object.keys(table.columns) as PeerField[]).filter((field) => table.columns[field] !== undefined);
  const fields = present.filter(isPart);
  return { table, fields, places: Object.fromEntries(fields.map((field, place) => [field, place])) };
}

/** Columns to walk; not for the layout `session`, whose columns may be of several indexes. */
export function columnsOfLayout({ table, fields }: PeerLayout): readonly Oid[] {
  return fields.map((field) => columnOf(table, field).oid);
}

/** Instances to GET of one peer, in the order of the layout. */
export function instancesOf(
  { table, fields }: PeerLayout,
  index: readonly number[],
  remoteAddress: string,
): readonly Oid[] {
  const quad = remoteAddress.includes(":") ? undefined : remoteAddress.split(".").map(Number);
  return fields.map((field) =>
    instance(columnOf(table, field), field === table.byAddress && quad !== undefined ? quad : index),
  );
}

function columnOf(table: BgpTable, field: PeerField): Column {
  return table.columns[field] ?? table.columns.state;
}

/** One peer from the cell `at` on; undefined when neither index nor columns give its address. */
export function readPeer(
  layout: PeerLayout,
  index: readonly number[],
  cells: Cells,
  at: number,
): BgpPeerRow | undefined {
  return readPeerAt(layout, decodePeerIndex(layout.table.index, index), cells, at);
}

/** As `readPeer`, for an index that is decoded already. */
export function readPeerAt(
  { table, places }: PeerLayout,
  decoded: PeerIndex | undefined,
  cells: Cells,
  at: number,
): BgpPeerRow | undefined {
  const number = (place: number | undefined) => (place === undefined ? undefined : numberAt(cells, at + place));
  const text = (place: number | undefined) => (place === undefined ? undefined : textAt(cells, at + place));
  const error = (place: number | undefined) =>
    place === undefined ? undefined : twoOctets(octetsAt(cells, at + place));
  const remoteAddress =
    decoded?.remoteAddress ??
    (places.remoteAddress === undefined ? undefined : addressAt(cells, at + places.remoteAddress));
  if (decoded === undefined || remoteAddress === undefined || remoteAddress === "") return undefined;
  const state = number(places.state);
  const admin = places.adminStatus;
  return {
    remoteAddress,
    remoteAsn: asNumber(number(places.remoteAs)),
    state: state === undefined ? undefined : table.states[state],
    admin: admin === undefined || isAbsent(cells, at + admin) ? "none" : adminOf(table, number(admin)),
    transitions: number(places.transitions),
    establishedSeconds: number(places.establishedTime),
    lastError:
      lastErrorOf(error(places.lastError), error(places.lastErrorSent)) ??
      lastErrorOf(
        pair(number(places.errorCode), number(places.errorSubcode)),
        pair(number(places.errorCodeSent), number(places.errorSubcodeSent)),
      ),
    holdTime: number(places.holdTime) || undefined,
    description: text(places.description),
    vrf: text(places.vrf) ?? number(places.vrf) ?? decoded.vrf,
    peerIndex: number(places.peerIndex),
  };
}

function adminOf({ admin }: BgpTable, value: number | undefined): BgpPeerRow["admin"] {
  if (admin === undefined) return "none";
  return value === admin.up ? "up" : value === admin.down ? "down" : undefined;
}

/** FRR writes AS numbers above 2^31-1 into an Integer32 as negative ones; others give 23456 (RFC 6793) or 0. */
export function asNumber(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value >>> 0;
}

function twoOctets(octets: Uint8Array | undefined): readonly [number, number] | undefined {
  return octets?.length === 2 ? [octets[0] ?? 0, octets[1] ?? 0] : undefined;
}

function pair(code: number | undefined, subcode: number | undefined): readonly [number, number] | undefined {
  return code === undefined ? undefined : [code, subcode ?? 0];
}

/** What the peer sent, or what was sent to it where it sent nothing (0/0). */
function lastErrorOf(
  received: readonly [number, number] | undefined,
  sent: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  return received === undefined || received[0] === 0 ? (sent ?? received) : received;
}

/** An IpAddress or the octets of an InetAddress. */
function addressAt(cells: Cells, i: number): string | undefined {
  const octets = contentAt(cells, i);
  return octets === undefined ? undefined : addressOf(octets);
}
