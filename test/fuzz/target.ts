// What the fuzzer needs to know of a decoder.

import type { Dice } from "./dice.ts";

/** A message as our own encoders wrote it, and what reads it. */
export interface Seed {
  readonly bytes: Uint8Array;
  /** Makes good again what the outside would refuse at once: a checksum, a digest, the encryption. */
  readonly seal?: (mutated: Uint8Array) => Uint8Array;
  /**
   * Reads octets whatever they are; gives the name of the outcome (`accepted`, or a fault's kind), which is counted,
   * or what gives that name when it has looked closer: only the reading itself is timed.
   * Throws a `Violation` when a promise does not hold; anything else that it throws is a crash of the decoder.
   */
  readonly read: (octets: Uint8Array) => Outcome;
}

export type Outcome = string | (() => string);

export interface FuzzTarget {
  readonly name: string;
  /** How many messages it gets, compared with others. */
  readonly weight: number;
  /** The exported functions of agent/wire that `read` runs; `fuzz.test.ts` finds those that nobody names. */
  // biome-ignore lint/complexity/noBannedTypes: any function, only to be found again.
  readonly exercises: readonly Function[];
  /** A new seed, from chance alone. As it is, it must be read as `accepted`. */
  readonly seed: (dice: Dice) => Seed;
}

export function outcomeOf(outcome: Outcome): string {
  return typeof outcome === "string" ? outcome : outcome();
}

/** A promise that does not hold. */
export class Violation extends Error {}

export function hold(promise: boolean, what: string): void {
  if (!promise) throw new Violation(what);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
