// A BGP session as plain JSON, and in words.

import { bgpErrorText } from "../estate/bgp-error.ts";
import type { Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { BgpState } from "../estate/observation.ts";
import { dropErrorText, type SeenSession, type SessionSource, sourcesOf } from "../estate/seen-session.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import { type Drops, dropsWithin, flapWindows } from "../state/flaps.ts";
import type { Snapshot } from "../state/state.ts";
import { clockTime } from "./words.ts";

/** Why a router's word is missing: never asked, or its last answer is too old to speak for the present. */
export type NotSeen = "notAsked" | "stale";

/** Drops in the last five minutes, hour and day, as long as the agent runs; `last` is null where there was none. */
export interface FlapStatus {
  readonly "5m": number;
  readonly "1h": number;
  readonly "24h": number;
  readonly last: string | null;
}

export interface SessionStatus {
  /** bgpPeerState; `absent`: the router answers and has no such peer. */
  readonly state: BgpState | "absent" | NotSeen;
  /** False when an operator shut the peer on the router. */
  readonly adminUp: boolean | null;
  /** Seconds since it was established, or since it dropped, when it was last seen (bgpPeerFsmEstablishedTime). */
  readonly seconds: number | null;
  /** bgpPeerLastError in words, and whether it is known to be of the time before the drop; sticky. */
  readonly lastError: string | null;
  /** Seconds, as both ends agreed; null where nobody tells it, and while the session is not established. */
  readonly holdTime: number | null;
  /**
   * Who told of it (`snmp`, `bmp`, `notification`), and how many seconds ago; empty when it is not known. A notification
   * decides nothing: `said` is what was in it.
   */
  readonly sources: readonly { readonly source: SessionSource; readonly age: number; readonly said: string | null }[];
  readonly drops: FlapStatus;
}

export function sessionStatus(
  path: Path,
  router: Router | undefined,
  snapshot: Snapshot,
  now: Instant,
  iso: (at: Instant) => string,
): SessionStatus {
  const drops = flapStatus(snapshot.sessionDrops(path.router, path.session.remoteAddress), now, iso);
  const unseen = { adminUp: null, seconds: null, lastError: null, holdTime: null, sources: [], drops };
  const seen = snapshot.session(path.router, path.session.remoteAddress);
  if (seen === undefined || router === undefined) return { state: "notAsked", ...unseen };
  if (!isFresh(router, seen.at, now)) return { state: "stale", ...unseen };
  if (!seen.present) return { state: "absent", ...unseen };
  const { state, adminUp, establishedSeconds, lastError } = seen;
  const isUp = state === "established";
  return {
    state,
    adminUp,
    seconds: establishedSeconds,
    lastError: (isUp ? bgpErrorText(lastError) : dropErrorText(seen)) ?? null,
    holdTime: (isUp ? seen.holdTime : undefined) ?? null,
    sources: sourcesOf(seen).map(({ source, at }) => ({
      source,
      age: Math.max(0, elapsed(at, now)) / 1_000,
      said: source === "notification" ? saidBy(seen) : null,
    })),
    drops,
  };
}

function saidBy({ notified }: SeenSession): string | null {
  if (notified === undefined) return null;
  const { name, state, lastError } = notified;
  const parts = [name, state, lastError && bgpErrorText(lastError)].filter((part) => part !== undefined);
  return parts.join(", ");
}

export function flapStatus(drops: Drops | undefined, now: Instant, iso: (at: Instant) => string): FlapStatus {
  const last = drops?.at(-1);
  const count = (name: keyof typeof flapWindows) => dropsWithin(drops, flapWindows[name], now);
  return { "5m": count("5m"), "1h": count("1h"), "24h": count("24h"), last: last === undefined ? null : iso(last) };
}

/**
 * `3 drops in 24h (2 in 1h, 1 in 5m), last 03:12:44 UTC`; undefined where there was none. `nowEpoch`: for who reads it now, as
 * on the page; a ticket is read days later, and has the whole moment.
 */
export function flapWords(drops: FlapStatus, nowEpoch?: number): string | undefined {
  if (drops["24h"] === 0) return undefined;
  const count = drops["24h"] === 1 ? "1 drop" : `${drops["24h"]} drops`;
  const last = drops.last === null || nowEpoch === undefined ? drops.last : clockTime(drops.last, nowEpoch);
  return `${count} in 24h (${drops["1h"]} in 1h, ${drops["5m"]} in 5m), last ${last ?? "not known"}`;
}

/** `snmp 2s ago`. */
export function ageWords({ source, age }: { readonly source: SessionSource; readonly age: number }): string {
  return `${source} ${age < 1 ? "under 1s" : formatDuration(seconds(Math.floor(age)))} ago`;
}

/** `hold time 180s; by snmp 2s ago, bmp under 1s ago`; empty when nobody tells the state. */
export function sourceWords({ holdTime, sources }: SessionStatus): string {
  const hold = holdTime === null ? [] : [`hold time ${formatDuration(seconds(holdTime))}`];
  const ages = sources.map((one) => `${ageWords(one)}${one.said === null ? "" : ` (${one.said})`}`);
  return [...hold, ...(ages.length === 0 ? [] : [`by ${ages.join(", ")}`])].join("; ");
}
