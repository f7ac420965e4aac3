// An estate of the benchmark's routers in which every interface and every session is watched.

import type { Circuit, Estate, LinkName, Path, Router } from "../../../agent/estate/estate.ts";
import { milliseconds, seconds } from "../../../agent/lib/duration.ts";
import { Secret } from "../../../agent/lib/secret.ts";
import { ifName, interfaces, peerIndexes } from "./load.ts";
import { community } from "./security.ts";

const site = "benchmark";
export const routerAt = (port: number) => `router-${port}`;

/** A circuit takes two interfaces. There are more paths than sessions, so several name the same peer. */
export function estateOf(ports: readonly number[]): Estate {
  return {
    site,
    web: { host: "127.0.0.1", port: 0 },
    notifications: undefined,
    reflector: undefined,
    statistics: { windows: [], buckets: [] },
    stateDirectory: undefined,
    selfCheck: { gateways: undefined, starvedAfter: seconds(2) },
    services: [],
    internetDependencies: [],
    routers: new Map(ports.map((port) => [routerAt(port), routerOf(port)])),
    circuits: new Map(ports.flatMap(circuitsOf).map((circuit) => [circuit.name, circuit])),
    globalReach: new Map(),
  };
}

function routerOf(port: number): Router {
  const credentials = { version: "2c", community: new Secret(community) } as const;
  return {
    name: routerAt(port),
    site,
    address: "127.0.0.1",
    port,
    credentials,
    anySource: false,
    pollInterval: seconds(30),
    bgpTable: undefined,
    notifications: { addresses: ["127.0.0.1"], credentials },
  };
}

function circuitsOf(port: number): readonly Circuit[] {
  return Array.from({ length: interfaces / 2 }, (_, i) => {
    const name = `circuit-${port}-${i}`;
    return {
      name,
      serviceKey: `${port}-${i}`,
      provider: "benchmark",
      peeringLocation: "benchmark",
      bandwidth: 1e9,
      sku: "premium",
      connectivityModel: "cloudExchange",
      peerings: [
        {
          name: "azurePrivate",
          prefixLimits: { ipv4: 10_000, ipv6: 100 },
          paths: {
            primary: pathOf(name, port, "primary", 2 * i),
            secondary: pathOf(name, port, "secondary", 2 * i + 1),
          },
        },
      ],
    };
  });
}

function pathOf(circuit: string, port: number, link: LinkName, row: number): Path {
  const remoteAddress = (peerIndexes[row % peerIndexes.length] ?? []).join(".");
  return {
    circuit,
    peering: "azurePrivate",
    link,
    router: routerAt(port),
    site,
    interface: ifName(row + 1),
    session: { localAddress: undefined, remoteAddress, remoteAsn: 12076 },
    msee: undefined,
    vlan: 100 + row,
    probes: [],
    thresholds: {
      loss: { raise: 0.05, clear: 0.02, for: seconds(3) },
      delay: { raise: 0.1, clear: 0.08, for: seconds(5) },
      silence: milliseconds(2_000),
      window: seconds(10),
      keepFiringFor: seconds(10),
    },
  };
}
