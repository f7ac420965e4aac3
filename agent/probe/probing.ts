// The prober as the main thread sees it: starts its worker, hands on what it reports, and starts it again
// when it dies.

import type { Observe } from "../estate/observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { SocketKind } from "../net/probe-open.ts";
import { createKeptWorker } from "./kept-worker.ts";
import {
  type Besides,
  type FromWorker,
  type ProbeDropKind,
  type ProbeStream,
  probeDropKinds,
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

/** Before a worker that died is started again. */
const pause = { shortest: seconds(1), longest: seconds(30) };

export function createProbing(
  { clock, log, observe, sockets = "kernel", worker: file = new URL("./worker.ts", import.meta.url) }: ProbingDeps,
  streams: readonly ProbeStream[],
): Probing {
  const dropped: Counters<ProbeDropKind> = createCounters(probeDropKinds);
  const places = new Map(streams.map(({ of, index }, number) => [`${index} ${of}`, number]));
  const lastReceivedAt: (Instant | undefined)[] = streams.map(() => undefined);
  let skipped = 0;
  let stopped = true;
  let others: readonly ProbeStream[] = [];

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

  const worker = createKeptWorker<Besides, FromWorker>(
    { clock, log },
    {
      file,
      name: "probing",
      whose: "the prober's",
      standstill: "nothing is measured",
      pause,
      data: (): WorkerStart => ({
        streams: streams.map((stream) => ({ ...stream, target: { ...stream.target, key: undefined } })),
        keys: streams.map(({ target }) => target.key?.reveal()),
        sockets,
        lastReceivedAt,
      }),
      greeting: () => (others.length > 0 ? { kind: "besides", streams: others } : undefined),
      take,
    },
  );

  return {
    start() {
      stopped = false;
      if (streams.length + others.length > 0) worker.start();
    },
    besides(wanted) {
      others = wanted;
      worker.tell({ kind: "besides", streams: wanted });
      if (!stopped && wanted.length > 0) worker.start();
    },
    async stop() {
      stopped = true;
      await worker.stop();
    },
    dropped: dropped.read,
    restarts: worker.restarts,
    skipped: () => skipped,
  };
}
