// Which sensors of a chassis are those of an interface's transceiver.

import { ok, type Result } from "../lib/result.ts";
import { aliasedIfIndex, type Entity, entAliasMapping, entityColumns, readEntity } from "../mib/entity-mib.ts";
import {
  describeSensor,
  mayBeOptical,
  type Sensor,
  type SensorTable,
  sensorInstances,
  sensorTables,
  valueInstances,
} from "../mib/optics.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { numberAt } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import type { NamedInterface } from "./if-names.ts";

const group = "optics";

/** An interface whose optics are wanted, by its configured name. */
export interface WantedOptics {
  readonly key: string;
  /** The interface of that name, and the port that it is a subinterface of. */
  readonly interfaces: readonly NamedInterface[];
}

export interface FoundSensor {
  readonly sensor: Sensor;
  readonly lane: number;
  readonly oids: readonly Oid[];
}

/** Where a sensor belongs. `ofPort`: the port holds it; otherwise only its name says so. */
export interface Owner {
  readonly key: string;
  readonly ofPort: boolean;
}

interface Chassis {
  readonly entities: ReadonlyMap<number, Entity>;
  /** ifIndex by entPhysicalIndex. */
  readonly aliases: ReadonlyMap<number, number>;
}

/** A sensor stands this many storeys below its port at most: lane, module, slot, port. */
const storeys = 6;

/** By the key of the wanted interface; those without a sensor are left out. */
export async function findSensors(
  target: SnmpTarget,
  wanted: readonly WantedOptics[],
  all: readonly NamedInterface[],
): Promise<Result<ReadonlyMap<string, readonly FoundSensor[]>, SnmpError>> {
  const found = new Map<string, FoundSensor[]>();
  let chassis: Chassis | undefined;
  for (const table of sensorTables) {
    const types = await walkIndexed(target, table.types, table.name);
    if (!types.ok) return types;
    const optical = types.value.filter(({ type }) => mayBeOptical(type)).map(({ index }) => index);
    if (optical.length === 0) continue;
    if (chassis === undefined) {
      const walked = await walkChassis(target);
      if (!walked.ok) return walked;
      chassis = walked.value;
    }
    const { entities, aliases } = chassis;
    const owned = optical.flatMap((index) => {
      const owner = ownerOf(index, { entities, aliases }, wanted, all);
      return owner === undefined || found.has(owner.key) ? [] : [{ index, owner }];
    });
    const described = await describe(target, table, owned, entities);
    if (!described.ok) return described;
    for (const [key, sensors] of described.value) found.set(key, sensors);
  }
  return ok(found);
}

async function walkIndexed(target: SnmpTarget, columns: readonly Oid[], table: string) {
  const walked = await target.walk(columns, { group, table });
  if (!walked.ok) return walked;
  return ok(
    walked.value.rows.flatMap((octets, row) => {
      const [index, more] = decodeArcs(octets, 0, octets.length) ?? [];
      return index === undefined || more !== undefined ? [] : [{ index, type: numberAt(walked.value.cells, row) }];
    }),
  );
}

async function walkChassis(target: SnmpTarget): Promise<Result<Chassis, SnmpError>> {
  const walked = await target.walk(entityColumns, { group, table: "entPhysicalTable" });
  if (!walked.ok) return walked;
  const mapped = await target.walk(entAliasMapping, { group, table: "entAliasMappingTable" });
  if (!mapped.ok) return mapped;
  const entities = new Map<number, Entity>();
  walked.value.rows.forEach((octets, row) => {
    const [index] = decodeArcs(octets, 0, octets.length) ?? [];
    if (index !== undefined) entities.set(index, readEntity(walked.value.cells, row));
  });
  const aliases = new Map<number, number>();
  mapped.value.rows.forEach((octets, row) => {
    const [index] = decodeArcs(octets, 0, octets.length) ?? [];
    const ifIndex = aliasedIfIndex(mapped.value.cells, row);
    if (index !== undefined && ifIndex !== undefined) aliases.set(index, ifIndex);
  });
  return ok({ entities, aliases });
}

