// The routes of the simulated estate: what Microsoft announces over a path, and what the routers announce to it. Private
// networks (RFC 1918) over private peering; over the Microsoft peering networks of the benchmarks (RFC 2544), which nobody has.

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
