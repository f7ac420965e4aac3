// The received prefixes of the two paths of a peering, compared as sets.

import type { BmpSetsObservation } from "../estate/bmp-observation.ts";
import { type LinkName, linkNames } from "../estate/estate.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import { addressText, type BmpPeer, distinctPrefixes } from "./bmp-peer.ts";
import type { RouteTable } from "./bmp-routes.ts";

type Families = BmpSetsObservation["families"];

const mostExamples = 3;

interface Difference {
  missing: number;
  readonly examples: string[];
}

/** What `there` has and `here` has not. */
function missingFrom(here: RouteTable, there: RouteTable): Difference {
  const found: Difference = { missing: 0, examples: [] };
  there.each((_, octets, at, length) => {
    if (here.get(octets, at, length, 0) !== 0) return;
    found.missing += 1;
    if (found.examples.length < mostExamples) {
      found.examples.push(`${addressText(octets.subarray(at, at + there.bits / 8))}/${length}`);
    }
  });
  return found;
}

/** Undefined where the sessions are not both up, or not both told in the same view; so is a family of which one says nothing. */
export function compareSets(
  peers: Readonly<Record<LinkName, BmpPeer>>,
): { readonly isPostPolicy: boolean; readonly families: Families } | undefined {
  if (linkNames.some((link) => peers[link].state().kind !== "up")) return undefined;
  const name = (["inPre", "inPost"] as const).find((view) => linkNames.every((link) => peers[link].view(view)));
  if (name === undefined) return undefined;
  const [primary, secondary] = [peers.primary.view(name), peers.secondary.view(name)];
  // A view that cannot be counted cannot be compared.
  if (primary === undefined || secondary === undefined || (primary.doubt ?? secondary.doubt) !== undefined) {
    return undefined;
  }
  const families = prefixFamilies.flatMap((family): Families => {
    if (!primary[family].isTold || !secondary[family].isTold) return [];
    const [one, two] = [distinctPrefixes(primary[family]), distinctPrefixes(secondary[family])];
    const [ofPrimary, ofSecondary] = [missingFrom(one, two), missingFrom(two, one)];
    return [
      {
        family,
        received: { primary: one.size(), secondary: two.size() },
        missing: { primary: ofPrimary.missing, secondary: ofSecondary.missing },
        examples: { primary: ofPrimary.examples, secondary: ofSecondary.examples },
      },
    ];
  });
  return { isPostPolicy: name === "inPost", families };
}
