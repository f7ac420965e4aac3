// What a run of the fuzzer saw.

import { mutationClasses } from "./classes.ts";
import type { CoverageByFile } from "./coverage.ts";

export interface Failure {
  readonly kind: "crash" | "violation" | "hang" | "slow" | "memory" | "unread";
  readonly target: string;
  /** Number of the case: with the seed of the run it makes the message again. */
  readonly index: number;
  readonly mutation: string;
  readonly what: string;
  /** The message in hexadecimal. */
  readonly hex: string;
}

/** A message that took long when it was read. */
export interface Slow {
  readonly index: number;
  readonly octets: number;
  readonly mutation: string;
  /** Milliseconds of the first reading, with whatever else the machine did then. */
  readonly once: number;
  /** What it takes by itself: the median of many readings, or (live) the processor time without collections. */
  again: number;
}

export interface TargetTally {
  readonly name: string;
  messages: number;
  /** Of those, how many were timed, and what they took together. */
  timed: number;
  octets: number;
  milliseconds: number;
  readonly outcomes: Record<string, number>;
  readonly classes: Record<string, number>;
  /** Milliseconds of the longest reading, whatever made it long. */
  longest: number;
  /** Those that are slow by themselves, the slowest first. */
  slowest: Slow[];
}

export interface Tally {
  readonly targets: readonly TargetTally[];
  readonly failures: Failure[];
  /** MiB of heap after a forced collection, at even distances. */
  readonly heap: number[];
  /** Collections that fell into the run, and the longest in milliseconds. */
  collections: number;
  longestCollection: number;
  /** Milliseconds. */
  longestLoopDelay: number;
  coverage: CoverageByFile | undefined;
}

export function emptyTally(names: readonly string[]): Tally {
  return {
    targets: names.map((name) => ({
      name,
      messages: 0,
      timed: 0,
      octets: 0,
      milliseconds: 0,
      outcomes: {},
      classes: Object.fromEntries(mutationClasses.map((of) => [of.name, 0])),
      longest: 0,
      slowest: [],
    })),
    failures: [],
    heap: [],
    collections: 0,
    longestCollection: 0,
    longestLoopDelay: 0,
    coverage: undefined,
  };
}

const keptSlow = 3;

/** Milliseconds that a reading must take by itself to be kept with the slowest. */
export function slowEnough({ slowest }: TargetTally): number {
  return slowest.length < keptSlow ? 0 : (slowest.at(-1)?.again ?? 0);
}

export function noteSlow(of: TargetTally, slow: Slow): void {
  of.slowest = [...of.slowest, slow].sort((a, b) => b.again - a.again).slice(0, keptSlow);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
