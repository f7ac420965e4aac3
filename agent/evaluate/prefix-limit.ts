// How near a path is to Microsoft's limit on prefixes: above it Microsoft drops the session, without a warning of its own.

import type { Peering } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Check, PathVerdict } from "../estate/judgement.ts";
import { milliseconds } from "../lib/duration.ts";
import { advance, type Finding } from "./condition.ts";
import { type PairScene, withCondition } from "./pair-condition.ts";

const check: Check = "prefixLimit";

/** The verdict of a path with what its router announces, where that is told. The provider's limits are not known. */
export function withPrefixLimit(
  verdict: PathVerdict,
  limits: Peering["prefixLimits"],
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { path } = verdict;
  const { estate, snapshot, now } = scene;
  const guard = estate.prefixGuard;
  const router = estate.routers.get(path.router);
  if (guard === undefined || router === undefined || path.msee === undefined) return verdict;
  const before = was?.conditions.find((condition) => condition.check === check);
  const seen = snapshot.prefixes(path.router, path.session.remoteAddress);
  const isNow = seen !== undefined && isFresh(router, seen.at, now, "prefixes");
  const told = (isNow ? seen.families : []).flatMap(({ family, advertised }) =>
    advertised === undefined ? [] : [{ family, advertised, ratio: advertised / limits[family] }],
  );
  const [most] = told.toSorted((a, b) => b.ratio - a.ratio);
  if (most === undefined && before === undefined) return verdict;
  const of = { cause: "prefixLimitNear", owner: "customer" } as const;
  let finding: Finding;
  if (most === undefined) {
    const evidence = `${path.router} does not tell now how many prefixes it announces to ${path.session.remoteAddress}`;
    finding = { ...of, holds: "unknown", effect: "none", evidence };
  } else {
    const { family, advertised, ratio } = most;
    const evidence = `${path.router} announces ${advertised} ${family} prefixes to ${path.session.remoteAddress}, ${Math.floor(ratio * 100)} % of the ${limits[family]} above which Microsoft drops the session`;
    finding = { ...of, holds: ratio >= guard.note, effect: ratio >= guard.raise ? "degraded" : "none", evidence };
  }
  const patience = { for: milliseconds(0), keepFiringFor: path.thresholds.keepFiringFor, mayFire: true };
  return withCondition(verdict, advance(before, check, finding, patience, now), was, now);
}
