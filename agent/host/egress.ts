// Which way what the agent asks and probes leaves this host, as the kernel's routes tell. Policy rules, VRFs and the
// further ways of a multipath route do not show there: what is read explains a silence, and never makes one.

import { type Address, formatAddress, parseAddress } from "../estate/address.ts";
import type { Estate } from "../estate/estate.ts";
import type { EgressReading, Gateway } from "../estate/host-observation.ts";
import { probedOf } from "../estate/probed.ts";
import type { Route } from "../wire/proc/routes.ts";

/** More next hops than this are not pinged, and more interfaces not looked at. */
const most = 8;

/** The addresses of routers and targets that are not this host's own loopback. */
export function destinationsOf(estate: Estate): readonly Address[] {
  const texts = new Set([
    ...[...estate.routers.values()].map(({ address }) => address),
    ...probedOf(estate).flatMap(({ probes }) => probes.map(({ address }) => address)),
  ]);
  return [...texts].flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined || isLoopback(address) ? [] : [address];
  });
}

function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

export interface Egress {
  /** `routes` of both families; `cut`: there are more than were read. */
  read(routes: readonly Route[], cut: boolean): EgressReading;
}

/** `configured`: gateways to ping whatever the routes say. Remembers by which interfaces it went before the routes vanished. */
export function createEgress(destinations: readonly Address[], configured: readonly string[] | undefined): Egress {
  const families = ([4, 6] as const).filter((family) => destinations.some((to) => to.family === family));
  const hadDefault = new Set<4 | 6>();
  let gateways: readonly Gateway[] = (configured ?? []).map((address) => ({ address, interface: undefined }));
  let interfaces: readonly string[] = [];
  return {
    read(routes, cut) {
      const hops = new Map<string, Gateway>();
      const names = new Set<string>();
      let routed = destinations.length === 0 || cut;
      let defaultRouteLost = false;
      for (const family of families) {
        const table = tableOf(routes.filter((route) => route.family === family));
        const byDefault = table.get(0)?.get(0n);
        if (byDefault !== undefined && !byDefault.refuses) {
          hadDefault.add(family);
          addHop(hops, byDefault);
        } else if (hadDefault.has(family) && !cut) defaultRouteLost = true;
        for (const to of destinations) {
          const route = to.family === family ? routeTo(table, to) : undefined;
          if (route === undefined || route.refuses) continue;
          routed = true;
          addHop(hops, route);
          if (names.size < most) names.add(route.interface);
        }
      }
      if (names.size > 0) interfaces = [...names];
      if (configured === undefined && hops.size > 0) gateways = [...hops.values()];
      return { gateways, interfaces, defaultRouteLost, routed };
    },
  };
}

function addHop(hops: Map<string, Gateway>, route: Route): void {
  if (route.gateway === undefined || hops.size >= most) return;
  const address: Address = { family: route.family, value: route.gateway };
  const text = formatAddress(address);
  const linkLocal = address.family === 6 && address.value >> 118n === 0x3fan;
  hops.set(text, { address: text, interface: linkLocal ? route.interface : undefined });
}

/** By length, the longest first, then by network. */
type Table = ReadonlyMap<number, ReadonlyMap<bigint, Route>>;

/** Of several routes to one network the kernel takes that of the least metric. */
function tableOf(routes: readonly Route[]): Table {
  const table = new Map<number, Map<bigint, Route>>();
  for (const route of routes.toSorted((a, b) => b.length - a.length || a.metric - b.metric)) {
    const ofLength = table.get(route.length) ?? new Map<bigint, Route>();
    if (!ofLength.has(route.network)) ofLength.set(route.network, route);
    table.set(route.length, ofLength);
  }
  return table;
}

function routeTo(table: Table, { family, value }: Address): Route | undefined {
  for (const [length, routes] of table) {
    const host = BigInt((family === 4 ? 32 : 128) - length);
    const found = routes.get((value >> host) << host);
    if (found !== undefined) return found;
  }
  return undefined;
}
