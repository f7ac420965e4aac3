// The tracer's thread, apart from the prober's: a trace waits for its answers, and must make no probe wait.

import { randomFillSync } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { openTraceSockets } from "../net/trace-open.ts";
import type { Loaded, Stop } from "./kept-worker.ts";
import { createTracer } from "./tracer.ts";
import type { FromTracer, TraceOrders, TracerStart } from "./tracer-messages.ts";

const word = new Uint32Array(1);

function random(): number {
  randomFillSync(word);
  return word[0] ?? 0;
}

async function run(port: NonNullable<typeof parentPort>, { targets, packetRate }: TracerStart): Promise<void> {
  const emit = (message: FromTracer) => port.postMessage(message);
  const opened = await openTraceSockets(random);
  port.postMessage("loaded" satisfies Loaded);
  if (!opened.ok) {
    emit({ kind: "unavailable", why: opened.error });
    port.close();
    return;
  }
  const sockets = opened.value;
  const tracer = createTracer({ sockets, random, emit }, targets, packetRate);
  let stopping = false;
  let wake: () => void = () => undefined;
  port.on("message", (message: TraceOrders | Stop) => {
    if (message.kind === "stop") stopping = true;
    else tracer.order(message.orders);
    wake();
  });
  try {
    while (!stopping) {
      const until = tracer.turn();
      if (!tracer.idle()) await sockets.wait(until);
      else {
        // Without a poll: nobody is awaited.
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    sockets.close();
    port.close();
  }
}

if (parentPort === null) throw new Error("the tracer's worker was started as a program");
await run(parentPort, workerData as TracerStart);
