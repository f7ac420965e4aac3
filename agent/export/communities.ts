// What is shown of the communities of a path: those that are wanted or usual even when no prefix has them, and not more than
// the configuration allows.

import { metrics } from "../catalog/metrics.ts";
import { type Community, isNamed, nameOfCommunity } from "../estate/communities.ts";
import type { Estate } from "../estate/estate.ts";
import type { PathVerdict } from "../estate/judgement.ts";
import type { PrefixFamily } from "../estate/link-observation.ts";
import type { Snapshot } from "../state/state.ts";
import type { Emit, LabelText } from "./series.ts";

export interface ShownCommunity {
  readonly family: PrefixFamily;
  /** Before policy, or after it. */
  readonly view: "received" | "accepted";
  /** Undefined: all others together. */
  readonly community: Community | undefined;
  readonly prefixes: number;
}

export function shownCommunities(
  { path, usualCommunities = {} }: Pick<PathVerdict, "path" | "usualCommunities">,
  { circuits, bmp }: Pick<Estate, "circuits" | "bmp">,
  snapshot: Snapshot,
): readonly ShownCommunity[] {
  const families = snapshot.bmpPrefixes(path.router, path.session.remoteAddress)?.families ?? [];
  if (bmp === undefined || families.length === 0) return [];
  const peering = circuits.get(path.circuit)?.peerings.find(({ name }) => name === path.peering);
  const expected = peering?.communities ?? [];
  const wanted = [...expected, ...Object.keys(usualCommunities).map(Number)];
  // Without a name there may be any number of them, so they come last.
  const rankOf = (community: Community) => (expected.includes(community) ? 0 : isNamed(community) ? 1 : 2);
  return families.flatMap(({ family, communities }) =>
    (["received", "accepted"] as const).flatMap((view): readonly ShownCommunity[] => {
      const counted = communities?.[view];
      if (counted === undefined) return [];
      const { routes, unnumbered } = counted;
      const ordered = [...new Set([...wanted, ...routes.keys()])].toSorted((a, b) => rankOf(a) - rankOf(b) || a - b);
      const countOf = (community: Community) => routes.get(community) ?? 0;
      const others = ordered.slice(bmp.communities).reduce((sum, community) => sum + countOf(community), unnumbered);
      return [
        ...ordered
          .slice(0, bmp.communities)
          .map((community) => ({ family, view, community, prefixes: countOf(community) })),
        ...(others > 0 ? [{ family, view, community: undefined, prefixes: others }] : []),
      ];
    }),
  );
}

export function emitCommunities(
  emit: Emit,
  labels: LabelText,
  verdict: PathVerdict,
  estate: Estate,
  snapshot: Snapshot,
): void {
  for (const { family, view, community, prefixes } of shownCommunities(verdict, estate, snapshot)) {
    const { service, region } = community === undefined ? { service: "other", region: "" } : nameOfCommunity(community);
    emit(metrics.communities.prefixes, labels, prefixes, { family, view, service, region });
  }
}
