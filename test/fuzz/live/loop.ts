// One scene after the other, each with its share of the messages.

import { longestBlock } from "../loop.ts";
import { emptyTally, type Failure, hexOf, type Tally } from "../tally.ts";
import { Violation } from "../target.ts";
import { createAttacker, type Scene } from "./scene.ts";
import { startStopwatch } from "./stopwatch.ts";

export interface LiveOptions {
  readonly seed: number;
  readonly count: number;
  /** On the clock of `performance.now`. */
  readonly until: number;
  readonly beat: (index: number) => void;
  /** Gives the heap in MiB after a collection. */
  readonly heap: () => number;
}

export async function runLive(scenes: readonly Scene[], options: LiveOptions): Promise<Tally> {
  const { seed, count, until, beat, heap } = options;
  const tally = emptyTally(scenes.map(({ name }) => name));
  const watch = startStopwatch();
  let made = 0;
  const share = Math.ceil(count / scenes.length);
  for (const [i, { name, run }] of scenes.entries()) {
    const of = tally.targets[i];
    if (of === undefined) continue;
    const attacker = createAttacker(seed + i, of, watch.mine, () => beat(made++));
    const fail = (kind: Failure["kind"], what: string, hex: string) =>
      tally.failures.push({ kind, target: name, index: of.messages, mutation: "", what, hex });
    let sampled = 0;
    const enough = () => {
      // A collection between polls, half-way and at the end: what a scene holds must not grow with its messages.
      if (of.messages > (sampled * share) / 2) {
        tally.heap.push(heap());
        sampled += 1;
      }
      return of.messages >= share || performance.now() > until;
    };
    try {
      await run(attacker, enough);
    } catch (error) {
      const isViolation = error instanceof Violation;
      const what = isViolation ? error.message : error instanceof Error ? (error.stack ?? "") : String(error);
      fail(isViolation ? "violation" : "crash", what, attacker.recent().join("\n  hex: "));
    }
    const { milliseconds, slowest } = watch.taken();
    of.milliseconds = milliseconds;
    for (const { wall, work, bytes } of slowest) {
      of.longest = Math.max(of.longest, wall);
      of.slowest.push({ index: 0, octets: bytes.length, mutation: "", once: wall, again: work });
      if (work > longestBlock) fail("slow", `${bytes.length} octets held the event loop for ${work} ms`, hexOf(bytes));
    }
  }
  return { ...tally, ...watch.stop() };
}
