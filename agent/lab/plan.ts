// The simulated estate as data: three sites, one circuit of each connectivity model, believable numbers.
// Loopbacks and link subnets are what the routers say of themselves; on the wire a router is an address of loopback,
// or a port of 127.0.0.1 where the system has no other (macOS). Peer addresses of the `microsoft`
// peering are documentation prefixes (RFC 5737) and its ASN a documentation ASN (RFC 5398), the router's
// local-as there: that peering refuses private ones.

import { type ConnectivityModel, type LinkName, linkNames, type PeeringName, type Sku } from "../estate/estate.ts";

export interface SitePlan {
  readonly name: string;
  readonly place: string;
  readonly asn: number;
  /** First three octets of the LAN that both routers of the site share. */
  readonly lan: string;
  /** Speed of the router ports of this site, in bits per second. */
  readonly portSpeed: number;
}

export interface RouterPlan {
  readonly name: string;
  readonly site: SitePlan;
  readonly loopback: string;
  /** On the wire: by it a station of BMP knows who connects. */
  readonly address: string;
  /** 1 for the router of the primary links, 2 for that of the secondary links. */
  readonly number: 1 | 2;
}

interface LinkPlan {
  readonly router: string;
  readonly interface: string;
  /** The router's BGP peer where that is not the MSEE (`anyToAny`). */
  readonly providerEdge: { readonly local: string; readonly address: string; readonly asn: number } | undefined;
}

export interface PeeringPlan {
  readonly name: PeeringName;
  readonly vlan: number;
  readonly customerAsn: number;
  readonly subnets: Readonly<Record<LinkName, string>>;
  /** Round-trip delay in milliseconds from the site to the reflector behind this path, without jitter. */
  readonly delay: Readonly<Record<LinkName, number>>;
  /** Busy-hour traffic of both links together in bits per second, in the router's direction. */
  readonly peak: { readonly receive: number; readonly transmit: number };
}

export interface CircuitPlan {
  readonly name: string;
  readonly site: string;
  readonly serviceKey: string;
  readonly provider: string;
  readonly peeringLocation: string;
  readonly bandwidth: string;
  readonly sku: Sku;
  readonly connectivityModel: ConnectivityModel;
  readonly links: Readonly<Record<LinkName, LinkPlan>>;
  readonly peerings: readonly PeeringPlan[];
}

export interface GlobalReachPlan {
  readonly name: string;
  readonly circuits: readonly [string, string];
  readonly sites: readonly [string, string];
  readonly subnet: string;
  /** Round-trip delay in milliseconds between the two sites, without jitter. */
  readonly delay: number;
}

const Gbps = 1e9;
const Mbps = 1e6;

export const sites: readonly SitePlan[] = [
  { name: "ams", place: "Amsterdam", asn: 65010, lan: "10.10.0", portSpeed: 10 * Gbps },
  { name: "fra", place: "Frankfurt", asn: 65020, lan: "10.20.0", portSpeed: 10 * Gbps },
  { name: "sin", place: "Singapore", asn: 65030, lan: "10.30.0", portSpeed: 1 * Gbps },
];

export const routers: readonly RouterPlan[] = sites.flatMap((site) =>
  ([1, 2] as const).map((number) => ({
    name: `${site.name}-ce${number}`,
    site,
    number,
    loopback: `${site.lan.replace(/\.0$/, ".255")}.${number}`,
    address: `${site.lan.replace(/^10\./, "127.")}.${number}`,
  })),
);

/** Both links of a circuit leave by the same port name, the primary on ce1 and the secondary on ce2. */
function onBoth(site: string, port: string): Readonly<Record<LinkName, LinkPlan>> {
  return {
    primary: { router: `${site}-ce1`, interface: port, providerEdge: undefined },
    secondary: { router: `${site}-ce2`, interface: port, providerEdge: undefined },
  };
}

