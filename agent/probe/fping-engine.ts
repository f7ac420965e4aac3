// ICMP probes by fping, where libc cannot be reached: a child for all streams of one profile, its lines turned into the
// same observations. It is the lesser way: what comes after one interval is lost for it, and reordering is not seen.

import type { ProbeObservation } from "../estate/observation.ts";
import { type Instant, later } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { parseEndpoint } from "../net/endpoint.ts";
import type { FpingHandlers, FpingProfile } from "../net/fping.ts";
import { decodeFpingLine } from "../wire/fping.ts";
import { probePayloadLength } from "../wire/icmp.ts";
import { type FromWorker, type ProbeStream, probeDropKinds } from "./messages.ts";
import { createSession, type Match, type Nonce, type Session } from "./session.ts";

export interface FpingEngineDeps {
  readonly now: () => Instant;
  readonly emit: (message: FromWorker) => void;
  readonly start: (profile: FpingProfile, addresses: readonly string[], handlers: FpingHandlers) => () => void;
}

export interface FpingEngine {
  /** Starts what is to run now: the children that do not yet, or that ended a while ago. */
  turn(): void;
  /** Reports what has settled since the last report. */
  report(): void;
  stop(): void;
}

/** Before a child that ended is started again. */
const retryAfter = seconds(5);
/** A longer wait for an answer is not for fping to tell from a lost one. */
const everLater = Number.MAX_SAFE_INTEGER as Instant;

const nonce: Nonce = [0, 0];
/** Of each stream. */
const mostSettled = 8;

interface Running {
  readonly stream: ProbeStream;
  readonly session: Session;
  readonly child: Child;
  /** By fping's sequence number, the last that were settled: it shows a duplicate or a late answer as one more answer. */
  readonly settled: Map<number, Match>;
}

interface Child {
  readonly profile: FpingProfile;
  readonly byAddress: Map<string, Running>;
  stop: (() => void) | undefined;
  startAt: Instant;
  /** Up to when it sent, or what it could not send is counted. */
  unsentUntil: Instant;
  told: string;
}

export function createFpingEngine(
  { now, emit, start }: FpingEngineDeps,
  streams: readonly ProbeStream[],
  lastReceivedAt: readonly (Instant | undefined)[] = [],
): FpingEngine {
  const children = new Map<string, Child>();
  const running = streams.map((stream, i): Running => {
    const session = createSession(stream.target, lastReceivedAt[i]);
    const { address } = stream.target;
    const profile = profileOf(stream);
    // fping's lines name the address alone: each child has it once.
    for (let copy = 0; ; copy++) {
      const key = JSON.stringify([profile, copy]);
      const child = children.get(key) ?? {
        profile,
        byAddress: new Map(),
        stop: undefined,
        startAt: now(),
        unsentUntil: now(),
        told: "",
      };
      children.set(key, child);
      if (child.byAddress.has(address)) continue;
      const one: Running = { stream, session, child, settled: new Map() };
      child.byAddress.set(address, one);
      return one;
    }
  });

  function take(child: Child, line: string): void {
    const event = decodeFpingLine(line);
    if (!event.ok) return;
    const one = child.byAddress.get(event.value.target);
    if (one === undefined) return;
    child.told = "";
    child.unsentUntil = now();
    const { session, settled } = one;
    const said = event.value;
    const at = now();
    const known = settled.get(said.sequence);
    if (known !== undefined) {
      if (said.kind !== "timeout") session.answered(known, 0, undefined, at);
      return;
    }
    if (said.kind === "duplicate") return;
    // Told only when it is settled: it departs and ends at once. fping has found out whose answer it is.
    const match = session.find(session.depart(nonce, 0, { monotonic: at, realtime: 0 }), nonce, 0);
    if (typeof match === "string") return;
    if (said.kind === "reply") {
      const took = milliseconds(said.milliseconds);
      session.answered(match, took, took / 1_000, at);
    } else session.expire(everLater);
    settled.set(said.sequence, match);
    for (const oldest of settled.keys()) {
      if (settled.size <= mostSettled) break;
      settled.delete(oldest);
    }
  }

  function launch(child: Child): void {
    // It counts from 0 again.
    for (const { settled } of child.byAddress.values()) settled.clear();
    child.stop = start(child.profile, [...child.byAddress.keys()], {
      line: (text) => take(child, text),
      ended(why) {
        child.stop = undefined;
        child.startAt = later(now(), retryAfter);
        if (why === child.told) return;
        child.told = why;
        const fields = { streams: child.byAddress.size, targets: [...child.byAddress.keys()].slice(0, 5) };
        emit({ kind: "log", level: "warn", fields, message: `cannot probe: ${why}` });
      },
    });
  }

  function countUnsent({ stop, byAddress, profile: { interval }, unsentUntil }: Child): Instant {
    if (stop !== undefined) return unsentUntil;
    const due = Math.floor((now() - unsentUntil) / interval);
    for (const { session } of byAddress.values()) for (let n = 0; n < due; n++) session.failed(undefined);
    return later(unsentUntil, milliseconds(due * interval));
  }

  return {
    turn() {
      for (const child of children.values()) if (child.stop === undefined && now() >= child.startAt) launch(child);
    },
    report() {
      const at = now();
      for (const child of children.values()) child.unsentUntil = countUnsent(child);
      const observations: ProbeObservation[] = [];
      for (const { stream, session, child } of running) {
        const counts = session.drain();
        const { of, index, target } = stream;
        if (counts === undefined) continue;
        const unsent = counts.sendErrors > 0 ? ({ reason: "failed", says: child.told } as const) : undefined;
        observations.push({ kind: "probe", of, index, technique: target.technique, at, ...counts, unsent });
      }
      if (observations.length === 0) return;
      emit({ kind: "batch", observations, dropped: createCounters(probeDropKinds).read(), skipped: 0 });
    },
    stop() {
      for (const child of children.values()) child.stop?.();
    },
  };
}

function profileOf({ target }: ProbeStream): FpingProfile {
  const { address, interval, timeout, source, dscp = 0, size = probePayloadLength, dontFragment = false } = target;
  const whole = Math.max(1, Math.round(interval));
  return {
    family: parseEndpoint(address, 0)?.family ?? 4,
    interval: whole,
    timeout: Math.max(1, Math.min(Math.round(timeout), whole)),
    ...{ source, interface: target.interface, dscp, size, dontFragment },
  };
}
