// Rows of tables that a router may lack: they are looked for once, then each poll GETs exactly what was found.
// A router that has none says so once, and is asked again rarely.

import type { PollGroup } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import { err, type Result } from "../lib/result.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { Cells } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import {
  type Collected,
  type Collector,
  type CollectorDeps,
  failed,
  notAsked,
  nothing,
  overtaken,
  type Poll,
} from "./collector.ts";
import { createLookout } from "./lookout.ts";

/** Where something wanted was found. */
export interface Place {
  /** What was wanted: an address, the name of an interface. */
  readonly key: string;
  /** What to GET of it. */
  readonly oids: readonly Oid[];
}

export interface Look<P extends Place> {
  readonly places: readonly P[];
  /** The keys that were not found, whatever the reason. */
  readonly missing: readonly string[];
  /** False when the router shows nothing of the kind at all. */
  readonly shown: boolean;
  /** A table that could not be read: what is missing may be there. */
  readonly doubt: SnmpError | undefined;
  /** One sentence for each oddity. */
  readonly remarks: readonly string[];
}

export interface Sought<P extends Place> {
  readonly group: PollGroup;
  /** Names what is asked for, in errors. */
  readonly table: string;
  /** What it means that the router shows nothing of the kind. */
  readonly nothingShown: string;
  /** How long a router that never showed it is left alone. */
  readonly rarely?: Duration;
  look(): Promise<Result<Look<P>, SnmpError>>;
  /** The cells of a place begin at `from`. `gone`: it stands there no more. Undefined: no value of it can be read. */
  read(place: P, cells: Cells, from: number, at: Instant): Collected | "gone" | undefined;
  /** What is said of a key that a complete look did not find. */
  absent?(key: string, at: Instant): Collected;
  /** True when it may have moved to another place. */
  doubts?(observation: Collected): boolean;
}

/** Ten minutes. */
const defaultRarely = seconds(600);

interface Found<P extends Place> extends Look<P> {
  /** sysUpTime and all places. */
  readonly oids: readonly Oid[];
  readonly restarts: number;
}

export function soughtCollector<P extends Place>(
  { clock, target, uptime }: CollectorDeps,
  router: string,
  sought: Sought<P>,
): Collector {
  const { group, table } = sought;
  const lookout = createLookout({ clock, uptime }, sought.rarely ?? defaultRarely);
  const everFound = new Set<string>();
  let found: Found<P> | undefined;
  let moved = false;

  const wanted = () => found === undefined || moved || found.missing.length > 0 || found.restarts !== uptime.restarts();

  /** A look that found nothing, and could not read everything, has failed. */
  async function look(): Promise<Result<Look<P>, SnmpError>> {
    const looked = await sought.look();
    const doubt = looked.ok && looked.value.places.length === 0 ? looked.value.doubt : undefined;
    return doubt === undefined ? looked : err(doubt);
  }

  /** What to answer at once; undefined when there is something to GET. `lost`: what was found does not stand any more. */
  async function lookAgain(lost: boolean): Promise<Poll | undefined> {
    const restarts = uptime.restarts();
    const looked = await look();
    if (!looked.ok) {
      lookout.missed("failed");
      // What was found before is still asked for, whatever became of the search for the rest.
      if (!lost && found !== undefined && found.places.length > 0 && found.restarts === restarts) return undefined;
      found = undefined;
      return failed(looked.error);
    }
    const { places, missing, shown } = looked.value;
    for (const { key } of places) everFound.add(key);
    found = { ...looked.value, oids: [sysUpTime, ...places.flatMap(({ oids }) => oids)], restarts };
    if (places.length > 0) return undefined;
    lookout.missed(everFound.size > 0 ? "lost" : "never");
    if (shown && sought.absent !== undefined) return answered(found, missing, [], clock.now());
    found = undefined;
    return nothing(
      "noSuchTable",
      [`${router} answers, but ${sought.nothingShown}`, ...looked.value.remarks].join("; "),
    );
  }

  function answered(from: Found<P>, absent: readonly string[], seen: readonly Collected[], at: Instant): Poll {
    const { absent: observe } = sought;
    const observations = observe === undefined ? seen : [...seen, ...absent.map((key) => observe(key, at))];
    return { result: "ok", detail: from.remarks.join("; "), observations };
  }

  return async () => {
    // Twice at most: once as known, and once after it was looked up again.
    for (let fresh = false, lost = false; ; ) {
      if (lost || (wanted() && lookout.isDue())) {
        const before: Found<P> | undefined = found;
        const answer = await lookAgain(lost);
        if (answer !== undefined) return answer;
        fresh = found !== before;
      }
      const now = found;
      if (now === undefined || now.places.length === 0) return notAsked;
      const askedAt = clock.now();
      const got = await target.get(now.oids, { group, table });
      if (!got.ok) return failed(got.error);
      const at = clock.now();
      if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, table);
      const readings = readAll(now, got.value, at);
      lost = now.restarts !== uptime.restarts() || readings.includes("gone");
      if (lost && !fresh) continue;
      if (lost) {
        found = undefined;
        lookout.missed("failed");
        return nothing(
          "incomplete",
          `${router}: ${table} changed while it was being read; it is looked for again soon`,
        );
      }
      const seen = readings.filter((reading) => reading !== undefined && reading !== "gone");
      remember(now, fresh, seen);
      const unreadable = now.places.filter((_, i) => readings[i] === undefined);
      const remarks = [
        ...now.remarks,
        ...unreadable.map(({ key }) => `${router}: no value of ${table} can be read for ${key}`),
      ];
      return answered({ ...now, remarks }, fresh && now.doubt === undefined ? now.missing : [], seen, at);
    }
  };

  function readAll(from: Found<P>, cells: Cells, at: Instant): readonly (Collected | "gone" | undefined)[] {
    // sysUpTime stands before the first.
    let next = 1;
    return from.places.map((place) => {
      const start = next;
      next += place.oids.length;
      return sought.read(place, cells, start, at);
    });
  }

  /** Says when to look again, after a poll that gave something. */
  function remember({ missing, doubt }: Found<P>, fresh: boolean, seen: readonly Collected[]): void {
    const before = moved;
    moved = sought.doubts !== undefined && seen.some(sought.doubts);
    if (missing.length === 0 && !moved) lookout.found();
    else if (doubt !== undefined && fresh) lookout.missed("failed");
    else if (fresh || moved !== before) {
      lookout.missed(moved || missing.some((key) => everFound.has(key)) ? "lost" : "never");
    }
  }
}