export const circuits: readonly CircuitPlan[] = [
  {
    name: "ams-1",
    site: "ams",
    serviceKey: "7a3c51e0-94d2-4b6f-8c1e-2f5d90b7a611",
    provider: "Equinix",
    peeringLocation: "Amsterdam",
    bandwidth: "1Gbps",
    sku: "premium",
    connectivityModel: "cloudExchange",
    links: onBoth("ams", "xe-0/0/0"),
    peerings: [
      {
        name: "azurePrivate",
        vlan: 100,
        customerAsn: 65010,
        subnets: { primary: "172.16.10.0/30", secondary: "172.16.10.4/30" },
        delay: { primary: 2.4, secondary: 3.1 },
        peak: { receive: 420 * Mbps, transmit: 260 * Mbps },
      },
      {
        name: "microsoft",
        vlan: 101,
        customerAsn: 65551,
        subnets: { primary: "203.0.113.0/30", secondary: "203.0.113.4/30" },
        delay: { primary: 2.8, secondary: 3.4 },
        peak: { receive: 190 * Mbps, transmit: 70 * Mbps },
      },
    ],
  },
  {
    name: "fra-1",
    site: "fra",
    serviceKey: "1d8be7c4-5f20-4a39-9e77-c04a6b13d852",
    provider: "Colt",
    peeringLocation: "Frankfurt",
    bandwidth: "500Mbps",
    sku: "standard",
    connectivityModel: "pointToPoint",
    links: onBoth("fra", "xe-0/0/0"),
    peerings: [
      {
        name: "azurePrivate",
        vlan: 200,
        customerAsn: 65020,
        subnets: { primary: "172.16.20.0/30", secondary: "172.16.20.4/30" },
        delay: { primary: 3.2, secondary: 4.6 },
        peak: { receive: 210 * Mbps, transmit: 150 * Mbps },
      },
    ],
  },
  {
    name: "fra-2",
    site: "fra",
    serviceKey: "c95f02ab-7be1-4d04-a3d6-61e8f7290c4d",
    provider: "ExpressRoute Direct",
    peeringLocation: "Frankfurt2",
    bandwidth: "5Gbps",
    sku: "premium",
    connectivityModel: "direct",
    links: onBoth("fra", "xe-0/0/1"),
    peerings: [
      {
        name: "azurePrivate",
        vlan: 210,
        customerAsn: 65020,
        subnets: { primary: "172.16.21.0/30", secondary: "172.16.21.4/30" },
        delay: { primary: 2.1, secondary: 2.3 },
        peak: { receive: 1.9 * Gbps, transmit: 1.4 * Gbps },
      },
    ],
  },
  {
    name: "sin-1",
    site: "sin",
    serviceKey: "48e6d13f-0c9a-4572-b8f5-9a27e3d4016b",
    provider: "Singtel",
    peeringLocation: "Singapore",
    bandwidth: "200Mbps",
    sku: "premium",
    connectivityModel: "anyToAny",
    links: {
      primary: {
        router: "sin-ce1",
        interface: "ge-0/0/0",
        providerEdge: { local: "10.9.0.2", address: "10.9.0.1", asn: 64999 },
      },
      secondary: {
        router: "sin-ce2",
        interface: "ge-0/0/0",
        providerEdge: { local: "10.9.0.6", address: "10.9.0.5", asn: 64999 },
      },
    },
    peerings: [
      {
        name: "azurePrivate",
        vlan: 300,
        customerAsn: 65030,
        subnets: { primary: "172.16.30.0/30", secondary: "172.16.30.4/30" },
        delay: { primary: 3.8, secondary: 4.9 },
        peak: { receive: 95 * Mbps, transmit: 62 * Mbps },
      },
    ],
  },
];

export const globalReaches: readonly GlobalReachPlan[] = [
  {
    name: "ams-sin",
    circuits: ["ams-1", "sin-1"],
    sites: ["ams", "sin"],
    subnet: "192.168.250.0/29",
    delay: 165,
  },
];

/** One path of the plan, with everything that its parts need. */
export interface PathPlan {
  readonly key: PathKey;
  readonly circuit: CircuitPlan;
  readonly peering: PeeringPlan;
  readonly link: LinkName;
  readonly linkKey: LinkKey;
  readonly router: string;
  readonly interface: string;
  /** The router's side and the far end of the BGP session that carries the path. */
  readonly localAddress: string;
  readonly peerAddress: string;
  readonly peerAsn: number;
  /** Round-trip delay in milliseconds, without jitter. */
  readonly delay: number;
}

export type LinkKey = string & { readonly __key: "link" };
export type PathKey = string & { readonly __key: "path" };

export const linkKey = (circuit: string, link: LinkName) => `${circuit} ${link}` as LinkKey;
export const pathKey = (circuit: string, peering: PeeringName, link: LinkName) =>
  `${circuit} ${peering} ${link}` as PathKey;

export const paths: readonly PathPlan[] = circuits.flatMap((circuit) =>
  circuit.peerings.flatMap((peering) =>
    linkNames.map((link): PathPlan => {
      const { router, interface: port, providerEdge } = circuit.links[link];
      const subnet = peering.subnets[link];
      return {
        key: pathKey(circuit.name, peering.name, link),
        circuit,
        peering,
        link,
        linkKey: linkKey(circuit.name, link),
        router,
        interface: port,
        localAddress: providerEdge?.local ?? usable(subnet, 1),
        peerAddress: providerEdge?.address ?? usable(subnet, 2),
        peerAsn: providerEdge?.asn ?? 12076,
        delay: peering.delay[link],
      };
    }),
  ),
);

/** The nth usable address of an IPv4 /30: the router has the first, the MSEE the second. */
function usable(subnet: string, nth: number): string {
  const octets = (subnet.split("/")[0] ?? "").split(".").map(Number);
  return [...octets.slice(0, 3), (octets[3] ?? 0) + nth].join(".");
}
