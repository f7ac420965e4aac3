// The tracer as the main thread sees it: says what is to be traced and when, hands on what was seen, and starts the worker again
// when it dies.

import type { Observe, SubjectKey } from "../estate/observation.ts";
import { type MtuResult, mtuResults, type TraceEnd, type Tracing as Traces, traceEnds } from "../estate/tracing.ts";
import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { createKeptWorker } from "./kept-worker.ts";
import { createSchedule } from "./schedule.ts";
import {
  type FromTracer,
  type TraceDropKind,
  type TraceOrder,
  type TraceOrders,
  type TracerStart,
  traceDropKinds,
} from "./tracer-messages.ts";

export interface TracingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  /** The worker's file, where it is not the one beside this file. */
  readonly worker?: URL;
}

export interface Tracing {
  start(): void;
  /** Resolves when the worker has ended and its sockets are closed. */
  stop(): Promise<void>;
  /** Traces it at once, unless one that a degradation asked for was made a moment ago. */
  degraded(of: SubjectKey): void;
  packets(): number;
  traces(): Readonly<Record<TraceEnd, number>>;
  searches(): Readonly<Record<MtuResult, number>>;
  dropped(): Readonly<Record<TraceDropKind, number>>;
  /** Workers started anew because one died. */
  restarts(): number;
}

/** Before a worker that died is started again. */
const restartPause = seconds(5);
/** No timer waits longer: a schedule without targets has no next turn. */
const longestSleep = seconds(3_600);

export function createTracing(
  { clock, log, observe, worker: file = new URL("./tracer-worker.ts", import.meta.url) }: TracingDeps,
  config: Traces | undefined,
): Tracing {
  const targets = config?.targets ?? [];
  const placeOf = new Map(targets.map(({ of }, place) => [of, place]));
  const degradedAt = new Map<number, Instant>();
  const traces = createCounters(traceEnds);
  const searches = createCounters(mtuResults);
  const dropped = createCounters(traceDropKinds);
  let packets = 0;
  let cancelTurn: () => void = () => undefined;
  let stopped = true;
  let unavailable = false;

  function take(message: FromTracer): void {
    switch (message.kind) {
      case "log":
        log[message.level](message.fields, message.message);
        return;
      case "counts":
        packets += message.packets;
        for (const kind of traceDropKinds) dropped.add(kind, message.dropped[kind]);
        return;
      case "unavailable":
        unavailable = true;
        log.warn({ reason: message.why }, "no path is traced, and no path MTU is looked for, on this host");
        return;
      case "observed": {
        const { observation } = message;
        if (observation.kind === "trace") traces.add(observation.end);
        else searches.add(observation.result);
        observe(observation);
      }
    }
  }

  const worker = createKeptWorker<TraceOrders, FromTracer>(
    { clock, log },
    {
      file,
      name: "tracing",
      whose: "the tracer's",
      standstill: "nothing is traced",
      pause: { shortest: restartPause, longest: restartPause },
      data: (): TracerStart => ({ targets, packetRate: config?.packetRate ?? 0 }),
      take,
      lasting: () => !unavailable,
    },
  );

  function order(orders: readonly TraceOrder[]): void {
    if (orders.length > 0) worker.tell({ kind: "order", orders });
  }

  /** All of them at first, so that there is something to compare with; then each at its turn. */
  function schedule({ interval, mtuInterval }: Traces): void {
    const every = <T>(value: T) => targets.map(() => value);
    const now = clock.now();
    const rounds = {
      trace: createSchedule(every(interval), later(now, interval)),
      mtu: createSchedule(every(mtuInterval), later(now, mtuInterval)),
    };
    const traceOf = (target: number): TraceOrder => ({ kind: "trace", target, why: "scheduled" });
    const searchOf = (target: number): TraceOrder => ({ kind: "mtu", target });
    order([...targets.keys()].map(traceOf));
    order([...targets.keys()].map(searchOf));
    const turn = () => {
      const at = clock.now();
      order(rounds.trace.due(at).map(traceOf));
      order(rounds.mtu.due(at).map(searchOf));
      const next = Math.min(rounds.trace.next(), rounds.mtu.next());
      cancelTurn = clock.after(milliseconds(Math.min(next - at, longestSleep)), turn);
    };
    turn();
  }

  return {
    start() {
      if (config === undefined || targets.length === 0 || !stopped) return;
      stopped = false;
      worker.start();
      schedule(config);
    },
    async stop() {
      stopped = true;
      cancelTurn();
      await worker.stop();
    },
    degraded(of) {
      const target = placeOf.get(of);
      if (config === undefined || target === undefined || stopped) return;
      const now = clock.now();
      const before = degradedAt.get(target);
      if (before !== undefined && elapsed(before, now) < config.pause) return;
      degradedAt.set(target, now);
      order([{ kind: "trace", target, why: "degraded" }]);
    },
    packets: () => packets,
    traces: traces.read,
    searches: searches.read,
    dropped: dropped.read,
    restarts: worker.restarts,
  };
}
