// When to look again for what a router did not show. What was never there is looked for rarely, or a poll of a table
// that a router lacks would be a walk each time; what was there and went is looked for soon.

import { type Clock, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import type { UptimeWatch } from "./uptime.ts";

export interface Lookout {
  /** True until the first look has ended, when its time has come again, and when the SNMP agent has started anew. */
  isDue(): boolean;
  /** All is where it was found. */
  found(): void;
  /** `never`: not seen since this program started. `lost`: seen before. `failed`: the router could not be asked. */
  missed(how: "never" | "lost" | "failed"): void;
}

const soon = seconds(5);
const longestSoon = seconds(60);

/** `rarely`: how long what was never there is left alone. */
export function createLookout(
  { clock, uptime }: { readonly clock: Clock; readonly uptime: UptimeWatch },
  rarely: Duration,
): Lookout {
  let next: Instant | undefined;
  let wait: Duration = soon;
  let restarts = uptime.restarts();

  return {
    isDue: () => next === undefined || restarts !== uptime.restarts() || clock.now() >= next,
    found() {
      restarts = uptime.restarts();
      wait = soon;
      next = undefined;
    },
    missed(how) {
      restarts = uptime.restarts();
      next = later(clock.now(), how === "never" ? rarely : wait);
      if (how !== "never") wait = milliseconds(Math.min(longestSoon, wait * 2));
    },
  };
}
