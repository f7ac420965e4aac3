// What a simulated router shows of its links beyond IF-MIB and BGP4-MIB: its own addresses and ARP (RFC 4293), BFD
// (RFC 7331), and the transceivers of its ports (RFC 6933, RFC 3433).

import { hash32, phase } from "../lib/hash.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import {
  columns,
  counter32,
  gauge32,
  type Instance,
  integer,
  objectId,
  octets,
  text,
  timeTicks,
  truth,
  upTime,
} from "./instances.ts";
import type { SimulatedInterface } from "./interfaces.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";

const ipAddrTable = "1.3.6.1.2.1.4.20.1";
const ipNetToMediaTable = "1.3.6.1.2.1.4.22.1";
const entPhysicalTable = "1.3.6.1.2.1.47.1.1.1.1";
const entAliasMappingTable = "1.3.6.1.2.1.47.1.3.2.1";
const entPhySensorTable = "1.3.6.1.2.1.99.1.1.1";
const bfdSessTable = "1.3.6.1.2.1.222.1.2.1";
const bfdSessPerfTable = "1.3.6.1.2.1.222.1.3.1";

/** Their entries. */
export const linkTables: readonly Oid[] = [
  ipAddrTable,
  ipNetToMediaTable,
  entPhysicalTable,
  entAliasMappingTable,
  entPhySensorTable,
  bfdSessTable,
  bfdSessPerfTable,
].map(oid);

export function linkRows(
  router: RouterPlan,
  interfaces: readonly SimulatedInterface[],
  s: Simulation,
): readonly Instance[] {
  const mine = paths.filter((p) => p.router === router.name);
  const sessions = [...new Map(mine.map((p) => [p.peerAddress, p])).values()];
  const indexOf = (name: string) => interfaces.find((one) => one.name === name)?.index ?? 0;
  const optical = interfaces.filter(({ name }) => /^[xg]e-/.test(name));
  return [
    ...sessions.flatMap((p) => neighborRows(p, indexOf(`${p.interface}.${p.peering.vlan}`), s)),
    // Microsoft's end has BFD on both peerings, where ours asks for it; a provider's edge may or may not.
    ...sessions
      .filter((p) => p.circuit.connectivityModel !== "anyToAny")
      .flatMap((p, i) => bfdRows(p, i + 1, indexOf(`${p.interface}.${p.peering.vlan}`), router, s)),
    ...columns(entPhysicalTable, [1], {
      2: () => text("simulated chassis"),
      4: () => integer(0),
      7: () => text("chassis"),
    }),
    ...optical.flatMap((port, i) => opticalRows(port, 100 * (i + 1), s)),
  ];
}

const quad = (address: string) => address.split(".").map(Number);

function carrierOf(p: PathPlan, s: Simulation): boolean {
  return s.network().links.get(p.linkKey)?.carrier === true;
}

/** A router forgets its neighbours when the interface goes down. */
function neighborRows(p: PathPlan, ifIndex: number, s: Simulation): readonly Instance[] {
  const mac = hash32(`${p.peerAddress} mac`);
  const entry = columns(ipNetToMediaTable, [ifIndex, ...quad(p.peerAddress)], {
    1: () => integer(ifIndex),
    // 02: locally administered, so that no vendor is claimed.
    2: () => octets(2, 1, mac >>> 24, (mac >> 16) & 255, (mac >> 8) & 255, mac & 255),
    4: () => integer(3),
  });
  return [
    ...columns(ipAddrTable, quad(p.localAddress), { 2: () => integer(ifIndex) }),
    ...entry.map((instance) => ({ ...instance, when: () => carrierOf(p, s) })),
  ];
}

/** Microsoft's timers: 300 ms, three times. */
const interval = 300_000;
const multiplier = 3;

function bfdRows(p: PathPlan, index: number, ifIndex: number, router: RouterPlan, s: Simulation): readonly Instance[] {
  const up = () => carrierOf(p, s);
  const changed = () => timeTicks(upTime(router, s, s.carrierChangedAt(p.linkKey)));
  const microseconds = () => gauge32(interval);
  return [
    ...columns(bfdSessTable, [index], {
      2: () => gauge32(1),
      4: () => gauge32(1 + (hash32(`${p.key} local`) >>> 1)),
      5: () => gauge32(up() ? 1 + (hash32(`${p.key} remote`) >>> 1) : 0),
      6: () => gauge32(3_784),
      9: () => integer(2),
      10: () => integer(up() ? 1 : 2),
      11: () => integer(up() ? 4 : 2),
      12: () => truth(up()),
      // controlDetectionTimeExpired.
      13: () => integer(up() ? 0 : 1),
      18: () => integer(ifIndex),
      19: () => integer(1),
      20: () => octets(...quad(p.localAddress)),
      21: () => integer(1),
      22: () => octets(...quad(p.peerAddress)),
      25: microseconds,
      26: microseconds,
      28: () => gauge32(multiplier),
      29: microseconds,
      31: () => gauge32(multiplier),
    }),
    ...columns(bfdSessPerfTable, [index], {
      9: () => (up() ? changed() : timeTicks(0)),
      10: () => (up() ? timeTicks(0) : changed()),
      11: () => integer(up() ? 0 : 1),
      12: () => counter32(s.session(p.key).transitions),
    }),
  ];
}

/** SensorDataType, and SensorDataScale: units, milli, micro. */
const amperes = 5;
const watts = 6;
const celsius = 8;
const units = 9;
const milli = 8;
const micro = 7;

/** A port, its transceiver, and what that measures: light from 0.4 to 0.7 mW. */
function opticalRows(port: SimulatedInterface, at: number, s: Simulation): readonly Instance[] {
  const wander = (name: string) => 1 + 0.02 * Math.sin(s.elapsed() / 60_000 + 6 * phase(`${port.name} ${name}`));
  const light = (name: string) => (400 + 300 * phase(`${port.name} ${name}`)) * wander(name);
  const entity = (index: number, holder: number, name: string) =>
    columns(entPhysicalTable, [index], { 2: () => text(name), 4: () => integer(holder), 7: () => text(name) });
  const sensor = (index: number, name: string, type: number, scale: number, read: () => number) => [
    ...entity(index, at + 1, `${port.name} ${name} sensor`),
    ...columns(entPhySensorTable, [index], {
      1: () => integer(type),
      2: () => integer(scale),
      3: () => integer(1),
      4: () => integer(Math.round(read() * 10)),
      5: () => integer(1),
    }),
  ];
  return [
    ...entity(at, 1, `${port.name} port`),
    ...columns(entAliasMappingTable, [at, 0], { 2: () => objectId(`1.3.6.1.2.1.2.2.1.1.${port.index}`) }),
    ...entity(at + 1, at, `${port.name} transceiver`),
    ...sensor(at + 2, "receive power", watts, micro, () => (port.operUp(s) ? light("receive") : 0)),
    ...sensor(at + 3, "transmit power", watts, micro, () => (port.adminUp ? light("transmit") : 0)),
    ...sensor(at + 4, "laser bias current", amperes, milli, () => (port.adminUp ? 6.5 * wander("bias") : 0)),
    ...sensor(at + 5, "temperature", celsius, units, () => 31 + 4 * phase(port.name) + wander("temperature")),
  ];
}
