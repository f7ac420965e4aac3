import type { Router } from "../estate/estate.ts";
import type { PollGroup } from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";

/** Why a group of a router has nothing fresh to say, for people. */
export function whyStale(router: Router, group: PollGroup, snapshot: Snapshot, now: Instant): string {
  const poll = snapshot.poll(router.name, group);
  if (poll === undefined) return `${router.name} has not been asked yet`;
  const ago =
    poll.lastOkAt === undefined ? "never answered" : `last answered ${formatDuration(elapsed(poll.lastOkAt, now))} ago`;
  const overdue = poll.last.result === "ok" ? "the next answer is overdue" : poll.last.result;
  const detail = poll.last.detail === "" ? overdue : poll.last.detail;
  return `${router.name} ${ago} (${group}): ${detail}`;
}
