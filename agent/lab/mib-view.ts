// What a simulated router shows by SNMP: SNMPv2-MIB system (RFC 3418), IF-MIB (RFC 2863), BGP4-MIB (RFC 4273) and
// the tables of its links, as a sorted list of instances whose values are read when somebody asks.

import { bgpStates } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { hash32 } from "../lib/hash.ts";
import { compareOids, isUnder, type Oid, oid } from "../wire/snmp/oid.ts";
import type { Value, VarBind } from "../wire/snmp/value.ts";
import { descriptionOf } from "./bmp-speaker.ts";
import { ethernetRows, ethernetTable } from "./ethernet-rows.ts";
import {
  columns,
  counter32,
  counter64,
  gauge32,
  type Instance,
  integer,
  ipAddress,
  objectId,
  octets,
  scalar,
  text,
  timeTicks,
  truth,
  upTime,
} from "./instances.ts";
import { interfacesOf, type SimulatedInterface } from "./interfaces.ts";
import { ipSlaRows, ipSlaTables } from "./ip-sla-rows.ts";
import { linkRows, linkTables } from "./link-rows.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import { routeRows, routeTable } from "./route-rows.ts";
import { bgpStateOf, type SimulatedSession } from "./session.ts";
import type { Flow, Simulation } from "./simulation.ts";

export interface MibView {
  /** Exactly this instance; `noSuchObject` or `noSuchInstance` where there is none. */
  get(name: Oid): Value;
  /** The first instance after this name; undefined past the last. */
  next(name: Oid): VarBind | undefined;
}

const bgp = oid("1.3.6.1.2.1.15");

export function createMibView(router: RouterPlan, simulation: Simulation): MibView {
  const interfaces = interfacesOf(router);
  const instances = [
    ...systemGroup(router, simulation),
    scalar("1.3.6.1.2.1.2.1", () => integer(interfaces.length)),
    ...interfaces.flatMap((i) => interfaceRows(i, router, simulation)),
    ...bgpGroup(router, simulation),
    ...linkRows(router, interfaces, simulation),
    ...ipSlaRows(router, simulation),
    ...ethernetRows(interfaces),
    ...routeRows(router, simulation),
  ].sort((a, b) => compareOids(a.oid, b.oid));
  const withoutBgp = instances.filter((i) => !isUnder(i.oid, bgp));
  const objectTypes = objectTypesOf(instances);

  // AgentX: until bgpd has joined the restarted SNMP agent, its whole MIB is missing.
  const shown = () => (simulation.network().routers.get(router.name)?.bgpTable === false ? withoutBgp : instances);

  return {
    get(name) {
      const list = shown();
      const found = list[firstNotBefore(list, name)];
      if (found !== undefined && compareOids(found.oid, name) === 0 && isThere(found)) return found.read();
      const known = objectTypes.some((t) => isUnder(name, t) || compareOids(name, t) === 0);
      const hidden = list === withoutBgp && isUnder(name, bgp);
      return { type: known && !hidden ? "noSuchInstance" : "noSuchObject" };
    },
    next(name) {
      const list = shown();
      let at = firstNotBefore(list, name);
      const exact = list[at];
      if (exact !== undefined && compareOids(exact.oid, name) === 0) at += 1;
      let found = list[at];
      while (found !== undefined && !isThere(found)) {
        at += 1;
        found = list[at];
      }
      return found === undefined ? undefined : { oid: found.oid, value: found.read() };
    },
  };
}

const isThere = ({ when }: Instance) => when === undefined || when();

