// What is traced and when: at its interval, and at once what degrades. Nothing here waits, and the kernel stamps what
// arrives, so a thread that does other things besides is good enough (decision 25).

import { randomFillSync } from "node:crypto";
import type { Observe, SubjectKey } from "../estate/observation.ts";
import {
  type MtuResult,
  mtuResults,
  type TraceEnd,
  type Tracing as Traces,
  type TracingObservation,
  traceEnds,
} from "../estate/tracing.ts";
import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { openTraceSockets } from "../net/trace-open.ts";
import type { TraceSockets } from "../net/trace-sockets.ts";
import { createSchedule } from "./schedule.ts";
import { createTracer, type TraceDropKind, type TraceOrder, type Tracer, traceDropKinds } from "./tracer.ts";

export interface TracingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  readonly open?: typeof openTraceSockets;
}

export interface Tracing {
  start(): void;
  /** Resolves when its sockets are closed. */
  stop(): Promise<void>;
  /** Traces it at once, unless one that a degradation asked for was made a moment ago. */
  degraded(of: SubjectKey): void;
  packets(): number;
  traces(): Readonly<Record<TraceEnd, number>>;
  searches(): Readonly<Record<MtuResult, number>>;
  dropped(): Readonly<Record<TraceDropKind, number>>;
}

/** While something is under way it is looked after so often at least. */
const look = milliseconds(20);
/** No timer waits longer: a schedule without targets has no next turn. */
const longestSleep = seconds(3_600);

const word = new Uint32Array(1);
function random(): number {
  randomFillSync(word);
  return word[0] ?? 0;
}

export function createTracing(
  { clock, log, observe, open = openTraceSockets }: TracingDeps,
  config: Traces | undefined,
): Tracing {
  const targets = config?.targets ?? [];
  const placeOf = new Map(targets.map(({ of }, place) => [of, place]));
  const degradedAt = new Map<number, Instant>();
  const traces = createCounters(traceEnds);
  const searches = createCounters(mtuResults);
  const nothingDropped = createCounters(traceDropKinds);
  let tracer: Tracer | undefined;
  let sockets: TraceSockets | undefined;
  let starting: Promise<void> | undefined;
  let cancelLook: () => void = () => undefined;
  let cancelRound: () => void = () => undefined;
  let stopped = false;

  async function begin(config: Traces): Promise<void> {
    const opened = await open(random);
    if (!opened.ok) {
      log.warn({ reason: opened.error }, "no path is traced, and no path MTU is looked for, on this host");
      return;
    }
    sockets = opened.value;
    if (stopped) return;
    tracer = createTracer({ sockets, random, log, observe: count }, targets, config.packetRate);
    schedule(config);
  }

  function count(observation: TracingObservation): void {
    if (observation.kind === "trace") traces.add(observation.end);
    else searches.add(observation.result);
    observe(observation);
  }

  function order(orders: readonly TraceOrder[]): void {
    if (tracer === undefined || orders.length === 0) return;
    tracer.order(orders);
    // Not now: who orders is in the middle of judging.
    lookAfter(tracer, milliseconds(0));
  }

  function lookAfter(of: Tracer, delay: Duration): void {
    cancelLook();
    cancelLook = clock.after(delay, () => {
      const until = of.turn();
      if (of.idle() || sockets === undefined) return;
      lookAfter(of, milliseconds(Math.min(Math.max(until - sockets.now(), 0), look)));
    });
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
    order([...[...targets.keys()].map(traceOf), ...[...targets.keys()].map(searchOf)]);
    const round = () => {
      const at = clock.now();
      order([...rounds.trace.due(at).map(traceOf), ...rounds.mtu.due(at).map(searchOf)]);
      const next = Math.min(rounds.trace.next(), rounds.mtu.next());
      cancelRound = clock.after(milliseconds(Math.min(next - at, longestSleep)), round);
    };
    round();
  }

  return {
    start() {
      if (config === undefined || targets.length === 0) return;
      starting ??= begin(config);
    },
    async stop() {
      stopped = true;
      cancelRound();
      cancelLook();
      await starting;
      sockets?.close();
    },
    degraded(of) {
      const target = placeOf.get(of);
      if (config === undefined || target === undefined || tracer === undefined || stopped) return;
      const now = clock.now();
      const before = degradedAt.get(target);
      if (before !== undefined && elapsed(before, now) < config.pause) return;
      degradedAt.set(target, now);
      order([{ kind: "trace", target, why: "degraded" }]);
    },
    packets: () => tracer?.packets() ?? 0,
    traces: traces.read,
    searches: searches.read,
    dropped: () => tracer?.dropped() ?? nothingDropped.read(),
  };
}
