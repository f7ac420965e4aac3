// The prober as the main thread sees it: starts its worker, hands on what it reports, and starts it again
// when it dies.

import { Worker } from "node:worker_threads";
import type { Observe } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { SocketKind } from "../net/probe-open.ts";
import { endWorker } from "./end-worker.ts";
import {
  type FromWorker,
  type ProbeDropKind,
  type ProbeStream,
  probeDropKinds,
  type ToWorker,
  type WorkerStart,
} from "./messages.ts";

export interface ProbingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  /** `portable` does without libc even where it could be had. */
  readonly sockets?: SocketKind;
  /** The worker's file, where it is not the one beside this file. */
  readonly worker?: URL;
}

export interface Probing {
  start(): void;
  /** Probes these streams too; they replace those given before. */
  besides(streams: readonly ProbeStream[]): void;
  /** Resolves when the worker has ended and its sockets are closed. */
  stop(): Promise<void>;
  /** Datagrams that answered no probe of ours, by kind. */
  dropped(): Readonly<Record<ProbeDropKind, number>>;
  /** Workers started anew because one died. */
  restarts(): number;
  /** Probes that were never sent because this host did not get to them in time. */
  skipped(): number;
}

const shortestBackoff = seconds(1);
const longestBackoff = seconds(30);
/** A worker that lived this long did not die of its start. */
const healthyAfter = seconds(60);

export function createProbing(
  { clock, log, observe, sockets = "kernel", worker: file = new URL("./worker.ts", import.meta.url) }: ProbingDeps,
  streams: readonly ProbeStream[],
): Probing {
  const dropped: Counters<ProbeDropKind> = createCounters(probeDropKinds);
  const places = new Map(streams.map(({ of, index }, number) => [`${index} ${of}`, number]));
  const lastReceivedAt: (Instant | undefined)[] = streams.map(() => undefined);
  let restarts = 0;
  let skipped = 0;
  let backoff: Duration = shortestBackoff;
  let worker: Worker | undefined;
  let cancelRestart: () => void = () => undefined;
  let stopped = true;
  /** There was nothing to probe yet, hence no worker. */
  let idle = true;
  let others: readonly ProbeStream[] = [];

  function tell(of: Worker, message: ToWorker): void {
    of.postMessage(message);
  }

  function take(message: FromWorker): void {
    if (message.kind === "log") {
      log[message.level](message.fields, message.message);
      return;
    }
    if (message.kind === "loop") {
      observe({ ...message, thread: "probing" });
      return;
    }
    for (const kind of probeDropKinds) dropped.add(kind, message.dropped[kind]);
    skipped += message.skipped;
    for (const observation of message.observations) {
      const place = places.get(`${observation.index} ${observation.of}`);
      if (place !== undefined) lastReceivedAt[place] = observation.lastReceivedAt;
      observe(observation);
    }
  }

  function launch(): void {
    idle = false;
    const startedAt = clock.now();
    const data: WorkerStart = {
      streams: streams.map((stream) => ({ ...stream, target: { ...stream.target, key: undefined } })),
      keys: streams.map(({ target }) => target.key?.reveal()),
      sockets,
      lastReceivedAt,
    };
    const launched = new Worker(file, { workerData: data, name: "probing" });
    worker = launched;
    if (others.length > 0) tell(launched, { kind: "besides", streams: others });
    launched.on("message", take);
    launched.on("error", (cause) => log.error({ error: String(cause) }, "the prober's worker failed"));
    launched.on("exit", (code) => {
      if (worker === launched) worker = undefined;
      if (stopped) return;
      if (elapsed(startedAt, clock.now()) >= healthyAfter) backoff = shortestBackoff;
      log.error({ code, againInMs: backoff }, "the prober's worker ended; nothing is measured until it is back");
      cancelRestart = clock.after(backoff, () => {
        restarts++;
        launch();
      });
      backoff = Math.min(backoff * 2, longestBackoff) as Duration;
    });
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      if (streams.length + others.length > 0) launch();
    },
    besides(wanted) {
      others = wanted;
      if (worker !== undefined) tell(worker, { kind: "besides", streams: wanted });
      else if (!stopped && idle && wanted.length > 0) launch();
    },
    async stop() {
      stopped = true;
      cancelRestart();
      if (worker !== undefined) await endWorker({ clock, log }, worker, "the prober's");
    },
    dropped: dropped.read,
    restarts: () => restarts,
    skipped: () => skipped,
  };
}
