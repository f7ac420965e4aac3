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

/** Kept per router and request group: a table behind AgentX is slower than ifTable. Plain data, for there are many. */
export interface RetransmissionTimeout {
  readonly limits: TimeoutLimits;
  /** SRTT and RTTVAR; undefined before the first sample. */
  smoothed: number | undefined;
  variation: number;
  /** RTO: for a request that was sent once. */
  base: number;
}

export function newTimeout(limits: TimeoutLimits): RetransmissionTimeout {
  return { limits, smoothed: undefined, variation: 0, base: limits.initial };
}

/** Takes the round-trip time of a request that was sent once only (Karn's algorithm, RFC 6298 section 3). */
export function takeSample(timeout: RetransmissionTimeout, roundTrip: Duration): void {
  const { smoothed, limits } = timeout;
  if (smoothed === undefined) {
    timeout.smoothed = roundTrip;
    timeout.variation = roundTrip / 2;
  } else {
    timeout.variation += (Math.abs(smoothed - roundTrip) - timeout.variation) / 4;
    timeout.smoothed = smoothed + (roundTrip - smoothed) / 8;
  }
  timeout.base = Math.min(limits.cap, Math.max(limits.floor, (timeout.smoothed ?? 0) + 4 * timeout.variation));
}

/** A request went unanswered for the time now current. */
export function backOff(timeout: RetransmissionTimeout): void {
  const { initial } = timeout.limits;
  // Backs off for the next request too, or a router that became slower than the timeout would never
  // give a sample again; but no further than where an unknown router starts, so that its return is seen soon.
  if (timeout.base < initial) timeout.base = Math.min(initial, timeout.base * 2);
}

/** For a request that was sent `sent` times: doubles with each, up to the cap (RFC 6298 section 5.5). */
export function timeoutAfter({ limits, base }: RetransmissionTimeout, sent: number): Duration {
  return milliseconds(Math.min(limits.cap, base * 2 ** Math.max(0, sent - 1)));
}
