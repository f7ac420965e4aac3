// What a trace and a search have in common for the tracer: a probe to send now, and what came of it. No I/O.

import type { MtuResult, Traced, TraceEnd, TraceReason, TracingObservation } from "../estate/tracing.ts";
import { elapsed, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import type { ExtendedError } from "../wire/extended-error.ts";
import { controlSize, createMtuSearch, type MtuOutcome, type SizeAnswer } from "./mtu-search.ts";
import type { Overflow } from "./overflow.ts";
import { createRouteTrace, tryTimeout } from "./route-trace.ts";
import { hopAnswer, sizeAnswer } from "./trace-answer.ts";

/** `size`: octets of the IP packet. */
export interface JobProbe {
  readonly ttl: number;
  readonly size: number;
}

export interface TraceJob {
  /** Undefined while there is nothing to do but wait. */
  due(now: Instant): JobProbe | undefined;
  sent(probe: JobProbe, now: Instant): void;
  /** It did not leave; `code` is the name of the errno. */
  unsent(probe: JobProbe, code: string): void;
  answered(probe: JobProbe, from: string, sentAt: Instant, now: Instant): void;
  error(probe: JobProbe, error: ExtendedError, sentAt: Instant, now: Instant): void;
  /** When waiting may end; infinity while nothing is under way. */
  wakeAt(): Instant;
  /** What it came to; undefined while it goes on. */
  observation(now: Instant): TracingObservation | undefined;
}

/** Far enough for any way; a search is not to end at a hop. */
const farTtl = 64;

export function createTraceJob(
  { of, technique, address: target }: Traced,
  why: TraceReason,
  mayBeUnheard: Overflow["mayHaveTaken"],
): TraceJob {
  const trace = createRouteTrace(mayBeUnheard);
  let unsent: { readonly end: TraceEnd; readonly detail: string } | undefined;
  return {
    due(now) {
      const ttl = trace.due(now);
      return ttl === undefined ? undefined : { ttl, size: controlSize };
    },
    sent: ({ ttl }, now) => trace.sent(ttl, now),
    unsent(_, detail) {
      unsent = { end: "unsent", detail };
    },
    answered: ({ ttl }, from, sentAt, now) => trace.answered(ttl, { kind: "target", from }, sentAt, now),
    error({ ttl }, error, sentAt, now) {
      const answer = hopAnswer(error);
      if (answer !== undefined) trace.answered(ttl, answer, sentAt, now);
    },
    wakeAt: trace.wakeAt,
    observation(now) {
      const outcome = unsent ?? trace.outcome();
      return outcome && { kind: "trace", of, at: now, why, technique, target, hops: trace.hops(), ...outcome };
    },
  };
}

/** An answer that takes longer than this many times that of a small packet is not waited for. */
const patience = 4;
const leastTimeout = milliseconds(250);

export function createMtuJob(
  { of, technique, address: target, mtu }: Traced,
  mayBeUnheard: Overflow["mayHaveTaken"],
): TraceJob {
  const search = createMtuSearch(mtu);
  let timeout: Duration = tryTimeout;
  let waitingSince: Instant | undefined;
  let current = controlSize;
  let unsent: MtuResult | undefined;

  const settle = (size: number, answer: SizeAnswer, took?: Duration) => {
    if (took !== undefined && answer.kind === "answered" && size === controlSize) {
      timeout = Math.min(Math.max(leastTimeout, patience * took), tryTimeout) as Duration;
    }
    // An answer to an earlier try is too late: the search has gone on.
    if (waitingSince === undefined || size !== current) return;
    waitingSince = undefined;
    search.take(answer);
  };

  return {
    due(now) {
      if (waitingSince !== undefined && elapsed(waitingSince, now) >= timeout) {
        const kind = mayBeUnheard(waitingSince, later(waitingSince, timeout)) ? "unheard" : "lost";
        settle(current, { kind });
      }
      if (waitingSince !== undefined || search.outcome() !== undefined || unsent !== undefined) return undefined;
      return { ttl: farTtl, size: search.next() };
    },
    sent({ size }, now) {
      current = size;
      waitingSince = now;
    },
    unsent({ size }, code) {
      if (code === "EMSGSIZE" && size > controlSize) search.take({ kind: "refused" });
      else unsent = "unsent";
    },
    answered: ({ size }, _, sentAt, now) => settle(size, { kind: "answered" }, elapsed(sentAt, now)),
    error({ size }, error, sentAt, now) {
      const answer = sizeAnswer(error);
      if (answer !== undefined) settle(size, answer, elapsed(sentAt, now));
    },
    wakeAt: () => (waitingSince === undefined ? (Infinity as Instant) : later(waitingSince, timeout)),
    observation(now) {
      const outcome: MtuOutcome | undefined =
        unsent === undefined ? search.outcome() : { result: unsent, mtu: undefined, by: undefined };
      return outcome && { kind: "mtu", of, at: now, technique, target, ...outcome };
    },
  };
}
