// When to look again for what a router did not show. What was never there is looked for rarely, or a poll of a table
// that a router lacks would be a walk each time; what was there and went is looked for soon.

import { type Clock, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import type { UptimeWatch } from "./uptime.ts";

/** Plain data, for there is one for each group of each router. */
export interface Lookout {
  /** Undefined until something was missed: to look at once. */
  next: Instant | undefined;
  wait: Duration;
  /** Restarts of the SNMP agent at the last look. */
  restarts: number;
}

interface Times {
  readonly clock: Clock;
  readonly uptime: UptimeWatch;
}

const soon = seconds(5);
const longestSoon = seconds(60);

export function newLookout({ uptime }: Times): Lookout {
  return { next: undefined, wait: soon, restarts: uptime.restarts() };
}

/** True until the first look has ended, when its time has come again, and when the SNMP agent has started anew. */
export function isDue({ next, restarts }: Lookout, { clock, uptime }: Times): boolean {
  return next === undefined || restarts !== uptime.restarts() || clock.now() >= next;
}

/** All is where it was found. */
export function allFound(lookout: Lookout, { uptime }: Times): void {
  lookout.restarts = uptime.restarts();
  lookout.wait = soon;
  lookout.next = undefined;
}

/** `never`: not seen since this program started, so it is left alone for `rarely`. `lost`: seen before, or not to be asked for. */
export function missed(lookout: Lookout, { clock, uptime }: Times, how: "never" | "lost", rarely: Duration): void {
  lookout.restarts = uptime.restarts();
  lookout.next = later(clock.now(), how === "never" ? rarely : lookout.wait);
  if (how === "lost") lookout.wait = milliseconds(Math.min(longestSoon, lookout.wait * 2));
}
