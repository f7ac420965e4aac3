// A check through time: inactive -> pending -> firing, as Prometheus does it, plus unknown.
// Time is an argument; nothing here keeps state of its own.

import type { Check, Condition, Reason, Verdict } from "../estate/judgement.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";

/** What a check says at this moment. `holds`: the failure is there, is not there, or cannot be told. */
export interface Finding extends Pick<Condition, "cause" | "owner" | "evidence" | "effect"> {
  readonly holds: boolean | "unknown";
}

export interface Patience {
  /** A failure must last this long before it fires. */
  readonly for: Duration;
  /** It keeps firing this long after it was last seen, so that a flap is one page. */
  readonly keepFiringFor: Duration;
  /** False while this agent may itself be cut off: then nothing new may fire. */
  readonly mayFire: boolean;
}

/** What was judged of a check before; undefined where it was not. */
export function conditionOf(was: Pick<Verdict, "conditions"> | undefined, check: Check): Condition | undefined {
  return was?.conditions.find((condition) => condition.check === check);
}

export function advance(
  before: Condition | undefined,
  check: Check,
  finding: Finding,
  patience: Patience,
  now: Instant,
): Condition {
  const lastTrue = finding.holds === true ? now : before?.lastTrue;
  const state = nextState(before, finding, patience, now);
  const { cause, owner, effect } = finding;
  if (before === undefined || state !== before.state) {
    return { check, state, since: now, lastTrue, cause, owner, effect, evidence: finding.evidence };
  }
  // What fired keeps its cause and its evidence until it is seen again or ends: a router that falls
  // silent after its link broke must not turn the reason into "no answer".
  const kept = state === "firing" && finding.holds !== true ? before : finding;
  // Most are what they were, and then are the same object: a judgement of thousands is mostly the one before.
  const isSame =
    lastTrue === before.lastTrue &&
    kept.cause === before.cause &&
    kept.owner === before.owner &&
    kept.effect === before.effect &&
    kept.evidence === before.evidence;
  if (isSame) return before;
  return {
    check,
    state,
    since: before.since,
    lastTrue,
    cause: kept.cause,
    owner: kept.owner,
    effect: kept.effect,
    evidence: kept.evidence,
  };
}

/** Why a path is not up: what is held says when it was last seen. */
export function reasonOf({ state, lastTrue, cause, owner, evidence }: Condition, now: Instant): Reason {
  const isHeld = state === "firing" && lastTrue !== undefined && lastTrue < now;
  return isHeld ? { cause, owner, evidence, lastSeen: lastTrue } : { cause, owner, evidence };
}

function nextState(
  before: Condition | undefined,
  finding: Finding,
  patience: Patience,
  now: Instant,
): Condition["state"] {
  const was = before?.state ?? "inactive";
  if (finding.holds === "unknown") {
    // Only evidence ends a failure: what cannot be seen now keeps firing, and never starts to.
    return was === "firing" ? "firing" : "unknown";
  }
  if (!finding.holds) {
    const recently = before?.lastTrue !== undefined && now - before.lastTrue < patience.keepFiringFor;
    return was === "firing" && recently ? "firing" : "inactive";
  }
  if (was === "firing") return "firing";
  const pendingFor = was === "pending" && before !== undefined ? now - before.since : 0;
  return patience.mayFire && pendingFor >= patience.for ? "firing" : "pending";
}
