// Something noticed about a path or a Global Reach pair that is no outage and by itself no page.

import type { Instant } from "../lib/clock.ts";
import type { Owner } from "./judgement.ts";

/** Closed: a metric label, and the word on the page. */
export const findingKinds = [
  "tracedOverOtherLink",
  "tracedOverInternet",
  "pathMtuLow",
  "pathMtuBlackhole",
  "noFastDetection",
  "peerAsOther",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** A subject has at most one of each kind. */
export interface PathFinding {
  readonly kind: FindingKind;
  /** When it was first noticed of those that followed each other without a break. */
  readonly since: Instant;
  readonly owner: Owner;
  /** One sentence with the addresses and figures: what was seen. */
  readonly evidence: string;
}
