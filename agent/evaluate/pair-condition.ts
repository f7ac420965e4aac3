// Conditions of a path that depend on the other one, and so are judged when both have been.

import type { Estate } from "../estate/estate.ts";
import type { Condition, PathVerdict } from "../estate/judgement.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";

export interface PairScene {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly now: Instant;
}

/** The verdict with one condition more, which may degrade the path; it never takes it down, nor says anything of an unknown one. */
export function withCondition(
  verdict: PathVerdict,
  condition: Condition,
  was: PathVerdict | undefined,
  now: Instant,
): PathVerdict {
  const conditions = [...verdict.conditions, condition];
  if (condition.state !== "firing" || condition.effect !== "degraded") return { ...verdict, conditions };
  const { cause, owner, evidence } = condition;
  const reasons = [...verdict.reasons, { cause, owner, evidence }];
  if (verdict.state !== "up") return { ...verdict, conditions, reasons };
  const lasts = was?.state === "degraded";
  const transitions = (was?.transitions ?? 0) + (was === undefined || lasts ? 0 : 1);
  return { ...verdict, conditions, reasons, state: "degraded", since: lasts ? was.since : now, transitions };
}
