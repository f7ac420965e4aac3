// Which way a router chose for the prefixes declared of its path: over the other link though its own is well, or by none of the
// circuit's. Nothing is lost by that, so it is never more than a note: but traffic stays on a backup for weeks unseen.

import { type KnownWays, knownWays, type TakenWay } from "../estate/best-path.ts";
import type { Check, Condition, PathVerdict } from "../estate/judgement.ts";
import { seconds } from "../lib/duration.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, withFinding } from "./pair-condition.ts";

const check: Check = "bestPath";

/** Routers go back within seconds of a session that comes up, but some tell their routes by SNMP from a cache (net-snmp: a minute). */
const patience = seconds(120);

const mostExamples = 3;

/** The verdict of a path with the way that its router takes; as it was where nothing tells of that. */
export function withBestPath(
  verdict: PathVerdict,
  other: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { path } = verdict;
  if (path.declared === undefined || path.declared.received.length === 0) return verdict;
  const before = conditionOf(was, check);
  const known = waysOf(verdict, scene);
  if (known === undefined && before === undefined) return verdict;
  const finding = findingOf(verdict, other, known, waysOf(other, scene)?.ways ?? []);
  return withFinding(verdict, check, finding, patience, was, scene);
}

function waysOf({ path }: PathVerdict, { estate, snapshot, now }: PairScene): KnownWays | undefined {
  const known = knownWays(estate, path, snapshot.bestPaths, now);
  return known === undefined || known.ways.length === 0 ? undefined : known;
}

const note = { owner: "customer", effect: "none" } as const;

function findingOf(
  verdict: PathVerdict,
  other: PathVerdict,
  known: KnownWays | undefined,
  others: readonly TakenWay[],
): Finding {
  const { path } = verdict;
  const { router, link, circuit, declared } = path;
  const which = `the ${link} link of ${circuit}`;
  const cause = link === "primary" ? "runningOnBackup" : "pathIdle";
  if (known === undefined) {
    const evidence = `which way ${router} takes to the prefixes declared of ${circuit} is not known now`;
    return { ...note, cause, holds: "unknown", evidence };
  }
  const { ways } = known;
  // A Loc-RIB has the routes of BGP alone.
  const none = known.seen.source === "bmp" ? "no BGP route" : "no route";
  const away = ways.filter(({ exit }) => exit === "otherLink");
  const left = isWell(verdict) ? away.filter((way) => isLeft(way, verdict, other, others)) : [];
  if (left.length > 0) {
    const both =
      path.router === other.path.router || declared?.use === "activePassive"
        ? router
        : `${router} and ${other.path.router}`;
    const words = `${listed(left, none)} leaves ${both} over the ${other.path.link} link, though ${which} is up and not drained`;
    return { ...note, cause, holds: true, evidence: words };
  }
  const gone = ways.filter(({ exit }) => exit === "elsewhere" || exit === "none");
  if (gone.length > 0 && verdict.state !== "down") {
    const evidence = `${router} sends by no link of ${circuit}, by no other circuit of which it is declared, and to no configured router: ${listed(gone, none)}`;
    return { ...note, cause: "bestPathElsewhere", holds: true, evidence };
  }
  const evidence = `${router} sends ${listed(ways, none)} as it should`;
  return { ...note, cause, holds: false, evidence };
}

/** Up, and not about to be left by Microsoft: then its router has no reason to avoid it. */
function isWell({ state, conditions }: PathVerdict): boolean {
  const isDraining = ({ check: of, state: now }: Condition) => of === "drain" && now === "firing";
  return state === "up" && !conditions.some(isDraining);
}

/**
 * Whether the way leaves the path idle. Each router prefers its own link, so that with two of them one that prefers the
 * other's is enough only where all are to use that one; else the other must do so as well. Of one router with both links a
 * single best path says nothing, unless one of them is only to stand by.
 */
function isLeft({ prefix }: TakenWay, { path }: PathVerdict, other: PathVerdict, others: readonly TakenWay[]): boolean {
  if (path.declared?.use === "activePassive") return path.link === "primary";
  if (path.router === other.path.router) return false;
  return others.find((way) => way.prefix === prefix)?.exit === "own";
}

/** `10.60.0.0/16 (next hop 172.16.0.6)`, and some more. */
function listed(ways: readonly TakenWay[], none: string): string {
  const some = ways.slice(0, mostExamples).map(({ prefix, matched, nextHop }) => {
    if (matched === undefined) return `${prefix} (${none})`;
    const by = matched === prefix ? "" : `by the route ${matched}, `;
    return `${prefix} (${by}next hop ${nextHop ?? "none"})`;
  });
  return ways.length > mostExamples ? `${some.join(", ")} and ${ways.length - mostExamples} more` : some.join(", ");
}
