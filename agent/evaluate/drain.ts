// Whether Microsoft is draining a link for maintenance: it prepends its own ASN to all that it announces there, so that traffic
// prefers the other link (Microsoft's documentation of maintenance alerts: eight times). What is usual is learnt for each
// path: how long an AS_PATH is differs, and is not assumed.

import type { Path } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Check, Condition, PathVerdict, UsualPath, UsualPaths } from "../estate/judgement.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, usualOf, withFinding } from "./pair-condition.ts";

/** Prepended so often more than usual: Microsoft does it eight times, and nobody else has a reason to do it often. */
const leastPrepends = 4;

/** What has lasted so long is usual: no maintenance does. */
const newUsualAfter = seconds(86_400);

/** Time for the traffic to move; and two polls more, for the rate that says so must be of the time after. */
const movesWithin = seconds(60);

/** A link that carries no more than this of what both carry has been left; what probes and BGP need flows on. */
const leftShare = 0.2;
/** Bits per second of both links, below which there is nothing to move. */
const leastTraffic = 100_000;

const check: Check = "drain";

/** The number of prepends that the most routes have; undefined where none begins with the neighbour's ASN. */
function commonest(prepends: readonly number[]): number | undefined {
  let found: number | undefined;
  for (let run = 1; run < prepends.length; run++) {
    const routes = prepends[run] ?? 0;
    if (routes > 0 && (found === undefined || routes > (prepends[found] ?? 0))) found = run;
  }
  return found;
}

/** What is usual after this look. A path that became shorter was being drained when the agent first saw it. */
export function learnUsual(
  before: UsualPath | undefined,
  prepends: readonly number[],
  now: Instant,
): UsualPath | undefined {
  const seen = commonest(prepends);
  if (seen === undefined) return before;
  if (before === undefined || seen <= before.usual) return { usual: seen, longerSince: undefined };
  const longerSince = before.longerSince ?? now;
  return elapsed(longerSince, now) >= newUsualAfter
    ? { usual: seen, longerSince: undefined }
    : { usual: before.usual, longerSince };
}

interface Drained {
  readonly routes: number;
  readonly of: number;
  readonly prepends: number;
  readonly usual: number;
}

/** Undefined where fewer than half of the routes are prepended beyond what is usual. */
function drained({ usual }: UsualPath, prepends: readonly number[]): Drained | undefined {
  const of = prepends.reduce((sum, routes) => sum + routes, 0);
  const routes = prepends.slice(usual + leastPrepends).reduce((sum, some) => sum + some, 0);
  const seen = commonest(prepends);
  return seen !== undefined && routes > 0 && routes * 2 >= of ? { routes, of, prepends: seen, usual } : undefined;
}

/** The verdict of a path with what BMP tells of a drain; `other` is the other link's, before that. */
export function withDrain(
  verdict: PathVerdict,
  other: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { snapshot, now } = scene;
  const { path } = verdict;
  // Where the router peers with the provider, its ASN says nothing of Microsoft's links.
  if (path.msee === undefined) return verdict;
  const seen = snapshot.bmpPrefixes(path.router, path.session.remoteAddress);
  const before = conditionOf(was, check);
  if (seen === undefined && before === undefined) return verdict;
  const usualPaths: UsualPaths = { ...usualOf(verdict, was, scene).usualPaths };
  let most: Drained | undefined;
  for (const family of prefixFamilies) {
    const counted = seen?.families.find((of) => of.family === family);
    const usual = learnUsual(usualPaths[family], counted?.prepends ?? [], now);
    if (usual === undefined) continue;
    usualPaths[family] = usual;
    const found = counted && drained(usual, counted.prepends);
    if (found !== undefined && found.prepends > (most?.prepends ?? 0)) most = found;
  }
  const finding = findingOf(verdict, other, most, seen !== undefined, before, scene);
  return withFinding({ ...verdict, usualPaths }, check, finding, milliseconds(0), was, scene);
}

function findingOf(
  { path }: PathVerdict,
  other: PathVerdict,
  found: Drained | undefined,
  isKnown: boolean,
  before: Condition | undefined,
  scene: PairScene,
): Finding {
  const { now } = scene;
  const of = { cause: "linkDraining", owner: "microsoft" } as const;
  const which = `the ${path.link} link of ${path.circuit}`;
  if (found === undefined) {
    const evidence = isKnown ? `Microsoft does not drain ${which}` : `no BMP tells the AS paths of ${which}`;
    return { ...of, holds: isKnown ? false : "unknown", effect: "none", evidence };
  }
  const { routes, of: all, prepends, usual } = found;
  const times = (n: number) => (n === 1 ? "once" : `${n} times`);
  const seen = `Microsoft is draining ${which}: its ASN stands ${times(prepends)} in the path of ${routes} of ${all} prefixes, usually ${times(usual)}`;
  const since = before?.state === "firing" ? before.since : now;
  if (other.state !== "up") {
    const evidence = `${seen}; the ${other.path.link} link, which is to carry the traffic, is ${other.state}`;
    return { ...of, holds: true, effect: "degraded", evidence };
  }
  const share = shareOf(path, other.path, scene);
  const patience = movesWithin + 2 * (scene.estate.routers.get(path.router)?.pollInterval ?? 0);
  const stays = share !== undefined && share > leftShare && elapsed(since, now) >= patience;
  if (stays) {
    const percent = Math.round(share * 100);
    const evidence = `${seen}; the traffic did not move: this link still carries ${percent} % (local preference, static routes?)`;
    return { ...of, owner: "customer", holds: true, effect: "degraded", evidence };
  }
  const moved = share === undefined ? "" : `, ${Math.round((1 - share) * 100)} % of the traffic is there`;
  return { ...of, holds: true, effect: "none", evidence: `${seen}; the ${other.path.link} link is up${moved}` };
}

/**
 * The share of the traffic of both links that this one carries, of the direction of which it carries more; undefined
 * where it is not known now, or there is next to none.
 */
function shareOf(path: Path, other: Path, { estate, snapshot, now }: PairScene): number | undefined {
  const rateOf = ({ router: name, interface: of }: Path) => {
    const router = estate.routers.get(name);
    const isNow = router !== undefined && isFresh(router, snapshot.interface(name, of)?.at, now);
    return isNow ? snapshot.counters(name, of)?.rate : undefined;
  };
  const [here, there] = [rateOf(path), rateOf(other)];
  if (here === undefined || there === undefined) return undefined;
  const shares = (["receive", "transmit"] as const).flatMap((direction) => {
    const sum = here[direction] + there[direction];
    return sum < leastTraffic ? [] : [here[direction] / sum];
  });
  return shares.length === 0 ? undefined : Math.max(...shares);
}
