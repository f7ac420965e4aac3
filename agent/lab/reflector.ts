// A STAMP Session-Reflector (RFC 8762, stateless) with the simulated network in front of it: each request
// is lost or held back as the state of its path says. Delays are made with timers, so they are right to
// about a millisecond: enough to see a story, not to test the accuracy of a probe.

import type { Clock, Instant } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { ntpTimestamp, reflect } from "../wire/stamp.ts";

/** What a packet meets on its way there and back. */
export interface Way {
  /** Round-trip delay without jitter. */
  readonly delay: Duration;
  /** Round-trip loss as a ratio; 1: nothing gets through. */
  readonly loss: number;
}

const reflectorEventKinds = ["answered", "lost", "malformed"] as const;
export type ReflectorEvent = (typeof reflectorEventKinds)[number];

export interface Reflector {
  handle(datagram: Uint8Array, reply: (answer: Uint8Array) => void): void;
  /** Requests by what became of them; proof that the simulated loss really withheld answers. */
  read(): Readonly<Record<ReflectorEvent, number>>;
  /** Forgets the answers that are still held back. */
  stop(): void;
}

/** Node's timers count whole milliseconds: what is due within half of one is as good as due. */
const timerGrain = 0.5;

interface Held {
  readonly due: Instant;
  readonly send: () => void;
}

export function createReflector(deps: {
  readonly clock: Clock;
  readonly random: () => number;
  readonly way: () => Way;
}): Reflector {
  const { clock, random, way } = deps;
  const counters = createCounters(reflectorEventKinds);
  // One queue, in the order of arrival: neither jitter nor a step of the delay lets an answer overtake another.
  const queue: Held[] = [];
  let cancel: (() => void) | undefined;

  function sendDue(): void {
    cancel = undefined;
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const wait = head.due - clock.now();
      if (wait > timerGrain) {
        cancel = clock.after(milliseconds(wait), sendDue);
        return;
      }
      queue.shift();
      head.send();
    }
  }

  return {
    handle(datagram, reply) {
      const now = clock.now();
      const { delay, loss } = way();
      if (loss > 0 && random() < loss) return counters.add("lost");
      const roundTrip = delay + jitter(delay, random);
      // The reflector stands in the middle of the way and takes no time of its own, so T2 = T3.
      const there = stampAt(clock.toEpoch((now + roundTrip / 2) as Instant));
      const answer = reflect(datagram, { receiveTimestamp: there, timestamp: there });
      if (!answer.ok) return counters.add("malformed");
      queue.push({
        due: (now + roundTrip) as Instant,
        send() {
          counters.add("answered");
          reply(answer.value);
        },
      });
      if (cancel === undefined) cancel = clock.after(milliseconds(roundTrip), sendDue);
    },
    read: () => counters.read(),
    stop() {
      cancel?.();
      cancel = undefined;
      queue.length = 0;
    },
  };
}

/** Queues on the way: mostly near nothing, sometimes a few times the mean, which grows with the distance. */
function jitter(delay: Duration, random: () => number): number {
  const mean = 0.15 + 0.004 * delay;
  return Math.min(6 * mean, -mean * Math.log(1 - random()));
}

function stampAt(epochMs: number) {
  const whole = Math.floor(epochMs / 1_000);
  return ntpTimestamp(whole, Math.round((epochMs - whole * 1_000) * 1e6) % 1e9);
}
