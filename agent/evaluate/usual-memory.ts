// What was learnt to be usual of each path, kept over restarts: an agent that starts during a drain, or when most prefixes, a service or
// the default route are gone, must not take that for usual.

import type { Community } from "../estate/communities.ts";
import { type Estate, type Path, pathsOf } from "../estate/estate.ts";
import type {
  Judgement,
  PathVerdict,
  UsualCommunities,
  UsualCount,
  UsualCounts,
  UsualDefaults,
  UsualPaths,
} from "../estate/judgement.ts";
import { type PrefixFamily, prefixFamilies } from "../estate/link-observation.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { inSlices, isStep } from "../lib/slices.ts";
import type { StateFile } from "../lib/state-file.ts";

export interface Usual {
  /** When it was last so, by the judgement. */
  readonly at: Instant;
  readonly usualPaths?: UsualPaths | undefined;
  readonly usualCounts?: UsualCounts | undefined;
  readonly usualCommunities?: UsualCommunities | undefined;
  readonly usualDefaults?: UsualDefaults | undefined;
}

/** By path; what was learnt since is in the judgement. */
export type Remembered = ReadonlyMap<SubjectKey, Usual>;

/** What is older says nothing of the present. */
const staleAfter = seconds(7 * 86_400);

const saveEvery = seconds(600);

/** Soon after the start: whoever started it still looks, and is told of a directory that cannot be written. */
const firstSave = seconds(10);

/** Some later version's file is none of ours. */
const version = 1;

/** Times are milliseconds since 1970: the timeline of the process is not that of the next one. */
export function* textOfUsual(
  verdicts: readonly PathVerdict[],
  remembered: Remembered,
  now: Instant,
  clock: Clock,
): Generator<void, string> {
  const paths: string[] = [];
  for (const [i, verdict] of verdicts.entries()) {
    if (isStep(i)) yield;
    const entry = entryTextOf(verdict, remembered, now, clock);
    if (entry !== undefined) paths.push(entry);
  }
  return `{"version":${version},"paths":[${paths.join(",")}]}`;
}

/** Undefined where nothing is known of the path. */
function entryTextOf(
  { path, usualPaths, usualCounts, usualCommunities, usualDefaults }: PathVerdict,
  remembered: Remembered,
  now: Instant,
  clock: Clock,
): string | undefined {
  const known = remembered.get(subject.path(path));
  const isLearnt = [usualPaths, usualCounts, usualCommunities, usualDefaults].some((of) => of !== undefined);
  if (!isLearnt && known === undefined) return undefined;
  const epoch = (at: Instant | undefined) => (at === undefined ? null : clock.toEpoch(at));
  const prepends = usualPaths ?? known?.usualPaths ?? {};
  const counts = usualCounts ?? known?.usualCounts ?? {};
  const communities: UsualCommunities = usualCommunities ?? known?.usualCommunities ?? {};
  const defaults = usualDefaults ?? known?.usualDefaults ?? {};
  return JSON.stringify({
    ...identityOf(path),
    at: epoch(isLearnt ? now : known?.at),
    prepends: prefixFamilies.flatMap((family) => {
      const of = prepends[family];
      return of === undefined ? [] : [{ family, usual: of.usual, since: epoch(of.longerSince) }];
    }),
    counts: prefixFamilies.flatMap((family) => {
      const of = counts[family];
      return of === undefined ? [] : [{ family, usual: of.usual, since: epoch(of.fewerSince) }];
    }),
    communities: Object.entries(communities).map(([community, { usual, fewerSince }]) => {
      return { community: Number(community), usual, since: epoch(fewerSince) };
    }),
    defaults: prefixFamilies.flatMap((family) => {
      const of = defaults[family];
      return of === undefined ? [] : [{ family, usual: of.usual, since: epoch(of.otherSince) }];
    }),
  });
}

/** Of another session than the one that has its place now, nothing is known. */
function identityOf({ circuit, peering, link, router, session }: Path) {
  return { circuit, peering, link, router, remoteAddress: session.remoteAddress };
}

/** Of configured paths, and not stale. The error says what is wrong with the text. */
export function readUsual(text: string, estate: Pick<Estate, "circuits">, clock: Clock): Result<Remembered, string> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return err("it is no JSON");
  }
  if (!isRecord(file) || file.version !== version || !Array.isArray(file.paths)) {
    return err(`it is no file of version ${version}`);
  }
  const now = clock.now();
  const instant = (epoch: number) => (now - (clock.toEpoch(now) - epoch)) as Instant;
  const byIdentity = new Map(pathsOf(estate).map((path) => [JSON.stringify(identityOf(path)), path]));
  const remembered = new Map<SubjectKey, Usual>();
  for (const [i, entry] of file.paths.entries()) {
    const read = entryOf(entry, instant);
    if (read === undefined) return err(`entry ${i + 1} of its paths cannot be read`);
    const path = byIdentity.get(read.identity);
    const isStale = now - read.usual.at > staleAfter;
    if (path !== undefined && !isStale) remembered.set(subject.path(path), read.usual);
  }
  return ok(remembered);
}

