// Rows of unsigned 64-bit numbers as pairs of 32-bit words in one array: exact, as a double is not, and
// changed in place, so that counters which move at every poll leave nothing behind for the garbage collector.

import type { Counter } from "../estate/observation.ts";

/** The high words of all numbers, then the low ones. An unknown number has NaN for its high word. */
export type Words = Float64Array;

const wordSize = 0x1_0000_0000;

/** All unknown. */
export function createWords(count: number): Words {
  return new Float64Array(count * 2).fill(Number.NaN);
}

export function isKnown(words: Words, i: number): boolean {
  return !Number.isNaN(words[i]);
}

export function setWord(words: Words, i: number, value: Counter | undefined): void {
  const half = words.length >> 1;
  if (typeof value === "number") {
    const low = value >>> 0;
    words[i] = (value - low) / wordSize;
    words[half + i] = low;
  } else if (value === undefined) {
    words[i] = Number.NaN;
  } else {
    words[i] = Number(value >> 32n);
    words[half + i] = Number(value & 0xffff_ffffn);
  }
}

export function copyWord(words: Words, i: number, from: Words): void {
  const half = words.length >> 1;
  words[i] = from[i] ?? Number.NaN;
  words[half + i] = from[half + i] ?? Number.NaN;
}

/** As near as a double comes; exact below 2^53. Undefined when unknown. */
export function doubleOf(words: Words, i: number): number | undefined {
  const high = words[i] ?? Number.NaN;
  return Number.isNaN(high) ? undefined : high * wordSize + (words[(words.length >> 1) + i] ?? 0);
}

/** Two known numbers at the same place. */
export function isSame(a: Words, b: Words, i: number): boolean {
  const half = a.length >> 1;
  return a[i] === b[i] && a[half + i] === b[half + i];
}

export function isLess(a: Words, b: Words, i: number): boolean {
  const [high = 0, other = 0] = [a[i], b[i]];
  const half = a.length >> 1;
  return high < other || (high === other && (a[half + i] ?? 0) < (b[half + i] ?? 0));
}

/** What leads from `from` to `to` modulo 2^bits. Exact below 2^53, which 100 Gbit/s take eight days for. */
export function difference(from: Words, to: Words, i: number, bits: 32 | 64): number {
  const half = from.length >> 1;
  let low = (to[half + i] ?? 0) - (from[half + i] ?? 0);
  const borrow = low < 0 ? 1 : 0;
  low += borrow * wordSize;
  if (bits === 32) return low;
  const high = (to[i] ?? 0) - (from[i] ?? 0) - borrow;
  return (high < 0 ? high + wordSize : high) * wordSize + low;
}

/** Adds to a known number. */
export function growWord(words: Words, i: number, by: number): void {
  const half = words.length >> 1;
  const low = (words[half + i] ?? 0) + by;
  if (low < wordSize) {
    words[half + i] = low;
    return;
  }
  const carry = Math.floor(low / wordSize);
  words[i] = (words[i] ?? 0) + carry;
  words[half + i] = low - carry * wordSize;
}
