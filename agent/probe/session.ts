// The probes of one stream from their departure until long after they expired: what was lost, late, duplicated,
// reordered or forged. No I/O and no clock.

import type { OneWayDelays, ProbeCounts } from "../estate/observation.ts";
import { type Instant, later } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { createDirections, type Directions } from "./directions.ts";
import {
  copiesAt,
  delayAt,
  doublesOf,
  highAt,
  lowAt,
  monotonicAt,
  octetsOf,
  realtimeAt,
  reflectedAt,
  Slots,
  sequenceAt,
  slotsOf,
  stateAt,
  tagAt,
  trustedAt,
  wordsOf,
} from "./slots.ts";
import { Succession } from "./succession.ts";

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
  /**
   * Settles as lost what left before `arrivedUntil` minus the timeout; every arrival up to then must have been answered.
   * `mayBeUnheard`: an answer that came between these two may have been dropped by this host, so that nothing is known.
   */
  expire(arrivedUntil: Instant, mayBeUnheard?: (from: Instant, until: Instant) => boolean): void;
  /** Undefined when nothing has happened since the last time. */
  drain(): ProbeCounts | undefined;
}

/** Of a slot. `unheard`: this host dropped what may have been its answer. */
const free = 0;
const sent = 1;
const received = 2;
const expired = 3;
const unheard = 4;

/** `slots`: where its probes are remembered, together with those of others. */
export function createSession(
  timing: { readonly interval: Duration; readonly timeout: Duration },
  lastReceivedAt?: Instant,
  slots = new Slots(slotsOf(timing)),
): Session {
  return new SlottedSession(timing, lastReceivedAt, slots);
}

/** A class, since there are thousands: the closures of one would take more memory than what it counts. */
class SlottedSession implements Session {
  readonly #timeout: Duration;
  readonly #slots: Slots;
  readonly #first: number;
  readonly #size: number;
  readonly #succession = new Succession();
  /** Only of a stream whose far end counts. */
  #directions: Directions | undefined;
  /** Probes so far; the sequence on the wire is this modulo 2^32, and the slot modulo their number. */
  #next = 0;
  /** The first that may still be unsettled. */
  #oldest = 0;
  #highest = -1;
  #lossRun = 0;
  #last: Instant | undefined;
  #changed = false;
  #unheard = 0;
  #counts = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
  #delays: number[] = [];
  #oneWay: { forward: number[]; backward: number[]; error: number } | undefined;

  constructor(
    timing: { readonly interval: Duration; readonly timeout: Duration },
    lastReceivedAt: Instant | undefined,
    slots: Slots,
  ) {
    this.#timeout = timing.timeout;
    this.#slots = slots;
    this.#size = slotsOf(timing);
    this.#first = slots.take(this.#size);
    this.#last = lastReceivedAt;
  }

  nextSequence(): number {
    return this.#next >>> 0;
  }

