// What BMP tells now of the prefixes of a path's session.

import type { BmpPrefixesObservation } from "../estate/bmp-observation.ts";
import type { Path } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { PairScene } from "./pair-condition.ts";

/** By family; undefined while the session is not established, or nobody vouches for what was told. */
export function toldPrefixes(
  { router: name, session: { remoteAddress } }: Path,
  { estate, snapshot, now }: PairScene,
): BmpPrefixesObservation["families"] | undefined {
  const told = snapshot.bmpPrefixes(name, remoteAddress);
  if (told === undefined) return undefined;
  const router = estate.routers.get(name);
  const session = snapshot.session(name, remoteAddress);
  if (router === undefined || session?.present !== true) return undefined;
  const isNow = isFresh(router, session.at, now) && isFresh(router, snapshot.bmp(name)?.at, now);
  return isNow && session.state === "established" ? told.families : undefined;
}
