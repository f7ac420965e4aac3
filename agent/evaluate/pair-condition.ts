// Conditions of a path that depend on the other one, and so are judged when both have been.

import type { Estate } from "../estate/estate.ts";
import type { Check, PathVerdict } from "../estate/judgement.ts";
import { subject } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { advance, conditionOf, type Finding, reasonOf } from "./condition.ts";
import type { Remembered, Usual } from "./usual-memory.ts";

export interface PairScene {
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly now: Instant;
  /** What was usual before this agent started; absent: nothing is known of that. */
  readonly remembered?: Remembered | undefined;
}

/** What is usual of a path as it was learnt, by this agent or by the one before it. */
export function usualOf(
  verdict: PathVerdict,
  was: PathVerdict | undefined,
  scene: PairScene,
): Pick<PathVerdict, "usualPaths" | "usualCounts"> {
  const isLearnt = was?.usualPaths !== undefined && was.usualCounts !== undefined;
  const before = isLearnt ? undefined : rememberedOf(verdict, scene);
  return {
    usualPaths: was?.usualPaths ?? before?.usualPaths ?? {},
    usualCounts: was?.usualCounts ?? before?.usualCounts ?? {},
  };
}

/** What was usual of a path before this agent started. */
export function rememberedOf({ path }: PathVerdict, { remembered }: PairScene): Usual | undefined {
  return remembered?.get(subject.path(path));
}

/**
 * The verdict with one condition more, once what was found has lasted for `wait`. It may degrade the path; it never takes it
 * down, nor says anything of an unknown one.
 */
export function withFinding(
  verdict: PathVerdict,
  check: Check,
  finding: Finding,
  wait: Duration,
  was: PathVerdict | undefined,
  { now }: PairScene,
): PathVerdict {
  const { keepFiringFor } = verdict.path.thresholds;
  const condition = advance(conditionOf(was, check), check, finding, { for: wait, keepFiringFor, mayFire: true }, now);
  const conditions = [...verdict.conditions, condition];
  if (condition.state !== "firing" || condition.effect !== "degraded") return { ...verdict, conditions };
  const reasons = [...verdict.reasons, reasonOf(condition, now)];
  if (verdict.state !== "up") return { ...verdict, conditions, reasons };
  const lasts = was?.state === "degraded";
  const transitions = (was?.transitions ?? 0) + (was === undefined || lasts ? 0 : 1);
  return { ...verdict, conditions, reasons, state: "degraded", since: lasts ? was.since : now, transitions };
}
