// Whether Microsoft still announces over a link what it usually does, service by service and region by region, as its communities
// say: one service can go while the session and most prefixes stay, and then nothing else shows it.

import { type Community, nameOfCommunity } from "../estate/communities.ts";
import type { Peering } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Check, Owner, PathVerdict, UsualCommunities, UsualCount } from "../estate/judgement.ts";
import type { Service } from "../estate/service.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { type Announced, announcedOver } from "../state/communities.ts";
import { conditionOf, type Finding } from "./condition.ts";
import { type PairScene, rememberedOf, withFinding } from "./pair-condition.ts";
import { hasSettled, learnCount, settled } from "./prefix-collapse.ts";
import { someOf } from "./some-of.ts";

const check: Check = "communities";

const patience = seconds(30);

const mostNamed = 4;

/** What is usual after this look; the same object where nothing is new. */
export function learnCommunities(
  before: UsualCommunities,
  routes: ReadonlyMap<Community, number>,
  now: Instant,
): UsualCommunities {
  let after: Record<Community, UsualCount> | undefined;
  const learn = (community: Community, count: number) => {
    const was = before[community];
    const is = learnCount(was, count, now);
    if (was?.usual === is.usual && was.fewerSince === is.fewerSince) return;
    after ??= { ...before };
    if (is.usual > 0) after[community] = is;
    else delete after[community];
  };
  for (const community in before) learn(Number(community), routes.get(Number(community)) ?? 0);
  for (const [community, count] of routes) if (before[community] === undefined) learn(community, count);
  return after ?? before;
}

/** What is announced over a link, once its session and the connection that tells of it have stood for a while. */
function toldOf({ path }: PathVerdict, scene: PairScene): Announced | undefined {
  const { estate, snapshot, now } = scene;
  const router = estate.routers.get(path.router);
  const connection = snapshot.bmp(path.router);
  if (router === undefined || connection?.connected !== true) return undefined;
  if (!isFresh(router, connection.at, now) || elapsed(connection.since, now) < settled) return undefined;
  return hasSettled(path, now, scene) ? announcedOver(path, snapshot) : undefined;
}

/** The verdict of a path with what it does not announce any more. */
export function withCommunities(
  verdict: PathVerdict,
  other: PathVerdict,
  expected: NonNullable<Peering["communities"]>,
  was: PathVerdict | undefined,
  scene: PairScene,
): PathVerdict {
  const { now } = scene;
  const before = conditionOf(was, check);
  const told = toldOf(verdict, scene);
  if (before === undefined && expected.length === 0 && told === undefined) return verdict;
  const usualBefore = was?.usualCommunities ?? rememberedOf(verdict, scene)?.usualCommunities ?? none;
  if (before === undefined && expected.length === 0 && usualBefore === none && told?.routes.size === 0) return verdict;
  const usual = told === undefined || told.unread > 0 ? usualBefore : learnCommunities(usualBefore, told.routes, now);
  const absent = told && absentOf(told, usual, expected);
  const missingSince = absent === undefined ? was?.missingSince : since(absent, was?.missingSince, now);
  const finding = findingOf({ verdict: { ...verdict, missingSince }, other, told, usual, absent }, scene);
  // What is only remembered is not learnt: it must not look younger in the file.
  const learnt = told === undefined ? was?.usualCommunities : usual;
  const known = { ...verdict, ...(learnt === undefined ? {} : { usualCommunities: learnt }), missingSince };
  // Each community has waited by itself: one that is long missing must not let another one page at once.
  return withFinding(known, check, finding, milliseconds(0), was, scene);
}

const none: UsualCommunities = {};

interface Absent {
  readonly missing: readonly Community[];
  /** Absent too, and may be those of prefixes that cannot be told apart. */
  readonly doubtful: readonly Community[];
}

function absentOf(told: Announced, usual: UsualCommunities, expected: readonly Community[]): Absent {
  const missing: Community[] = [];
  const doubtful: Community[] = [];
  const look = (community: Community, isNew: boolean) => {
    if (told.routes.has(community)) return;
    const isDoubtful = told.unread > 0 || (isNew && told.unnumbered > 0);
    (isDoubtful ? doubtful : missing).push(community);
  };
  for (const community in usual) look(Number(community), false);
  for (const community of expected) if (usual[community] === undefined) look(community, true);
  return { missing, doubtful };
}

/** A doubt ends nothing, and begins nothing. */
function since(
  { missing, doubtful }: Absent,
  before: PathVerdict["missingSince"],
  now: Instant,
): PathVerdict["missingSince"] {
  const lasting = doubtful.filter((community) => before?.[community] !== undefined);
  const all = [...missing, ...lasting];
  return all.length === 0
    ? undefined
    : Object.fromEntries(all.map((community) => [community, before?.[community] ?? now]));
}

const isLongMissing = ({ missingSince }: PathVerdict, community: Community, now: Instant) =>
  missingSince?.[community] !== undefined && elapsed(missingSince[community], now) >= patience;

