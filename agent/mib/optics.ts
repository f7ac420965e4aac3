// Light levels of transceivers: ENTITY-SENSOR-MIB (RFC 3433), CISCO-ENTITY-SENSOR-MIB, which copies it and adds
// dBm, and JUNIPER-DOM-MIB. A sensor table holds every sensor of a chassis: the entity's name tells which are optical.

import type { OpticalQuantity } from "../estate/link-observation.ts";
import { type Cells, numberAt, textAt } from "../wire/snmp/cells.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import { columnsOf } from "./table.ts";

export interface OpticalReading {
  /** `power`: of light, in a direction that the name does not tell. */
  readonly quantity: OpticalQuantity | "power";
  /** dBm, A or degrees Celsius; undefined when the sensor is not operational, or out of its range (no light). */
  readonly value: number | undefined;
}

export interface SensorTable {
  readonly name: string;
  /** SensorDataType of each sensor: which of them can be optical. */
  readonly types: readonly Oid[];
  /** entPhysicalName, entPhysicalDescr, then type, scale, precision, value, status, and the units if there are any. */
  readonly columns: readonly Oid[];
}

const entPhysicalTable = columnsOf("1.3.6.1.2.1.47.1.1.1.1", { entPhysicalDescr: 2, entPhysicalName: 7 });

const sensorTable = (name: string, entry: string): SensorTable => ({
  name,
  types: [oid(`${entry}.1`)],
  columns: [
    entPhysicalTable.entPhysicalName.oid,
    entPhysicalTable.entPhysicalDescr.oid,
    ...[1, 2, 3, 4, 5, 6].map((arc) => oid(`${entry}.${arc}`)),
  ],
});

export const sensorTables: readonly SensorTable[] = [
  sensorTable("entPhySensorTable", "1.3.6.1.2.1.99.1.1.1"),
  sensorTable("entSensorValueTable", "1.3.6.1.4.1.9.9.91.1.1.1.1"),
];

/** Instances of type, scale, precision, value, status and units of one sensor, as `describeSensor` reads them. */
export function sensorInstances({ columns }: SensorTable, entity: number): readonly Oid[] {
  return columns.slice(2).map((column) => [...column, entity]);
}

/** What is polled of a known sensor, as `sensorValue` reads it: another module may give other scales. */
export function valueInstances({ columns }: SensorTable, entity: number): readonly Oid[] {
  return columns.slice(3, 7).map((column) => [...column, entity]);
}

export const valueWidth = 4;

const sensorWidth = 8;

const other = 1;
const unknown = 2;
const amperes = 5;
const watts = 6;
const celsius = 8;
/** SensorDataType of CISCO-ENTITY-SENSOR-MIB only. */
const dBm = 14;
const operational = 1;

/** RFC 3433 section 4, EntitySensorValue: these two mean below and above what the sensor can tell. */
const limit = 1_000_000_000;

/** Whether a sensor of that SensorDataType can be of a transceiver. */
export function mayBeOptical(type: number | undefined): boolean {
  return type !== undefined && [other, unknown, amperes, watts, celsius, dBm].includes(type);
}

/** What a sensor measures. Its numbers are in dBm, A or degrees, but for light that it gives in watts. */
export interface Sensor {
  readonly quantity: OpticalReading["quantity"];
  readonly inWatts: boolean;
}

/** The sensor whose type stands at `at`; undefined for one that is no optical one. `ofPort`: it is built into a port. */
export function describeSensor(cells: Cells, at: number, names: string, ofPort: boolean): Sensor | undefined {
  const given = numberAt(cells, at);
  // RFC 3433 has no type for dBm: such a sensor is other(1) or unknown(2), and its units say what it is.
  const type = (given ?? other) <= unknown && /\bdbm\b/i.test(textAt(cells, at + 5) ?? "") ? dBm : given;
  const quantity = quantityOf(type, names, ofPort);
  return quantity === undefined ? undefined : { quantity, inWatts: type === watts };
}

