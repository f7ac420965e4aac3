// The checked configuration as an Estate: everything that is derived is derived here.

import {
  addressIn,
  formatAddress,
  formatSubnet,
  parseAddress,
  parseListen,
  parseSubnet,
  type Subnet,
} from "../estate/address.ts";
import type { DeclaredPrefixes } from "../estate/declared.ts";
import {
  type Bmp,
  type Circuit,
  type Estate,
  type GlobalReach,
  type GlobalReachPair,
  type Limit,
  type LinkName,
  type ListenAddress,
  microsoftAsn,
  type NotificationSource,
  type Path,
  type Peering,
  type PeeringName,
  type ProbeTarget,
  peeringNames,
  type Reflector,
  type Router,
  type Session,
  type Sku,
  type SnmpCredentials,
  type StatisticsConfig,
  type Thresholds,
} from "../estate/estate.ts";
import type { RouterProbeName } from "../estate/router-probe.ts";
import { type Duration, parseDuration } from "../lib/duration.ts";
import { expectedCommunities } from "./build-communities.ts";
import { dependenciesOf, type OfChecks, servicesOf } from "./build-services.ts";
import { type Configuration, stampPort } from "./schema.ts";
import { keyOf, type StampKeys } from "./stamp-keys.ts";
import { parseDscp, parsePercentage, parseSpeed } from "./values.ts";

type CircuitEntry = Configuration["circuits"][string];
type RouterEntry = Configuration["routers"][string];
type PeeringEntry = NonNullable<CircuitEntry["peerings"][PeeringName]>;
type LinkEntry = CircuitEntry["links"][LinkName];
type ThresholdsEntry = Configuration["thresholds"]["path"];
type OwnThresholds = PeeringEntry["thresholds"];
type ProbeEntry = NonNullable<NonNullable<PeeringEntry["probes"]>[LinkName]>[number];
type RouterProbeEntry = NonNullable<NonNullable<PeeringEntry["routerProbes"]>[LinkName]>[number];

/** Every text was checked before: one that does not parse is our own bug. */
function must<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new Error(`a value of the configuration passed its check and cannot be read: ${text}`);
  return value;
}

const duration = (text: string): Duration => must(parseDuration(text), text);
const percentage = (text: string): number => must(parsePercentage(text), text);
const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text);
  return must(parsed.ok ? parsed.value : undefined, text);
};
const address = (text: string): string => formatAddress(must(parseAddress(text), text));

export function buildEstate(
  configuration: Configuration,
  credentials: ReadonlyMap<string, SnmpCredentials>,
  stampKeys: StampKeys,
  outside: OfChecks,
): Estate {
  const hearing = configuration.snmp.notifications;
  const routers = new Map<string, Router>();
  for (const [name, entry] of Object.entries(configuration.routers)) {
    routers.set(name, {
      name,
      site: entry.site,
      address: address(entry.address),
      port: entry.port,
      credentials: must(credentials.get(entry.credentials), entry.credentials),
      anySource: entry.anySource,
      pollInterval: duration(entry.interval ?? configuration.snmp.interval),
      bgpTable: entry.bgpTable,
      notifications: notificationsOf(entry, configuration, credentials),
    });
  }
  return {
    site: configuration.site,
    web: must<ListenAddress>(parseListen(configuration.web.listen), configuration.web.listen),
    notifications:
      hearing === undefined ? undefined : literalAddress(must(parseListen(hearing.listen), hearing.listen)),
    reflector: configuration.reflector && reflectorOf(configuration.reflector, stampKeys),
    selfCheck: {
      gateways: configuration.selfCheck.gateways?.map(address),
      starvedAfter: duration(configuration.selfCheck.starvedAfter),
    },
    statistics: statisticsOf(configuration.probing),
    prefixGuard: {
      note: percentage(configuration.prefixGuard.note),
      raise: percentage(configuration.prefixGuard.raise),
    },
    sessions: {
      slowestDetection: duration(configuration.sessions.slowestDetection),
      flapping: {
        drops: configuration.sessions.flapping.drops,
        within: duration(configuration.sessions.flapping.within),
        quiet: duration(configuration.sessions.flapping.quiet),
      },
    },
    bmp: configuration.bmp && bmpOf(configuration.bmp, routers),
    stateDirectory: configuration.stateDirectory,
    routers,
    circuits: new Map(
      Object.entries(configuration.circuits).map(([name, entry]) => [
        name,
        circuitOf(name, entry, configuration, routers, stampKeys),
      ]),
    ),
    globalReach: new Map(
      Object.entries(configuration.globalReach).map(([name, entry]) => [
        name,
        globalReachOf(name, entry, configuration, stampKeys),
      ]),
    ),
    services: servicesOf(configuration, outside),
    internetDependencies: dependenciesOf(configuration, outside),
  };
}

