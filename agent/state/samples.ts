// Delays in slices of time, oldest first: of each slice the bins that occurred, in order, with their counts. What a slice
// takes is bounded by the bins that occur in it, however many probes it has; slices add up exactly. The last few delays
// can be kept as they are besides, so that a small set of them is described exactly.

import type { Spread } from "../estate/probe-figures.ts";
import { binOf, createTally, middleOf } from "./bins.ts";
import { createRows } from "./rows.ts";

export interface Samples {
  /** Begins a slice. */
  open(): void;
  /** Seconds, 0 or more, into the newest slice. */
  add(seconds: number): void;
  /** Forgets the oldest slice. */
  drop(): void;
  /** Of the slices from `from` on, 0 being the oldest; undefined when they are empty. Exact where they were kept. */
  spread(from: number): Spread | undefined;
}

/** Of a slice: its bins, its samples, the least and the greatest of them. */
const [bins, samples, min, max, fields] = [0, 1, 2, 3, 4] as const;

const mostCount = 65_535;
const tally = createTally();
const sorted = new Float64Array(512);

/** `exact`: that the last 512 delays are kept as they are. */
export function createSamples({ exact = false }: { readonly exact?: boolean } = {}): Samples {
  const slices = createRows(fields);
  /** Pairs of bin and count. A count that is full is followed by another pair of the same bin. */
  let pairs = new Uint16Array(8);
  let start = 0;
  let end = 0;
  /** A ring of the last delays, with room for those of the present slices as far as that is allowed. */
  let last = new Float64Array(exact ? 8 : 0);
  let next = 0;
  /** Of the samples of all slices, how many stand in the ring: the last ones. */
  let held = 0;
  let live = 0;

  function makeRoom(): void {
    const used = end - start;
    // To move what is there pays when much of what is before it was given up.
    if (start * 4 >= pairs.length) pairs.copyWithin(0, start, end);
    else {
      const grown = new Uint16Array(pairs.length + (pairs.length >>> 1));
      grown.set(pairs.subarray(start, end));
      pairs = grown;
    }
    start = 0;
    end = used;
  }

  /** Into the newest slice. */
  function count(bin: number): void {
    const newest = slices.length() - 1;
    const mine = slices.get(newest, bins);
    const begin = end - 2 * mine;
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
    const after = end - at;
    if (end + 2 > pairs.length) makeRoom();
    const into = end - after;
    pairs.copyWithin(into + 2, into, end);
    pairs[into] = bin;
    pairs[into + 1] = 1;
    end += 2;
    slices.set(newest, bins, mine + 1);
  }

  function keep(delay: number): void {
    if (held === last.length && last.length < sorted.length) {
      const grown = new Float64Array(2 * last.length);
      grown.set(last.subarray(next));
      grown.set(last.subarray(0, next), last.length - next);
      next = last.length;
      last = grown;
    }
    last[next] = delay;
    next = (next + 1) % last.length;
    held = Math.min(held + 1, last.length);
  }

  /** Puts the last `n` into `sorted`. */
  function sortLast(n: number): Float64Array {
    const early = Math.max(0, n - next);
    sorted.set(last.subarray(last.length - early), 0);
    sorted.set(last.subarray(next - (n - early), next), early);
    return sorted.subarray(0, n).sort();
  }

  function add(seconds: number): void {
    const newest = slices.length() - 1;
    slices.set(newest, samples, slices.get(newest, samples) + 1);
    live++;
    if (seconds < slices.get(newest, min)) slices.set(newest, min, seconds);
    if (seconds > slices.get(newest, max)) slices.set(newest, max, seconds);
    count(binOf(seconds));
    if (exact) keep(seconds);
  }

  function open(): void {
    slices.push();
    slices.set(slices.length() - 1, min, Number.POSITIVE_INFINITY);
  }

  function drop(): void {
    start += 2 * slices.get(0, bins);
    live -= slices.get(0, samples);
    held = Math.min(held, live);
    slices.shift();
  }

  function spread(from: number): Spread | undefined {
    let n = 0;
    let used = 0;
    let least = Number.POSITIVE_INFINITY;
    let greatest = 0;
    for (let slice = from; slice < slices.length(); slice++) {
      n += slices.get(slice, samples);
      used += slices.get(slice, bins);
      least = Math.min(least, slices.get(slice, min));
      greatest = Math.max(greatest, slices.get(slice, max));
    }
    if (n === 0) return undefined;
    const rank = (q: number) => Math.min(n - 1, Math.floor(q * n));
    if (n <= held) {
      const all = sortLast(n);
      const at = (q: number) => all[rank(q)] ?? greatest;
      return { samples: n, min: least, median: at(0.5), p95: at(0.95), p99: at(0.99), max: greatest };
    }
    const begin = end - 2 * used;
    for (let at = begin; at < end; at += 2) tally.add(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    const at = (q: number) => Math.min(Math.max(middleOf(tally.at(rank(q))), least), greatest);
    const told = { samples: n, min: least, median: at(0.5), p95: at(0.95), p99: at(0.99), max: greatest };
    for (let at = begin; at < end; at += 2) tally.clear(pairs[at] ?? 0);
    return told;
  }

  return { open, add, drop, spread };
}
