// The checks of services and internet dependencies as the main thread sees them: starts their worker, hands on what it
// reports, and starts it again when it dies.

import { Worker } from "node:worker_threads";
import type { Observe } from "../estate/observation.ts";
import type { Clock } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { CheckReport, CheckStream } from "./check-messages.ts";
import { endWorker } from "./end-worker.ts";

export interface CheckingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  /** The worker's file, where it is not the one beside this file. */
  readonly worker?: URL;
}

export interface Checking {
  start(): void;
  /** Resolves when the worker has ended. */
  stop(): Promise<void>;
  /** As of the last report. */
  inFlight(): number;
  /** Turns that fell out because the one before had not ended. */
  skipped(): number;
  /** Workers started anew because one died. */
  restarts(): number;
}

/** Before a worker that died is started again; every check takes its own turn then, so there is no burst to fear. */
const pause = seconds(5);

export function createChecking(
  { clock, log, observe, worker: file = new URL("./check-worker.ts", import.meta.url) }: CheckingDeps,
  streams: readonly CheckStream[],
): Checking {
  let inFlight = 0;
  let skipped = 0;
  let restarts = 0;
  let worker: Worker | undefined;
  let cancelRestart: () => void = () => undefined;
  let stopped = true;

  function launch(): void {
    const launched = new Worker(file, { workerData: streams, name: "checks" });
    worker = launched;
    launched.on("message", (report: CheckReport) => {
      inFlight = report.inFlight;
      skipped += report.skipped;
      observe(report.observation);
    });
    launched.on("error", (cause) => log.error({ error: String(cause) }, "the checks' worker failed"));
    launched.on("exit", (code) => {
      if (worker === launched) worker = undefined;
      if (stopped) return;
      log.error({ code, againInMs: pause }, "the checks' worker ended; no service is checked until it is back");
      cancelRestart = clock.after(pause, () => {
        restarts++;
        launch();
      });
    });
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      if (streams.length > 0) launch();
    },
    async stop() {
      stopped = true;
      cancelRestart();
      if (worker !== undefined) await endWorker({ clock, log }, worker, "the checks'");
    },
    inFlight: () => inFlight,
    skipped: () => skipped,
    restarts: () => restarts,
  };
}
