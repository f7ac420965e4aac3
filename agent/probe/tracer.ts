// Traces and searches, a few at once and slowly enough for routers that limit their ICMP. Sockets, time and randomness are handed
// in.

import type { Traced, TraceReason, TracingObservation } from "../estate/tracing.ts";
import { type Instant, later } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { createQueue } from "../lib/queue.ts";
import { createTokenBucket } from "../lib/token-bucket.ts";
import { type Endpoint, formatAddress, parseEndpoint, sameEndpoint } from "../net/endpoint.ts";
import type { TraceProfile, TraceSocket, TraceSockets } from "../net/trace-sockets.ts";
import type { ExtendedError } from "../wire/extended-error.ts";
import type { Quoted } from "../wire/trace-probe.ts";
import { createOverflow, type Overflow } from "./overflow.ts";
import { readTraceAnswer, readTraceError, writeTraceProbe } from "./trace-answer.ts";
import { createMtuJob, createTraceJob, type JobProbe, type TraceJob } from "./trace-job.ts";

/** Traces and searches under way at once. */
const mostRunning = 8;
/** Packets that may leave together. */
const burst = 6;
/** An answer that comes later is no longer taken for one that a probe may have caused. */
const memory = milliseconds(3_000);

/** `target`: its place in the list that the tracer was made with. */
export type TraceOrder =
  | { readonly kind: "trace"; readonly target: number; readonly why: TraceReason }
  | { readonly kind: "mtu"; readonly target: number };

/**
 * What arrived and answered no probe of ours. `malformed`: no message that is read here. `foreign`: of no probe that is under
 * way. `forged`: names one, and does not know its random bits. `wrongSource`: knows them, and comes from elsewhere.
 * `ambiguous`: quotes so little that it may be of one of several. `overflow`: found no room, so that nobody knows what it was.
 */
export const traceDropKinds = ["malformed", "foreign", "forged", "wrongSource", "ambiguous", "overflow"] as const;
export type TraceDropKind = (typeof traceDropKinds)[number];

export interface TracerDeps {
  readonly sockets: TraceSockets;
  /** 32 random bits. */
  readonly random: () => number;
  readonly log: Logger;
  readonly observe: (observation: TracingObservation) => void;
}

export interface Tracer {
  order(orders: readonly TraceOrder[]): void;
  /** Does what is to be done now; gives when the next is due. */
  turn(): Instant;
  /** Nothing is under way, nor waits. */
  idle(): boolean;
  /** Sent so far. */
  packets(): number;
  dropped(): Readonly<Record<TraceDropKind, number>>;
}

interface Sent {
  readonly probe: JobProbe;
  readonly at: Instant;
}

interface Running {
  readonly order: TraceOrder;
  readonly job: TraceJob;
  readonly outlet: Outlet;
  readonly to: Endpoint;
  readonly cookie: readonly [number, number];
  /** By tag. */
  readonly sent: Map<number, Sent>;
}

interface Outlet {
  readonly profile: TraceProfile;
  socket: TraceSocket | undefined;
  tag: number;
  problem: string;
  readonly overflow: Overflow;
  /** What has arrived before has been read. */
  readAt: Instant;
  readonly running: Set<Running>;
}

