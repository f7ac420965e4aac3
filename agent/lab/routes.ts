// The routes of the simulated estate: what Microsoft announces over a path, and what the routers announce to it. Private
// networks (RFC 1918) over private peering; over the Microsoft peering networks of the benchmarks (RFC 2544), which nobody has.

import { type Community, parseCommunity } from "../estate/communities.ts";
import { microsoftAsn } from "../estate/estate.ts";
import { type PathPlan, sites } from "./plan.ts";

/** So often Microsoft prepends its ASN to what it announces over a link that it drains. */
const drainPrepends = 8;

/** Prefixes of a site and its branches; and how many go out when the filter towards Microsoft is missing. */
const own = 24;
const leakedPrefixes = 187;

const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

/** The same over both links: virtual networks, or Microsoft's public ones. */
export function received({ peering, circuit }: PathPlan): readonly string[] {
  if (peering.name === "microsoft") return many(40, (i) => `198.18.${i}.0/24`);
  const [, second = "0"] = circuit.name.split("-");
  return many(12 + 4 * Number(second), (i) => `10.${60 + i}.0.0/16`);
}

/** Routes that Microsoft marks alike. */
export interface MarkedRoutes {
  readonly prefixes: readonly string[];
  /** Undefined: a region or service without a name. */
  readonly community: Community | undefined;
}

/** What stands behind the Microsoft peering, and how many prefixes each has of the forty. */
const servicePrefixes = { exchangeOnline: 12, sharePointOnline: 10, teams: 10, entraId: 8 } as const;
const regions: Readonly<Record<string, string>> = {
  ams: "westeurope",
  fra: "germanywestcentral",
  sin: "southeastasia",
};

/** As `received`, by the communities that stand on them. */
export function marked(p: PathPlan): readonly MarkedRoutes[] {
  const all = received(p);
  if (p.peering.name !== "microsoft") {
    return [{ prefixes: all, community: parseCommunity(`virtualNetwork/${regions[p.circuit.site]}`) }];
  }
  let taken = 0;
  return Object.entries(servicePrefixes).map(([name, count]) => {
    taken += count;
    return { prefixes: all.slice(taken - count, taken), community: parseCommunity(name) };
  });
}

/** What the configuration declares of a private peering: the last two that come, and the site's own network. */
export const declaredReceived = (p: PathPlan) => received(p).slice(-2);
export const declaredAdvertised = (p: PathPlan) => advertised(p, false).slice(0, 1);

export function advertised({ peering, circuit }: PathPlan, leaks: boolean): readonly string[] {
  const lan = sites.find(({ name }) => name === circuit.site)?.lan ?? "";
  const networks = peering.name === "microsoft" ? "198.19" : lan.replace(/\.0$/, "");
  return many(leaks ? leakedPrefixes : own, (i) => `${networks}.${i}.0/24`);
}

export function asPathOf({ peerAsn, peering }: PathPlan, drained: boolean): readonly number[] {
  const prepended = Array<number>(1 + (drained ? drainPrepends : 0)).fill(microsoftAsn);
  // Behind the Microsoft peering stands the network of Microsoft's own services.
  const behind = peering.name === "microsoft" ? [8075] : [];
  return [...(peerAsn === microsoftAsn ? [] : [peerAsn]), ...prepended, ...behind];
}