/** Place of the first instance that is not before `name`: binary search. */
function firstNotBefore(list: readonly Instance[], name: Oid): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = list[middle];
    if (at !== undefined && compareOids(at.oid, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const tables = [
  oid("1.3.6.1.2.1.2.2.1"),
  oid("1.3.6.1.2.1.31.1.1.1"),
  oid("1.3.6.1.2.1.15.3.1"),
  ...linkTables,
  ...ipSlaTables,
  ethernetTable,
  routeTable,
];

function objectTypesOf(instances: readonly Instance[]): readonly Oid[] {
  const types = new Map<string, Oid>();
  for (const { oid: name } of instances) {
    const table = tables.find((t) => isUnder(name, t));
    const type = table === undefined ? name.slice(0, -1) : name.slice(0, table.length + 1);
    types.set(type.join("."), type);
  }
  return [...types.values()];
}

function systemGroup(router: RouterPlan, s: Simulation): readonly Instance[] {
  const descr = descriptionOf(router);
  return columns("1.3.6.1.2.1.1", [0], {
    1: () => text(descr),
    // net-snmp's number for Linux: the routers of the real lab (FRR) answer with it too.
    2: () => objectId("1.3.6.1.4.1.8072.3.2.10"),
    3: () => timeTicks(upTime(router, s, s.now())),
    4: () => text("network operations, simulated"),
    5: () => text(router.name),
    6: () => text(`${router.site.place}, simulated`),
    7: () => integer(6),
  });
}

function interfaceRows(i: SimulatedInterface, router: RouterPlan, s: Simulation): readonly Instance[] {
  const count = (read: (flow: Flow) => number) => () => counter32(read(i.counters(s)));
  const count64 = (read: (flow: Flow) => number) => () => counter64(read(i.counters(s)));
  const zero32 = () => counter32(0);
  const zero64 = () => counter64(0);
  const mac = hash32(`${router.name} ${i.name}`);
  return [
    ...columns("1.3.6.1.2.1.2.2.1", [i.index], {
      1: () => integer(i.index),
      2: () => text(i.description),
      3: () => integer(i.type),
      4: () => integer(i.mtu),
      5: () => gauge32(i.speed),
      // 02: locally administered, so that no vendor is claimed.
      6: () => (i.speed === 0 ? octets() : octets(2, 0, mac >>> 24, (mac >> 16) & 255, (mac >> 8) & 255, mac & 255)),
      7: () => truth(i.adminUp),
      8: () => truth(i.operUp(s)),
      9: () => timeTicks(upTime(router, s, i.changedAt(s))),
      10: count((f) => f.receiveBytes),
      11: count((f) => f.receivePackets),
      13: zero32,
      14: zero32,
      15: zero32,
      16: count((f) => f.transmitBytes),
      17: count((f) => f.transmitPackets),
      19: zero32,
      20: zero32,
    }),
    ...columns("1.3.6.1.2.1.31.1.1.1", [i.index], {
      1: () => text(i.name),
      2: zero32,
      3: zero32,
      4: zero32,
      5: zero32,
      6: count64((f) => f.receiveBytes),
      7: count64((f) => f.receivePackets),
      8: zero64,
      9: zero64,
      10: count64((f) => f.transmitBytes),
      11: count64((f) => f.transmitPackets),
      12: zero64,
      13: zero64,
      14: () => integer(1),
      15: () => gauge32(i.speed / 1e6),
      16: () => integer(2),
      17: () => truth(i.connector),
      18: () => text(i.alias),
      19: () => timeTicks(0),
    }),
  ];
}

function bgpGroup(router: RouterPlan, s: Simulation): readonly Instance[] {
  const mine = paths.filter((p) => p.router === router.name);
  // A provider edge has one session with the router, whatever peerings the circuit has behind it.
  const peers = [...new Map(mine.map((p) => [p.peerAddress, p])).values()];
  return [
    scalar("1.3.6.1.2.1.15.1", () => octets(0x10)),
    scalar("1.3.6.1.2.1.15.2", () => integer(router.site.asn)),
    scalar("1.3.6.1.2.1.15.4", () => ipAddress(router.loopback)),
    ...peers.flatMap((p) => peerRow(s, pathPeer(p, s))),
    ...peerRow(s, siblingPeer(router, s)),
  ];
}

interface Peer {
  readonly remote: string;
  readonly remoteAsn: number;
  readonly local: string;
  readonly identifier: string;
  readonly holdTime: number;
  readonly session: () => SimulatedSession;
  readonly carrier: () => boolean;
}

/** Microsoft's own timers are 60 s and 180 s; the lower side wins, and these routers leave them as they are. */
function pathPeer(p: PathPlan, s: Simulation): Peer {
  return {
    remote: p.peerAddress,
    remoteAsn: p.peerAsn,
    local: p.localAddress,
    identifier: p.peerAddress,
    holdTime: 180,
    session: () => s.session(p.key),
    carrier: () => s.network().links.get(p.linkKey)?.carrier === true,
  };
}

/** The iBGP session between the two routers of a site, over their own cable: nothing in the story touches it. */
function siblingPeer(router: RouterPlan, s: Simulation): Peer {
  const other = router.number === 1 ? 2 : 1;
  const since = (s.agentStartedAt(router.name) + seconds(60)) as Instant;
  const session: SimulatedSession = {
    established: true,
    since,
    transitions: 1,
    lastError: [0, 0],
    possibleSince: undefined,
  };
  return {
    remote: `${router.site.lan}.${other + 1}`,
    remoteAsn: router.site.asn,
    local: `${router.site.lan}.${router.number + 1}`,
    identifier: router.loopback.replace(/\d+$/, String(other)),
    holdTime: 180,
    session: () => session,
    carrier: () => true,
  };
}

const bgpStateNumber = new Map(Object.entries(bgpStates).map(([number, name]) => [name, Number(number)]));

function peerRow(s: Simulation, peer: Peer): readonly Instance[] {
  const up = () => peer.session().established;
  const inSeconds = () => Math.max(0, (s.now() - peer.session().since) / 1_000);
  const keepalives = () => (up() ? inSeconds() / (peer.holdTime / 3) : 0);
  // The columns of a dead session tell no address: only the index does (seen on real routers).
  const whileUp = (address: string) => () => ipAddress(up() ? address : "0.0.0.0");
  return columns("1.3.6.1.2.1.15.3.1", peer.remote.split(".").map(Number), {
    1: whileUp(peer.identifier),
    2: () => integer(bgpStateNumber.get(bgpStateOf(peer.session(), peer.carrier(), s.now())) ?? 1),
    3: () => integer(2),
    4: () => integer(up() ? 4 : 0),
    5: whileUp(peer.local),
    6: () => integer(up() ? 179 : 0),
    7: whileUp(peer.remote),
    8: () => integer(up() ? 40_000 + (hash32(peer.remote) % 20_000) : 0),
    9: () => integer(peer.remoteAsn),
    10: () => counter32(up() ? 24 : 0),
    11: () => counter32(up() ? 6 : 0),
    12: () => counter32(up() ? 25 + keepalives() : 0),
    13: () => counter32(up() ? 7 + keepalives() : 0),
    14: () => octets(...peer.session().lastError),
    15: () => counter32(peer.session().transitions),
    16: () => gauge32(inSeconds()),
    17: () => integer(120),
    18: () => integer(up() ? peer.holdTime : 0),
    19: () => integer(up() ? peer.holdTime / 3 : 0),
    20: () => integer(peer.holdTime),
    21: () => integer(peer.holdTime / 3),
    23: () => integer(30),
    24: () => gauge32(up() ? Math.min(inSeconds(), 3_600) : 0),
  });
}
