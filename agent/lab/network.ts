// What is broken right now, as plain data, and the effects by which the story breaks it.
// An effect is a pure function from one state of the network to the next; a chapter's effects are
// applied to the healthy network, so that the end of a chapter repairs everything it broke.

import { type Community, parseCommunity } from "../estate/communities.ts";
import type { LinkName, PeeringName } from "../estate/estate.ts";
import { globalReaches, type LinkKey, linkKey, type PathKey, pathKey, paths, routers } from "./plan.ts";

/** bgpPeerLastError: code and subcode of RFC 4271, section 6. */
export type BgpError = readonly [code: number, subcode: number];

interface LinkHealth {
  readonly carrier: boolean;
  /** Microsoft prepends its ASN on this link, so both directions of the traffic prefer the other one. */
  readonly drained: boolean;
}

interface PathHealth {
  /** Set while the far end keeps the session closed: the error it sent when it closed it. */
  readonly closedWith: BgpError | undefined;
  /** Round-trip loss as a ratio; 1 is a blackhole. */
  readonly loss: number;
  /** Milliseconds on top of the path's own round-trip delay. */
  readonly extraDelay: number;
  /** The router announces far more to the far end than it should: its filter is gone. */
  readonly leaks: boolean;
  /** A service that Microsoft announces no more over the path, while all else stays. */
  readonly withheld: Community | undefined;
}

export interface ReachHealth {
  readonly loss: number;
  readonly extraDelay: number;
}

interface RouterHealth {
  /** The SNMP agent answers; the router forwards either way. */
  readonly snmp: boolean;
  /** The BGP daemon has joined the SNMP agent (AgentX): false for a while after the agent restarts. */
  readonly bgpTable: boolean;
  /** The probes that it sends itself are scheduled, and run. */
  readonly probes: boolean;
}

/** `failing`: answers with an error. `silent`: takes requests, and never answers. */
export type EndpointHealth = "well" | "failing" | "silent";

export interface Network {
  readonly links: ReadonlyMap<LinkKey, LinkHealth>;
  readonly paths: ReadonlyMap<PathKey, PathHealth>;
  readonly globalReach: ReadonlyMap<string, ReachHealth>;
  readonly routers: ReadonlyMap<string, RouterHealth>;
  readonly endpoints: Readonly<Record<"orders" | "revocation", EndpointHealth>>;
}

export type Effect = (network: Network) => Network;

export const healthy: Network = {
  links: new Map(paths.map((p) => [p.linkKey, { carrier: true, drained: false }])),
  paths: new Map(
    paths.map((p) => [p.key, { closedWith: undefined, loss: 0, extraDelay: 0, leaks: false, withheld: undefined }]),
  ),
  globalReach: new Map(globalReaches.map((g) => [g.name, { loss: 0, extraDelay: 0 }])),
  routers: new Map(routers.map((r) => [r.name, { snmp: true, bgpTable: true, probes: true }])),
  endpoints: { orders: "well", revocation: "well" },
};

/** The entry with some fields replaced. A key that the plan lacks is a mistake in the story: our own bug. */
function changed<K extends string, V extends object>(
  map: ReadonlyMap<K, V>,
  key: K,
  to: Partial<V>,
): ReadonlyMap<K, V> {
  const old = map.get(key);
  if (old === undefined) throw new Error(`the story names "${key}", which the plan of the lab does not have`);
  return new Map(map).set(key, { ...old, ...to });
}

export function carrierLost(circuit: string, link: LinkName): Effect {
  return (n) => ({ ...n, links: changed(n.links, linkKey(circuit, link), { carrier: false }) });
}

export function drained(circuit: string, link: LinkName): Effect {
  return (n) => ({ ...n, links: changed(n.links, linkKey(circuit, link), { drained: true }) });
}

/** The far end of one path closes its session with an error and keeps it closed. */
export function sessionClosed(circuit: string, peering: PeeringName, link: LinkName, closedWith: BgpError): Effect {
  return (n) => ({ ...n, paths: changed(n.paths, pathKey(circuit, peering, link), { closedWith }) });
}

/** Every session over a link is closed by the far end: the MSEE itself is going away. */
export function sessionsClosed(circuit: string, link: LinkName, closedWith: BgpError): Effect {
  const over = paths.filter((p) => p.linkKey === linkKey(circuit, link));
  return (n) => over.reduce((m, p) => sessionClosed(circuit, p.peering.name, link, closedWith)(m), n);
}

/** Packets vanish on the way, with the link and the session up. */
export function packetsLost(circuit: string, peering: PeeringName, link: LinkName, loss: number): Effect {
  return (n) => ({ ...n, paths: changed(n.paths, pathKey(circuit, peering, link), { loss }) });
}

export function slower(circuit: string, peering: PeeringName, link: LinkName, extraDelay: number): Effect {
  return (n) => ({ ...n, paths: changed(n.paths, pathKey(circuit, peering, link), { extraDelay }) });
}

export function prefixesLeaked(circuit: string, peering: PeeringName, link: LinkName): Effect {
  return (n) => ({ ...n, paths: changed(n.paths, pathKey(circuit, peering, link), { leaks: true }) });
}

/** Microsoft announces one of its services no more: its prefixes go, the session and all others stay. */
export function serviceWithheld(circuit: string, peering: PeeringName, link: LinkName, service: string): Effect {
  const withheld = parseCommunity(service);
  if (withheld === undefined) throw new Error(`the story names "${service}", which is no community of Microsoft's`);
  return (n) => ({ ...n, paths: changed(n.paths, pathKey(circuit, peering, link), { withheld }) });
}

export function globalReachDegraded(name: string, to: ReachHealth): Effect {
  return (n) => ({ ...n, globalReach: changed(n.globalReach, name, to) });
}

export function snmpSilent(router: string): Effect {
  return (n) => ({ ...n, routers: changed(n.routers, router, { snmp: false, bgpTable: false }) });
}

export function probesStopped(router: string): Effect {
  return (n) => ({ ...n, routers: changed(n.routers, router, { probes: false }) });
}

export function bgpTableMissing(router: string): Effect {
  return (n) => ({ ...n, routers: changed(n.routers, router, { bgpTable: false }) });
}

export function endpointFails(name: keyof Network["endpoints"], to: EndpointHealth): Effect {
  return (n) => ({ ...n, endpoints: { ...n.endpoints, [name]: to } });
}
