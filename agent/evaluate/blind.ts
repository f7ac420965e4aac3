// What counts as evidence after a time in which the agent could not see: what was sent when it saw again.

import type { ProbeTarget, Thresholds } from "../estate/estate.ts";
import { type Instant, later } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";

/** The prober reports four times a second: between the settling of a probe and what is told of it. */
const reporting = milliseconds(500);

/** From then on only what was sent afterwards is told: a probe is lost when its timeout is over. */
export function settledFrom(blindUntil: Instant | undefined, { timeout }: ProbeTarget): Instant | undefined {
  return blindUntil === undefined ? undefined : later(blindUntil, milliseconds(timeout + reporting));
}

/**
 * Whether a stream has said enough since: as much of a silence as would be one, of probes that left afterwards. A host
 * that cannot send on this way yet says nothing.
 */
export function settledSince(
  blindUntil: Instant | undefined,
  { target, record }: { readonly target: ProbeTarget; readonly record: ProbeRecord | undefined },
  thresholds: Thresholds,
  now: Instant,
): boolean {
  const from = settledFrom(blindUntil, target);
  if (from === undefined || record === undefined) return true;
  if (now < later(from, thresholds.silence)) return false;
  if (record.last.lossRun === 0) return true;
  const { probes, sendErrors } = record.since(from);
  return probes * target.interval >= thresholds.silence / 2 || sendErrors === 0;
}
