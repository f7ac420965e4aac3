// Polls what the transceivers of the configured interfaces of one router measure. Juniper indexes its table by ifIndex;
// others number their sensors as entities, which a look brings to interfaces: by the port that holds the sensor, by the
// interface that the port is an alias of, or by the name of the interface in the sensor's own.

import { type OpticsObservation, opticalQuantities } from "../estate/link-observation.ts";
import { seconds } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import {
  domColumns,
  domLaneColumns,
  type OpticalReading,
  readLight,
  readModule,
  type Sensor,
  sensorValue,
  valueWidth,
} from "../mib/optics.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { Cells } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import type { Collector, CollectorDeps } from "./collector.ts";
import { interfaceNamed, walkIfNames } from "./interface-names.ts";
import { type FoundSensor, findSensors, type WantedOptics } from "./optics-sensors.ts";
import { areAbsent, type Look, type Place, type Sought, type SoughtContext, soughtCollector } from "./sought.ts";

const group = "optics";

/** Those of one interface: rows of Juniper's tables, or sensors. */
interface OpticsPlace extends Place {
  readonly sensors: readonly (Sensor & { readonly lane: number })[] | undefined;
  /** Lane, from 1, of each row that stands behind Juniper's row of the module. */
  readonly lanes: readonly number[];
}

interface FoundOptics extends Omit<OpticsPlace, "width"> {
  readonly oids: readonly Oid[];
}

const noLanes: readonly number[] = [];

/** An hour: the look behind it may walk every entity of a chassis. */
const rarely = seconds(3_600);

interface Wanted extends SoughtContext {
  readonly interfaces: readonly string[];
}

export function opticsCollector(
  { clock, target, uptime }: CollectorDeps,
  router: string,
  interfaces: readonly string[],
): Collector {
  return soughtCollector({ clock, target, uptime, router, interfaces }, optics);
}

const optics: Sought<Wanted, OpticsPlace> = {
  group,
  table: "optical sensors",
  rarely,
  nothingShown: ({ interfaces }) =>
    `shows no optical sensor of ${interfaces.join(", ")} in ENTITY-SENSOR-MIB, CISCO-ENTITY-SENSOR-MIB or JUNIPER-DOM-MIB`,
  look: ({ target, interfaces }) => look(target, interfaces),
  read({ router }, { key, sensors, lanes, width }, cells, from, at) {
    if (areAbsent(cells, from, width)) return "gone";
    const readings = sensors === undefined ? domReadings(lanes, cells, from) : sensorReadings(sensors, cells, from);
    return { kind: "optics", router, interface: key, at, readings };
  },
};

/** The light of the lanes where there are any, of the module where not: a module with one lane shows it twice. */
function domReadings(lanes: readonly number[], cells: Cells, from: number): OpticsObservation["readings"] {
  const module = readModule(cells, from).flatMap((reading) => withLane(reading, 1));
  const light = lanes.flatMap((lane, row) => {
    const at = from + domColumns.length + row * domLaneColumns.length;
    return readLight(cells, at).flatMap((reading) => withLane(reading, lane));
  });
  return light.length === 0 ? module : [...light, ...module.filter(({ quantity }) => quantity === "temperature")];
}

function sensorReadings(
  sensors: readonly (Sensor & { readonly lane: number })[],
  cells: Cells,
  from: number,
): OpticsObservation["readings"] {
  return sensors.flatMap((sensor, i) =>
    withLane({ quantity: sensor.quantity, value: sensorValue(sensor, cells, from + valueWidth * i) }, sensor.lane),
  );
}

/** Light of no known direction is not told. */
function withLane({ quantity, value }: OpticalReading, lane: number): OpticsObservation["readings"] {
  const known = opticalQuantities.find((one) => one === quantity);
  return known === undefined ? [] : [{ quantity: known, lane, value }];
}

async function look(target: SnmpTarget, interfaces: readonly string[]): Promise<Result<Look<OpticsPlace>, SnmpError>> {
  const names = await walkIfNames(target, group);
  if (!names.ok) return names;
  const wanted = interfaces.flatMap((key) => {
    const own = interfaceNamed(key, names.value);
    if (own === undefined) return [];
    // The module belongs to the port, not to a subinterface of it.
    const parent = interfaceNamed(key.replace(/[.:]\d+$/, ""), names.value) ?? own;
    return [{ key, interfaces: own === parent ? [own] : [own, parent] }];
  });
  const juniper = await lookInDom(target, wanted);
  if (!juniper.ok) return juniper;
  const left = wanted.filter(({ key }) => !juniper.value.some((place) => place.key === key));
  const sensors =
    left.length === 0 ? ok(new Map<string, readonly FoundSensor[]>()) : await findSensors(target, left, names.value);
  if (!sensors.ok) return sensors;
  const found: readonly FoundOptics[] = [
    ...juniper.value,
    ...[...sensors.value].map(([key, own]) => ({
      key,
      lanes: noLanes,
      sensors: own.map(({ sensor: { quantity, inWatts }, lane }) => ({ quantity, inWatts, lane })),
      oids: own.flatMap(({ oids }) => oids),
    })),
  ];
  const places = found.map(({ oids, ...place }) => ({ ...place, width: oids.length }));
  const oids = found.flatMap((one) => one.oids);
  const missing = interfaces.filter((key) => !places.some((place) => place.key === key));
  return ok({ places, oids, missing, shown: places.length > 0, doubt: undefined });
}

async function lookInDom(
  target: SnmpTarget,
  wanted: readonly WantedOptics[],
): Promise<Result<readonly FoundOptics[], SnmpError>> {
  const asked = wanted.flatMap(({ key, interfaces }) => interfaces.map(({ ifIndex }) => ({ key, ifIndex })));
  if (asked.length === 0) return ok([]);
  const oids = asked.flatMap(({ ifIndex }) => domColumns.map((column) => [...column, ifIndex]));
  const got = await target.get(oids, { group, table: "jnxDomCurrentTable" });
  if (!got.ok) return got;
  const lit = asked.filter((_, i) => readModule(got.value, i * domColumns.length).length > 0);
  const places: FoundOptics[] = [];
  for (const { key, ifIndex } of lit) {
    if (places.some((place) => place.key === key)) continue;
    const walked = await target.walk(
      domLaneColumns.map((column) => [...column, ifIndex]),
      { group, table: "jnxDomModuleLaneTable" },
    );
    if (!walked.ok) return err(walked.error);
    const lanes = walked.value.rows.flatMap((index) => decodeArcs(index, 0, index.length)?.[0] ?? []);
    places.push({
      key,
      sensors: undefined,
      lanes: lanes.map((lane) => lane + 1),
      oids: [
        ...domColumns.map((column) => [...column, ifIndex]),
        ...lanes.flatMap((lane) => domLaneColumns.map((column) => [...column, ifIndex, lane])),
      ],
    });
  }
  return ok(places);
}
