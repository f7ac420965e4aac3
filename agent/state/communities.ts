// What a path's session announces, by Microsoft's communities, as BMP tells it now.

import type { CommunityRoutes } from "../estate/bmp-observation.ts";
import type { Community } from "../estate/communities.ts";
import type { Path } from "../estate/estate.ts";
import type { Snapshot } from "./state.ts";

export interface Announced extends CommunityRoutes {
  /** Only what the router's own policy let in is told. */
  readonly isPostPolicy: boolean;
}

/** Of both families together, before policy where that is told; undefined where nobody tells it, or the session is down. */
export function announcedOver({ router, session }: Path, snapshot: Snapshot): Announced | undefined {
  const told = (snapshot.bmpPrefixes(router, session.remoteAddress)?.families ?? []).flatMap(
    ({ communities: { received, accepted } = { received: undefined, accepted: undefined } }) => {
      const best = received ?? accepted;
      return best === undefined ? [] : [{ ...best, isPostPolicy: received === undefined }];
    },
  );
  const [first] = told;
  if (first === undefined || told.length === 1) return first;
  const routes = new Map<Community, number>();
  for (const family of told) for (const [of, n] of family.routes) routes.set(of, n + (routes.get(of) ?? 0));
  const sum = (of: "unnumbered" | "unread") => told.reduce((all, one) => all + one[of], 0);
  const isPostPolicy = told.some((one) => one.isPostPolicy);
  return { routes, unnumbered: sum("unnumbered"), unread: sum("unread"), isPostPolicy };
}