interface Look {
  readonly verdict: PathVerdict;
  readonly other: PathVerdict;
  readonly told: Announced | undefined;
  readonly usual: UsualCommunities;
  readonly absent: Absent | undefined;
}

function findingOf({ verdict, other, told, usual, absent }: Look, scene: PairScene): Finding {
  const { path } = verdict;
  const of = { cause: "serviceNotAnnounced", owner: "unknown", effect: "none" } as const;
  const link = `the ${path.link} link of ${path.circuit}`;
  if (told === undefined || absent === undefined) {
    const evidence = `what is announced over ${link} is not known now: no BMP tells it, or not for long`;
    return { ...of, holds: "unknown", evidence };
  }
  const missing = absent.missing.filter((community) => isLongMissing(verdict, community, scene.now));
  if (missing.length === 0) {
    return absent.doubtful.length > 0
      ? { ...of, holds: "unknown", evidence: `the communities of some prefixes of ${link} cannot be read` }
      : { ...of, holds: false, evidence: `${link} announces every service that it usually does` };
  }
  const elsewhere = elsewhereOf(other, missing, scene);
  const affected = scene.estate.services.filter(
    ({ circuit, peering, communities = [] }) =>
      circuit === path.circuit && peering === path.peering && communities.some((one) => missing.includes(one)),
  );
  const names = missing.map((community) => {
    const count = usual[community]?.usual;
    return `${nameOfCommunity(community).words}${count === undefined ? ", which it is to announce" : `, usually ${count} prefixes`}`;
  });
  const parts = [
    `${link} does not announce ${some(names)}, though its BGP session is up`,
    ...elsewhere.words,
    ...(affected.length === 0 ? [] : [`needed by ${some(affected.map(({ name }) => name))}`]),
    whoseWords(verdict, told, elsewhere),
  ];
  const effect = affected.length === 0 ? "none" : "degraded";
  const owner = ownerOf(verdict, told, elsewhere);
  return { ...of, owner, effect, holds: true, evidence: parts.join("; ") };
}

const some = (names: readonly string[]) => someOf(names, mostNamed);

interface Elsewhere {
  readonly words: readonly string[];
  /** Whether the other link announces all of them: a link's own failure. */
  readonly has: "all" | "notAll" | "unknown";
}

/** What the other link says of the same communities. */
function elsewhereOf(other: PathVerdict, missing: readonly Community[], scene: PairScene): Elsewhere {
  const { link, peering, session, router } = other.path;
  const told = announcedOver(other.path, scene.snapshot);
  const state = scene.snapshot.session(router, session.remoteAddress);
  const isDown = state?.present === true && state.state !== "established";
  if (!isDown && (told === undefined || told.unread > 0)) {
    return { words: [`whether the ${link} link still does is not known`], has: "unknown" };
  }
  const named = (communities: readonly Community[]) =>
    some(communities.map((community) => nameOfCommunity(community).words));
  const there = missing.filter((community) => !isDown && told?.routes.has(community) === true);
  const gone = missing.filter((community) => !there.includes(community));
  const without = peering === "microsoft" ? "it goes over the internet, or nowhere" : "this circuit does not reach it";
  return {
    words: [
      ...(there.length === 0 ? [] : [`still over the ${link} link: the redundancy of ${named(there)} is reduced`]),
      ...(gone.length === 0 ? [] : [`nor does the ${link} link announce ${named(gone)}: ${without}`]),
    ],
    has: gone.length === 0 ? "all" : "notAll",
  };
}

/** A route filter and the virtual networks are the same for both links, so one link alone is not ours. */
function ownerOf({ path }: PathVerdict, told: Announced, { has }: Elsewhere): Owner {
  if (told.isPostPolicy || has !== "all") return "unknown";
  return path.msee === undefined ? "providerOrMicrosoft" : "microsoft";
}

function whoseWords({ path }: PathVerdict, told: Announced, { has }: Elsewhere): string {
  if (told.isPostPolicy)
    return "this is told after the router's inbound policy, which may refuse it or take its communities";
  if (has === "all") return "a change of ours in Azure would show on both links";
  if (path.msee === undefined) return "a change of ours in Azure, the provider or Microsoft may have taken it away";
  return path.peering === "microsoft"
    ? "either the circuit's route filter was changed (ours), or Microsoft withdrew it"
    : "either the virtual network or its gateway's connection was changed (ours), or Microsoft withdrew it";
}

/** What a reader of a service's failure wants to know of its announcements; empty where nothing is missing. */
export function missingOf(
  { circuit, peering, communities = [] }: Service,
  paths: readonly PathVerdict[],
  now: Instant,
): readonly string[] {
  return communities.flatMap((community) => {
    const without = paths.filter(
      (verdict) =>
        verdict.path.circuit === circuit && verdict.path.peering === peering && isLongMissing(verdict, community, now),
    );
    const [one, two] = without;
    if (one === undefined) return [];
    const where = two === undefined ? `not announced over the ${one.path.link} link` : "announced over neither link";
    return [`${nameOfCommunity(community).words} is ${where}`];
  });
}