  depart(nonce: Nonce, tag: number, at: Departure): number {
    const { doubles, words, octets } = this.#slots;
    const n = this.#next++;
    for (; this.#oldest <= n - this.#size; this.#oldest++) {
      if (this.#stateOf(this.#oldest) === sent) this.#lose(this.#oldest);
      this.#settle(this.#oldest);
    }
    const slot = this.#slotOf(n);
    const o = slot * octetsOf;
    octets[o + stateAt] = sent;
    octets[o + trustedAt] = 1;
    octets[o + copiesAt] = 0;
    const w = slot * wordsOf;
    words[w + sequenceAt] = n;
    words[w + highAt] = nonce[0];
    words[w + lowAt] = nonce[1];
    words[w + tagAt] = tag;
    const d = slot * doublesOf;
    doubles[d + monotonicAt] = at.monotonic;
    doubles[d + realtimeAt] = at.realtime;
    doubles[d + reflectedAt] = -1;
    doubles[d + delayAt] = Number.NaN;
    return n >>> 0;
  }

  preempted(sequence: number): void {
    this.#slots.octets[this.#slotOf(this.#unwrap(sequence)) * octetsOf + trustedAt] = 0;
  }

  left(sequence: number, realtime: number): void {
    const { doubles, words, octets } = this.#slots;
    const slot = this.#slotOf(this.#unwrap(sequence));
    const o = slot * octetsOf;
    // Its place may be another's by now.
    if (words[slot * wordsOf + sequenceAt] !== sequence || octets[o + stateAt] !== sent) return;
    const d = slot * doublesOf;
    // Both clocks move alike, so that their difference still shows a step.
    doubles[d + monotonicAt] = (doubles[d + monotonicAt] ?? 0) + (realtime - (doubles[d + realtimeAt] ?? 0)) / 1e6;
    doubles[d + realtimeAt] = realtime;
    octets[o + trustedAt] = 1;
  }

  failed(sequence: number | undefined): void {
    this.#counts.sendErrors++;
    this.#changed = true;
    if (sequence === undefined) return;
    const { words, octets } = this.#slots;
    const slot = this.#slotOf(this.#unwrap(sequence));
    if (words[slot * wordsOf + sequenceAt] !== sequence || octets[slot * octetsOf + stateAt] !== sent) return;
    octets[slot * octetsOf + stateAt] = free;
  }

  find(sequence: number, nonce: Nonce, tag: number): Match | "unknown" | "forged" {
    const { doubles, words, octets } = this.#slots;
    const n = this.#unwrap(sequence);
    if (n < 0) return "unknown";
    const slot = this.#slotOf(n);
    const w = slot * wordsOf;
    if (words[w + sequenceAt] !== sequence || octets[slot * octetsOf + stateAt] === free) return "unknown";
    if (words[w + highAt] !== nonce[0] || words[w + lowAt] !== nonce[1] || words[w + tagAt] !== tag) return "forged";
    return {
      sequence,
      monotonic: (doubles[slot * doublesOf + monotonicAt] ?? 0) as Instant,
      realtime: doubles[slot * doublesOf + realtimeAt] ?? 0,
      trusted: octets[slot * octetsOf + trustedAt] === 1,
    };
  }

  answered({ sequence }: Match, took: number, delay: number | undefined, arrivedAt: Instant, far?: FarEnd): Verdict {
    const { doubles, octets } = this.#slots;
    const counts = this.#counts;
    const n = this.#unwrap(sequence);
    const slot = this.#slotOf(n);
    const o = slot * octetsOf;
    const d = slot * doublesOf;
    const state = octets[o + stateAt];
    this.#changed = true;
    if (state === received) {
      counts.duplicate++;
      // The copy of an answer has its number; that of a request was counted for itself.
      if (far !== undefined && far.reflected !== doubles[d + reflectedAt])
        octets[o + copiesAt] = (octets[o + copiesAt] ?? 0) + 1;
      return "duplicate";
    }
    // Nothing was said of it, nor is now.
    if (state === unheard) return "late";
    if (state === expired || took > this.#timeout) {
      if (state === sent) this.#lose(n);
      octets[o + stateAt] = received;
      counts.late++;
      return "late";
    }
    octets[o + stateAt] = received;
    counts.received++;
    doubles[d + delayAt] = delay ?? -1;
    if (delay === undefined) counts.discarded++;
    else this.#delays.push(delay);
    if (far !== undefined) doubles[d + reflectedAt] = far.reflected;
    if (delay !== undefined && far?.oneWay !== undefined) this.#addOneWay(far.oneWay);
    if (n < this.#highest) counts.reordered++;
    else {
      this.#highest = n;
      // Later probes are younger than this one, so none of them has expired.
      this.#lossRun = 0;
    }
    this.#last = Math.max(this.#last ?? arrivedAt, arrivedAt) as Instant;
    return "inTime";
  }

  expire(arrivedUntil: Instant, mayBeUnheard?: (from: Instant, until: Instant) => boolean): void {
    const { doubles, octets } = this.#slots;
    for (; this.#oldest < this.#next; this.#oldest++) {
      if (this.#stateOf(this.#oldest) === sent) {
        const slot = this.#slotOf(this.#oldest);
        const sentAt = (doubles[slot * doublesOf + monotonicAt] ?? 0) as Instant;
        if (arrivedUntil - sentAt <= this.#timeout) return;
        if (mayBeUnheard?.(sentAt, later(sentAt, this.#timeout)) === true) {
          octets[slot * octetsOf + stateAt] = unheard;
          this.#unheard++;
        } else this.#lose(this.#oldest);
      }
      this.#settle(this.#oldest);
    }
  }

  drain(): ProbeCounts | undefined {
    if (!this.#changed) return undefined;
    const oneWay: OneWayDelays | undefined = this.#oneWay;
    const drained = {
      ...this.#counts,
      unheard: this.#unheard,
      delays: this.#delays,
      lossRun: this.#lossRun,
      lastReceivedAt: this.#last,
      directions: this.#directions?.drain(),
      oneWay,
      ...this.#succession.drain(),
    };
    this.#counts = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
    this.#unheard = 0;
    this.#delays = [];
    this.#oneWay = undefined;
    this.#changed = false;
    return drained;
  }

  #slotOf(n: number): number {
    return this.#first + (n % this.#size);
  }

  #stateOf(n: number): number {
    return this.#slots.octets[this.#slotOf(n) * octetsOf + stateAt] ?? free;
  }

  /** The count behind a 32-bit sequence: the nearest one that has been used. */
  #unwrap(sequence: number): number {
    const back = (this.#next - 1 - sequence) >>> 0;
    return this.#next - 1 - back;
  }

  #lose(n: number): void {
    this.#slots.octets[this.#slotOf(n) * octetsOf + stateAt] = expired;
    this.#counts.lost++;
    this.#changed = true;
    // Only what follows the last answer is a run that lasts until now.
    if (n > this.#highest) this.#lossRun++;
  }

  /** Nothing more can come of probe `n` but what is late. */
  #settle(n: number): void {
    const { doubles, octets } = this.#slots;
    const slot = this.#slotOf(n);
    const state = this.#stateOf(n);
    if (state === unheard) {
      this.#changed = true;
      this.#succession.unheard();
      this.#directions?.forget();
      return;
    }
    const tried = state !== free;
    if (tried) {
      this.#succession.settled(doubles[slot * doublesOf + delayAt] ?? Number.NaN);
      this.#changed = true;
    }
    const number = doubles[slot * doublesOf + reflectedAt] ?? -1;
    if (number >= 0) {
      this.#directions ??= createDirections();
      this.#directions.answered(n >>> 0, number, octets[slot * octetsOf + copiesAt] ?? 0);
    } else if (tried) this.#directions?.lost();
  }

  #addOneWay({ forward, backward, error }: NonNullable<FarEnd["oneWay"]>): void {
    this.#oneWay ??= { forward: [], backward: [], error: 0 };
    this.#oneWay.forward.push(forward);
    this.#oneWay.backward.push(backward);
    this.#oneWay.error = Math.max(this.#oneWay.error, error);
  }
}
