// When a session that is up is not as it should be: its failures would be seen late, or it comes and goes.

import type { Duration } from "../lib/duration.ts";

export interface SessionRules {
  /** A path where a failure may take longer than this until BGP sees it is a finding. */
  readonly slowestDetection: Duration;
  /** So many drops within that time is flapping, until it has been quiet. */
  readonly flapping: { readonly drops: number; readonly within: Duration; readonly quiet: Duration };
}

/** ExpressRoute's own hold time; the lower one of both ends counts. */
export const usualHoldTime = 180;
