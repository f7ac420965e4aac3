import type { Instant } from "../lib/clock.ts";
import type { Router } from "./estate.ts";

/** Polls that may be missed before what they saw counts as stale: one loss, one late, one to spare. */
const missedPolls = 3;

/** Whether what a poll of this router saw at `at` still speaks for the present. */
export function isFresh(router: Router, at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && now - at <= missedPolls * router.pollInterval;
}
