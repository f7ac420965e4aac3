// The thread in which decoders are fuzzed. It says of each case that it begins it, and its starter sees when it hangs.

import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { createCorpus } from "./corpus.ts";
import { recordCoverage } from "./coverage.ts";
import type { ThreadOrder } from "./guard.ts";
import type { Scene } from "./live/scene.ts";
import { runLoop } from "./loop.ts";
import type { Tally } from "./tally.ts";
import type { FuzzTarget } from "./target.ts";

const order = workerData as ThreadOrder;
const beats = new Int32Array(order.beats);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const until = performance.now() + order.seconds * 1_000;
const beat = (index: number) => {
  Atomics.store(beats, 1, index);
  Atomics.add(beats, 0, 1);
};
const heap = () => {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const isChosen = ({ name }: { readonly name: string }) => order.only === undefined || name === order.only;

// What is to be counted must be loaded after the counting began, so all of the agent is imported late.
const recorder = order.coverage ? await recordCoverage() : undefined;
const tally = order.part === "live" ? await live() : await memory();
tally.coverage = await recorder?.stop(["wire", "net"]);
parentPort?.postMessage(tally);

async function memory(): Promise<Tally> {
  const { targets } = (await import(order.module)) as { readonly targets: readonly FuzzTarget[] };
  const entries: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) entries.push(entry);
  });
  observer.observe({ entryTypes: ["gc"] });
  const { from, count, seed, coverage } = order;
  const now = () => performance.now();
  const made = runLoop(createCorpus(targets.filter(isChosen), seed), {
    from,
    count,
    now,
    until,
    beat,
    heap,
    judge: !coverage,
  });
  // The engine tells of its collections when the event loop turns again.
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const entry of entries) {
    const { duration, detail } = entry as PerformanceEntry & { readonly detail: { readonly flags: number } };
    if ((detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) continue;
    made.collections += 1;
    made.longestCollection = Math.max(made.longestCollection, duration);
  }
  observer.disconnect();
  return made;
}

async function live(): Promise<Tally> {
  const { scenes } = (await import(order.module)) as { readonly scenes: readonly Scene[] };
  const { runLive } = await import("./live/loop.ts");
  const { count, seed } = order;
  return runLive(scenes.filter(isChosen), { seed, count, until, beat, heap });
}