/** Scale, precision, value and status stand from `at` on. */
export function sensorValue({ inWatts }: Sensor, cells: Cells, at: number): number | undefined {
  const [scale, precision, raw, status] = [0, 1, 2, 3].map((i) => numberAt(cells, at + i));
  const usable = raw !== undefined && Math.abs(raw) < limit && (status === undefined || status === operational);
  if (!usable || scale === undefined) return undefined;
  const value = (raw * 10 ** ((scale - 9) * 3)) / 10 ** (precision ?? 0);
  if (!Number.isFinite(value)) return undefined;
  return inWatts ? decibels(value) : value;
}

/** Row `row` of a walk over the table's columns; undefined for a sensor that is no optical one. */
export function readSensor(cells: Cells, row: number): OpticalReading | undefined {
  const at = row * sensorWidth;
  const names = `${textAt(cells, at) ?? ""} ${textAt(cells, at + 1) ?? ""}`;
  const sensor = describeSensor(cells, at + 2, names, false);
  return sensor && { quantity: sensor.quantity, value: sensorValue(sensor, cells, at + 3) };
}

function quantityOf(type: number | undefined, names: string, ofPort: boolean): OpticalReading["quantity"] | undefined {
  const optical = type === dBm || ofPort || /\b(dom|xcvr|transceiver|optical|laser|lane|rx|tx)\b/i.test(names);
  if (!optical) return undefined;
  if (type === celsius) return "temperature";
  if (type === amperes) return /bias|laser/i.test(names) ? "biasCurrent" : undefined;
  if (type !== watts && type !== dBm) return undefined;
  if (/\b(rx|receive)\b/i.test(names)) return "receivePower";
  if (/\b(tx|transmit)\b/i.test(names)) return "transmitPower";
  return type === dBm ? "power" : undefined;
}

/** Undefined for darkness, which no number of dBm tells. */
function decibels(power: number): number | undefined {
  return power > 0 ? 10 * Math.log10(power * 1_000) : undefined;
}

const jnxDomCurrentTable = columnsOf("1.3.6.1.4.1.2636.3.60.1.1.1.1", {
  jnxDomCurrentRxLaserPower: 5,
  jnxDomCurrentTxLaserBiasCurrent: 6,
  jnxDomCurrentTxLaserOutputPower: 7,
  jnxDomCurrentModuleTemperature: 8,
});

/** Columns of jnxDomCurrentTable, indexed by ifIndex; `readDom` reads a row of them. */
export const domColumns: readonly Oid[] = Object.values(jnxDomCurrentTable).map((column) => column.oid);

const jnxDomModuleLaneTable = columnsOf("1.3.6.1.4.1.2636.3.60.1.2.1.1", {
  jnxDomCurrentLaneRxLaserPower: 6,
  jnxDomCurrentLaneTxLaserBiasCurrent: 7,
  jnxDomCurrentLaneTxLaserOutputPower: 8,
});

/** Light and bias of each lane, indexed by ifIndex and lane from 0; `readLight` reads a row of them. */
export const domLaneColumns: readonly Oid[] = Object.values(jnxDomModuleLaneTable).map((column) => column.oid);

/** Row `row` of a walk over `domColumns`. */
export function readDom(cells: Cells, row: number): readonly OpticalReading[] {
  return readModule(cells, row * domColumns.length);
}

/** The module whose cells begin at `at`. One with several lanes has its light in them, and 0 here. */
export function readModule(cells: Cells, at: number): readonly OpticalReading[] {
  const temperature = numberAt(cells, at + 3);
  return [...readLight(cells, at), ...(temperature ? [{ quantity: "temperature", value: temperature } as const] : [])];
}

/** Powers are in 0.01 dBm, the bias current in 0.001 mA. A port without a module reads 0 everywhere. */
export function readLight(cells: Cells, at: number): readonly OpticalReading[] {
  const [received, bias, sent] = [0, 1, 2].map((i) => numberAt(cells, at + i));
  if (!received && !bias && !sent) return [];
  const scaled = (value: number | undefined, divisor: number) => (value === undefined ? undefined : value / divisor);
  return [
    { quantity: "receivePower", value: scaled(received, 100) },
    { quantity: "biasCurrent", value: scaled(bias, 1_000_000) },
    { quantity: "transmitPower", value: scaled(sent, 100) },
  ];
}
