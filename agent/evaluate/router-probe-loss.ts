// What the packets of a router's own probes came to: they outrank the agent's own, where there are enough of them.

import type { Thresholds } from "../estate/estate.ts";
import type { Instant } from "../lib/clock.ts";
import type { RouterProbeRecord } from "../state/router-probes.ts";

/** Results of a probe that speak for the present: a router's probe is rarer than the threshold window is long. */
const results = 3;

/** Undefined unless there are so many packets that one of them lost is below the limit. */
export function lossOfRouterProbes(
  records: readonly RouterProbeRecord[],
  { loss, window }: Thresholds,
  outageEnd: Instant | undefined,
  now: Instant,
): { readonly ratio: number; readonly packets: number } | undefined {
  let sent = 0;
  let received = 0;
  for (const { last, recent } of records) {
    if (!last.running) continue;
    const span = Math.max(window, results * (last.frequency ?? 0));
    for (const result of recent) {
      if (result.at <= now - span || (outageEnd !== undefined && result.at <= outageEnd)) continue;
      sent += result.sent;
      received += result.received;
    }
  }
  return sent < Math.ceil(1 / loss.raise) ? undefined : { ratio: (sent - received) / sent, packets: sent };
}