export function createTracer(
  { sockets, random, log, observe }: TracerDeps,
  targets: readonly Traced[],
  packetRate: number,
): Tracer {
  const outlets = new Map<string, Outlet>();
  const urgent = createQueue<TraceOrder>();
  const routine = createQueue<TraceOrder>();
  const waiting = new Set<string>();
  const running = new Set<Running>();
  const bucket = createTokenBucket({ perSecond: packetRate, burst: Math.min(burst, packetRate) });
  const dropped = createCounters(traceDropKinds);
  let packets = 0;

  /** One socket for traces and searches: both are to be the same flow. */
  function outletOf(target: Traced): Outlet {
    const { technique, interface: name, dscp } = target;
    const source = target.source === undefined ? undefined : parseEndpoint(target.source, 0);
    const family = target.address.includes(":") ? 6 : 4;
    const profile: TraceProfile = { technique, family, source, interface: name, dscp };
    const place = JSON.stringify(profile);
    const known = outlets.get(place);
    if (known !== undefined) return known;
    const outlet: Outlet = {
      profile,
      socket: undefined,
      tag: random() & 0xffff,
      problem: "",
      overflow: createOverflow(),
      readAt: sockets.now(),
      running: new Set(),
    };
    outlets.set(place, outlet);
    return outlet;
  }

  /** The reason when there is no socket, told once. */
  function open(outlet: Outlet): string | undefined {
    if (outlet.socket !== undefined) return undefined;
    const opened = sockets.open(outlet.profile);
    if (opened.ok) {
      outlet.socket = opened.value;
      outlet.problem = "";
      return undefined;
    }
    const { message, kind } = opened.error;
    if (message !== outlet.problem) {
      const { technique, family } = outlet.profile;
      log.warn({ technique, family, reason: kind }, `cannot trace: ${message}`);
    }
    outlet.problem = message;
    return message;
  }

  /** False: not now, another of its kind is under way. */
  function begin(order: TraceOrder): boolean {
    const target = targets[order.target];
    const to = target && parseEndpoint(target.address, target.port);
    if (target === undefined || to === undefined) return true;
    const outlet = outletOf(target);
    // What quotes no more than it must is told apart by where it went.
    if ([...outlet.running].some((other) => sameEndpoint(other.to, to))) return false;
    const { mayHaveTaken } = outlet.overflow;
    const job =
      order.kind === "mtu" ? createMtuJob(target, mayHaveTaken) : createTraceJob(target, order.why, mayHaveTaken);
    const begun: Running = { order, job, outlet, to, cookie: [random(), random()], sent: new Map() };
    const problem = open(outlet);
    if (problem !== undefined) {
      job.unsent({ ttl: 0, size: 0 }, problem);
      finish(begun, sockets.now());
      return true;
    }
    running.add(begun);
    outlet.running.add(begun);
    return true;
  }

  function beginSome(queue: typeof urgent): void {
    const held: TraceOrder[] = [];
    // Not further than the first few: with many targets of one address the whole queue would be looked through each turn.
    while (running.size < mostRunning && held.length < mostRunning) {
      const order = queue.shift();
      if (order === undefined) break;
      if (begin(order)) waiting.delete(nameOf(order));
      else held.push(order);
    }
    for (const order of held) queue.push(order);
  }

  function take(outlet: Outlet, socket: TraceSocket, now: Instant): void {
    const count = (drop: TraceDropKind | undefined) => {
      if (drop !== undefined) dropped.add(drop);
    };
    const whole = socket.receive({
      malformed: () => count("malformed"),
      answer: (bytes, from, at) => count(takeAnswer(outlet, socket, { bytes, from, at }, now)),
      error: (error, quoted, to, at) => count(takeError(outlet, socket, { error, quoted, to, at }, now)),
    });
    const overflowed = socket.overflowed();
    dropped.add("overflow", overflowed);
    outlet.overflow.dropped(whole ? overflowed : Number.POSITIVE_INFINITY, outlet.readAt, now);
    outlet.readAt = now;
  }

  function takeAnswer(
    outlet: Outlet,
    socket: TraceSocket,
    { bytes, from, at }: { readonly bytes: Uint8Array; readonly from: Endpoint; readonly at: Instant },
    now: Instant,
  ): TraceDropKind | undefined {
    const claim = readTraceAnswer(outlet.profile, bytes, socket);
    if (typeof claim === "string") return claim === "notOurs" ? undefined : claim;
    const found = find(outlet, claim, undefined, now);
    if (typeof found === "string") return found;
    const { of, sent } = found;
    if (!sameEndpoint(from, of.to)) return "wrongSource";
    if (claim.size !== undefined && claim.size !== sent.probe.size) return "malformed";
    of.job.answered(sent.probe, formatAddress(from), sent.at, arrival(sent, at, now));
    return undefined;
  }

  function takeError(
    outlet: Outlet,
    socket: TraceSocket,
    {
      error,
      quoted,
      to,
      at,
    }: {
      readonly error: ExtendedError;
      readonly quoted: Uint8Array;
      readonly to: Endpoint;
      readonly at: Instant;
    },
    now: Instant,
  ): TraceDropKind | undefined {
    // The failed send has told it.
    if (error.origin === "local") return undefined;
    const claim = readTraceError(outlet.profile, quoted, socket);
    if (typeof claim === "string") return claim === "notOurs" ? undefined : claim;
    const found = find(outlet, claim, to, now);
    if (typeof found === "string") return found;
    found.of.job.error(found.sent.probe, error, found.sent.at, arrival(found.sent, at, now));
    return undefined;
  }

  /** A stamp from before it was sent, or of what is still to come, is of a wall clock that was set meanwhile. */
  function arrival(sent: Sent, at: Instant, now: Instant): Instant {
    return at < sent.at || at > sockets.now() ? now : at;
  }

  /** Which probe is meant; `to`: where it went, as far as that is quoted. */
  function find(
    outlet: Outlet,
    { tag, cookie }: Quoted,
    to: Endpoint | undefined,
    now: Instant,
  ): { readonly of: Running; readonly sent: Sent } | TraceDropKind {
    for (const of of outlet.running) {
      if (to !== undefined && !sameEndpoint(to, of.to)) continue;
      if (tag === undefined) {
        const meant = onlyOne([...of.sent.values()].filter(({ at }) => now - at < memory));
        return meant === undefined ? "ambiguous" : { of, sent: meant };
      }
      const sent = of.sent.get(tag);
      if (sent === undefined) continue;
      if (cookie !== undefined && (cookie[0] !== of.cookie[0] || cookie[1] !== of.cookie[1])) return "forged";
      return { of, sent };
    }
    return "foreign";
  }

  /** Sends what the job has to send, as far as the rate allows; false when it does not allow more. */
  function send(of: Running, now: Instant): boolean {
    const { job, outlet, to, cookie, sent } = of;
    for (let probe = job.due(now); probe !== undefined; probe = job.due(now)) {
      const { socket, profile } = outlet;
      if (socket === undefined) return true;
      if (!bucket.take(now)) return false;
      outlet.tag = (outlet.tag + 1) & 0xffff;
      const { tag } = outlet;
      const { size, ttl } = probe;
      const at = sockets.now();
      const code = socket.send(to, ttl, (into) =>
        writeTraceProbe(into, profile, socket.identifier, { tag, cookie }, size),
      );
      if (code === undefined) {
        packets++;
        sent.set(tag, { probe, at });
        job.sent(probe, at);
      } else {
        job.unsent(probe, code);
        if (job.observation(now) !== undefined) return true;
      }
    }
    return true;
  }

  function finish(of: Running, now: Instant): void {
    const observation = of.job.observation(now);
    if (observation === undefined) return;
    running.delete(of);
    of.outlet.running.delete(of);
    observe(observation);
    const failed = observation.kind === "trace" ? observation.end === "unsent" : observation.result === "unsent";
    // An interface that was made anew has another number, to which this socket is not bound.
    if (failed && of.outlet.running.size === 0) {
      of.outlet.socket?.close();
      of.outlet.socket = undefined;
    }
  }

  return {
    order(orders) {
      for (const order of orders) {
        const name = nameOf(order);
        if (waiting.has(name)) continue;
        waiting.add(name);
        (order.kind === "trace" && order.why === "degraded" ? urgent : routine).push(order);
      }
    },
    turn() {
      const now = sockets.now();
      for (const outlet of outlets.values()) if (outlet.socket !== undefined) take(outlet, outlet.socket, now);
      beginSome(urgent);
      beginSome(routine);
      let wakeAt = Infinity as Instant;
      let mayFree = false;
      for (const of of running) {
        const allowed = send(of, now);
        finish(of, now);
        mayFree ||= !running.has(of);
        const until = allowed ? of.job.wakeAt() : later(now, milliseconds(1_000 / packetRate));
        wakeAt = Math.min(wakeAt, until) as Instant;
      }
      return mayFree ? now : wakeAt;
    },
    idle: () => running.size === 0 && urgent.peek() === undefined && routine.peek() === undefined,
    packets: () => packets,
    dropped: dropped.read,
  };
}

/** One that asks again while it waits is the same. */
function nameOf(order: TraceOrder): string {
  return `${order.kind === "trace" ? order.why : "mtu"} ${order.target}`;
}

/** The latest, when all of them went the same way as far. */
function onlyOne(sent: readonly Sent[]): Sent | undefined {
  const last = sent.at(-1);
  return sent.every(({ probe }) => probe.ttl === last?.probe.ttl && probe.size === last.probe.size) ? last : undefined;
}
