// Whether this agent hears anything at all. When nothing answers, the first suspect is the agent's
// own connection: no circuit is blamed for that.

import type { Estate } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Reason } from "../estate/judgement.ts";
import { pollGroups } from "../estate/observation.ts";
import { probedOf } from "../estate/probed.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";

export interface Hearing {
  /** Nothing was heard for a moment: nothing new may be said to be broken until something is heard again. */
  readonly deaf: boolean;
  /** Nothing was heard for so long that every router counts as unreachable too. */
  readonly isolated: boolean;
  readonly reason: Reason;
}

export function hear(estate: Estate, snapshot: Snapshot, now: Instant): Hearing {
  let lastProbe: Instant | undefined;
  let patience = Number.POSITIVE_INFINITY;
  for (const { of, probes, thresholds } of probedOf(estate)) {
    for (const index of probes.keys()) {
      const at = snapshot.probe(of, index)?.last.lastReceivedAt;
      if (at === undefined) continue;
      lastProbe = latest(lastProbe, at);
      patience = Math.min(patience, thresholds.silence / 2);
    }
  }
  let lastPoll: Instant | undefined;
  let anyRouter = false;
  for (const router of estate.routers.values()) {
    for (const group of pollGroups) {
      const at = snapshot.poll(router.name, group)?.lastOkAt;
      if (at === undefined) continue;
      lastPoll = latest(lastPoll, at);
      anyRouter ||= isFresh(router, at, now);
    }
  }
  const heardAt = latest(lastProbe, lastPoll);
  const deaf = heardAt !== undefined && lastProbe !== undefined && now - heardAt >= patience;
  const isolated = heardAt !== undefined && !anyRouter && (lastProbe === undefined || deaf);
  const quiet = heardAt === undefined ? "" : ` for ${formatDuration(elapsed(heardAt, now))}`;
  return {
    deaf,
    isolated,
    reason: {
      cause: "agentIsolated",
      owner: "unknown",
      evidence: `this agent hears neither a router nor a probe${quiet}: look at its own connection first`,
    },
  };
}

function latest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
