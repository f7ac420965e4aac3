// Where the probes of all streams are remembered: in one piece of memory, of which each stream has a part. With pieces of its
// own a stream would take five times as much, for a piece costs more than the few numbers in it.

import type { Duration } from "../lib/duration.ts";

/** How long an answer can be late and still be told from a foreign one, in timeouts. */
const memory = 8;
const mostSlots = 65_536;

/** How many probes of a stream are remembered: a power of two. */
export function slotsOf({ interval, timeout }: { readonly interval: Duration; readonly timeout: Duration }): number {
  const wanted = Math.ceil((timeout * memory) / interval) + 2;
  return Math.min(mostSlots, 2 ** Math.ceil(Math.log2(Math.max(8, wanted))));
}

/** Octets of a slot: one line of the cache. Its parts in eleven arrays would be eleven lines to fetch for each probe. */
const slotSize = 64;
/** Numbers of 64 bits in a slot, and their places in it: the departure on both clocks; */
export const doublesOf = slotSize / 8;
export const monotonicAt = 0;
export const realtimeAt = 1;
/** the reflector's number of an answer in time, -1 without one; */
export const reflectedAt = 2;
/** seconds of an answer in time, -1 where it is not to be trusted, NaN without one. */
export const delayAt = 3;
/** Numbers of 32 bits: what an answer must bring back. */
export const wordsOf = slotSize / 4;
export const sequenceAt = 8;
export const highAt = 9;
export const lowAt = 10;
export const tagAt = 11;
/** Octets. */
export const octetsOf = slotSize;
export const stateAt = 48;
export const trustedAt = 49;
export const copiesAt = 50;

export class Slots {
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  readonly octets: Uint8Array;
  #taken = 0;

  /** `count`: of all streams together. */
  constructor(count: number) {
    const memory = new ArrayBuffer(count * slotSize);
    this.doubles = new Float64Array(memory);
    this.words = new Uint32Array(memory);
    this.octets = new Uint8Array(memory);
  }

  /** The first of `count` slots that are nobody else's from here on. */
  take(count: number): number {
    const first = this.#taken;
    this.#taken += count;
    if (this.#taken * slotSize > this.octets.length) {
      throw new Error(`${this.octets.length / slotSize} slots are too few for these streams`);
    }
    return first;
  }
}
