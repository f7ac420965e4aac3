// The simulated routers of the benchmark: where each stands, what it shows, and the estate that they make.

import type { Circuit, Estate, LinkName, Path, Router, Thresholds } from "../../../agent/estate/estate.ts";
import { milliseconds, seconds } from "../../../agent/lib/duration.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import { compareOids, type Oid, oid } from "../../../agent/wire/snmp/oid.ts";
import type { Value, VarBind } from "../../../agent/wire/snmp/value.ts";

export const community = "benchmark";
/** How long a slow router takes for an answer. */
export const slowAnswer = milliseconds(800);

/** What a benchmark asks of the routers; one value for the responder and for those who ask it. */
export interface Fleet {
  readonly routers: number;
  /** Milliseconds between two polls of a group. */
  readonly interval: number;
  /** Percent of them that answer nothing. */
  readonly dead: number;
  /** Percent of them that answer after `slowAnswer`. */
  readonly slow: number;
}

export type Manner = "prompt" | "slow" | "dead";

/** Every hundred routers hold their share of each manner, so that no part of the interval is spared. */
export function mannerOf(i: number, { dead, slow }: Fleet): Manner {
  const place = (i * 37) % 100;
  if (place < dead) return "dead";
  return place < dead + slow ? "slow" : "prompt";
}

const firstAddress = 0x7f20_0001;

export function addressOf(i: number): number {
  return firstAddress + i;
}

export function routerAt(address: number): number {
  return address - firstAddress;
}

export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** Different MIBs: no two neighbours number their interfaces and peers alike. */
export const variants = 256;
const interfaces = 20;
const peers = 6;

const ifIndexOf = (variant: number, i: number) => 1 + (variant % 16) * 100 + i;
const peerAddress = (variant: number, i: number) => [172, 16 + (variant % 16), variant >> 4, 4 * i + 2];
export const nameOf = (i: number) => `ce-${String(i).padStart(5, "0")}`;

/** sysUpTime lies here or above, so that it always takes four octets. */
export const leastUptime = 0x0200_0000;

const octets = (text: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(text)) });
const integer = (value: number): Value => ({ type: "integer", value });
const counter = (value: number): Value => ({ type: "counter32", value });

/** What a router has beyond its interfaces and sessions: half are Cisco's, half Juniper's. */
export function equipmentOf(variant: number) {
  return {
    isCisco: variant % 2 === 0,
    neighbors: variant % 8 !== 7,
    bfd: variant % 3 === 0,
    optics: variant % 3 === 1,
    /** Juniper's of this fleet have no table of them. */
    prefixes: variant % 2 === 0,
  };
}

type Put = (name: string, index: readonly number[], value: Value) => void;

function putBfd(put: Put, remote: readonly number[], session: number): void {
  const table = "1.3.6.1.2.1.222.1";
  put(`${table}.2.1.4`, [session], integer(session));
  put(`${table}.2.1.5`, [session], integer(1_000 + session));
  put(`${table}.2.1.11`, [session], integer(4));
  put(`${table}.2.1.13`, [session], integer(0));
  put(`${table}.2.1.21`, [session], integer(1));
  put(`${table}.2.1.22`, [session], { type: "octets", value: Uint8Array.from(remote) });
  for (const arc of [25, 26, 29]) put(`${table}.2.1.${arc}`, [session], integer(300_000));
  for (const arc of [28, 31]) put(`${table}.2.1.${arc}`, [session], integer(3));
  put(`${table}.3.1.9`, [session], { type: "timeTicks", value: leastUptime / 2 });
  put(`${table}.3.1.11`, [session], integer(0));
  put(`${table}.3.1.12`, [session], counter(2));
}

function putNeighbor(put: Put, ifIndex: number, remote: readonly number[]): void {
  const mac: Value = { type: "octets", value: Uint8Array.of(0x12, 0x34, ...remote) };
  put("1.3.6.1.2.1.4.35.1.4", [ifIndex, 1, 4, ...remote], mac);
  put("1.3.6.1.2.1.4.35.1.6", [ifIndex, 1, 4, ...remote], integer(3));
  put("1.3.6.1.2.1.4.35.1.7", [ifIndex, 1, 4, ...remote], integer(1));
  put("1.3.6.1.2.1.4.22.1.2", [ifIndex, ...remote], mac);
  put("1.3.6.1.2.1.4.22.1.4", [ifIndex, ...remote], integer(3));
}

