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

/** Kept per router and request group: a table behind AgentX is slower than ifTable. */
export interface RetransmissionTimeout {
  /** Takes the round-trip time of a request that was sent once only (Karn's algorithm, RFC 6298 section 3). */
  sample(roundTrip: Duration): void;
  /** A request went unanswered for the time now current. */
  expired(): void;
  /** For a request that was sent `sent` times: doubles with each, up to the cap (RFC 6298 section 5.5). */
  current(sent: number): Duration;
}

export function createRetransmissionTimeout(limits: TimeoutLimits): RetransmissionTimeout {
  let smoothed: number | undefined;
  let variation = 0;
  let base: number = limits.initial;
  return {
    sample(roundTrip) {
      if (smoothed === undefined) {
        smoothed = roundTrip;
        variation = roundTrip / 2;
      } else {
        variation += (Math.abs(smoothed - roundTrip) - variation) / 4;
        smoothed += (roundTrip - smoothed) / 8;
      }
      base = Math.min(limits.cap, Math.max(limits.floor, smoothed + 4 * variation));
    },
    expired() {
      // Backs off for the next request too, or a router that became slower than the timeout would never
      // give a sample again; but no further than where an unknown router starts, so that its return is seen soon.
      if (base < limits.initial) base = Math.min(limits.initial, base * 2);
    },
    current: (sent) => milliseconds(Math.min(limits.cap, base * 2 ** Math.max(0, sent - 1))),
  };
}
