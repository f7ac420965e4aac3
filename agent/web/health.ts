// Whether the agent itself does its work, for supervisors and load balancers. Nothing here says
// anything about a circuit.

import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import { pollGroups } from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";

export interface Health {
  readonly ok: boolean;
  /** One line for people. */
  readonly text: string;
}

/** A judgement is due several times a second; one as old as this means that the agent is stuck. */
export const judgementTooOld = seconds(10);

/** Healthy while the process judges. */
export function healthOf(judgement: Judgement | undefined, startedAt: Instant, now: Instant): Health {
  if (judgement === undefined) {
    return { ok: false, text: `nothing judged yet, ${formatDuration(elapsed(startedAt, now))} after the start` };
  }
  const age = elapsed(judgement.at, now);
  if (age < judgementTooOld) return { ok: true, text: "ok" };
  return { ok: false, text: `the last judgement is ${formatDuration(age)} old: the agent is stuck or overloaded` };
}

/** Ready once a judgement exists that rests on an answer, or a failure, of every router. */
export function readinessOf(estate: Estate, snapshot: Snapshot, judgement: Judgement | undefined): Health {
  const notAsked = [...estate.routers.keys()].filter((router) =>
    pollGroups.every((group) => snapshot.poll(router, group) === undefined),
  );
  const missing = [
    ...(judgement === undefined ? ["nothing judged yet"] : []),
    ...(notAsked.length > 0 ? [`not polled yet: ${notAsked.join(", ")}`] : []),
  ];
  return missing.length === 0 ? { ok: true, text: "ok" } : { ok: false, text: missing.join("; ") };
}
