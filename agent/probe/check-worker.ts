// The thread of the checks. A TLS handshake takes 2 ms of a processor, which the main thread cannot spare in bursts and
// the prober's thread not at all; and here nothing that the main thread does is measured as the slowness of a server.

import { parentPort, workerData } from "node:worker_threads";
import { systemClock as clock } from "../lib/clock.ts";
import { runCheck } from "./check.ts";
import type { CheckReport, CheckStart, CheckStream } from "./check-messages.ts";
import { createCheckTurns } from "./check-turns.ts";
import type { Loaded, Stop } from "./kept-worker.ts";

function run(port: NonNullable<typeof parentPort>, { streams, authorizations }: CheckStart): void {
  let reported = 0;
  const turns = createCheckTurns(
    {
      clock,
      run: (index) => runCheck(clock, streamAt(streams, index).check, authorizations[index]),
      done(index, result) {
        const { of, check } = streamAt(streams, index);
        const { technique } = check;
        const observation = {
          kind: "check",
          of,
          index: streamAt(streams, index).index,
          technique,
          at: clock.now(),
          ...result,
        } as const;
        const skipped = turns.skipped() - reported;
        reported += skipped;
        port.postMessage({ observation, skipped, inFlight: turns.inFlight() } satisfies CheckReport);
      },
    },
    streams.map(({ of, index, check: { label, interval } }) => ({ name: `${of} ${label} ${index}`, interval })),
  );
  port.on("message", ({ kind }: Stop) => {
    if (kind !== "stop") return;
    turns.stop();
    // What is in flight would hold the thread until its deadline.
    port.close();
    process.exit(0);
  });
  port.postMessage("loaded" satisfies Loaded);
  turns.start();
}

function streamAt(streams: readonly CheckStream[], index: number): CheckStream {
  const stream = streams[index];
  if (stream === undefined) throw new Error(`there is no check ${index}`);
  return stream;
}

if (parentPort === null) throw new Error("the checks' worker was started as a program");
run(parentPort, workerData as CheckStart);
