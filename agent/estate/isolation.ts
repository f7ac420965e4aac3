// Whether the agent itself is the problem: one condition, of the agent and of nothing that it watches.

import type { Instant } from "../lib/clock.ts";

/** Why the agent is isolated. Closed: a metric label, and the word in the page. */
export const isolationCauses = [
  "interfaceDown",
  "noRoute",
  "gatewaySilent",
  "hostStarved",
  "hostSlept",
  "nothingAnswers",
] as const;
export type IsolationCause = (typeof isolationCauses)[number];

/** Its owner is always `customer`: the people of the jump host. */
export interface Isolation {
  readonly state: "inactive" | "pending" | "firing";
  /** When it entered this state. */
  readonly since: Instant;
  /** Last moment at which the agent could not judge: what was lost or timed out before it is no evidence. */
  readonly lastTrue: Instant | undefined;
  /** Of the present isolation, or of the last one. */
  readonly cause: IsolationCause;
  /** One sentence with the figures: what was seen. */
  readonly evidence: string;
  /** Isolations since the agent started. */
  readonly count: number;
}

/** Before anything was seen. */
export function notIsolated(since: Instant): Isolation {
  return { state: "inactive", since, lastTrue: undefined, cause: "nothingAnswers", evidence: "", count: 0 };
}
