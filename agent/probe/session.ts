// The probes of one stream from their departure until long after they expired: what was lost, late, duplicated,
// reordered or forged. No I/O and no clock.

import type { OneWayDelays, ProbeCounts } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { createDirections } from "./directions.ts";
import { createSuccession } from "./succession.ts";

/** The transmit stamp of a probe, on both clocks, and whether it can be trusted. */
export interface Departure {
  readonly monotonic: Instant;
  /** Nanoseconds, as the socket counts them. */
  readonly realtime: number;
}

/** 64 unpredictable bits that an answer must bring back. */
export type Nonce = readonly [high: number, low: number];

/** What came of an answer. */
export type Verdict = "inTime" | "late" | "duplicate";

/** A probe that an answer belongs to. */
export interface Match extends Departure {
  readonly sequence: number;
  /** The send was not preempted: the stamp is near the departure. */
  readonly trusted: boolean;
}

/** What a Session-Reflector says besides. */
export interface FarEnd {
  /** Its sequence number. */
  readonly reflected: number;
  /** Delay of each way, and the error of both clocks, in seconds; undefined unless both are synchronised. */
  readonly oneWay: { readonly forward: number; readonly backward: number; readonly error: number } | undefined;
}

export interface Session {
  /** Number of the next probe, from 0, modulo 2^32. */
  nextSequence(): number;
  /** Takes the next slot, before the probe is sent: on a short link the answer can overtake the return of the call. */
  depart(nonce: Nonce, tag: number, at: Departure): number;
  preempted(sequence: number): void;
  /** The kernel says when it left, in the nanoseconds of its departure: a better stamp, whether preempted or not. */
  left(sequence: number, realtime: number): void;
  /** The probe did not leave: its slot is free. Without a slot (nothing was tried) the error alone is counted. */
  failed(sequence: number | undefined): void;
  /** The probe that an answer claims to be of. `forged`: such a probe exists, but the answer does not know its nonce. */
  find(sequence: number, nonce: Nonce, tag: number): Match | "unknown" | "forged";
  /** `took`: ms from departure to arrival. `delay`: seconds, or undefined where it is not to be trusted. */
  answered(match: Match, took: number, delay: number | undefined, arrivedAt: Instant, far?: FarEnd): Verdict;
  /** Settles as lost what left before `arrivedUntil` minus the timeout; every arrival up to then must have been answered. */
  expire(arrivedUntil: Instant): void;
  /** Undefined when nothing has happened since the last time. */
  drain(): ProbeCounts | undefined;
}

const slotStates = { free: 0, sent: 1, received: 2, expired: 3 } as const;

/** How long an answer can be late and still be told from a foreign one, in timeouts. */
const memory = 8;
const mostSlots = 65_536;

