// The configuration of the simulated estate, as a person would have written it: the agent reads it like any other.

import { linkNames } from "../estate/estate.ts";
import { dependencyName, endpointPaths, serviceName } from "./endpoints.ts";
import {
  type CircuitPlan,
  circuits,
  globalReaches,
  type PathKey,
  type PeeringPlan,
  pathKey,
  paths,
  routers,
  sites,
} from "./plan.ts";
import { declaredAdvertised, declaredReceived } from "./routes.ts";

/** Where the parts of the lab listen: ports of 127.0.0.1, all UDP but for HTTP and BMP. */
export interface LabPorts {
  readonly snmp: ReadonlyMap<string, number>;
  readonly paths: ReadonlyMap<PathKey, number>;
  /** By `reachDirection`. */
  readonly globalReach: ReadonlyMap<string, number>;
  readonly http: number;
  readonly dns: number;
  /** Where the agent is to hear BMP; then each router has an address of its own. Undefined: loopback has one address only. */
  readonly bmp: number | undefined;
}

export const communityVariable = "CIRCUITWATCH_LAB_COMMUNITY";

export const reachDirection = (globalReach: string, from: string, to: string) => `${globalReach} ${from} ${to}`;

const host = "127.0.0.1";

const header = `# SIMULATED: the estate of the circuitwatch lab. No such circuit, router or session exists.
# The routers below are SNMP agents and speak BMP, the probes' targets STAMP reflectors, and behind the checks are a web and a DNS
# server, all inside the agent's own process on loopback; they play a story of a quarter of an hour again and again. One agent stands in for all three sites.
`;

export function configText(ports: LabPorts, listen: string): string {
  const [home] = sites;
  const lines = [
    header,
    `site: ${home?.name}`,
    `web: { listen: "${listen}" }`,
    "snmp:",
    "  interval: 1s # so that the story is seen as it happens",
    "  credentials:",
    `    lab: { version: 2c, community: { env: ${communityVariable} } }`,
    "probing: { interval: 200ms, timeout: 1s }",
    ...(ports.bmp === undefined ? [] : [`bmp: { listen: "${host}:${ports.bmp}" }`]),
    "",
    "routers:",
    ...routers.map(
      (r) =>
        `  ${r.name}: { site: ${r.site.name}, address: ${ports.bmp === undefined ? host : r.address}, port: ${ports.snmp.get(r.name)}, credentials: lab }`,
    ),
    "",
    "circuits:",
    ...circuits.flatMap((c) => circuitLines(c, ports)),
    "globalReach:",
    ...globalReaches.flatMap((g) => [
      `  ${g.name}:`,
      `    circuits: [${g.circuits.join(", ")}]`,
      `    subnet: ${g.subnet}`,
      "    probes:",
      ...directionsOf(g.sites).map(
        ([from, to]) =>
          `      - { from: ${from}, to: ${to}, ${reflectorAt(ports.globalReach.get(reachDirection(g.name, from, to)))} }`,
      ),
      `    thresholds: { delay: { raise: ${g.delay + 45}ms, clear: ${g.delay + 25}ms } }`,
    ]),
    ...endpointLines(ports),
  ];
  return `${lines.join("\n")}\n`;
}

export function directionsOf([a, b]: readonly [string, string]): readonly (readonly [from: string, to: string])[] {
  return [
    [a, b],
    [b, a],
  ];
}

function endpointLines({ http, dns }: LabPorts): readonly string[] {
  const url = (name: keyof typeof endpointPaths) => `url: "http://${serviceName}:${http}${endpointPaths[name]}"`;
  return [
    `checking: { interval: 1s, timeout: 1s, resolvers: ["${host}:${dns}"] }`,
    "services:",
    "  orders:",
    "    circuit: ams-1",
    "    peering: azurePrivate",
    "    checks:",
    `      - { technique: http, ${url("orders")}, address: ${host}, status: [200] }`,
    `      - { technique: dns, query: ${serviceName}, mustBePrivate: true }`,
    "  mail:",
    "    circuit: ams-1",
    "    peering: microsoft",
    "    communities: [exchangeOnline] # a link that does not announce it is degraded",
    `    checks: [{ technique: tcp, host: ${host}, port: ${http} }]`,
    "internetDependencies:",
    "  revocation:",
    "    kind: certificateRevocation",
    `    checks: [{ technique: http, ${url("revocation")}, address: ${host} }]`,
    "  public-dns:",
    "    kind: dns",
    `    checks: [{ technique: dns, query: ${dependencyName} }]`,
  ];
}

function circuitLines(circuit: CircuitPlan, ports: LabPorts): readonly string[] {
  return [
    `  ${circuit.name}:`,
    `    serviceKey: ${circuit.serviceKey}`,
    `    provider: ${circuit.provider}`,
    `    peeringLocation: ${circuit.peeringLocation}`,
    `    bandwidth: ${circuit.bandwidth}`,
    `    sku: ${circuit.sku}`,
    `    connectivityModel: ${circuit.connectivityModel}`,
    "    links:",
    ...linkNames.map((link) => {
      const { router, interface: name, providerEdge } = circuit.links[link];
      const edge =
        providerEdge === undefined
          ? ""
          : `, providerEdge: { address: ${providerEdge.address}, asn: ${providerEdge.asn} }`;
      return `      ${link}: { router: ${router}, interface: ${name}${edge} }`;
    }),
    "    peerings:",
    ...circuit.peerings.flatMap((p) => [
      `      ${p.name}:`,
      `        vlan: ${p.vlan}`,
      `        customerAsn: ${p.customerAsn}`,
      // The provider's own subnets towards Microsoft are not the customer's to know.
      ...(circuit.connectivityModel === "anyToAny"
        ? []
        : [`        subnets: { ${linkNames.map((l) => `${l}: ${p.subnets[l]}`).join(", ")} }`]),
      "        probes:",
      ...linkNames.map(
        (l) => `          ${l}: [{ ${reflectorAt(ports.paths.get(pathKey(circuit.name, p.name, l)))} }]`,
      ),
      ...declaredLines(circuit, p),
      "        thresholds: { delay: { raise: 25ms, clear: 15ms } }",
    ]),
    "",
  ];
}

/** What is declared holds for both paths of the peering. */
function declaredLines(circuit: CircuitPlan, { name }: PeeringPlan): readonly string[] {
  const path = paths.find(({ key }) => key === pathKey(circuit.name, name, "primary"));
  if (path === undefined || name === "microsoft") return [];
  const [received, advertised] = [declaredReceived(path), declaredAdvertised(path)].map((all) => all.join(", "));
  return [`        prefixes: { received: [${received}], advertised: [${advertised}] }`];
}

/** The source says that this agent may probe from there, whatever site the probe belongs to. */
function reflectorAt(port: number | undefined): string {
  return `technique: stamp, address: ${host}, port: ${port}, source: ${host}`;
}
