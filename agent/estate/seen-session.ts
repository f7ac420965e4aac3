// One BGP session, whatever saw it: what SNMP polled and what BMP told, put together.

import type { Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { bgpErrorText } from "./bgp-error.ts";
import type { BmpConnectionObservation, BmpPrefixesObservation, BmpSessionObservation } from "./bmp-observation.ts";
import { fsmEventWords } from "./fsm-event.ts";
import type { PrefixesObservation } from "./link-observation.ts";
import type { SessionObservation } from "./observation.ts";
import type { NotificationObservation } from "./session-observation.ts";

export const sessionSources = ["snmp", "bmp", "notification"] as const;
export type SessionSource = (typeof sessionSources)[number];

/** `at` of the observation is when the newest source last vouched for it. */
export type SeenSession = SessionObservation & {
  /**
   * Who says so, and when each last did: SNMP at its poll, BMP as long as its connection stands. Absent: SNMP alone. A
   * notification is among them for its time: what it said is in `notified`, and does not count.
   */
  readonly sources?: readonly { readonly source: SessionSource; readonly at: Instant }[];
  /** The last notification about it. */
  readonly notified?: NotificationObservation;
  /** What BMP told of why it is down, for people; absent where it told nothing. */
  readonly toldDown?: string;
  /** Who closed it, as BMP told it: `local` is the router. */
  readonly closedBy?: "local" | "remote";
  /** Seconds, as both ends agreed; absent where nobody told it. */
  readonly holdTime?: number | undefined;
  /** The last error that it had while it was established, of one that dropped since; absent where that was not seen. */
  readonly errorBefore?: readonly [code: number, subcode: number] | undefined;
};

type ErrorOfDrop = Pick<Extract<SeenSession, { readonly present: true }>, "lastError" | "errorBefore">;

/**
 * The error of this drop, as far as that is known. The MIB's is sticky: a carrier that goes leaves it as it was before, and
 * a collision (6/7) is of two attempts to connect.
 */
export function dropError(of: ErrorOfDrop): readonly [number, number] | undefined {
  const [code, subcode] = of.lastError;
  return code === 0 || isOld(of) || (code === 6 && subcode === 7) ? undefined : of.lastError;
}

function isOld({ lastError, errorBefore }: ErrorOfDrop): boolean {
  return errorBefore !== undefined && errorBefore[0] === lastError[0] && errorBefore[1] === lastError[1];
}

/** In words; undefined where there is no error at all. */
export function dropErrorText(of: ErrorOfDrop): string | undefined {
  const text = bgpErrorText(of.lastError);
  if (text === undefined || dropError(of) !== undefined) return text;
  return `${text} (${isOld(of) ? "from before the drop" : "of two attempts to connect"}: no cause)`;
}

export function sourcesOf({ at, sources }: SeenSession): NonNullable<SeenSession["sources"]> {
  return sources ?? [{ source: "snmp", at }];
}

/**
 * A poll that differs from BMP is believed only this long after BMP's word: its answer may be older than it looks, for
 * routers take seconds to answer, and some read their table from a cache.
 */
const pollLag = seconds(10);

/** With the last notification about it: it moves nothing, and shows what was heard, and when. */
export function withNotified(
  seen: SeenSession | undefined,
  notified: NotificationObservation | undefined,
): SeenSession | undefined {
  if (seen === undefined || notified === undefined) return seen;
  const sources = [...sourcesOf(seen), { source: "notification", at: notified.at } as const];
  return { ...seen, sources, notified };
}

type Told = Exclude<BmpSessionObservation, { established: undefined }>;

export function seenSession(
  snmp: SessionObservation | undefined,
  bmp: BmpSessionObservation | undefined,
  connection: BmpConnectionObservation | undefined,
): SeenSession | undefined {
  if (bmp === undefined || bmp.established === undefined || connection === undefined) return snmp;
  const said: Told = bmp;
  // What was told holds while the connection stands. That it ended is no news of the session: what was told last stays as it was
  // then, grows old, and gives way to any poll that is newer than the end.
  const until = connection.connected ? connection.at : connection.since;
  if (!connection.connected && snmp !== undefined && snmp.at >= until) return snmp;
  const heard = { source: "bmp", at: until } as const;
  if (snmp === undefined) return { ...fromBmp(said, undefined, until), sources: [heard] };
  const polled = { source: "snmp", at: snmp.at } as const;
  const isUp = snmp.present && snmp.state === "established";
  if (isUp === said.established) {
    const sources = [polled, heard];
    if (!snmp.present) return { ...fromBmp(said, snmp, until), sources };
    const at = Math.max(snmp.at, until) as Instant;
    const since = said.isOld ? snmp.establishedSeconds + (at - snmp.at) / 1_000 : (at - said.at) / 1_000;
    return { ...snmp, at, establishedSeconds: since, ...detailOf(said), ...errorOf(said), sources };
  }
  if (snmp.at > said.at + pollLag) return snmp;
  return { ...fromBmp(said, snmp, until), sources: [heard] };
}

function fromBmp(
  said: Told,
  snmp: SessionObservation | undefined,
  at: Instant,
): SessionObservation & Omit<SeenSession, "sources"> {
  const { router, remoteAddress } = said;
  const last = snmp?.present === true ? snmp : undefined;
  const ups = last === undefined ? said.ups : last.establishedTransitions;
  return {
    kind: "session",
    router,
    remoteAddress,
    at: Math.max(at, said.at) as Instant,
    present: true,
    // Who leaves Established goes to Idle (RFC 4271 section 8.2.2); BMP does not tell of what comes after.
    state: said.established ? "established" : "idle",
    adminUp: true,
    remoteAsn: said.established ? said.remoteAsn : (last?.remoteAsn ?? 0),
    establishedTransitions: said.established && last !== undefined && last.state !== "established" ? ups + 1 : ups,
    establishedSeconds: Math.max(0, (at - said.at) / 1_000),
    // SNMP's last error is of the time before.
    lastError: said.established ? (last?.lastError ?? [0, 0]) : (said.notification ?? [0, 0]),
    ...detailOf(said),
  };
}

/** A NOTIFICATION that BMP told with the drop is of that drop. */
function errorOf(said: Told): Partial<ErrorOfDrop> {
  if (said.established || said.notification === undefined) return {};
  return { lastError: said.notification, errorBefore: undefined };
}

function detailOf(said: Told): Pick<SeenSession, "toldDown" | "closedBy" | "holdTime"> {
  if (said.established) return said.holdTime === undefined ? {} : { holdTime: said.holdTime };
  const { reason, notification, message, fsmEvent } = said;
  const error = notification && bgpErrorText(notification);
  const parts = [error, message === undefined ? undefined : `"${message}"`].filter((part) => part !== undefined);
  const why = parts.length === 0 ? "" : `: ${parts.join(" ")}`;
  switch (reason) {
    case "localNotification":
      return { toldDown: `the router closed it with a NOTIFICATION${why}`, closedBy: "local" };
    case "remoteNotification":
      return { toldDown: `the far end closed it with a NOTIFICATION${why}`, closedBy: "remote" };
    case "remoteNoNotification":
      return { toldDown: "the far end closed it without a NOTIFICATION", closedBy: "remote" };
    case "localFsmEvent":
      return { toldDown: `the router left Established${fsmEvent ? ` (${fsmEventWords(fsmEvent)})` : ""}` };
    case "localTlv":
    case "unknown":
      return { toldDown: "the router does not say why" };
  }
}

/** Counts of prefixes: what BMP counted as sets, and what only SNMP tells. */
export function seenPrefixes(
  snmp: PrefixesObservation | undefined,
  bmp: BmpPrefixesObservation | undefined,
  connection: BmpConnectionObservation | undefined,
): PrefixesObservation | undefined {
  if (bmp === undefined || connection?.connected !== true || bmp.at < connection.since) return snmp;
  const { router, remoteAddress } = bmp;
  const families = (["ipv4", "ipv6"] as const).flatMap((family) => {
    const counted = bmp.families.find((of) => of.family === family);
    const polled = snmp?.families.find((of) => of.family === family);
    if (counted === undefined && polled === undefined) return [];
    // The routes themselves are exact and of now; a count of the router is as old as its report.
    const gauge = counted?.received === undefined ? counted?.gauge : undefined;
    return [
      {
        family,
        received: counted?.received ?? gauge?.count ?? polled?.received,
        accepted: counted?.accepted ?? polled?.accepted,
        active: polled?.active,
        advertised: counted?.advertised ?? polled?.advertised,
        ...receivedBy(counted?.received, gauge, connection.at),
      },
    ];
  });
  const at = Math.max(snmp?.at ?? connection.at, connection.at) as Instant;
  return { kind: "prefixes", router, remoteAddress, at, families };
}

function receivedBy(
  counted: number | undefined,
  gauge: { readonly at: Instant } | undefined,
  at: Instant,
): Pick<PrefixesObservation["families"][number], "receivedBy"> {
  if (counted !== undefined) return { receivedBy: { source: "bmp", at } };
  return gauge === undefined ? {} : { receivedBy: { source: "bmpGauge", at: gauge.at } };
}
