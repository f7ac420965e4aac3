import type { Instant } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import type { Router } from "./estate.ts";
import type { PollGroup } from "./observation.ts";
import type { RouterProbeObservation } from "./router-probe.ts";

/** Polls that may be missed before what they saw counts as stale: one loss, one late, one to spare. */
const missedPolls = 3;

/** Groups that change slowly: every so many polls of the router, but no rarer than `most`. */
const slowGroups: Readonly<Partial<Record<PollGroup, { readonly polls: number; readonly most: Duration }>>> = {
  optics: { polls: 12, most: seconds(60) },
  prefixes: { polls: 6, most: seconds(30) },
  routes: { polls: 6, most: seconds(30) },
};

/** Time between two polls of one group of a router. */
export function pollEvery(router: Router, group: PollGroup): Duration {
  const slow = slowGroups[group];
  if (slow === undefined) return router.pollInterval;
  return milliseconds(Math.max(router.pollInterval, Math.min(slow.polls * router.pollInterval, slow.most)));
}

/** Whether what a poll of this router saw at `at` still speaks for the present. */
export function isFresh(router: Router, at: Instant | undefined, now: Instant, group: PollGroup = "system"): boolean {
  return at !== undefined && now - at <= missedPolls * pollEvery(router, group);
}

/** Where a router does not tell how often its probe runs: the default of IP SLA. */
const usualFrequency = seconds(60);

/** Time within which a probe of this router must have been read, and have given a result, to speak for the present. */
export function probePatience(router: Router, { frequency = usualFrequency }: RouterProbeObservation): Duration {
  return milliseconds(missedPolls * Math.max(frequency, router.pollInterval));
}

/** Whether a reading of it still speaks for the present. */
export function isFreshProbe(router: Router, probe: RouterProbeObservation, now: Instant): boolean {
  return now - probe.at <= probePatience(router, probe);
}
