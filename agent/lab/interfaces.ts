// The interfaces of a simulated router: the ports of its circuits with a subinterface per peering, and what
// else such a router has. Each says how its counters stand now.

import type { Instant } from "../lib/clock.ts";
import { phase } from "../lib/hash.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import type { Flow, Simulation } from "./simulation.ts";

/** ifType of the IANAifType-MIB. */
const ifType = { ethernetCsmacd: 6, softwareLoopback: 24, l2vlan: 135 } as const;

export interface SimulatedInterface {
  readonly index: number;
  readonly name: string;
  readonly description: string;
  readonly alias: string;
  readonly type: number;
  readonly mtu: number;
  /** Bits per second; 0 for those without a rate. */
  readonly speed: number;
  readonly connector: boolean;
  readonly adminUp: boolean;
  readonly operUp: (s: Simulation) => boolean;
  readonly changedAt: (s: Simulation) => Instant;
  readonly counters: (s: Simulation) => Flow;
}

export function interfacesOf(router: RouterPlan): readonly SimulatedInterface[] {
  const mine = paths.filter((p) => p.router === router.name);
  const ports = [...new Set(mine.map((p) => p.interface))];
  const port = router.site.portSpeed >= 1e10 ? "xe" : "ge";
  const up = () => true;
  const atStart = (s: Simulation) => s.agentStartedAt(router.name);
  const made: Omit<SimulatedInterface, "index">[] = [
    {
      ...steady(`${router.name} lo0`, 900),
      name: "lo0",
      description: "Loopback",
      alias: "router id, SNMP",
      type: ifType.softwareLoopback,
      mtu: 65_535,
      speed: 0,
      connector: false,
      adminUp: true,
      operUp: up,
      changedAt: atStart,
    },
    {
      ...steady(`${router.name} fxp0`, 22_000),
      name: "fxp0",
      description: "Management Ethernet",
      alias: "out-of-band",
      type: ifType.ethernetCsmacd,
      mtu: 1_500,
      speed: 1e9,
      connector: true,
      adminUp: true,
      operUp: up,
      changedAt: atStart,
    },
  ];
  for (const name of ports)
    made.push(
      ...circuitPort(
        router,
        name,
        mine.filter((p) => p.interface === name),
      ),
    );
  made.push(
    {
      name: `${port}-0/1/0`,
      description: `${port}-0/1/0`,
      alias: `LAN ${router.site.place}`,
      type: ifType.ethernetCsmacd,
      mtu: 9_192,
      speed: router.site.portSpeed,
      connector: true,
      adminUp: true,
      operUp: up,
      changedAt: atStart,
      // What comes from Microsoft goes out to the LAN, and the other way round.
      counters: (s) => turned(sum(mine.map((p) => s.flow(p.key)))),
    },
    {
      ...steady(`${router.name} sibling`, 4_800_000),
      name: `${port}-0/1/1`,
      description: `${port}-0/1/1`,
      alias: `to ${siblingOf(router)}`,
      type: ifType.ethernetCsmacd,
      mtu: 9_192,
      speed: router.site.portSpeed,
      connector: true,
      adminUp: true,
      operUp: up,
      changedAt: atStart,
    },
    {
      counters: () => turned(sum([])),
      name: `${port}-0/1/2`,
      description: `${port}-0/1/2`,
      alias: "spare",
      type: ifType.ethernetCsmacd,
      mtu: 1_500,
      speed: router.site.portSpeed,
      connector: true,
      adminUp: false,
      operUp: () => false,
      changedAt: atStart,
    },
  );
  // Indexes with gaps, as on any router that has lived a while.
  return made.map((m, i) => ({ ...m, index: 500 + 3 * i + router.number }));
}

function siblingOf(router: RouterPlan): string {
  return `${router.site.name}-ce${router.number === 1 ? 2 : 1}`;
}

/** The physical port that a circuit leaves by, and a VLAN subinterface for each peering over it. */
function circuitPort(
  router: RouterPlan,
  name: string,
  over: readonly PathPlan[],
): readonly Omit<SimulatedInterface, "index">[] {
  const [first] = over;
  if (first === undefined) return [];
  const carrier = (s: Simulation) => s.network().links.get(first.linkKey)?.carrier === true;
  const common = {
    type: ifType.ethernetCsmacd,
    mtu: 1_518,
    speed: router.site.portSpeed,
    adminUp: true,
    operUp: carrier,
    changedAt: (s: Simulation) => s.carrierChangedAt(first.linkKey),
  };
  return [
    {
      ...common,
      name,
      description: name,
      alias: `ExpressRoute ${first.circuit.name} ${first.link} (${first.circuit.provider})`,
      connector: true,
      counters: (s) => sum(over.map((p) => s.flow(p.key))),
    },
    ...over.map((p) => ({
      ...common,
      name: `${name}.${p.peering.vlan}`,
      description: `${name}.${p.peering.vlan}`,
      alias: `${p.circuit.name} ${p.peering.name} ${p.link}`,
      type: ifType.l2vlan,
      mtu: 1_500,
      connector: false,
      counters: (s: Simulation) => s.flow(p.key),
    })),
  ];
}

/** Counters of an interface that carries the same all day, since the router started or thereabouts. */
function steady(name: string, bitsPerSecond: number): Pick<SimulatedInterface, "counters"> {
  const before = 8e5 * (1 + phase(name));
  return {
    counters(s) {
      const bytes = (bitsPerSecond / 8) * (before + s.elapsed() / 1_000);
      return {
        receiveBytes: bytes,
        transmitBytes: bytes * 0.9,
        receivePackets: bytes / 310,
        transmitPackets: (bytes * 0.9) / 310,
      };
    },
  };
}

function sum(flows: readonly Flow[]): Flow {
  return flows.reduce(
    (a, b) => ({
      receiveBytes: a.receiveBytes + b.receiveBytes,
      transmitBytes: a.transmitBytes + b.transmitBytes,
      receivePackets: a.receivePackets + b.receivePackets,
      transmitPackets: a.transmitPackets + b.transmitPackets,
    }),
    { receiveBytes: 0, transmitBytes: 0, receivePackets: 0, transmitPackets: 0 },
  );
}

function turned(flow: Flow): Flow {
  return {
    receiveBytes: flow.transmitBytes,
    transmitBytes: flow.receiveBytes,
    receivePackets: flow.transmitPackets,
    transmitPackets: flow.receivePackets,
  };
}
