import type { Limit } from "../estate/estate.ts";
import type { Cause, Condition, Owner } from "../estate/judgement.ts";
import type { Finding } from "./condition.ts";

/** What of a subject is measured, and how people read it. */
export interface Measure {
  readonly cause: Cause;
  readonly owner: Owner;
  /** Undefined: there is too little of it to tell. */
  readonly value: number | undefined;
  /** "1.3 % of 300 probes lost". */
  readonly say: (value: number) => string;
  readonly unit: (value: number) => string;
}

/** With fewer probes than this a single lost one would be above the limit on loss. */
export function leastSample({ raise }: Limit): number {
  return Math.ceil(1 / raise);
}

/** Whether a measurement is beyond its limit, with hysteresis. */
export function checkLimit(limit: Limit, before: Condition | undefined, measured: Measure): Finding {
  const { cause, owner, value, say, unit } = measured;
  const what = { cause, owner, effect: "degraded" } as const;
  if (value === undefined) return { ...what, holds: "unknown", effect: "none", evidence: "not enough probes to tell" };
  const firing = before?.state === "firing";
  const holds = firing ? value >= limit.clear : value >= limit.raise;
  const rule = firing ? `clears below ${unit(limit.clear)}` : `limit ${unit(limit.raise)}`;
  return { ...what, holds, evidence: `${say(value)} (${rule})` };
}
