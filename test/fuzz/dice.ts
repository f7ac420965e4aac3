// All chance of the fuzzer comes from a seed and the number of the case, so that each case can be made again alone.

import { seededRandom } from "../support/clock.ts";

export interface Dice {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `n`. */
  below(n: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  octets(length: number): Uint8Array;
}

export function diceAt(seed: number, index: number): Dice {
  const next = seededRandom(Math.imul(seed ^ 0x5bd1_e995, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    pick: (list) => {
      const picked = list[below(list.length)];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
    octets(length) {
      const octets = new Uint8Array(length);
      for (let i = 0; i < length; i++) octets[i] = below(256);
      return octets;
    },
  };
}
