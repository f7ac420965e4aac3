// What the agent makes of the checks of a service or an internet dependency.

import type { Instant } from "../lib/clock.ts";
import type { Owner, PathState } from "./judgement.ts";
import type { ServiceOrDependency } from "./service.ts";

/**
 * Why a service or dependency is not `up`. Closed: a metric label, and the word in the page. `circuitLost` and
 * `internetAccessLost`: another failure is the cause, told with that one, and not paged a second time.
 */
export const serviceCauses = [
  "circuitLost",
  "internetAccessLost",
  "agentIsolated",
  "notChecked",
  "notSent",
  "nameNotFound",
  "resolverFailed",
  "resolversDiffer",
  "addressNotPrivate",
  "answerUnexpected",
  "connectionFailed",
  "tlsFailed",
  "certificateInvalid",
  "answerFailed",
  "statusUnexpected",
  "slow",
  "certificateExpires",
] as const;
export type ServiceCause = (typeof serviceCauses)[number];

export interface ServiceReason {
  readonly cause: ServiceCause;
  readonly owner: Owner;
  /** One sentence with the figures: what was seen. May quote the far end: untrusted text. */
  readonly evidence: string;
}

/** One check, as judged over its last results; in the order of the estate's list. */
export interface CheckVerdict {
  /** `failed` and `slow` come and go with hysteresis; `unknown`: no result yet, or none that says anything. */
  readonly state: "up" | "slow" | "failed" | "unknown";
  readonly differs: boolean;
  /** What the failure, slowness or ignorance looked like when it was last seen; empty when up. */
  readonly evidence: string;
  readonly cause: ServiceCause;
  readonly owner: Owner;
  /** Results up to here say nothing: the agent was cut off. */
  readonly deafUntil: Instant | undefined;
}

export interface ServiceVerdict {
  readonly of: ServiceOrDependency;
  readonly state: PathState;
  readonly since: Instant;
  /** State changes since the agent started. */
  readonly transitions: number;
  /** The first is the cause. Empty when up. */
  readonly reasons: readonly ServiceReason[];
  readonly checks: readonly CheckVerdict[];
  /** A failure is explained by its circuit until then. */
  readonly explainedUntil: Instant | undefined;
}
