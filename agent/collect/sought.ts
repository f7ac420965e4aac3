// Rows of tables that a router may lack: they are looked for once, then each poll GETs exactly what was found.
// A router that has none says so once, and is asked again rarely. There are several for each of many routers, so what
// they share is data of the module, and what each has of its own is one small object.

import type { PollGroup } from "../estate/observation.ts";
import { type Instant, later } from "../lib/clock.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { PreparedGet } from "../net/snmp-get.ts";
import { type Cells, isAbsent } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import {
  type Collected,
  type Collector,
  type CollectorDeps,
  failed,
  notAsked,
  nothing,
  type Poll,
} from "./collector.ts";
import { allFound, isDue, type Lookout, missed, newLookout } from "./lookout.ts";

/** Where something wanted was found. */
export interface Place {
  /** What was wanted: an address, the name of an interface. */
  readonly key: string;
  /** How many cells it has. */
  readonly width: number;
  /** It is asked for no more often than this; absent: at every poll. */
  readonly every?: Duration | undefined;
}

/** Rows that move on: known only when the place has been read, they are asked for at once. */
export interface Further {
  readonly oids: readonly Oid[];
  read(cells: Cells, from: number, at: Instant): Collected | undefined;
}

export interface Look<P extends Place> {
  readonly places: readonly P[];
  /** What to GET of them all, in their order. */
  readonly oids: readonly Oid[];
  /** The keys that were not found, whatever the reason. */
  readonly missing: readonly string[];
  /** False when the router shows nothing of the kind at all. */
  readonly shown: boolean;
  /** A table that could not be read: what is missing may be there. */
  readonly doubt: SnmpError | undefined;
}

/**
 * Of whom it is asked; a kind of thing adds what is wanted. Written without a spread: V8 gives what follows one a second
 * object, and there are several for each router.
 */
export interface SoughtContext extends CollectorDeps {
  readonly router: string;
}

/** A kind of thing that is looked for. */
export interface Sought<C extends SoughtContext, P extends Place> {
  readonly group: PollGroup;
  /** Names what is asked for, in errors. */
  readonly table: string;
  /** How long a router that never showed it is left alone. */
  readonly rarely: Duration;
  /** What it means that the router shows nothing of the kind: follows "NAME answers, but". */
  nothingShown(context: C): string;
  look(context: C): Promise<Result<Look<P>, SnmpError>>;
  /** The cells of a place begin at `from`. `gone`: it stands there no more. Undefined: no value of it can be read. */
  read(context: C, place: P, cells: Cells, from: number, at: Instant): Collected | Further | "gone" | undefined;
  /** What is said of a key that a complete look did not find. */
  absent?(context: C, key: string, at: Instant): Collected;
  /** True when it may have moved to another place. */
  doubts?(observation: Collected): boolean;
}

export const tenMinutes = seconds(600);

interface Found<P extends Place> extends Pick<Look<P>, "places" | "missing" | "doubt"> {
  /** Places that are asked for equally often. */
  readonly rounds: readonly Round<P>[];
  readonly restarts: number;
}

interface Round<P extends Place> {
  readonly places: readonly P[];
  /** sysUpTime and all places. */
  readonly get: PreparedGet;
  readonly every: Duration | undefined;
  /** Undefined: at the next poll. */
  due: Instant | undefined;
}

interface Search<C extends SoughtContext, P extends Place> {
  readonly context: C;
  readonly sought: Sought<C, P>;
  readonly lookout: Lookout;
  found: Found<P> | undefined;
  /** Keys that were found since this program started; undefined while there are none. */
  everFound: Set<string> | undefined;
  moved: boolean;
}

export function soughtCollector<C extends SoughtContext, P extends Place>(context: C, sought: Sought<C, P>): Collector {
  const search: Search<C, P> = {
    context,
    sought,
    lookout: newLookout(context),
    found: undefined,
    everFound: undefined,
    moved: false,
  };
  return () => poll(search);
}

async function poll<C extends SoughtContext, P extends Place>(search: Search<C, P>): Promise<Poll> {
  const { context, sought, lookout } = search;
  const { clock, uptime, router } = context;
  const { table } = sought;
  // Twice at most: once as known, and once after it was looked up again.
  for (let fresh = false, lost = false; ; ) {
    if (lost || (isWanted(search) && isDue(lookout, context))) {
      const before: Found<P> | undefined = search.found;
      const answer = await lookAgain(search, lost);
      if (answer !== undefined) return answer;
      fresh = search.found !== before;
    }
    const now = search.found;
    const due = now?.rounds.filter((round) => round.due === undefined || clock.now() >= round.due) ?? [];
    if (now === undefined || due.length === 0) return notAsked;
    const places = due.flatMap((round) => round.places);
    const readings: Reading[] = [];
    for (const round of due) {
      const read = await readRound(search, round);
      if (!read.ok) return failed(read.error);
      readings.push(...read.value);
    }
    const at = clock.now();
    lost = now.restarts !== uptime.restarts() || readings.includes("gone");
    if (lost && !fresh) continue;
    if (lost) {
      search.found = undefined;
      missed(lookout, context, "lost", sought.rarely);
      return nothing("incomplete", `${router}: ${table} changed while it was being read; it is looked for again soon`);
    }
    const seen = readings.filter((reading) => reading !== undefined && reading !== "gone");
    remember(search, now, fresh, seen);
    const unreadable = places.filter((_, i) => readings[i] === undefined);
    const remarks = unreadable.map(({ key }) => `${router}: no value of ${table} can be read for ${key}`);
    const absent = fresh && now.doubt === undefined ? absences(search, now.missing, at) : [];
    return { result: "ok", detail: remarks.join("; "), observations: [...seen, ...absent] };
  }
}

