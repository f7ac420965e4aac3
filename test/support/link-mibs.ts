// BFD, neighbour and sensor tables as agents give them, made by hand: BFD after RFC 7331, CISCO-IETF-BFD-MIB (2008-04-24)
// and Juniper's copy of draft-ietf-bfd-mib-03 with JUNIPER-BFD-MIB; neighbours after RFC 4293; sensors after RFC 6933,
// RFC 3433, CISCO-ENTITY-SENSOR-MIB and JUNIPER-DOM-MIB. No recording of a BFD table is known to this project.
// Addresses are those of RFC 5737 and RFC 3849.

import { inetIndex } from "../../agent/mib/inet-address.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { counter, gauge, integer, text } from "./cells.ts";

export type Instances = Readonly<Record<string, Value>>;

const octets = (...bytes: readonly number[]): Value => ({ type: "octets", value: Uint8Array.from(bytes) });
const ticks = (value: number): Value => ({ type: "timeTicks", value });

/** Index arcs of an address: type, length, octets. */
export function inet(address: string): readonly number[] {
  const index = inetIndex(address);
  if (index === undefined) throw new Error(address);
  return index;
}

function inetCells(address: string): readonly [type: Value, octets: Value] {
  const [type = 0, , ...rest] = inet(address);
  return [integer(type), octets(...rest)];
}

export interface BfdFixture {
  readonly index: number;
  readonly address: string;
  /** The number of the MIB. */
  readonly state: number;
  /** In the numbers of the protocol. */
  readonly diagnostic?: number;
}

function entry(root: string, index: string | number, cells: Readonly<Record<string, Value | undefined>>): Instances {
  return Object.fromEntries(
    Object.entries(cells).flatMap(([column, value]) =>
      value === undefined ? [] : [[`${root}.${column}.${index}`, value] as const],
    ),
  );
}

const merged = (parts: readonly Instances[]): Instances => Object.assign({}, ...parts);

export const bfdStandard = (sessions: readonly BfdFixture[]): Instances =>
  merged(
    sessions.map(({ index, address, state, diagnostic = 0 }) => {
      const [type, value] = inetCells(address);
      return entry("1.3.6.1.2.1.222.1", index, {
        "2.1.4": gauge(1_000 + index),
        "2.1.5": gauge(2_000 + index),
        "2.1.11": integer(state),
        "2.1.13": integer(diagnostic),
        "2.1.18": integer(7),
        "2.1.21": type,
        "2.1.22": value,
        "2.1.25": gauge(100_000),
        "2.1.26": gauge(200_000),
        "2.1.28": gauge(5),
        "2.1.29": gauge(300_000),
        "2.1.31": gauge(3),
        "3.1.9": ticks(4_000),
        "3.1.11": integer(1),
        "3.1.12": counter(9),
      });
    }),
  );

/** Columns of draft-ietf-bfd-mib-03 below a root. */
function bfdDraft(root: string, sessions: readonly BfdFixture[], diagnosticReadable: boolean): Instances {
  return merged(
    sessions.map(({ index, address, state, diagnostic = 0 }) => {
      const [type, value] = inetCells(address);
      return entry(root, index, {
        "2.1.3": gauge(1_000 + index),
        "2.1.4": gauge(2_000 + index),
        "2.1.6": integer(state),
        "2.1.8": diagnosticReadable ? integer(diagnostic + 1) : undefined,
        "2.1.13": type,
        "2.1.14": value,
        "2.1.15": gauge(100_000),
        "2.1.16": gauge(200_000),
        "2.1.18": gauge(3),
        "3.1.3": ticks(4_000),
        "3.1.5": integer(diagnostic + 1),
        "3.1.6": counter(9),
      });
    }),
  );
}

export const bfdCisco = (sessions: readonly BfdFixture[]): Instances =>
  bfdDraft("1.3.6.1.4.1.9.10.137.1", sessions, true);

