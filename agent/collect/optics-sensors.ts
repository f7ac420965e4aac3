// Which sensors of a chassis are those of an interface's transceiver.

import { ok, type Result } from "../lib/result.ts";
import { aliasedIfIndex, type Entity, entAliasMapping, entityColumns, readEntity } from "../mib/entity-mib.ts";
import type { IfNames } from "../mib/if-mib.ts";
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

const group = "optics";

/** An interface whose optics are wanted, by its configured name. */
export interface WantedOptics {
  readonly key: string;
  /** The interface of that name, and the port that it is a subinterface of. */
  readonly interfaces: readonly IfNames[];
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

export interface Chassis {
  readonly entities: ReadonlyMap<number, Entity>;
  /** ifIndex by entPhysicalIndex of a port. */
  readonly ports: ReadonlyMap<number, number>;
  /** The ports that each entity holds. */
  readonly held: ReadonlyMap<number, readonly number[]>;
}

/** A sensor stands this many storeys below its port at most: lane, module, slot, port. */
const storeys = 6;

/** By the key of the wanted interface; those without a sensor are left out. */
export async function findSensors(
  target: SnmpTarget,
  wanted: readonly WantedOptics[],
  all: readonly IfNames[],
): Promise<Result<ReadonlyMap<string, readonly FoundSensor[]>, SnmpError>> {
  const found = new Map<string, FoundSensor[]>();
  let chassis: Chassis | undefined;
  for (const table of sensorTables) {
    const types = await walkIndexed(target, table.types, table.name);
    if (!types.ok) return types;
    const optical = types.value.filter(({ type }) => mayBeOptical(type)).map(({ index }) => index);
    if (optical.length === 0) continue;
    if (chassis === undefined) {
      const walked = await walkChassis(target, all);
      if (!walked.ok) return walked;
      chassis = walked.value;
    }
    const known = chassis;
    const owned = optical.flatMap((index) => {
      const owner = ownerOf(index, known, wanted, all);
      return owner === undefined || found.has(owner.key) ? [] : [{ index, owner }];
    });
    const described = await describe(target, table, owned, known.entities);
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

async function walkChassis(target: SnmpTarget, all: readonly IfNames[]): Promise<Result<Chassis, SnmpError>> {
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
  return ok(chassisOf(entities, aliases, all));
}

/** Ports are the entities that an alias, or the very name of an interface, calls so. */
export function chassisOf(
  entities: ReadonlyMap<number, Entity>,
  aliases: ReadonlyMap<number, number>,
  all: readonly IfNames[],
): Chassis {
  const byName = new Map(all.flatMap((one) => namesOf(one).map((name) => [name, one.ifIndex] as const)));
  const ports = new Map<number, number>();
  const held = new Map<number, number[]>();
  for (const [index, { name, containedIn }] of entities) {
    const ifIndex = aliases.get(index) ?? byName.get(name);
    if (ifIndex === undefined) continue;
    ports.set(index, ifIndex);
    held.set(containedIn, [...(held.get(containedIn) ?? []), index]);
  }
  return { entities, ports, held };
}

/** ifName and ifDescr. */
function namesOf({ names }: IfNames): readonly string[] {
  return names.slice(0, 2).filter((name) => name !== undefined && name !== "") as readonly string[];
}

/** The wanted interface that a sensor belongs to; undefined for a sensor of anything else. */
export function ownerOf(
  sensor: number,
  chassis: Chassis,
  wanted: readonly WantedOptics[],
  all: readonly IfNames[],
): Owner | undefined {
  const port = portAbove(sensor, chassis);
  if (port !== undefined) {
    const owner = wanted.find(({ interfaces }) => interfaces.some(({ ifIndex }) => ifIndex === port));
    return owner && { key: owner.key, ofPort: true };
  }
  const { name = "", description = "" } = chassis.entities.get(sensor) ?? {};
  const key = [name, description].map((text) => namedIn(text, wanted, all)).find((one) => one !== undefined);
  return key === undefined ? undefined : { key, ofPort: false };
}

/** The ifIndex of the port that holds a sensor, or that stands beside it in the same module, as Cisco builds them. */
function portAbove(sensor: number, { entities, ports, held }: Chassis): number | undefined {
  let at = entities.get(sensor)?.containedIn ?? 0;
  for (let storey = 0; storey < storeys && at !== 0; storey++) {
    const beside = held.get(at) ?? [];
    // A card with several ports is no port's module.
    if (!ports.has(at) && beside.length > 1) return undefined;
    const port = ports.get(at) ?? ports.get(beside[0] ?? -1);
    if (port !== undefined) return port;
    at = entities.get(at)?.containedIn ?? 0;
  }
  return undefined;
}

/** `DOM RX Power Sensor for Ethernet1/1` is of Ethernet1/1 and, if there is none of that name, lane 1 of Ethernet1. */
function namedIn(text: string, wanted: readonly WantedOptics[], all: readonly IfNames[]): string | undefined {
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
