// What the packets of a router's own probes came to: they outrank the agent's own, where there are enough of them.

import type { Thresholds } from "../estate/estate.ts";
import type { Instant } from "../lib/clock.ts";
import type { CountedResult, RouterProbeRecord } from "../state/router-probes.ts";
import { leastSample } from "./limit.ts";

export interface RouterProbeFigures {
  /** Undefined unless there are so many packets that one of them lost is below the limit. */
  readonly loss: { readonly ratio: number; readonly packets: number } | undefined;
  /** The median of the results' average round-trip delays, in seconds; undefined while there are too few of them. */
  readonly delay: { readonly median: number; readonly results: number } | undefined;
}

/** Results of a probe that speak for the present: a router's probe is rarer than the threshold window is long. */
const presentResults = 3;

export function figuresOfRouterProbes(
  records: readonly RouterProbeRecord[],
  { loss, window }: Thresholds,
  outageEnd: Instant | undefined,
  now: Instant,
): RouterProbeFigures {
  const results = records.flatMap(({ last, recent }): readonly CountedResult[] => {
    if (!last.running) return [];
    const start = now - Math.max(window, presentResults * (last.frequency ?? 0));
    return recent.filter(({ at }) => at > start && (outageEnd === undefined || at > outageEnd));
  });
  const sent = results.reduce((sum, result) => sum + result.sent, 0);
  const received = results.reduce((sum, result) => sum + result.received, 0);
  const delays = results.flatMap(({ delay }) => delay ?? []).sort((a, b) => a - b);
  const median = delays[Math.floor((delays.length - 1) / 2)];
  return {
    loss: sent < leastSample(loss) ? undefined : { ratio: (sent - received) / sent, packets: sent },
    delay: median === undefined || delays.length < presentResults ? undefined : { median, results: delays.length },
  };
}