/** bfdSessDiag is accessible-for-notify there: it cannot be read. */
export const bfdJuniper = (sessions: readonly BfdFixture[]): Instances =>
  merged([
    bfdDraft("1.3.6.1.4.1.2636.5.3.1.1", sessions, false),
    ...sessions.map(({ index }) =>
      entry("1.3.6.1.4.1.2636.3.45.1.1.1.1", index, { 2: gauge(300_000), 4: gauge(900_000), 5: text("xe-0/0/0.100") }),
    ),
  ]);

/** ipNetToPhysicalTable; an undefined MAC is one that nobody answered for. */
export function physicalNeighbor(ifIndex: number, address: string, mac: readonly number[] | undefined): Instances {
  return entry("1.3.6.1.2.1.4.35.1", [ifIndex, ...inet(address)].join("."), {
    4: octets(...(mac ?? [])),
    6: integer(3),
    7: integer(mac === undefined ? 7 : 1),
  });
}

export function mediaNeighbor(ifIndex: number, address: string, mac: readonly number[]): Instances {
  return entry("1.3.6.1.2.1.4.22.1", `${ifIndex}.${address}`, {
    1: integer(ifIndex),
    2: octets(...mac),
    4: integer(3),
  });
}

/** ipAddressIfIndex and ipAdEntIfIndex of one of the router's own addresses. */
export function ownAddress(ifIndex: number, address: string): Instances {
  return merged([
    entry("1.3.6.1.2.1.4.34.1", inet(address).join("."), { 3: integer(ifIndex) }),
    address.includes(":") ? {} : entry("1.3.6.1.2.1.4.20.1", address, { 2: integer(ifIndex) }),
  ]);
}

export interface EntityFixture {
  readonly index: number;
  readonly name: string;
  readonly in?: number;
  /** ifIndex of the interface that it is an alias of. */
  readonly alias?: number;
  /** type, scale, precision, value; operational. */
  readonly sensor?: readonly [type: number, scale: number, precision: number, value: number];
}

export function chassis(
  sensors: "entPhySensorTable" | "entSensorValueTable",
  entities: readonly EntityFixture[],
): Instances {
  const root = sensors === "entPhySensorTable" ? "1.3.6.1.2.1.99.1.1.1" : "1.3.6.1.4.1.9.9.91.1.1.1.1";
  return merged(
    entities.flatMap(({ index, name, in: parent = 0, alias, sensor }): readonly Instances[] => [
      entry("1.3.6.1.2.1.47.1.1.1.1", index, { 2: text(name), 4: integer(parent), 7: text(name) }),
      alias === undefined
        ? {}
        : entry("1.3.6.1.2.1.47.1.3.2.1", `${index}.0`, {
            2: { type: "oid", value: [1, 3, 6, 1, 2, 1, 2, 2, 1, 1, alias] },
          }),
      sensor === undefined
        ? {}
        : entry(root, index, {
            1: integer(sensor[0]),
            2: integer(sensor[1]),
            3: integer(sensor[2]),
            4: integer(sensor[3]),
            5: integer(1),
          }),
    ]),
  );
}

/** Light in 0.01 dBm, bias in microamperes, degrees. */
export const domModule = (
  ifIndex: number,
  [received, bias, sent, temperature]: readonly [received: number, bias: number, sent: number, temperature: number],
): Instances =>
  entry("1.3.6.1.4.1.2636.3.60.1.1.1.1", ifIndex, {
    5: integer(received),
    6: integer(bias),
    7: integer(sent),
    8: integer(temperature),
  });

/** `lane`: from 0. */
export const domLane = (
  ifIndex: number,
  lane: number,
  [received, bias, sent]: readonly [received: number, bias: number, sent: number],
): Instances =>
  entry("1.3.6.1.4.1.2636.3.60.1.2.1.1", `${ifIndex}.${lane}`, {
    6: integer(received),
    7: integer(bias),
    8: integer(sent),
  });
