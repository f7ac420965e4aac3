// Where the probes of all streams are remembered: in a few pieces of memory, of which each stream has a part. With pieces of its
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

export class Slots {
  readonly state: Uint8Array;
  readonly trusted: Uint8Array;
  readonly copies: Uint8Array;
  readonly tags: Uint16Array;
  readonly sequences: Uint32Array;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly monotonic: Float64Array;
  readonly realtime: Float64Array;
  /** The reflector's number of an answer in time; -1 without one. */
  readonly reflected: Float64Array;
  /** Seconds of an answer in time; -1 where it is not to be trusted, NaN without one. */
  readonly delays: Float64Array;
  #taken = 0;

  /** `count`: of all streams together. */
  constructor(count: number) {
    this.state = new Uint8Array(count);
    this.trusted = new Uint8Array(count);
    this.copies = new Uint8Array(count);
    this.tags = new Uint16Array(count);
    this.sequences = new Uint32Array(count);
    this.high = new Uint32Array(count);
    this.low = new Uint32Array(count);
    this.monotonic = new Float64Array(count);
    this.realtime = new Float64Array(count);
    this.reflected = new Float64Array(count);
    this.delays = new Float64Array(count);
  }

  /** The first of `count` slots that are nobody else's from here on. */
  take(count: number): number {
    const first = this.#taken;
    this.#taken += count;
    if (this.#taken > this.state.length) throw new Error(`${this.state.length} slots are too few for these streams`);
    return first;
  }
}
