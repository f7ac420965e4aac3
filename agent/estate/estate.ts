// The language that the parts speak: what one configuration watches, in the design's words.
// Everything here is immutable; a reload swaps the whole Estate.

import type { Duration } from "../lib/duration.ts";
import { oncePer } from "../lib/once-per.ts";
import type { Secret } from "../lib/secret.ts";
import type { Subnet } from "./address.ts";
import type { Community } from "./communities.ts";
import type { DeclaredPrefixes } from "./declared.ts";
import type { RouterProbeName } from "./router-probe.ts";
import type { InternetDependency, Service } from "./service.ts";
import type { SessionRules } from "./session-rules.ts";
import type { Tracing } from "./tracing.ts";

export const linkNames = ["primary", "secondary"] as const;
export type LinkName = (typeof linkNames)[number];

export const peeringNames = ["azurePrivate", "microsoft"] as const;
export type PeeringName = (typeof peeringNames)[number];

export const connectivityModels = ["cloudExchange", "pointToPoint", "anyToAny", "direct"] as const;
export type ConnectivityModel = (typeof connectivityModels)[number];

export const skus = ["local", "standard", "premium"] as const;
export type Sku = (typeof skus)[number];

/** The ASN of every MSEE, on every peering. */
export const microsoftAsn = 12076;

/** Authentication protocols of the User-based Security Model (RFC 3414, RFC 7860). */
export const authProtocols = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;
export type AuthProtocol = (typeof authProtocols)[number];

/** Privacy protocols (RFC 3414, RFC 3826); AES-192 and AES-256 in the Blumenthal and in the Reeder key extension. */
export const privacyProtocols = ["des", "aes128", "aes192", "aes256", "aes192Reeder", "aes256Reeder"] as const;
export type PrivacyProtocol = (typeof privacyProtocols)[number];

export type SnmpCredentials =
  | { readonly version: 1 | "2c"; readonly community: Secret }
  | {
      readonly version: 3;
      readonly user: string;
      readonly auth: { readonly protocol: AuthProtocol; readonly password: Secret } | undefined;
      /** Never without `auth`. */
      readonly privacy: { readonly protocol: PrivacyProtocol; readonly password: Secret } | undefined;
      /** contextName; empty for the default context. */
      readonly context: string;
    };

/** Tables of BGP peers, by the names that their MIBs give them. */
export const bgpTableNames = [
  "bgpPeerTable",
  "cbgpPeer2Table",
  "cbgpPeer3Table",
  "jnxBgpM2PeerTable",
  "aristaBgp4V2PeerTable",
  "os10bgp4V2PeerTable",
  "hwBgpPeerTable",
  "tBgpPeerNgTable",
  "bgpUnnumberedPeerTable",
  "bgp4V2PeerTable",
  "snBgp4NeighborSummaryTable",
  "fbBgpPeerTable",
] as const;
export type BgpTableName = (typeof bgpTableNames)[number];

/** Whose notifications (traps and informs) are a router's own. */
export interface NotificationSource {
  /** In canonical form: the address that is polled, and all others of the router. */
  readonly addresses: readonly string[];
  readonly credentials: SnmpCredentials;
}

/** An on-premises edge router (CE), polled by SNMP. */
export interface Router {
  readonly name: string;
  readonly site: string;
  readonly address: string;
  /** UDP port of its SNMP agent. */
  readonly port: number;
  readonly credentials: SnmpCredentials;
  /** Accept answers from another address than the one asked (multi-homed gear). */
  readonly anySource: boolean;
  readonly pollInterval: Duration;
  /** The table to take its BGP sessions from; undefined: the agent finds out. */
  readonly bgpTable: BgpTableName | undefined;
  readonly notifications: NotificationSource;
}

export const probeTechniques = ["icmp", "stamp"] as const;
export type ProbeTechnique = (typeof probeTechniques)[number];

/** One stream of probes to one target. */
export interface ProbeTarget {
  readonly technique: ProbeTechnique;
  readonly address: string;
  /** UDP port of the Session-Reflector; 0 for `icmp`. */
  readonly port: number;
  /** Local address to send from; undefined leaves it to the routing table. */
  readonly source: string | undefined;
  readonly interval: Duration;
  /** The loss threshold (RFC 7680): an answer later than this counts as lost. */
  readonly timeout: Duration;
  /** Of STAMP's authenticated mode; absent: unauthenticated. */
  readonly key?: Secret | undefined;
  /** Local interface to send and receive on; absent: the routing table chooses. */
  readonly interface?: string;
  /** Differentiated services code point (RFC 2474), 0 to 63; absent: 0. */
  readonly dscp?: number;
  /** Octets of an echo's payload, or of a whole STAMP packet; absent: 56 and 44. */
  readonly size?: number;
  /** The probe is never fragmented; absent: it may be. */
  readonly dontFragment?: boolean;
}

/** A limit with hysteresis: fires at or above `raise` for `for`, clears below `clear`. */
export interface Limit {
  readonly raise: number;
  readonly clear: number;
  readonly for: Duration;
}

/** When a path or a Global Reach pair is judged degraded or down. */
export interface Thresholds {
  /** Loss as a ratio, over `window`. */
  readonly loss: Limit;
  /** Median round-trip delay in seconds, over `window`. */
  readonly delay: Limit;
  /** No probe answered for this long, though they were before: nothing gets through. */
  readonly silence: Duration;
  readonly window: Duration;
  /** A condition that stopped being true keeps firing this long, so that a flap is one page. */
  readonly keepFiringFor: Duration;
}

/** The BGP session that carries a path, as seen from the path's router. */
export interface Session {
  readonly localAddress: string | undefined;
  readonly remoteAddress: string;
  readonly remoteAsn: number;
}

