// When to stop waiting for an answer: RFC 6298 section 2, with limits that suit SNMP agents.

import { type Duration, milliseconds } from "../lib/duration.ts";

export interface TimeoutLimits {
  /** Before anything was measured. */
  readonly initial: Duration;
  readonly floor: Duration;
  readonly cap: Duration;
}

export const defaultTimeoutLimits: TimeoutLimits = {
  initial: milliseconds(1_000),
  floor: milliseconds(200),
  cap: milliseconds(2_000),
};

/**
 * Kept per router and request group: a table behind AgentX is slower than ifTable. Plain data, for there are many, in
 * whole microseconds: V8 makes an object of its own of every number with a fraction.
 */
export interface RetransmissionTimeout {
  readonly limits: TimeoutLimits;
  /** SRTT and RTTVAR; undefined before the first sample. */
  smoothed: number | undefined;
  variation: number;
  /** RTO: for a request that was sent once. */
  base: number;
}

const microseconds = (of: Duration) => Math.round(of * 1_000);

export function newTimeout(limits: TimeoutLimits): RetransmissionTimeout {
  return { limits, smoothed: undefined, variation: 0, base: microseconds(limits.initial) };
}

/** Takes the round-trip time of a request that was sent once only (Karn's algorithm, RFC 6298 section 3). */
export function takeSample(timeout: RetransmissionTimeout, roundTrip: Duration): void {
  const { smoothed, variation, limits } = timeout;
  const sample = microseconds(roundTrip);
  const srtt = smoothed === undefined ? sample : Math.round(smoothed + (sample - smoothed) / 8);
  const rttvar =
    smoothed === undefined ? sample >> 1 : Math.round(variation + (Math.abs(smoothed - sample) - variation) / 4);
  timeout.smoothed = srtt;
  timeout.variation = rttvar;
  timeout.base = Math.min(microseconds(limits.cap), Math.max(microseconds(limits.floor), srtt + 4 * rttvar));
}

/** A request went unanswered for the time now current. */
export function backOff(timeout: RetransmissionTimeout): void {
  const initial = microseconds(timeout.limits.initial);
  // Backs off for the next request too, or a router that became slower than the timeout would never
  // give a sample again; but no further than where an unknown router starts, so that its return is seen soon.
  if (timeout.base < initial) timeout.base = Math.min(initial, timeout.base * 2);
}

/** For a request that was sent `sent` times: doubles with each, up to the cap (RFC 6298 section 5.5). */
export function timeoutAfter({ limits, base }: RetransmissionTimeout, sent: number): Duration {
  return milliseconds(Math.min(limits.cap, (base / 1_000) * 2 ** Math.max(0, sent - 1)));
}
