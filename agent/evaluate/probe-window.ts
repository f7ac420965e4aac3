// What the probes of one stream amount to over the threshold window (RFC 7680 loss, RFC 2681 delay).

import type { Thresholds } from "../estate/estate.ts";
import type { Check, Performance, Verdict } from "../estate/judgement.ts";
import type { ProbeFigures } from "../estate/probe-figures.ts";
import { type Instant, later } from "../lib/clock.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";

const nothing: Performance = { stream: undefined, probes: 0, lossRatio: undefined, delay: undefined };
export const notMeasured: Measured = { window: nothing, afterOutage: nothing };

export interface Measured {
  /** Over the whole window: what is shown. */
  readonly window: Performance;
  /** Over what came after `outageEnd`: what loss and delay are judged by. */
  readonly afterOutage: Performance;
}

/**
 * What was lost while the path was down, or came back, belongs to that outage: it must not return as "high
 * loss" when the outage is over.
 */
export function measure(
  record: ProbeRecord,
  thresholds: Thresholds,
  outageEnd: Instant | undefined,
  now: Instant,
): Measured {
  const start = now - thresholds.window;
  const window = performanceOf(record, start);
  const outageCounts = outageEnd !== undefined && outageEnd > start;
  return { window, afterOutage: outageCounts ? performanceOf(record, outageEnd) : window };
}

/** Until when the last outage lasts; undefined when there was none. */
export function outageEnd(was: Verdict | undefined, thresholds: Thresholds, now: Instant): Instant | undefined {
  let end: Instant | undefined;
  for (const { check, state, lastTrue } of was?.conditions ?? []) {
    if (lastTrue === undefined || !down.includes(check)) continue;
    const until = state === "firing" ? now : later(lastTrue, thresholds.keepFiringFor);
    if (end === undefined || until > end) end = until;
  }
  return end;
}

const down: readonly Check[] = ["interface", "session", "forwarding"];

function performanceOf(record: ProbeRecord, start: number): Performance {
  const { probes, lost, directions, delay, oneWay }: ProbeFigures = record.since(start);
  return {
    stream: record.last.index,
    probes,
    lossRatio: probes === 0 ? undefined : lost / probes,
    directions,
    delay,
    oneWay: oneWay && { forward: oneWay.forward.median, backward: oneWay.backward.median, error: oneWay.error },
  };
}