function entryOf(
  entry: unknown,
  instant: (epoch: number) => Instant,
): { readonly identity: string; readonly usual: Usual } | undefined {
  if (!isRecord(entry)) return undefined;
  const { circuit, peering, link, router, remoteAddress, at } = entry;
  const prepends = learntOf(entry.prepends, familyOf, isCount, instant);
  const counts = learntOf(entry.counts, familyOf, isCount, instant);
  // Files of before have none of these.
  const communities = learntOf(entry.communities ?? [], communityOf, isCount, instant);
  const defaults = learntOf(entry.defaults ?? [], familyOf, isBoolean, instant);
  if (!isCount(at) || !prepends || !counts || !communities || !defaults) return undefined;
  const usualPaths: UsualPaths = {};
  for (const { of, usual, since } of prepends) usualPaths[of] = { usual, longerSince: since };
  const usualCounts: UsualCounts = {};
  for (const { of, usual, since } of counts) usualCounts[of] = { usual, fewerSince: since };
  const usualCommunities: Record<Community, UsualCount> = {};
  for (const { of, usual, since } of communities) usualCommunities[of] = { usual, fewerSince: since };
  const usualDefaults: UsualDefaults = {};
  for (const { of, usual, since } of defaults) usualDefaults[of] = { usual, otherSince: since };
  return {
    identity: JSON.stringify({ circuit, peering, link, router, remoteAddress }),
    usual: {
      at: instant(at),
      // What was never learnt must stay so.
      usualPaths: prepends.length === 0 ? undefined : usualPaths,
      usualCounts: counts.length === 0 ? undefined : usualCounts,
      usualCommunities: communities.length === 0 ? undefined : usualCommunities,
      usualDefaults: defaults.length === 0 ? undefined : usualDefaults,
    },
  };
}

interface Learnt<Of, Value> {
  readonly of: Of;
  readonly usual: Value;
  readonly since: Instant | undefined;
}

/** A list of what was learnt, of whom, and since when it is otherwise; undefined where one of them cannot be read. */
function learntOf<Of, Value>(
  list: unknown,
  ofWhom: (entry: Readonly<Record<string, unknown>>) => Of | undefined,
  isValue: (value: unknown) => value is Value,
  instant: (epoch: number) => Instant,
): readonly Learnt<Of, Value>[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const read = list.flatMap((entry: unknown): readonly Learnt<Of, Value>[] => {
    if (!isRecord(entry) || !isValue(entry.usual)) return [];
    const of = ofWhom(entry);
    const since = entry.since === null ? undefined : isCount(entry.since) ? instant(entry.since) : "bad";
    return of === undefined || since === "bad" ? [] : [{ of, usual: entry.usual, since }];
  });
  return read.length === list.length ? read : undefined;
}

function familyOf({ family }: Readonly<Record<string, unknown>>): PrefixFamily | undefined {
  return prefixFamilies.find((one) => one === family);
}

/** Four octets (RFC 1997). */
function communityOf({ community }: Readonly<Record<string, unknown>>): Community | undefined {
  return isCount(community) && community < 2 ** 32 ? community : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export interface UsualMemory {
  /** What was usual before; nothing until it is started. */
  remembered(): Remembered;
  /** Reads the file, and writes it from time to time. */
  start(judgement: () => Judgement | undefined): void;
  /** Writes it once more. */
  stop(): Promise<void>;
}

/** Without a file, nothing is kept. */
export function createUsualMemory(
  { clock, log, file }: { readonly clock: Clock; readonly log: Logger; readonly file: StateFile | undefined },
  estate: Pick<Estate, "circuits">,
): UsualMemory {
  let remembered: Remembered = new Map();
  let judged: () => Judgement | undefined = () => undefined;
  let cancel: (() => void) | undefined;
  let failed = false;
  let writing = Promise.resolve();

  async function save(): Promise<void> {
    const latest = judged();
    if (file === undefined || latest === undefined) return;
    const written = await file.save(await inSlices(clock, textOfUsual(latest.paths, remembered, latest.at, clock)));
    if (!written.ok && !failed) {
      log.warn(
        { file: file.path, error: written.error },
        "what is usual of each path cannot be kept for the next start: the directory must exist, have space, and be writable for this user",
      );
    }
    failed = !written.ok;
  }

  /** One after the other: they write the same file. */
  function saveNext(): Promise<void> {
    writing = writing.then(save);
    return writing;
  }

  function saveAfter(time: Duration): void {
    cancel = clock.after(time, () => {
      void saveNext();
      saveAfter(saveEvery);
    });
  }

  return {
    remembered: () => remembered,
    start(judgement) {
      if (file === undefined) return;
      judged = judgement;
      remembered = recall(file, estate, clock, log);
      saveAfter(firstSave);
    },
    async stop() {
      cancel?.();
      cancel = undefined;
      await saveNext();
    },
  };
}

function recall(file: StateFile, estate: Pick<Estate, "circuits">, clock: Clock, log: Logger): Remembered {
  const text = file.read();
  const read = !text.ok
    ? text
    : text.value === undefined
      ? ok<Remembered>(new Map())
      : readUsual(text.value, estate, clock);
  if (read.ok) return read.value;
  log.warn(
    { file: file.path, error: read.error },
    "what was usual of each path cannot be read, and is learnt anew: a drain or a loss of prefixes, services or the default route that goes on now is not noticed",
  );
  return new Map();
}