function notificationsOf(
  entry: RouterEntry,
  { snmp }: Configuration,
  credentials: ReadonlyMap<string, SnmpCredentials>,
): NotificationSource {
  const own = entry.notifications;
  const name = own?.credentials ?? snmp.notifications?.credentials ?? entry.credentials;
  return {
    addresses: [...new Set([entry.address, ...(own?.addresses ?? [])].map(address))],
    credentials: must(credentials.get(name), name),
  };
}

/** A datagram socket takes addresses only, and `localhost` may be one of another family than is meant. */
function literalAddress({ host, port }: ListenAddress): ListenAddress {
  return { host: host === "localhost" ? "127.0.0.1" : host, port };
}

function reflectorOf(entry: NonNullable<Configuration["reflector"]>, stampKeys: StampKeys): Reflector {
  return {
    listen: literalAddress(must(parseListen(entry.listen), entry.listen)),
    senders: entry.senders.map(subnet),
    key: keyOf(stampKeys, entry.key),
    stateful: entry.stateful,
    senderRate: entry.senderRate,
    totalRate: entry.totalRate,
  };
}

function statisticsOf({ windows, buckets }: Configuration["probing"]): StatisticsConfig {
  return {
    windows: windows.map((name) => ({ name, span: duration(name) })),
    // To 10 ns, so that a limit reads in a label as it does in the file.
    buckets: buckets.map((text) => Number((duration(text) / 1_000).toFixed(8))),
  };
}

function bmpOf(entry: NonNullable<Configuration["bmp"]>, routers: ReadonlyMap<string, Router>): Bmp {
  const everyRouter = () => Object.fromEntries([...routers.keys()].map((name) => [name, { addresses: undefined }]));
  const named = entry.routers ?? everyRouter();
  return {
    listen: literalAddress(must(parseListen(entry.listen), entry.listen)),
    routers: Object.entries(named).map(([router, { addresses = [] }]) => {
      const known = must(routers.get(router), router).notifications.addresses;
      return { router, addresses: [...new Set([...known, ...addresses.map(address)])] };
    }),
    isNamed: entry.routers !== undefined,
    routes: entry.routes,
    communities: entry.communities,
  };
}

function circuitOf(
  name: string,
  entry: CircuitEntry,
  configuration: Configuration,
  routers: ReadonlyMap<string, Router>,
  stampKeys: StampKeys,
): Circuit {
  const path = (peering: PeeringName, of: PeeringEntry, link: LinkName): Path => {
    const end = entry.links[link];
    const session = sessionOf(end, of.subnets?.[link]);
    const msee = end.providerEdge === undefined ? session.remoteAddress : undefined;
    return {
      circuit: name,
      peering,
      link,
      router: end.router,
      site: must(routers.get(end.router), end.router).site,
      interface: end.interface,
      session,
      msee,
      vlan: of.vlan,
      probes: pathProbes(of.probes?.[link], msee, configuration.probing, stampKeys),
      routerProbes: of.routerProbes?.[link]?.map(routerProbeName),
      thresholds: thresholdsOf(configuration.thresholds.path, of.thresholds),
      declared: of.prefixes && declaredOf(of.prefixes),
    };
  };
  const peerings = peeringNames.flatMap((peering): readonly Peering[] => {
    const of = entry.peerings[peering];
    if (of === undefined) return [];
    const paths = { primary: path(peering, of, "primary"), secondary: path(peering, of, "secondary") };
    const communities = expectedCommunities(of.communities, { circuit: name, peering }, configuration);
    return [{ name: peering, prefixLimits: prefixLimits(peering, entry.sku), communities, paths }];
  });
  return {
    name,
    serviceKey: entry.serviceKey.toLowerCase(),
    provider: entry.provider,
    peeringLocation: entry.peeringLocation,
    bandwidth: must(parseSpeed(entry.bandwidth), entry.bandwidth),
    sku: entry.sku,
    connectivityModel: entry.connectivityModel,
    peerings,
  };
}

function declaredOf({
  received,
  advertised,
  use = "activeActive",
}: NonNullable<PeeringEntry["prefixes"]>): DeclaredPrefixes {
  const once = (texts: readonly string[]) => [...new Set(texts.map((text) => formatSubnet(subnet(text))))];
  const subnets = (texts: readonly string[] = []) => once(texts).map(subnet);
  return { received: subnets(received), advertised: subnets(advertised), use };
}

