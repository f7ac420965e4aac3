// What a router tells of a jitter operation that lost a few packets, as an observation.

import { subject } from "../../agent/estate/observation.ts";
import type { RouterProbeObservation } from "../../agent/estate/router-probe.ts";
import { type Instant, later } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";

/** Completed two seconds before it was read. */
export function routerProbeOf(
  path: Parameters<typeof subject.path>[0],
  router: string,
  target: string,
  at: Instant,
): RouterProbeObservation {
  return {
    kind: "routerProbe",
    router,
    of: subject.path(path),
    at,
    mib: "CISCO-RTTMON-MIB",
    name: "7",
    target,
    source: undefined,
    frequency: seconds(60),
    running: true,
    result: {
      mark: "4711",
      completedAt: later(at, seconds(-2)),
      sense: "ok",
      sent: 10,
      received: 7,
      complete: true,
      delay: { min: 0.001, average: 0.002, max: 0.004 },
      directions: { forward: 2, backward: 1 },
      jitter: 0.0005,
    },
  };
}