function isWanted<C extends SoughtContext, P extends Place>({ context, found, moved }: Search<C, P>): boolean {
  return found === undefined || moved || found.missing.length > 0 || found.restarts !== context.uptime.restarts();
}

/** What to answer at once; undefined when there is something to GET. `lost`: what was found does not stand any more. */
async function lookAgain<C extends SoughtContext, P extends Place>(
  search: Search<C, P>,
  lost: boolean,
): Promise<Poll | undefined> {
  const { context, sought, lookout, found } = search;
  const restarts = context.uptime.restarts();
  const looked = await look(search);
  if (!looked.ok) {
    missed(lookout, context, "lost", sought.rarely);
    // What was found before is still asked for, whatever became of the search for the rest.
    if (!lost && found !== undefined && found.places.length > 0 && found.restarts === restarts) return undefined;
    search.found = undefined;
    return failed(looked.error);
  }
  const { places, oids, missing, shown, doubt } = looked.value;
  for (const { key } of places) {
    search.everFound ??= new Set();
    search.everFound.add(key);
  }
  search.found = { places, missing, doubt, rounds: roundsOf(context, places, oids), restarts };
  if (places.length > 0) return undefined;
  missed(lookout, context, search.everFound === undefined ? "never" : "lost", sought.rarely);
  if (shown && sought.absent !== undefined) {
    return { result: "ok", detail: "", observations: absences(search, missing, context.clock.now()) };
  }
  search.found = undefined;
  return nothing("noSuchTable", `${context.router} answers, but ${sought.nothingShown(context)}`);
}

/** A look that found nothing, and could not read everything, has failed. */
async function look<C extends SoughtContext, P extends Place>({
  context,
  sought,
}: Search<C, P>): Promise<Result<Look<P>, SnmpError>> {
  const looked = await sought.look(context);
  const doubt = looked.ok && looked.value.places.length === 0 ? looked.value.doubt : undefined;
  return doubt === undefined ? looked : err(doubt);
}

function roundsOf<P extends Place>(
  { target }: SoughtContext,
  places: readonly P[],
  oids: readonly Oid[],
): readonly Round<P>[] {
  let next = 0;
  const asked = places.map((place) => {
    const start = next;
    next += place.width;
    return { place, oids: oids.slice(start, next) };
  });
  return [...Map.groupBy(asked, ({ place }) => place.every)].map(([every, of]) => ({
    places: of.map(({ place }) => place),
    get: target.prepare([sysUpTime, ...of.flatMap((one) => one.oids)]),
    every,
    due: undefined,
  }));
}

type Reading = Collected | "gone" | undefined;

/** One reading of each place of the round. */
async function readRound<C extends SoughtContext, P extends Place>(
  { context, sought }: Search<C, P>,
  round: Round<P>,
): Promise<Result<readonly Reading[], SnmpError>> {
  const { clock, uptime, target } = context;
  const { group, table } = sought;
  const askedAt = clock.now();
  const got = await round.get({ group, table });
  if (!got.ok) return got;
  if (round.every !== undefined) round.due = later(askedAt, round.every);
  const at = clock.now();
  // Sensors take some agents seconds, and others answer meanwhile: what came late is still the newest of its group,
  // whose polls never overlap. It is judged only for what it says of a restart.
  uptime.judge(got.value, askedAt, at);
  // sysUpTime stands before the first.
  let next = 1;
  const readings = round.places.map((place) => {
    const start = next;
    next += place.width;
    return sought.read(context, place, got.value, start, at);
  });
  const further = readings.filter(isFurther);
  const names = further.flatMap(({ oids }) => oids);
  const more = names.length === 0 ? ok(got.value) : await target.get([sysUpTime, ...names], { group, table });
  if (!more.ok) return more;
  const then = clock.now();
  next = 1;
  return ok(
    readings.map((reading) => {
      if (!isFurther(reading)) return reading;
      const start = next;
      next += reading.oids.length;
      return reading.read(more.value, start, then);
    }),
  );
}

function isFurther(reading: Collected | Further | "gone" | undefined): reading is Further {
  return typeof reading === "object" && "oids" in reading;
}

/** All of a place's cells. */
export function areAbsent(cells: Cells, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (!isAbsent(cells, i)) return false;
  return true;
}

function absences<C extends SoughtContext, P extends Place>(
  { context, sought }: Search<C, P>,
  keys: readonly string[],
  at: Instant,
): readonly Collected[] {
  return sought.absent === undefined ? [] : keys.flatMap((key) => sought.absent?.(context, key, at) ?? []);
}

/** Says when to look again, after a poll that gave something. */
function remember<C extends SoughtContext, P extends Place>(
  search: Search<C, P>,
  { missing, doubt }: Found<P>,
  fresh: boolean,
  seen: readonly Collected[],
): void {
  const { context, sought, lookout, moved } = search;
  search.moved = sought.doubts !== undefined && seen.some(sought.doubts);
  if (missing.length === 0 && !search.moved) {
    allFound(lookout, context);
  } else if (fresh || search.moved !== moved) {
    const known = doubt !== undefined || search.moved || missing.some((key) => search.everFound?.has(key));
    missed(lookout, context, known ? "lost" : "never", sought.rarely);
  }
}
