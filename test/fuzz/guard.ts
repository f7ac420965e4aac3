// Runs a part of the fuzzer in a thread, and ends it when it stands still: a decoder that never returns is a failure
// like another, with the case that it hangs on.

import { Worker } from "node:worker_threads";
import { createCorpus } from "./corpus.ts";
import { emptyTally, hexOf, type Tally } from "./tally.ts";
import type { FuzzTarget } from "./target.ts";

export interface ThreadOrder {
  readonly part: "memory" | "live";
  /** Path of the module that exports `targets` (memory) or `scenes` (live). */
  readonly module: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly seconds: number;
  /** Name of the one target to run. */
  readonly only: string | undefined;
  readonly coverage: boolean;
  /** Two Int32: how many cases were begun, and which is the last. */
  readonly beats: SharedArrayBuffer;
}

/** Milliseconds without a new case, after which a decoder is said to hang. */
const hangsAfter = 15_000;

export async function runGuarded(order: Omit<ThreadOrder, "beats">, patience = hangsAfter): Promise<Tally> {
  const shared = new SharedArrayBuffer(8);
  const beats = new Int32Array(shared);
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { workerData: { ...order, beats: shared } });
  const done = new Promise<Tally>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  let last = 0;
  let since = performance.now();
  let stop = () => {};
  const hung = new Promise<undefined>((resolve) => {
    const timer = setInterval(
      () => {
        const now = Atomics.load(beats, 0);
        if (now !== last || now === 0) {
          last = now;
          since = performance.now();
        } else if (performance.now() - since > patience) resolve(undefined);
      },
      Math.min(250, patience / 4),
    );
    stop = () => clearInterval(timer);
  });
  try {
    return (await Promise.race([done, hung])) ?? (await hangOf(order, Atomics.load(beats, 1), patience));
  } finally {
    stop();
    await worker.terminate();
  }
}

async function hangOf(order: Omit<ThreadOrder, "beats">, index: number, patience: number): Promise<Tally> {
  const what = `nothing went on for ${patience} ms`;
  const tally = emptyTally([]);
  if (order.part === "live") {
    tally.failures.push({ kind: "hang", target: "a live scene", index, mutation: "", what, hex: "" });
    return tally;
  }
  const { targets } = (await import(order.module)) as { readonly targets: readonly FuzzTarget[] };
  const chosen = targets.filter(({ name }) => order.only === undefined || name === order.only);
  const { target, mutation, bytes } = createCorpus(chosen, order.seed).caseAt(index);
  tally.failures.push({ kind: "hang", target: target.name, index, mutation, what, hex: hexOf(bytes) });
  return tally;
}
