// What the probes of one stream amount to over the threshold window (RFC 7680 loss, RFC 2681 delay).

import type { Thresholds } from "../estate/estate.ts";
import type { Check, Performance, Verdict } from "../estate/judgement.ts";
import type { ProbeObservation } from "../estate/observation.ts";
import { type Instant, later } from "../lib/clock.ts";

const nothing: Performance = { probes: 0, lossRatio: undefined, delay: undefined };
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
  recent: readonly ProbeObservation[],
  thresholds: Thresholds,
  outageEnd: Instant | undefined,
  now: Instant,
): Measured {
  const start = now - thresholds.window;
  const window = sum(recent, start);
  const outageCounts = outageEnd !== undefined && outageEnd > start;
  return { window, afterOutage: outageCounts ? sum(recent, outageEnd) : window };
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

function sum(recent: readonly ProbeObservation[], start: number): Performance {
  let received = 0;
  let lost = 0;
  const delays: number[] = [];
  const forward: number[] = [];
  const backward: number[] = [];
  let error = 0;
  for (let i = recent.length - 1; i >= 0; i--) {
    const o = recent[i];
    if (o === undefined || o.at <= start) break;
    received += o.received;
    lost += o.lost;
    for (const delay of o.delays) delays.push(delay);
    if (o.oneWay === undefined) continue;
    for (const delay of o.oneWay.forward) forward.push(delay);
    for (const delay of o.oneWay.backward) backward.push(delay);
    error = Math.max(error, o.oneWay.error);
  }
  const probes = received + lost;
  const [there, back] = [spread(forward), spread(backward)];
  const oneWay = there && back && { forward: there.median, backward: back.median, error };
  return { probes, lossRatio: probes === 0 ? undefined : lost / probes, delay: spread(delays), oneWay };
}

function spread(delays: number[]): Performance["delay"] {
  delays.sort((a, b) => a - b);
  const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))];
  const [min, median, p95, max] = [at(0), at(0.5), at(0.95), at(1)];
  if (min === undefined || median === undefined || p95 === undefined || max === undefined) return undefined;
  return { min, median, p95, max };
}
