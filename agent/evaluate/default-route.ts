// Whether a default route appears in what comes over a path, or goes: with one all that has no better route goes to Azure, and
// without one it goes elsewhere. Microsoft sends none by itself; an appliance in a virtual network may.

import type { Check, PathVerdict, UsualDefault, UsualDefaults } from "../estate/judgement.ts";
import { type PrefixFamily, prefixFamilies } from "../estate/link-observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { declaresDefault } from "./declared-prefixes.ts";
import { type PairScene, rememberedOf, withFinding } from "./pair-condition.ts";
import { toldPrefixes } from "./told-prefixes.ts";

const check: Check = "defaultRoute";

/** A session announces for a while when it comes up, and a router its tables when it connects. */
const settled = seconds(30);
const patience = seconds(10);
/** What has lasted so long is usual. */
const newUsualAfter = seconds(86_400);

/** What is usual after this look: what was there first, and something else after a day. */
export function learnDefault(before: UsualDefault | undefined, isThere: boolean, now: Instant): UsualDefault {
  if (before === undefined || before.usual === isThere) return { usual: isThere, otherSince: undefined };
  const otherSince = before.otherSince ?? now;
  return elapsed(otherSince, now) >= newUsualAfter
    ? { usual: isThere, otherSince: undefined }
    : { usual: before.usual, otherSince };
}

/** Whether there is a default route, by family, once all has been told. */
function seenOf({ path }: PathVerdict, scene: PairScene): ReadonlyMap<PrefixFamily, boolean> | undefined {
  const { snapshot, now } = scene;
  const told = toldPrefixes(path, scene);
  const session = snapshot.session(path.router, path.session.remoteAddress);
  const since = snapshot.bmp(path.router)?.since;
  if (told === undefined || session?.present !== true || since === undefined) return undefined;
  const isSettled = session.establishedSeconds * 1_000 >= settled && elapsed(since, now) >= settled;
  if (!isSettled) return undefined;
  const heard = told.filter(({ received, accepted }) => (received ?? accepted) !== undefined);
  return new Map(heard.map(({ family, hasDefault }) => [family, hasDefault]));
}

/** The verdict of a path with what became of the default route. One that is declared is missed with the other prefixes. */
export function withDefaultRoute(verdict: PathVerdict, was: PathVerdict | undefined, scene: PairScene): PathVerdict {
  const { now } = scene;
  const { path } = verdict;
  const before = conditionOf(was, check);
  const seen = seenOf(verdict, scene);
  if (seen === undefined && before === undefined) return verdict;
  const usualDefaults: UsualDefaults = { ...(was?.usualDefaults ?? rememberedOf(verdict, scene)?.usualDefaults) };
  const changed: { family: PrefixFamily; isThere: boolean }[] = [];
  for (const family of prefixFamilies) {
    const isThere = seen?.get(family);
    if (isThere === undefined) continue;
    const { declared } = path;
    if (declared !== undefined && declared.received.length > 0) {
      if (isThere && !declaresDefault(declared, family)) changed.push({ family, isThere });
      continue;
    }
    const usual = learnDefault(usualDefaults[family], isThere, now);
    usualDefaults[family] = usual;
    if (usual.usual !== isThere) changed.push({ family, isThere });
  }
  const finding = findingOf(verdict, seen !== undefined, changed);
  return withFinding({ ...verdict, usualDefaults }, check, finding, patience, was, scene);
}

function findingOf(
  { path }: PathVerdict,
  isKnown: boolean,
  changed: readonly { readonly family: PrefixFamily; readonly isThere: boolean }[],
): Finding {
  const where = `${path.router} and ${path.session.remoteAddress} (the ${path.link} link of ${path.circuit})`;
  const of = { owner: "unknown", effect: "none" } as const;
  const [first] = changed;
  if (first === undefined) {
    const evidence = isKnown
      ? `the default route between ${where} is as it should be, or usually is`
      : `no BMP tells now whether a default route comes over the session of ${where}`;
    return { ...of, cause: "defaultRouteAppeared", holds: isKnown ? false : "unknown", evidence };
  }
  const families = changed.map(({ family }) => family).join(" and ");
  if (first.isThere) {
    const why = path.declared === undefined ? "which it usually does not" : "which is not declared";
    const evidence = `an ${families} default route comes over the session of ${where}, ${why}: what has no better route goes to Azure`;
    return { ...of, cause: "defaultRouteAppeared", holds: true, evidence };
  }
  const evidence = `the ${families} default route that usually comes over the session of ${where} is gone: what has no better route goes elsewhere`;
  return { ...of, cause: "defaultRouteGone", holds: true, evidence };
}