/** A port with four sensors in it. */
function putCiscoOptics(put: Put, port: string, entity: number): void {
  const entities = "1.3.6.1.2.1.47.1.1.1.1";
  const sensors = "1.3.6.1.4.1.9.9.91.1.1.1.1";
  const named = (index: number, name: string, containedIn: number) => {
    put(`${entities}.2`, [index], octets(name));
    put(`${entities}.4`, [index], integer(containedIn));
    put(`${entities}.7`, [index], octets(name));
  };
  named(entity, port, 0);
  for (const [i, [name, type]] of (
    [
      ["Receive Power", 14],
      ["Transmit Power", 14],
      ["Bias Current", 5],
      ["Module Temperature", 8],
    ] as const
  ).entries()) {
    const sensor = entity + 1 + i;
    named(sensor, `${port} ${name} Sensor`, entity);
    for (const [column, value] of [type, 9, 1, 25, 1].entries())
      put(`${sensors}.${column + 1}`, [sensor], integer(value));
  }
}

function putJuniperOptics(put: Put, ifIndex: number): void {
  for (const [arc, value] of [
    [5, -512],
    [6, 35_000],
    [7, -210],
    [8, 41],
  ] as const) {
    put(`1.3.6.1.4.1.2636.3.60.1.1.1.1.${arc}`, [ifIndex], integer(value));
  }
}

/** cbgpPeerAddrFamilyPrefixTable, IPv4 unicast. */
function putPrefixes(put: Put, remote: readonly number[]): void {
  for (const [arc, value] of [
    [1, 250],
    [2, 0],
    [6, 12],
    [8, 1],
  ] as const) {
    put(`1.3.6.1.4.1.9.9.187.1.2.4.1.${arc}`, [...remote, 1, 1], counter(value));
  }
}

/** The instances of a variant, in their order. */
export function instancesOf(variant: number): readonly VarBind[] {
  const all: VarBind[] = [];
  const { isCisco, ...has } = equipmentOf(variant);
  const putAt: Put = (name, index, value) => void all.push({ oid: [...oid(name), ...index], value });
  const put: Put = (name, index, value) => putAt(`1.3.6.1.2.1.${name}`, index, value);
  const maker = isCisco ? "Cisco IOS XE Software, Version 17.09.04a" : "Juniper Networks, Inc. mx204, JUNOS 22.4R3";
  put("1.1", [0], octets(`${maker}, simulated for a benchmark`));
  put("1.2", [0], { type: "oid", value: oid(isCisco ? "1.3.6.1.4.1.9.1.2093" : "1.3.6.1.4.1.2636.1.1.1.2.161") });
  put("1.3", [0], { type: "timeTicks", value: leastUptime });
  put("1.5", [0], octets(`ce-variant-${variant}`));
  for (let i = 0; i < interfaces; i++) {
    const at = [ifIndexOf(variant, i)];
    put("31.1.1.1.1", at, octets(`Te0/0/${i}`));
    put("2.2.1.2", at, octets(`TenGigabitEthernet0/0/${i}`));
    put("31.1.1.1.18", at, octets(i === 0 ? "to the MSEE" : ""));
    put("2.2.1.5", at, { type: "gauge32", value: 0xffff_ffff });
    for (const column of ["2.2.1.7", "2.2.1.8"]) put(column, at, integer(1));
    for (const column of ["2.2.1.13", "2.2.1.14", "2.2.1.19", "2.2.1.20"]) {
      put(column, at, { type: "counter32", value: i });
    }
    for (const column of ["31.1.1.1.6", "31.1.1.1.7", "31.1.1.1.10", "31.1.1.1.11"]) {
      put(column, at, { type: "counter64", value: 2n ** 45n + BigInt(i) });
    }
    put("31.1.1.1.15", at, { type: "gauge32", value: 10_000 });
  }
  for (let i = 0; i < peers; i++) {
    const remote = peerAddress(variant, i);
    put("15.3.1.2", remote, integer(6));
    put("15.3.1.3", remote, integer(2));
    put("15.3.1.7", remote, { type: "ipAddress", value: remote.join(".") });
    put("15.3.1.9", remote, integer(12_076));
    put("15.3.1.14", remote, { type: "octets", value: Uint8Array.of(0, 0) });
    put("15.3.1.15", remote, { type: "counter32", value: 3 });
    put("15.3.1.16", remote, { type: "gauge32", value: 86_400 });
    if (has.bfd) putBfd(putAt, remote, i + 1);
    if (has.neighbors) putNeighbor(putAt, ifIndexOf(variant, 0), remote);
    if (has.prefixes) putPrefixes(putAt, remote);
  }
  if (has.optics && isCisco) putCiscoOptics(putAt, "Te0/0/0", 1_000);
  if (has.optics && !isCisco) putJuniperOptics(putAt, ifIndexOf(variant, 0));
  return all.sort((a, b) => compareOids(a.oid, b.oid));
}

