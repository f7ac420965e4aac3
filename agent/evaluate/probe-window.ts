// What the probes of one stream amount to over the threshold window (RFC 7680 loss, RFC 2681 delay).

import type { Thresholds } from "../estate/estate.ts";
import type { Performance } from "../estate/judgement.ts";
import type { ProbeObservation } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";

export const notMeasured: Performance = { probes: 0, lossRatio: undefined, delay: undefined };

/**
 * The window ends at the newest observation and starts after the last silence: what was lost while
 * nothing got through belongs to that outage, and must not come back as "high loss" after it.
 */
export function measure(
  recent: readonly ProbeObservation[],
  thresholds: Thresholds,
  interval: Duration,
  now: Instant,
): Performance {
  let received = 0;
  let lost = 0;
  const delays: number[] = [];
  for (let i = recent.length - 1; i >= 0; i--) {
    const o = recent[i];
    if (o === undefined || now - o.at > thresholds.window || inSilence(o, thresholds, interval)) break;
    received += o.received;
    lost += o.lost;
    for (const delay of o.delays) delays.push(delay);
  }
  const probes = received + lost;
  return { probes, lossRatio: probes === 0 ? undefined : lost / probes, delay: spread(delays) };
}

function inSilence(o: ProbeObservation, thresholds: Thresholds, interval: Duration): boolean {
  return o.lossRun * interval >= thresholds.silence / 2;
}

function spread(delays: number[]): Performance["delay"] {
  delays.sort((a, b) => a - b);
  const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))];
  const [min, median, p95, max] = [at(0), at(0.5), at(0.95), at(1)];
  if (min === undefined || median === undefined || p95 === undefined || max === undefined) return undefined;
  return { min, median, p95, max };
}
