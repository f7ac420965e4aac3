// The loop of the fuzzer: makes one case after the other, has it read, and holds what must hold.

import type { Case, Corpus } from "./corpus.ts";
import { emptyTally, type Failure, hexOf, median, noteSlow, type Slow, slowEnough, type Tally } from "./tally.ts";
import { outcomeOf, Violation } from "./target.ts";

/** Nothing that arrives may hold the event loop for longer (milliseconds). */
export const longestBlock = 20;
/** Above a base, work is bounded by size: a datagram of 65,507 octets stays below `longestBlock`. */
const baseWork = 0.4;
const workPerOctet = 0.000_28;

export const workBound = (octets: number) => Math.min(longestBlock, baseWork + workPerOctet * octets);

/** Failures of one part after which it stops: more say nothing new. */
const mostFailures = 20;
const rereadings = 100;

export interface LoopOptions {
  readonly from: number;
  readonly count: number;
  /** Milliseconds, from a clock that the caller chooses. */
  readonly now: () => number;
  /** By that clock; the loop ends then at the latest. */
  readonly until: number;
  /** Told of each case before it is read, so that somebody else sees where the loop stands still. */
  readonly beat: (index: number) => void;
  /** Whether slow readings are read again and judged; not where something else makes them slow. */
  readonly judge: boolean;
  /** Called at even distances; gives the heap in MiB after a collection. */
  readonly heap: () => number;
}

const heapSamples = 10;

export function runLoop(corpus: Corpus, { from, count, now, until, beat, heap, judge }: LoopOptions): Tally {
  const tally = emptyTally(corpus.targets.map(({ name }) => name));
  const sampleEvery = Math.max(1, Math.floor(count / heapSamples));
  for (let index = from; index < from + count && tally.failures.length < mostFailures; index++) {
    if (index % 256 === 0 && now() > until) break;
    beat(index);
    const one = made(corpus, index, tally.failures);
    if (one === undefined) break;
    const of = tally.targets[one.of];
    if (of === undefined) break;
    const { outcome, once } = readOnce(one, now, tally.failures);
    of.messages += 1;
    of.timed += 1;
    of.octets += one.bytes.length;
    of.milliseconds += once;
    of.outcomes[outcome] = (of.outcomes[outcome] ?? 0) + 1;
    of.classes[one.mutation] = (of.classes[one.mutation] ?? 0) + 1;
    of.longest = Math.max(of.longest, once);
    if (judge && once > slowEnough(of)) {
      // The best of a few readings: a collection or another process does not meet all of them.
      const again = Math.min(once, ...[1, 2].map(() => readOnce(one, now, []).once));
      const slow = { index, octets: one.bytes.length, mutation: one.mutation, once, again };
      if (again > slowEnough(of)) noteSlow(of, slow);
    }
    if ((index - from) % sampleEvery === sampleEvery - 1) {
      corpus.forget();
      tally.heap.push(heap());
    }
  }
  for (const { name, slowest } of judge ? tally.targets : []) {
    for (const slow of slowest) judgeSlow(corpus, name, slow, now, beat, tally.failures);
  }
  return tally;
}

/** MiB that the heap may gain over a run: what was compiled on the way, never what was read. */
const mostGrowth = 8;

/** Undefined while the heap is flat; `heap` is what `Tally.heap` holds. */
export function growth(heap: readonly number[]): Failure | undefined {
  const [, early = 0] = heap;
  const grown = (heap.at(-1) ?? 0) - early;
  if (heap.length < 3 || grown <= mostGrowth) return undefined;
  const what = `the heap grew by ${grown.toFixed(1)} MiB`;
  return { kind: "memory", target: "all", index: 0, mutation: "", what, hex: "" };
}

function made(corpus: Corpus, index: number, failures: Failure[]): Case | undefined {
  try {
    return corpus.caseAt(index);
  } catch (error) {
    failures.push({ kind: "unread", target: "", index, mutation: "", what: textOf(error), hex: "" });
    return undefined;
  }
}

function readOnce(
  { bytes, read, target, index, mutation }: Case,
  now: () => number,
  failures: Failure[],
): { readonly outcome: string; readonly once: number } {
  const began = now();
  let once = 0;
  try {
    const outcome = read(bytes);
    once = now() - began;
    return { outcome: outcomeOf(outcome), once };
  } catch (error) {
    const kind = error instanceof Violation ? "violation" : "crash";
    failures.push({ kind, target: target.name, index, mutation, what: textOf(error), hex: hexOf(bytes) });
    return { outcome: kind, once };
  }
}

/** What was slow once may have met a collection or another process; what is slow every time is our own work. */
function judgeSlow(
  corpus: Corpus,
  target: string,
  slow: Slow,
  now: () => number,
  beat: (index: number) => void,
  failures: Failure[],
): void {
  const { index, octets, mutation } = slow;
  beat(index);
  const one = made(corpus, index, failures);
  if (one === undefined) return;
  const times: number[] = [];
  for (let i = 0; i < rereadings; i++) {
    times.push(readOnce(one, now, []).once);
  }
  slow.again = median(times);
  if (slow.again <= workBound(octets)) return;
  const what = `${octets} octets take ${slow.again.toFixed(2)} ms (median of ${rereadings}); the bound is ${workBound(octets).toFixed(2)} ms`;
  failures.push({ kind: "slow", target, index, mutation, what, hex: hexOf(one.bytes) });
}

function textOf(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