/** The instances behind a name, by binary search: the responder must not be what is measured. */
export function viewOf(instances: readonly VarBind[]) {
  const firstBehind = (name: Oid, orAt: boolean) => {
    let [low, high] = [0, instances.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareOids(instances[middle]?.oid ?? [], name);
      if (order < 0 || (order === 0 && !orAt)) low = middle + 1;
      else high = middle;
    }
    return instances[low];
  };
  return {
    get(name: Oid): Value {
      const found = firstBehind(name, true);
      return found !== undefined && compareOids(found.oid, name) === 0 ? found.value : { type: "noSuchInstance" };
    },
    next: (after: Oid) => firstBehind(after, false),
  };
}

const thresholds: Thresholds = {
  loss: { raise: 0.05, clear: 0.02, for: seconds(30) },
  delay: { raise: 0.1, clear: 0.08, for: seconds(60) },
  silence: seconds(3),
  window: seconds(60),
  keepFiringFor: seconds(60),
};

/** One circuit for each two routers, each with the two peerings that a link can carry. */
export function estateOf({ routers, interval }: Fleet, port: number): Estate {
  const credentials = { version: "2c", community: new Secret(community) } as const;
  const all = Array.from(
    { length: routers },
    (_, i): Router => ({
      name: nameOf(i),
      site: "ams",
      address: dotted(addressOf(i)),
      port,
      credentials,
      notifications: { addresses: [dotted(addressOf(i))], credentials },
      anySource: false,
      pollInterval: milliseconds(interval),
      bgpTable: undefined,
    }),
  );
  const circuits = Array.from({ length: Math.floor(routers / 2) }, (_, c): Circuit => {
    const name = `ams-${String(c).padStart(5, "0")}`;
    const pathOf = (peering: "azurePrivate" | "microsoft", link: LinkName): Path => {
      const i = 2 * c + (link === "primary" ? 0 : 1);
      const remoteAddress = peerAddress(i % variants, peering === "azurePrivate" ? 0 : 1).join(".");
      return {
        circuit: name,
        peering,
        link,
        router: nameOf(i),
        site: "ams",
        interface: "Te0/0/0",
        session: { localAddress: undefined, remoteAddress, remoteAsn: 12_076 },
        msee: remoteAddress,
        vlan: peering === "azurePrivate" ? 100 : 200,
        probes: [],
        thresholds,
      };
    };
    const peering = (of: "azurePrivate" | "microsoft") => ({
      name: of,
      prefixLimits: { ipv4: 4_000, ipv6: 100 },
      paths: { primary: pathOf(of, "primary"), secondary: pathOf(of, "secondary") },
    });
    return {
      name,
      serviceKey: `7a3c0000-0000-4000-8000-${String(c).padStart(12, "0")}`,
      provider: "Equinix",
      peeringLocation: "Amsterdam",
      bandwidth: 1e10,
      sku: "premium",
      connectivityModel: "cloudExchange",
      peerings: [peering("azurePrivate"), peering("microsoft")],
    };
  });
  return {
    site: "ams",
    web: { host: "127.0.0.1", port: 0 },
    routers: new Map(all.map((router) => [router.name, router])),
    circuits: new Map(circuits.map((circuit) => [circuit.name, circuit])),
    globalReach: new Map(),
    notifications: undefined,
    reflector: undefined,
    statistics: { windows: [], buckets: [] },
    stateDirectory: undefined,
    selfCheck: { gateways: undefined, starvedAfter: seconds(2) },
    services: [],
    internetDependencies: [],
  };
}