/** The wanted interface that a sensor belongs to; undefined for a sensor of anything else. */
export function ownerOf(
  sensor: number,
  { entities, aliases }: Chassis,
  wanted: readonly WantedOptics[],
  all: readonly NamedInterface[],
): Owner | undefined {
  let at = sensor;
  for (let storey = 0; storey < storeys && at !== 0; storey++) {
    const ifIndex = aliases.get(at);
    const name = storey === 0 ? "" : (entities.get(at)?.name ?? "");
    const owner = wanted.find(({ interfaces }) =>
      interfaces.some((one) => one.ifIndex === ifIndex || (name !== "" && one.names.slice(0, 2).includes(name))),
    );
    if (owner !== undefined) return { key: owner.key, ofPort: true };
    // Another interface's port.
    if (ifIndex !== undefined) return undefined;
    at = entities.get(at)?.containedIn ?? 0;
  }
  const { name = "", description = "" } = entities.get(sensor) ?? {};
  const owner = [name, description].map((text) => namedIn(text, wanted, all)).find((key) => key !== undefined);
  return owner === undefined ? undefined : { key: owner, ofPort: false };
}

/** `DOM RX Power Sensor for Ethernet1/1` is of Ethernet1/1 and, if there is none of that name, lane 1 of Ethernet1. */
function namedIn(text: string, wanted: readonly WantedOptics[], all: readonly NamedInterface[]): string | undefined {
  const namesOf = ({ names }: NamedInterface) => names.slice(0, 2).flatMap((name) => name ?? []);
  const longest = (names: readonly string[]) =>
    names.filter((name) => holds(text, name)).reduce((best, name) => (name.length > best.length ? name : best), "");
  const best = longest(wanted.flatMap(({ interfaces }) => interfaces.flatMap(namesOf)));
  if (best === "" || longest(all.flatMap(namesOf)).length > best.length) return undefined;
  return wanted.find(({ interfaces }) => interfaces.some((one) => namesOf(one).includes(best)))?.key;
}

/** As a word of its own, or with the number of a lane behind it. */
function holds(text: string, name: string): boolean {
  const at = name === "" ? -1 : text.indexOf(name);
  if (at < 0) return false;
  return !/[\w./:-]$/.test(text.slice(0, at)) && /^(\/\d+)?($|[^\w./:-])/.test(text.slice(at + name.length));
}

/** Reads what each sensor is, and numbers the lanes: as their names say, or in the order of the sensors. */
async function describe(
  target: SnmpTarget,
  table: SensorTable,
  owned: readonly { readonly index: number; readonly owner: Owner }[],
  entities: ReadonlyMap<number, Entity>,
): Promise<Result<ReadonlyMap<string, FoundSensor[]>, SnmpError>> {
  const found = new Map<string, FoundSensor[]>();
  if (owned.length === 0) return ok(found);
  const oids = owned.flatMap(({ index }) => sensorInstances(table, index));
  const width = oids.length / owned.length;
  const got = await target.get(oids, { group, table: table.name });
  if (!got.ok) return got;
  owned.forEach(({ index, owner }, i) => {
    const { name = "", description = "" } = entities.get(index) ?? {};
    const sensor = describeSensor(got.value, i * width, `${name} ${description}`, owner.ofPort);
    if (sensor === undefined) return;
    const here = found.get(owner.key) ?? [];
    const same = here.filter((one) => one.sensor.quantity === sensor.quantity).map(({ lane }) => lane);
    const said = Number(/\blane\s*(\d+)/i.exec(`${name} ${description}`)?.[1] ?? 0);
    const lane = said > 0 && !same.includes(said) ? said : Math.max(0, ...same) + 1;
    found.set(owner.key, [...here, { sensor, lane, oids: valueInstances(table, index) }]);
  });
  return ok(found);
}
