// All that is judged of the routes of a path beside those of the other path of its peering.

import type { Peering } from "../estate/estate.ts";
import type { PathVerdict } from "../estate/judgement.ts";
import { withBestPath } from "./best-path.ts";
import { withCommunities } from "./communities.ts";
import { withDeclared } from "./declared-prefixes.ts";
import { withDefaultRoute } from "./default-route.ts";
import { withDrain } from "./drain.ts";
import type { PairScene } from "./pair-condition.ts";
import { withPrefixCount } from "./prefix-collapse.ts";
import { withGatewayLimit, withPrefixLimit } from "./prefix-limit.ts";
import { withPrefixSets } from "./prefix-sets.ts";

/** The verdict of a path with what is only seen beside the other path, as it is before that. */
export function withRoutes(
  own: PathVerdict,
  other: PathVerdict,
  { prefixLimits, communities = [] }: Peering,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  let verdict = withDrain(own, other, was, scene);
  verdict = withPrefixSets(verdict, other, was, scene);
  verdict = withPrefixCount(verdict, other, was, scene);
  verdict = withPrefixLimit(verdict, prefixLimits, was, scene);
  verdict = withGatewayLimit(verdict, was, scene);
  verdict = withCommunities(verdict, other, communities, was, scene);
  verdict = withDeclared("received", verdict, other, was, scene);
  verdict = withDeclared("advertised", verdict, other, was, scene);
  verdict = withDefaultRoute(verdict, was, scene);
  return withBestPath(verdict, other, was, scene);
}
