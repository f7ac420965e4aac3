// The received prefixes of the two paths of a peering, compared as sets.

import type { BmpSetsObservation } from "../estate/bmp-observation.ts";
import { type LinkName, linkNames } from "../estate/estate.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import { addressText, type BmpPeer } from "./bmp-peer.ts";
import { createRouteTable, type RouteTable } from "./bmp-routes.ts";

type Families = BmpSetsObservation["families"];

const mostExamples = 3;

interface Difference {
  missing: number;
  readonly examples: string[];
}

/** What `there` has and `here` has not; undefined where prefixes have path identifiers: they differ from peer to peer. */
function missingFrom(here: RouteTable, there: RouteTable): Difference | undefined {
  const found: Difference = { missing: 0, examples: [] };
  let hasPathIds = false;
  there.each((_, octets, at, length, pathId) => {
    hasPathIds ||= pathId !== 0;
    if (here.get(octets, at, length, 0) !== 0) return;
    found.missing += 1;
    if (found.examples.length < mostExamples) {
      found.examples.push(`${addressText(octets.subarray(at, at + there.bits / 8))}/${length}`);
    }
  });
  return hasPathIds ? undefined : found;
}

/** Undefined where the sessions are not both up, or not both told in the same view. */
export function compareSets(
  peers: Readonly<Record<LinkName, BmpPeer>>,
): { readonly isPostPolicy: boolean; readonly families: Families } | undefined {
  if (linkNames.some((link) => peers[link].state().kind !== "up")) return undefined;
  const name = (["inPre", "inPost"] as const).find((view) => linkNames.some((link) => peers[link].view(view)));
  if (name === undefined) return undefined;
  const { primary, secondary } = { primary: peers.primary.view(name), secondary: peers.secondary.view(name) };
  // A view that cannot be counted cannot be compared; one without any routes can.
  if (primary?.doubt !== undefined || secondary?.doubt !== undefined) return undefined;
  const families = prefixFamilies.flatMap((family): Families => {
    const [one, two] = [primary?.[family].table, secondary?.[family].table];
    const sizes = { primary: one?.size() ?? 0, secondary: two?.size() ?? 0 };
    if (sizes.primary + sizes.secondary === 0) return [];
    const none = createRouteTable(family === "ipv4" ? 32 : 128, 0);
    const [ofPrimary, ofSecondary] = [missingFrom(one ?? none, two ?? none), missingFrom(two ?? none, one ?? none)];
    if (ofPrimary === undefined || ofSecondary === undefined) return [];
    return [
      {
        family,
        received: sizes,
        missing: { primary: ofPrimary.missing, secondary: ofSecondary.missing },
        examples: { primary: ofPrimary.examples, secondary: ofSecondary.examples },
      },
    ];
  });
  return { isPostPolicy: name === "inPost", families };
}
