// How near a path is to Microsoft's limits on prefixes, of which Microsoft does not warn: above the one on what we announce it
// drops the session, and above the one on what a virtual network announces it drops the gateway's connection.

import type { Peering } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Check, PathVerdict } from "../estate/judgement.ts";
import type { PrefixFamily } from "../estate/link-observation.ts";
import { milliseconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, withFinding } from "./pair-condition.ts";

const check: Check = "prefixLimit";
const gatewayCheck: Check = "gatewayLimit";

/** Prefixes that one gateway may announce from its virtual networks (Microsoft's ExpressRoute FAQ). */
const gatewayLimits = { ipv4: 1_000, ipv6: 100 } as const;

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
  const before = conditionOf(was, check);
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
  return withFinding(verdict, check, finding, milliseconds(0), was, scene);
}

/**
 * The verdict of a path with how near what it receives is to the limit of one gateway. A note only: the prefixes may be of
 * several gateways, or of the other side of a Global Reach. Of those that a provider announces nothing is known.
 */
export function withGatewayLimit(verdict: PathVerdict, was: PathVerdict | undefined, scene: PairScene): PathVerdict {
  const { path } = verdict;
  const { estate, snapshot, now } = scene;
  const guard = estate.prefixGuard;
  const router = estate.routers.get(path.router);
  if (guard === undefined || router === undefined || path.msee === undefined || path.peering !== "azurePrivate") {
    return verdict;
  }
  const before = conditionOf(was, gatewayCheck);
  const seen = snapshot.prefixes(path.router, path.session.remoteAddress);
  const isNow = seen !== undefined && isFresh(router, seen.at, now, "prefixes");
  let most: { readonly family: PrefixFamily; readonly count: number; readonly ratio: number } | undefined;
  for (const { family, received, accepted } of isNow ? seen.families : []) {
    const count = received ?? accepted;
    if (count === undefined) continue;
    const ratio = count / gatewayLimits[family];
    if (ratio >= (most?.ratio ?? 0)) most = { family, count, ratio };
  }
  // Nearly all paths are far from it, and need no condition that says so.
  if (before === undefined && (most === undefined || most.ratio < guard.note)) return verdict;
  const of = { cause: "gatewayLimitNear", owner: "customer", effect: "none" } as const;
  const where = `${path.router} receives from ${path.session.remoteAddress}`;
  const finding: Finding =
    most === undefined
      ? { ...of, holds: "unknown", evidence: `how many prefixes ${where} is not known now` }
      : {
          ...of,
          holds: most.ratio >= guard.note,
          evidence: `${where} ${most.count} ${most.family} prefixes; if they are of one virtual network gateway, that is ${Math.floor(most.ratio * 100)} % of the ${gatewayLimits[most.family]} above which Microsoft drops its connection`,
        };
  return withFinding(verdict, gatewayCheck, finding, milliseconds(0), was, scene);
}
