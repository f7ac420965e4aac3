// Delays in slices of time, oldest first: of each slice the bins that occurred, in order, with their counts. What a slice
// takes is bounded by the bins that occur in it, however many probes it has; slices add up exactly. The last few delays
// can be kept as they are besides, so that a small set of them is described exactly.

import type { Spread } from "../estate/probe-figures.ts";
import { binOf, createTally, middleOf } from "./bins.ts";
import type { Rows } from "./rows.ts";

/** Of a slice: the least and the greatest sample, which are times; and counts: its bins, its samples. */
const [min, max] = [0, 1] as const;
const [bins, samples] = [0, 1] as const;
export const sampleTimes = 2;
export const sampleCounts = 2;

const mostCount = 65_535;
/** What is shorter is moved faster by hand. */
const longMove = 64;
/** One for all streams: it is empty between two questions. */
const tally = createTally();
const mostExact = 512;
const sorted = new Float64Array(mostExact);
/** Of all that keep none as they are. */
const none = new Float64Array(0);

/** Its slices are the rows of its owner, of which some fields are its own. */
export class Samples {
  readonly #slices: Rows;
  readonly #times: number;
  readonly #counts: number;
  readonly #exact: boolean;
  /** Pairs of bin and count. A count that is full is followed by another pair of the same bin. */
  #pairs = new Uint16Array(8);
  #start = 0;
  #end = 0;
  /** A ring of the last delays, with room for those of the present slices as far as that is allowed. */
  #last: Float64Array;
  #next = 0;
  /** Of the samples of all slices, how many stand in the ring: the last ones. */
  #held = 0;
  #live = 0;

  /** `times`, `counts`: the first fields of its own of each kind. `exact`: that the last delays are kept as they are. */
  constructor(slices: Rows, times: number, counts: number, exact: boolean) {
    this.#slices = slices;
    this.#times = times;
    this.#counts = counts;
    this.#exact = exact;
    this.#last = exact ? new Float64Array(8) : none;
  }

  /** Seconds, 0 or more, into the newest slice. */
  add(seconds: number): void {
    const slices = this.#slices;
    const newest = slices.length - 1;
    const times = this.#times;
    const first = slices.count(newest, this.#counts + samples) === 0;
    slices.add(newest, this.#counts + samples, 1);
    this.#live++;
    if (first || seconds < slices.time(newest, times + min)) slices.setTime(newest, times + min, seconds);
    if (seconds > slices.time(newest, times + max)) slices.setTime(newest, times + max, seconds);
    this.#count(newest, binOf(seconds));
    if (this.#exact) this.#keep(seconds);
  }

  /** Forgets the oldest slice, before its row goes. */
  drop(): void {
    this.#start += 2 * this.#slices.count(0, this.#counts + bins);
    this.#live -= this.#slices.count(0, this.#counts + samples);
    // What is gone makes room, so that the ring grows no further than the slices need.
    this.#held = Math.min(this.#held, this.#live);
  }

  /** Of the slices from `from` on, 0 being the oldest; undefined when they are empty. Exact where the samples were kept. */
  spread(from: number): Spread | undefined {
    const slices = this.#slices;
    const [times, counts] = [this.#times, this.#counts];
    let n = 0;
    let used = 0;
    let least = Number.POSITIVE_INFINITY;
    let greatest = 0;
    for (let slice = from; slice < slices.length; slice++) {
      const inSlice = slices.count(slice, counts + samples);
      if (inSlice === 0) continue;
      n += inSlice;
      used += slices.count(slice, counts + bins);
      least = Math.min(least, slices.time(slice, times + min));
      greatest = Math.max(greatest, slices.time(slice, times + max));
    }
    if (n === 0) return undefined;
    const rank = (q: number) => Math.min(n - 1, Math.floor(q * n));
    if (n <= this.#held) {
      this.#sortLast(n);
      const at = (q: number) => sorted[rank(q)] ?? greatest;
      return { samples: n, min: least, median: at(0.5), p95: at(0.95), p99: at(0.99), max: greatest };
    }
    const pairs = this.#pairs;
    const end = this.#end;
    const begin = end - 2 * used;
    for (let at = begin; at < end; at += 2) tally.add(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    const at = (q: number) => Math.min(Math.max(middleOf(tally.at(rank(q))), least), greatest);
    const told = { samples: n, min: least, median: at(0.5), p95: at(0.95), p99: at(0.99), max: greatest };
    for (let at = begin; at < end; at += 2) tally.clear(pairs[at] ?? 0);
    return told;
  }

  #count(newest: number, bin: number): void {
    const mine = this.#slices.count(newest, this.#counts + bins);
    let pairs = this.#pairs;
    const begin = this.#end - 2 * mine;
    let low = 0;
    let high = mine;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pairs[begin + 2 * middle] ?? 0) < bin) low = middle + 1;
      else high = middle;
    }
    const at = begin + 2 * low;
    if (low < mine && pairs[at] === bin && (pairs[at + 1] ?? 0) < mostCount) {
      pairs[at + 1] = (pairs[at + 1] ?? 0) + 1;
      return;
    }
    const after = this.#end - at;
    if (this.#end + 2 > pairs.length) {
      this.#makeRoom();
      pairs = this.#pairs;
    }
    const end = this.#end;
    const into = end - after;
    if (after > longMove) pairs.copyWithin(into + 2, into, end);
    else for (let from = end - 1; from >= into; from--) pairs[from + 2] = pairs[from] ?? 0;
    pairs[into] = bin;
    pairs[into + 1] = 1;
    this.#end = end + 2;
    this.#slices.add(newest, this.#counts + bins, 1);
  }

  #makeRoom(): void {
    const pairs = this.#pairs;
    const used = this.#end - this.#start;
    // To move what is there pays when much of what is before it was given up.
    if (this.#start * 8 >= pairs.length) pairs.copyWithin(0, this.#start, this.#end);
    else {
      this.#pairs = new Uint16Array(pairs.length + Math.max(8, pairs.length >>> 2));
      this.#pairs.set(pairs.subarray(this.#start, this.#end));
    }
    this.#start = 0;
    this.#end = used;
  }

  #keep(delay: number): void {
    if (this.#held === this.#last.length && this.#last.length < mostExact) {
      const grown = new Float64Array(2 * this.#last.length);
      grown.set(this.#last.subarray(this.#next));
      grown.set(this.#last.subarray(0, this.#next), this.#last.length - this.#next);
      this.#next = this.#last.length;
      this.#last = grown;
    }
    this.#last[this.#next] = delay;
    this.#next = this.#next + 1 === this.#last.length ? 0 : this.#next + 1;
    this.#held = Math.min(this.#held + 1, this.#last.length);
  }

  /** Puts the last `n` into `sorted`. */
  #sortLast(n: number): void {
    const last = this.#last;
    let from = this.#next - n;
    if (from < 0) from += last.length;
    for (let i = 0; i < n; i++) {
      sorted[i] = last[from] ?? 0;
      from = from + 1 === last.length ? 0 : from + 1;
    }
    if (n > longMove) {
      sorted.subarray(0, n).sort();
      return;
    }
    for (let i = 1; i < n; i++) {
      const value = sorted[i] ?? 0;
      let place = i;
      for (; place > 0 && (sorted[place - 1] ?? 0) > value; place--) sorted[place] = sorted[place - 1] ?? 0;
      sorted[place] = value;
    }
  }
}
