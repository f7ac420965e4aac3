// The prober's thread. Nothing that happens on the main thread can move a measurement here.

import { randomFillSync } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { type Instant, monotonicNow } from "../lib/clock.ts";
import { Secret } from "../lib/secret.ts";
import { parseEndpoint } from "../net/endpoint.ts";
import { startFping } from "../net/fping.ts";
import { openProbeSockets } from "../net/probe-open.ts";
import { createEngine, type Engine } from "./engine.ts";
import { createFpingEngine } from "./fping-engine.ts";
import type { Loaded, Stop } from "./kept-worker.ts";
import type { Besides, FromWorker, ProbeStream, WorkerStart } from "./messages.ts";
import { createOutletNews } from "./outlet-news.ts";
import { createPace } from "./pace.ts";

const pool = new Uint32Array(1_024);
let used = pool.length;

/** Milliseconds. */
const fpingEvery = 250;

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
  port.on("message", (message: Besides | Stop) => {
    if (message.kind === "stop") stopping = true;
    else besides = message.streams;
  });

  const { sockets, kind, why } = await openProbeSockets(random, wanted);
  port.postMessage("loaded" satisfies Loaded);
  // What is no address is left to the engine, which says so.
  const isFpings = ({ target }: ProbeStream) =>
    kind === "portable" && target.technique === "icmp" && parseEndpoint(target.address, 0) !== undefined;
  const received = (of: (stream: ProbeStream) => boolean) =>
    lastReceivedAt.filter((_, i) => of(streams[i] as ProbeStream));
  const fping = createFpingEngine(
    { now: monotonicNow, emit, start: startFping },
    streams.filter(isFpings),
    received(isFpings),
  );
  const isOurs = (stream: ProbeStream) => !isFpings(stream);
  const tick = setInterval(() => {
    fping.turn();
    fping.report();
  }, fpingEvery);
  try {
    if (kind !== wanted) {
      const message = `delays are stamped by this process, not by the kernel, and ICMP goes by fping: ${why}`;
      emit({ kind: "log", level: "warn", fields: {}, message });
    }
    const deps = { sockets, random, emit, news: createOutletNews(emit) };
    const engine = createEngine(deps, streams.filter(isOurs), received(isOurs));
    await engine.open();
    let second: Engine | undefined;
    const pace = createPace(emit);
    while (!stopping) {
      if (besides !== undefined) {
        second?.close();
        second = createEngine(deps, besides);
        besides = undefined;
        await second.open();
      }
      const first = await engine.turn();
      const due = second === undefined ? first : (Math.min(first, await second.turn()) as Instant);
      await sockets.wait(due);
      pace.turned(due, monotonicNow());
    }
    engine.report();
    fping.report();
  } finally {
    clearInterval(tick);
    fping.stop();
    sockets.close();
    port.close();
  }
}

if (parentPort === null) throw new Error("the prober's worker was started as a program");
await run(parentPort, workerData as WorkerStart);
