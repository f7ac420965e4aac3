// The prober's thread. Nothing that happens on the main thread can move a measurement here.

import { randomFillSync } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { type Instant, monotonicNow } from "../lib/clock.ts";
import { Secret } from "../lib/secret.ts";
import { openProbeSockets } from "../net/probe-open.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import { createPace } from "./pace.ts";

const pool = new Uint32Array(1_024);
let used = pool.length;

function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

async function run(
  port: NonNullable<typeof parentPort>,
  { streams: keyless, keys, sockets: wanted, lastReceivedAt }: WorkerStart,
) {
  const emit = (message: FromWorker) => port.postMessage(message);
  const streams = keyless.map((stream, i) => {
    const key = keys[i];
    return key === undefined ? stream : { ...stream, target: { ...stream.target, key: new Secret(key) } };
  });
  let stopping = false;
  let besides: WorkerStart["streams"] | undefined;
  port.on("message", (message: ToWorker) => {
    if (message.kind === "stop") stopping = true;
    else besides = message.streams;
  });

  const { sockets, kind, why } = await openProbeSockets(random, wanted);
  try {
    if (kind !== wanted) {
      const message = `delays are stamped by this process, not by the kernel, and ICMP is not available: ${why}`;
      emit({ kind: "log", level: "warn", fields: {}, message });
    }
    const engine = createEngine({ sockets, random, emit }, streams, lastReceivedAt);
    await engine.open();
    let second: Engine | undefined;
    const pace = createPace(emit);
    while (!stopping) {
      if (besides !== undefined) {
        second?.close();
        second = createEngine({ sockets, random, emit }, besides);
        besides = undefined;
        await second.open();
      }
      const first = await engine.turn();
      const due = second === undefined ? first : (Math.min(first, await second.turn()) as Instant);
      await sockets.wait(due);
      pace.turned(due, monotonicNow());
    }
    engine.report();
  } finally {
    sockets.close();
    port.close();
  }
}

if (parentPort === null) throw new Error("the prober's worker was started as a program");
await run(parentPort, workerData as WorkerStart);