/** One peering over one link: the unit of redundancy and of probing. */
export interface Path {
  readonly circuit: string;
  readonly peering: PeeringName;
  readonly link: LinkName;
  readonly router: string;
  readonly site: string;
  /** ifName, ifDescr or ifAlias of the link's interface on the router. */
  readonly interface: string;
  readonly session: Session;
  /** Address of the MSEE; undefined where the router peers with the provider (`anyToAny`). */
  readonly msee: string | undefined;
  readonly vlan: number;
  readonly probes: readonly ProbeTarget[];
  /** Probes that the router itself sends; absent: those to the far end of the session, or from the near end. */
  readonly routerProbes?: readonly RouterProbeName[] | undefined;
  readonly thresholds: Thresholds;
  /** Of the peering: both of its paths have the same. Absent: none is declared. */
  readonly declared?: DeclaredPrefixes | undefined;
}

export interface Peering {
  readonly name: PeeringName;
  /** Prefixes that Microsoft takes from us per session before it drops it: follows from peering and SKU. */
  readonly prefixLimits: { readonly ipv4: number; readonly ipv6: number };
  /** What both links are to announce, ascending; absent: what they were seen to. */
  readonly communities?: readonly Community[];
  readonly paths: Readonly<Record<LinkName, Path>>;
}

export interface Circuit {
  readonly name: string;
  readonly serviceKey: string;
  readonly provider: string;
  readonly peeringLocation: string;
  /** Bits per second, of each link. */
  readonly bandwidth: number;
  readonly sku: Sku;
  readonly connectivityModel: ConnectivityModel;
  readonly peerings: readonly Peering[];
}

/** One direction of a Global Reach, from where the probe stands to where it is answered. */
export interface GlobalReachPair {
  readonly globalReach: string;
  readonly fromSite: string;
  readonly toSite: string;
  readonly probes: readonly ProbeTarget[];
  readonly thresholds: Thresholds;
}

/** A pair of circuits joined by Global Reach. */
export interface GlobalReach {
  readonly name: string;
  readonly circuits: readonly [string, string];
  readonly subnet: string;
  /** The directions that this agent measures; the agent of the other site measures the other. */
  readonly pairs: readonly GlobalReachPair[];
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The agent's own STAMP Session-Reflector. */
export interface Reflector {
  readonly listen: ListenAddress;
  /** Who is answered. */
  readonly senders: readonly Subnet[];
  /** With one, only authenticated requests are answered. */
  readonly key: Secret | undefined;
  /** It counts the answers of each session. */
  readonly stateful: boolean;
  /** Requests per second of one sender, and of all. */
  readonly senderRate: number;
  readonly totalRate: number;
}

/** How the agent knows whether it is itself the problem. */
export interface SelfCheck {
  /** Next hops to ping; undefined: those that the kernel's routes name. */
  readonly gateways: readonly string[] | undefined;
  /** A thread of the agent that does not run for this long is starved. */
  readonly starvedAfter: Duration;
}

/** What is reckoned from the probes besides what is judged. */
export interface StatisticsConfig {
  /** Windows that are shown, by the name that they have in labels: the text of the configuration. */
  readonly windows: readonly { readonly name: string; readonly span: Duration }[];
  /** Upper limits of the buckets of the round-trip delay's histogram in seconds, ascending; none: no histogram. */
  readonly buckets: readonly number[];
}

/** Where routers tell of their BGP sessions and routes by BMP. */
export interface Bmp {
  readonly listen: ListenAddress;
  /** Who may connect, and from which addresses. */
  readonly routers: readonly { readonly router: string; readonly addresses: readonly string[] }[];
  /** The configuration names them: each is expected to connect. Otherwise any router may, and none has to. */
  readonly isNamed?: boolean;
  /** Routes that are kept of one router at most. */
  readonly routes: number;
  /** Communities of one session and family that are shown at most. */
  readonly communities: number;
}

export interface Estate {
  /** The site where this agent stands. */
  readonly site: string;
  readonly web: ListenAddress;
  /** Where SNMP notifications are heard; undefined: nowhere. */
  readonly notifications: ListenAddress | undefined;
  readonly reflector: Reflector | undefined;
  readonly selfCheck: SelfCheck;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly statistics: StatisticsConfig;
  /** Shares of Microsoft's limits on prefixes, from 0 to 1: from `note` on it is said, from `raise` on the path is degraded. */
  readonly prefixGuard?: { readonly note: number; readonly raise: number } | undefined;
  /** Absent: neither flapping nor late detection is judged. */
  readonly sessions?: SessionRules | undefined;
  /** Undefined: no BMP station. */
  readonly bmp?: Bmp | undefined;
  /** What the agent keeps over restarts is here; undefined: where $STATE_DIRECTORY says. */
  readonly stateDirectory: string | undefined;
  readonly routers: ReadonlyMap<string, Router>;
  readonly circuits: ReadonlyMap<string, Circuit>;
  readonly globalReach: ReadonlyMap<string, GlobalReach>;
  readonly services: readonly Service[];
  readonly internetDependencies: readonly InternetDependency[];
}

const pathsOfCircuits = oncePer((circuits: Estate["circuits"]): readonly Path[] =>
  [...circuits.values()].flatMap((circuit) =>
    circuit.peerings.flatMap((peering) => linkNames.map((link) => peering.paths[link])),
  ),
);

/** Every path of the estate, in the order of the configuration. */
export function pathsOf({ circuits }: Pick<Estate, "circuits">): readonly Path[] {
  return pathsOfCircuits(circuits);
}

export function pairsOf(estate: Estate): readonly GlobalReachPair[] {
  return [...estate.globalReach.values()].flatMap((globalReach) => globalReach.pairs);
}
