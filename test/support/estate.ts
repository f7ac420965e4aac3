// A small estate for tests: one circuit, two paths, one Global Reach pair.

import type {
  Circuit,
  Estate,
  Path,
  ProbeTarget,
  Router,
  SnmpCredentials,
  Thresholds,
} from "../../agent/estate/estate.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";

export const at = (s: number) => (s * 1_000) as Instant;

export const thresholds: Thresholds = {
  loss: { raise: 0.05, clear: 0.02, for: seconds(3) },
  delay: { raise: 0.1, clear: 0.08, for: seconds(5) },
  silence: seconds(2),
  window: seconds(10),
  keepFiringFor: seconds(10),
};

export function icmpTo(address: string): ProbeTarget {
  return {
    technique: "icmp",
    address,
    port: 0,
    source: undefined,
    interval: milliseconds(200),
    timeout: seconds(1),
  };
}

export function router(name: string, address: string): Router {
  const credentials: SnmpCredentials = { version: "2c", community: new Secret("sentinel-community") };
  return {
    name,
    site: "ams",
    address,
    port: 161,
    credentials,
    anySource: false,
    pollInterval: seconds(1),
    bgpTable: undefined,
    notifications: { addresses: [address], credentials },
  };
}

export function path(link: "primary" | "secondary", probes?: readonly ProbeTarget[]): Path {
  const [routerName, msee] = link === "primary" ? ["ams-ce1", "172.16.0.2"] : ["ams-ce2", "172.16.0.6"];
  return {
    circuit: "ams-1",
    peering: "azurePrivate",
    link,
    router: routerName,
    site: "ams",
    interface: "er0",
    session: { localAddress: undefined, remoteAddress: msee, remoteAsn: 12076 },
    msee,
    vlan: 100,
    probes: probes ?? [icmpTo(msee)],
    thresholds,
  };
}

export function circuit(overrides: Partial<Circuit> = {}): Circuit {
  return {
    name: "ams-1",
    serviceKey: "7a3c0000-0000-4000-8000-000000000001",
    provider: "Equinix",
    peeringLocation: "Amsterdam",
    bandwidth: 1e9,
    sku: "premium",
    connectivityModel: "cloudExchange",
    peerings: [
      {
        name: "azurePrivate",
        prefixLimits: { ipv4: 10_000, ipv6: 100 },
        paths: { primary: path("primary"), secondary: path("secondary") },
      },
    ],
    ...overrides,
  };
}

export function estate(overrides: Partial<Circuit> = {}): Estate {
  return {
    site: "ams",
    web: { host: "127.0.0.1", port: 0 },
    notifications: undefined,
    reflector: undefined,
    statistics: { windows: [{ name: "1m", span: seconds(60) }], buckets: [0.001, 0.005, 0.02] },
    stateDirectory: undefined,
    selfCheck: { gateways: undefined, starvedAfter: seconds(2) },
    services: [],
    internetDependencies: [],
    routers: new Map([
      ["ams-ce1", router("ams-ce1", "10.255.0.11")],
      ["ams-ce2", router("ams-ce2", "10.255.0.12")],
    ]),
    circuits: new Map([["ams-1", circuit(overrides)]]),
    globalReach: new Map([
      [
        "ams-sin",
        {
          name: "ams-sin",
          circuits: ["ams-1", "sin-1"],
          subnet: "192.168.250.0/29",
          pairs: [
            {
              globalReach: "ams-sin",
              fromSite: "ams",
              toSite: "sin",
              probes: [icmpTo("10.20.0.11")],
              thresholds,
            },
          ],
        },
      ],
    ]),
  };
}
