// Whether a session lost most of the prefixes that it usually receives, while it stayed up: what it carried then goes nowhere, or
// elsewhere, and BGP's state shows nothing of it.

import type { Path } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Check, PathVerdict, UsualCount, UsualCounts } from "../estate/judgement.ts";
import { type PrefixFamily, prefixFamilies } from "../estate/link-observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, usualOf, withFinding } from "./pair-condition.ts";

const check: Check = "prefixCount";

/** Below this share of what is usual it is a collapse: networks come and go, half of them do not. */
const leastShare = 0.5;
/** A session announces for a while when it comes up, and a count may be a poll of before. */
export const settled = seconds(30);
const patience = seconds(30);
/** What has lasted so long is usual. */
const newUsualAfter = seconds(86_400);

/** What is usual after this look: what was seen first, more at once, and fewer after a day. */
export function learnCount(before: UsualCount | undefined, count: number, now: Instant): UsualCount {
  if (before === undefined || count >= before.usual) return { usual: count, fewerSince: undefined };
  if (count >= before.usual * leastShare) return { usual: before.usual, fewerSince: undefined };
  const fewerSince = before.fewerSince ?? now;
  return elapsed(fewerSince, now) >= newUsualAfter
    ? { usual: count, fewerSince: undefined }
    : { usual: before.usual, fewerSince };
}

/** Whether a session is up, and was for a while when something was seen of it. */
export function hasSettled({ router: name, session: of }: Path, seenAt: Instant, scene: PairScene): boolean {
  const { estate, snapshot, now } = scene;
  const router = estate.routers.get(name);
  const session = snapshot.session(name, of.remoteAddress);
  if (router === undefined || session?.present !== true || session.state !== "established") return false;
  const establishedFor = session.establishedSeconds * 1_000 + elapsed(session.at, now);
  return isFresh(router, session.at, now) && establishedFor >= settled + elapsed(seenAt, now);
}

/** Counts of a session that has been up for a while, by family; undefined where they are not known now. */
function countsOf({ path }: PathVerdict, scene: PairScene): ReadonlyMap<PrefixFamily, number> | undefined {
  const { estate } = scene;
  const router = estate.routers.get(path.router);
  const seen = scene.snapshot.prefixes(path.router, path.session.remoteAddress);
  if (router === undefined || seen === undefined || !isFresh(router, seen.at, scene.now, "prefixes")) return undefined;
  if (!hasSettled(path, seen.at, scene)) return undefined;
  return new Map(
    seen.families.flatMap(({ family, received, accepted }) => {
      const count = received ?? accepted;
      return count === undefined ? [] : [[family, count] as const];
    }),
  );
}

/** The verdict of a path with what became of the prefixes that it usually receives. */
export function withPrefixCount(
  verdict: PathVerdict,
  other: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { now } = scene;
  const before = conditionOf(was, check);
  const counts = countsOf(verdict, scene);
  if (counts === undefined && before === undefined) return verdict;
  const usualCounts: UsualCounts = { ...usualOf(verdict, was, scene).usualCounts };
  for (const family of prefixFamilies) {
    const count = counts?.get(family);
    if (count !== undefined) usualCounts[family] = learnCount(usualCounts[family], count, now);
  }
  const finding = findingOf(verdict, other, counts, usualCounts, scene);
  return withFinding({ ...verdict, usualCounts }, check, finding, patience, was, scene);
}

function findingOf(
  { path }: PathVerdict,
  other: PathVerdict,
  counts: ReadonlyMap<PrefixFamily, number> | undefined,
  usual: UsualCounts,
  scene: PairScene,
): Finding {
  const cause = "prefixesCollapsed";
  const where = `BGP session of ${path.router} with ${path.session.remoteAddress}`;
  if (counts === undefined) {
    const evidence = `${where}: how many prefixes it receives is not known now`;
    return { cause, owner: "unknown", holds: "unknown", effect: "none", evidence };
  }
  const lost = prefixFamilies.flatMap((family) => {
    const of = usual[family];
    const count = counts.get(family);
    return of?.fewerSince === undefined || count === undefined ? [] : [{ family, count, usual: of.usual }];
  });
  if (lost.length === 0) {
    return {
      cause,
      owner: "unknown",
      holds: false,
      effect: "none",
      evidence: `${where} receives what it usually does`,
    };
  }
  const parts = lost.map(({ family, count, usual }) => `${count} ${family} prefixes instead of ${usual}`);
  const elsewhere = countsOf(other, scene);
  const alsoOther = lost.every(({ family, usual }) => (elsewhere?.get(family) ?? 0) < usual * leastShare);
  const isOneLink = elsewhere !== undefined && !alsoOther;
  const hint = isOneLink ? `; the ${other.path.link} link still has them` : "";
  const evidence = `${where} is established and receives ${parts.join(" and ")}${hint}`;
  // On both links it is often the gateway behind them, or its limit; of a provider's own announcements nobody can tell.
  const owner = isOneLink && path.msee !== undefined ? "microsoft" : "unknown";
  const effect = lost.some(({ count }) => count === 0) ? "degraded" : "none";
  return { cause, owner, holds: true, effect, evidence };
}