function routerProbeName({ index, tag, owner, test }: RouterProbeEntry): RouterProbeName {
  if (index !== undefined) return { index };
  if (tag !== undefined) return { tag };
  return { owner: must(owner, "the owner of a probe"), test: must(test, "the name of a test") };
}

/** The router has the first usable address of the subnet and the MSEE the second (Microsoft's routing requirements). */
function sessionOf({ providerEdge }: LinkEntry, subnetText: string | undefined): Session {
  if (providerEdge !== undefined) {
    return {
      localAddress: undefined,
      remoteAddress: address(providerEdge.address),
      remoteAsn: providerEdge.asn,
    };
  }
  const ends = subnet(subnetText ?? "");
  return {
    localAddress: formatAddress(addressIn(ends, 1)),
    remoteAddress: formatAddress(addressIn(ends, 2)),
    remoteAsn: microsoftAsn,
  };
}

/** Prefixes that Microsoft takes per session, from its ExpressRoute FAQ. */
function prefixLimits(peering: PeeringName, sku: Sku): Peering["prefixLimits"] {
  if (peering === "microsoft") return { ipv4: 200, ipv6: 200 };
  return { ipv4: sku === "premium" ? 10_000 : 4_000, ipv6: 100 };
}

function pathProbes(
  entries: readonly ProbeEntry[] | undefined,
  msee: string | undefined,
  defaults: Configuration["probing"],
  stampKeys: StampKeys,
): readonly ProbeTarget[] {
  const probes = entries ?? (msee === undefined ? [] : [{ technique: "icmp" as const }]);
  return probes.map((entry) =>
    probeOf(entry, must(entry.address ?? msee, "the address of a probe"), defaults, stampKeys),
  );
}

function probeOf(
  entry: Omit<ProbeEntry, "address">,
  target: string,
  defaults: Configuration["probing"],
  stampKeys: StampKeys,
): ProbeTarget {
  return {
    technique: entry.technique,
    address: address(target),
    port: entry.technique === "icmp" ? 0 : (entry.port ?? stampPort),
    source: entry.source === undefined ? undefined : address(entry.source),
    interval: duration(entry.interval ?? defaults.interval),
    timeout: duration(entry.timeout ?? defaults.timeout),
    key: keyOf(stampKeys, entry.key),
    ...(entry.interface === undefined ? {} : { interface: entry.interface }),
    ...(entry.dscp === undefined ? {} : { dscp: must(parseDscp(entry.dscp), String(entry.dscp)) }),
    ...(entry.size === undefined ? {} : { size: entry.size }),
    ...(entry.dontFragment === undefined ? {} : { dontFragment: entry.dontFragment }),
  };
}

function thresholdsOf(estate: ThresholdsEntry, own: OwnThresholds): Thresholds {
  const limit = <T extends { raise: string; clear: string; for: string }>(
    base: T,
    over:
      | { readonly raise?: string | undefined; readonly clear?: string | undefined; readonly for?: string | undefined }
      | undefined,
    value: (text: string) => number,
  ): Limit => ({
    raise: value(over?.raise ?? base.raise),
    clear: value(over?.clear ?? base.clear),
    for: duration(over?.for ?? base.for),
  });
  return {
    loss: limit(estate.loss, own?.loss, percentage),
    delay: limit(estate.delay, own?.delay, (text) => duration(text) / 1_000),
    silence: duration(own?.silence ?? estate.silence),
    window: duration(own?.window ?? estate.window),
    keepFiringFor: duration(own?.keepFiringFor ?? estate.keepFiringFor),
  };
}

function globalReachOf(
  name: string,
  entry: Configuration["globalReach"][string],
  configuration: Configuration,
  stampKeys: StampKeys,
): GlobalReach {
  const thresholds = thresholdsOf(configuration.thresholds.globalReach, entry.thresholds);
  const pairs = new Map<string, GlobalReachPair & { readonly probes: ProbeTarget[] }>();
  for (const probe of entry.probes) {
    // The agent of the other site measures the rest; a source says that this one stands in for it.
    if (probe.from !== configuration.site && probe.source === undefined) continue;
    const key = `${probe.from} ${probe.to}`;
    const pair = pairs.get(key) ?? {
      globalReach: name,
      fromSite: probe.from,
      toSite: probe.to,
      probes: [],
      thresholds,
    };
    pair.probes.push(probeOf(probe, probe.address, configuration.probing, stampKeys));
    pairs.set(key, pair);
  }
  return {
    name,
    circuits: entry.circuits as [string, string],
    subnet: formatSubnet(subnet(entry.subnet)),
    pairs: [...pairs.values()],
  };
}
