// When a session or an interface was lost. It is counted from what the router counted, or what BMP told, so that nothing is
// missed between two polls; a notification only dates what a poll has counted.

import type { BmpSessionObservation } from "../estate/bmp-observation.ts";
import type { SessionObservation } from "../estate/observation.ts";
import { type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";

/** A subject's drops, oldest first. */
export type Drops = readonly Instant[];

const none: Drops = [];

/** They are known for a day, and at most so many of them: what flaps all day long takes 4 KB. */
const kept = seconds(86_400);
const mostKept = 512;

/** The windows in which they are told. */
export const flapWindows = { "5m": seconds(300), "1h": seconds(3_600), "24h": kept } as const;

/** Undefined until there is one: most never drop. */
export function addDrops(drops: Drops | undefined, more: Drops): Drops | undefined {
  const newest = more.at(-1);
  if (newest === undefined) return drops;
  return [...(drops ?? []), ...more].filter((at) => newest - at <= kept).slice(-mostKept);
}

export function dropsWithin(drops: Drops | undefined, span: Duration, now: Instant): number {
  let count = 0;
  for (let i = (drops?.length ?? 0) - 1; i >= 0 && now - (drops?.[i] ?? now) <= span; i--) count++;
  return count;
}

type Polled = Extract<SessionObservation, { readonly present: true }>;

/** Seconds that an established time may be off: whole seconds, and the time that an answer takes. */
const slack = 2;

/**
 * Drops between two polls. Each start of Established but the first after a drop needs a drop before it, so they follow from the
 * count of starts and from both states. `notifiedAt`: when a notification last told of a change.
 */
export function dropsBetween(before: Polled, after: Polled, notifiedAt: Instant | undefined): Drops {
  const [was, is] = [before.state === "established", after.state === "established"];
  const passed = (after.at - before.at) / 1_000;
  const starts = after.establishedTransitions - before.establishedTransitions;
  const stayed = was && is && after.establishedSeconds >= passed + slack;
  let drops = starts + Number(was) - Number(is);
  if (starts < 0 || stayed) {
    // Another count, of a router that started anew or of another table, tells nothing: the states do.
    drops = Number(was && !is);
  }
  // Not every router counts; an established time that fell tells one drop.
  if (
    was &&
    is &&
    drops === 0 &&
    after.establishedSeconds > 0 &&
    after.establishedSeconds < before.establishedSeconds
  ) {
    drops = 1;
  }
  return spread(drops, before.at, lastDrop(before, after, notifiedAt));
}

/** While it is down the router tells since when, and when it is up again it was lost before that. */
function lastDrop(before: Polled, after: Polled, notifiedAt: Instant | undefined): Instant {
  if (notifiedAt !== undefined && notifiedAt > before.at && notifiedAt <= after.at) return notifiedAt;
  const at = after.at - after.establishedSeconds * 1_000;
  return Math.max(before.at, at) as Instant;
}

/** Of several only the last is known to the moment: the others were at some time since the poll before. */
function spread(drops: number, from: Instant, last: Instant): Drops {
  if (drops <= 0) return none;
  const count = Math.min(drops, mostKept);
  return Array.from({ length: count }, (_, i) => later(from, milliseconds(((last - from) * (i + 1)) / count)));
}

/** Drops that BMP told: it tells each as it happens. */
export function dropsTold(before: BmpSessionObservation | undefined, told: BmpSessionObservation): Drops {
  if (before?.established === undefined || told.established === undefined || told.isOld) return none;
  const drops = told.ups - before.ups + Number(before.established) - Number(told.established);
  return spread(drops, told.at, told.at);
}