export function createSession(
  { interval, timeout }: { readonly interval: Duration; readonly timeout: Duration },
  lastReceivedAt?: Instant,
): Session {
  const wanted = Math.ceil((timeout * memory) / interval) + 2;
  const slots = Math.min(mostSlots, 2 ** Math.ceil(Math.log2(Math.max(8, wanted))));
  const state = new Uint8Array(slots);
  const trusted = new Uint8Array(slots);
  const sequences = new Uint32Array(slots);
  const high = new Uint32Array(slots);
  const low = new Uint32Array(slots);
  const tags = new Uint16Array(slots);
  const monotonic = new Float64Array(slots);
  const realtime = new Float64Array(slots);
  /** The reflector's number of an answer in time; -1 without one. */
  const reflected = new Float64Array(slots);
  const copies = new Uint8Array(slots);
  /** Seconds of an answer in time; -1 where it is not to be trusted, NaN without one. */
  const delayOf = new Float64Array(slots);
  const directions = createDirections();
  const succession = createSuccession();

  /** Probes so far; the sequence on the wire is this modulo 2^32, and the slot modulo `slots`. */
  let next = 0;
  /** The first that may still be unsettled. */
  let oldest = 0;
  let highest = -1;
  let lossRun = 0;
  let last = lastReceivedAt;
  let changed = false;
  let counts = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
  let delays: number[] = [];
  let oneWay: { forward: number[]; backward: number[]; error: number } | undefined;

  const slotOf = (n: number) => n % slots;

  function lose(n: number): void {
    state[slotOf(n)] = slotStates.expired;
    counts.lost++;
    changed = true;
    // Only what follows the last answer is a run that lasts until now.
    if (n > highest) lossRun++;
  }

  /** Nothing more can come of probe `n` but what is late. */
  function settle(n: number): void {
    const slot = slotOf(n);
    const number = reflected[slot] ?? -1;
    if (state[slot] !== slotStates.free) {
      succession.settled(delayOf[slot] ?? Number.NaN);
      changed = true;
    }
    if (number >= 0) directions.answered(n >>> 0, number, copies[slot] ?? 0);
    else if (state[slot] !== slotStates.free) directions.lost();
  }

  function addOneWay({ forward, backward, error }: NonNullable<FarEnd["oneWay"]>): void {
    oneWay ??= { forward: [], backward: [], error: 0 };
    oneWay.forward.push(forward);
    oneWay.backward.push(backward);
    oneWay.error = Math.max(oneWay.error, error);
  }

  /** The count behind a 32-bit sequence: the nearest one that has been used. */
  function unwrap(sequence: number): number {
    const back = (next - 1 - sequence) >>> 0;
    return next - 1 - back;
  }

  return {
    nextSequence: () => next >>> 0,
    depart(nonce, tag, at) {
      const n = next++;
      const slot = slotOf(n);
      for (; oldest <= n - slots; oldest++) {
        if (state[slotOf(oldest)] === slotStates.sent) lose(oldest);
        settle(oldest);
      }
      state[slot] = slotStates.sent;
      trusted[slot] = 1;
      sequences[slot] = n >>> 0;
      high[slot] = nonce[0];
      low[slot] = nonce[1];
      tags[slot] = tag;
      monotonic[slot] = at.monotonic;
      realtime[slot] = at.realtime;
      reflected[slot] = -1;
      copies[slot] = 0;
      delayOf[slot] = Number.NaN;
      return n >>> 0;
    },
    preempted(sequence) {
      trusted[slotOf(unwrap(sequence))] = 0;
    },
    left(sequence, stamp) {
      const slot = slotOf(unwrap(sequence));
      // Its place may be another's by now.
      if (sequences[slot] !== sequence || state[slot] !== slotStates.sent) return;
      // Both clocks move alike, so that their difference still shows a step.
      monotonic[slot] = (monotonic[slot] ?? 0) + (stamp - (realtime[slot] ?? 0)) / 1e6;
      realtime[slot] = stamp;
      trusted[slot] = 1;
    },
    failed(sequence) {
      counts.sendErrors++;
      changed = true;
      if (sequence === undefined) return;
      const slot = slotOf(unwrap(sequence));
      if (sequences[slot] === sequence && state[slot] === slotStates.sent) state[slot] = slotStates.free;
    },
    find(sequence, nonce, tag) {
      const n = unwrap(sequence);
      const slot = slotOf(n);
      if (n < 0 || sequences[slot] !== sequence || state[slot] === slotStates.free) return "unknown";
      if (high[slot] !== nonce[0] || low[slot] !== nonce[1] || tags[slot] !== tag) return "forged";
      return {
        sequence,
        monotonic: (monotonic[slot] ?? 0) as Instant,
        realtime: realtime[slot] ?? 0,
        trusted: trusted[slot] === 1,
      };
    },
    answered({ sequence }, took, delay, arrivedAt, far) {
      const n = unwrap(sequence);
      const slot = slotOf(n);
      changed = true;
      if (state[slot] === slotStates.received) {
        counts.duplicate++;
        // The copy of an answer has its number; that of a request was counted for itself.
        if (far !== undefined && far.reflected !== reflected[slot]) copies[slot] = (copies[slot] ?? 0) + 1;
        return "duplicate";
      }
      if (state[slot] === slotStates.expired || took > timeout) {
        if (state[slot] === slotStates.sent) lose(n);
        state[slot] = slotStates.received;
        counts.late++;
        return "late";
      }
      state[slot] = slotStates.received;
      counts.received++;
      delayOf[slot] = delay ?? -1;
      if (delay === undefined) counts.discarded++;
      else delays.push(delay);
      if (far !== undefined) reflected[slot] = far.reflected;
      if (delay !== undefined && far?.oneWay !== undefined) addOneWay(far.oneWay);
      if (n < highest) counts.reordered++;
      else {
        highest = n;
        // Later probes are younger than this one, so none of them has expired.
        lossRun = 0;
      }
      last = Math.max(last ?? arrivedAt, arrivedAt) as Instant;
      return "inTime";
    },
    expire(arrivedUntil) {
      for (; oldest < next; oldest++) {
        const slot = slotOf(oldest);
        if (state[slot] === slotStates.sent) {
          if (arrivedUntil - (monotonic[slot] ?? 0) <= timeout) return;
          lose(oldest);
        }
        settle(oldest);
      }
    },
    drain() {
      if (!changed) return undefined;
      const told: OneWayDelays | undefined = oneWay;
      const drained = {
        ...counts,
        delays,
        lossRun,
        lastReceivedAt: last,
        directions: directions.drain(),
        oneWay: told,
        ...succession.drain(),
      };
      counts = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
      delays = [];
      oneWay = undefined;
      changed = false;
      return drained;
    },
  };
}
