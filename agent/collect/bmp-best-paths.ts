// The routes that a router chose for declared prefixes, from its Loc-RIB (RFC 9069).

import type { BestPathsObservation, BestRoute } from "../estate/best-path.ts";
import type { DeclaredPrefixes } from "../estate/declared.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { PathAttributes } from "../wire/bgp/attributes.ts";
import type { AttributeSets } from "./bmp-attributes.ts";
import { type Wanted, wantedOf } from "./bmp-declared.ts";
import { addressText, type BmpPeer, distinctPrefixes, type FamilyRoutes } from "./bmp-peer.ts";

/** Without routes where nothing of the Loc-RIB is told, or it cannot be counted on. */
export function bestPathsOf(
  router: string,
  remoteAddress: string,
  locRib: BmpPeer,
  declared: DeclaredPrefixes,
  sets: AttributeSets,
  at: Instant,
): BestPathsObservation {
  const view = locRib.view("locRib");
  const wanted = wantedOf(declared).received;
  const routes = prefixFamilies.flatMap((family): readonly BestRoute[] => {
    if (view?.doubt !== undefined || view?.[family].isTold !== true) return [];
    return wanted[family].flatMap((one) => routeTo(view[family], one, locRib.isFiltered(), sets));
  });
  return { kind: "bestPaths", router, remoteAddress, at, source: "bmp", routes };
}

/** Empty where it is not known. */
function routeTo(
  routes: FamilyRoutes,
  { text, octets, length }: Wanted,
  isFiltered: boolean,
  sets: AttributeSets,
): readonly BestRoute[] {
  const table = distinctPrefixes(routes);
  for (let bits = length; bits >= 0; bits--) {
    if (table.get(octets, 0, bits, 0) === 0) continue;
    // Of a table that is filtered a longer route may be kept from us.
    if (isFiltered && bits < length) return [];
    const hops = attributesOf(routes, octets, bits).map((id) => nextHopOf(sets.attributes(id)));
    const known = [...new Set(hops.filter((hop) => hop !== undefined))];
    const matched = bits === length ? text : `${addressText(masked(octets, bits))}/${bits}`;
    return known.length === 0 ? [] : [{ prefix: text, matched, nextHops: known }];
  }
  return isFiltered ? [] : [{ prefix: text, matched: undefined, nextHops: [] }];
}

/** The sets of attributes of every path to a prefix. */
function attributesOf({ table, paths }: FamilyRoutes, octets: Uint8Array, bits: number): readonly number[] {
  if (paths.size() === 0) return [table.get(octets, 0, bits, 0)];
  const found: number[] = [];
  const wanted = masked(octets, bits);
  table.each((attributes, bytes, at, length) => {
    if (length === bits && wanted.every((octet, i) => bytes[at + i] === octet)) found.push(attributes);
  });
  return found;
}

function masked(octets: Uint8Array, bits: number): Uint8Array {
  return octets.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))));
}

/** Undefined where there is none, or it is no address: a route of the router itself. */
function nextHopOf(attributes: PathAttributes | undefined): string | undefined {
  const { nextHop, mpNextHop } = attributes ?? {};
  // A link-local address stands behind the global one.
  if (mpNextHop !== undefined && mpNextHop.length >= 16) return addressText(mpNextHop.subarray(0, 16));
  if (mpNextHop?.length === 4) return addressText(mpNextHop);
  if (nextHop === undefined || nextHop === 0) return undefined;
  return addressText(Uint8Array.of(nextHop >>> 24, nextHop >>> 16, nextHop >>> 8, nextHop));
}
