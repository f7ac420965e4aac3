// What the probes of one stream amount to over the threshold window (RFC 7680 loss, RFC 2681 delay).

import type { ProbeTarget, Thresholds } from "../estate/estate.ts";
import type { Performance } from "../estate/judgement.ts";
import type { ProbeObservation } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";

const nothing: Performance = { probes: 0, lossRatio: undefined, delay: undefined };
export const notMeasured: Measured = { window: nothing, sinceSilence: nothing };

/** Observations come several times a second; the end of a silence may be seen this much late. */
const settling = milliseconds(500);

export interface Measured {
  /** Over the whole window: what is shown. */
  readonly window: Performance;
  /**
   * Over what came after the last silence: what loss and delay are judged by. What was lost while nothing
   * got through belongs to that outage, and must not come back as "high loss" when it is over.
   */
  readonly sinceSilence: Performance;
}

export function measure(
  recent: readonly ProbeObservation[],
  target: ProbeTarget,
  thresholds: Thresholds,
  now: Instant,
): Measured {
  const start = now - thresholds.window;
  const window = sum(recent, start);
  const silence = recent.findLast(({ lossRun }) => lossRun * target.interval >= thresholds.silence / 2);
  if (silence === undefined) return { window, sinceSilence: window };
  // The last probes of a silence count as lost only when their timeout is over, after it has ended.
  const settled = silence.at + target.timeout + settling;
  return { window, sinceSilence: sum(recent, Math.max(start, settled)) };
}

function sum(recent: readonly ProbeObservation[], start: number): Performance {
  let received = 0;
  let lost = 0;
  const delays: number[] = [];
  for (let i = recent.length - 1; i >= 0; i--) {
    const o = recent[i];
    if (o === undefined || o.at <= start) break;
    received += o.received;
    lost += o.lost;
    for (const delay of o.delays) delays.push(delay);
  }
  const probes = received + lost;
  return { probes, lossRatio: probes === 0 ? undefined : lost / probes, delay: spread(delays) };
}

function spread(delays: number[]): Performance["delay"] {
  delays.sort((a, b) => a - b);
  const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))];
  const [min, median, p95, max] = [at(0), at(0.5), at(0.95), at(1)];
  if (min === undefined || median === undefined || p95 === undefined || max === undefined) return undefined;
  return { min, median, p95, max };
}
