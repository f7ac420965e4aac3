// What is measured of an agent from within its process: its polls against their timeline, and its event loop.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { PollGroup, PollObservation } from "../../../agent/estate/observation.ts";
import { type Instant, monotonicNow } from "../../../agent/lib/clock.ts";
import { phase } from "../../../agent/lib/hash.ts";
import { type Fleet, type Manner, mannerOf, nameOf, slowAnswer } from "./fleet.ts";

/** Milliseconds. */
export interface Spread {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Samples {
  add(value: number): void;
  clear(): void;
  spread(): Spread;
}

export function createSamples(): Samples {
  let values = new Float64Array(1 << 16);
  let n = 0;
  return {
    add(value) {
      if (n === values.length) {
        const grown = new Float64Array(n * 2);
        grown.set(values);
        values = grown;
      }
      values[n++] = value;
    },
    clear() {
      n = 0;
    },
    spread() {
      const sorted = values.slice(0, n).sort();
      const at = (share: number) => round(sorted[Math.min(n - 1, Math.floor(share * n))] ?? 0);
      return { n, p50: at(0.5), p99: at(0.99), max: round(sorted[n - 1] ?? 0) };
    },
  };
}

export const round = (value: number) => Number(value.toFixed(2));

/** A timer that fires this much early (timers count whole milliseconds) still serves the turn that comes. */
const early = 5;
const lateLimit = 1_000;

export interface PollTimes {
  readonly polls: number;
  readonly missed: number;
  /** Begun, or ended with what the router itself took left out, more than a second behind its turn. */
  readonly lateByASecond: number;
  /** Of the prompt routers: from the turn to the start, to the end; and from start to end. */
  readonly start: Spread;
  readonly end: Spread;
  readonly duration: Spread;
  readonly results: Readonly<Record<string, number>>;
}

/** Holds each poll against its turn: `begun` + phase + n x interval. */
export function createPollWatch(fleet: Fleet, groups: readonly PollGroup[]) {
  const places = new Map<string, number>();
  const phases: number[] = [];
  const manners: Manner[] = [];
  for (let i = 0; i < fleet.routers; i++) {
    for (const group of groups) {
      places.set(`${nameOf(i)} ${group}`, phases.length);
      phases.push(phase(`${nameOf(i)} ${group}`) * fleet.interval);
      manners.push(mannerOf(i, fleet));
    }
  }
  const lastTurn = new Int32Array(phases.length).fill(-1);
  const start = createSamples();
  const end = createSamples();
  const duration = createSamples();
  const results: Record<string, number> = {};
  let begun = monotonicNow();
  let polls = 0;
  let missed = 0;
  let late = 0;
  const turnAt = (place: number, at: number) =>
    Math.floor((at - begun - (phases[place] ?? 0) + early) / fleet.interval);
  return {
    begin(at: Instant) {
      begun = at;
    },
    see({ router, group, at, seconds, result }: PollObservation) {
      const place = places.get(`${router} ${group}`);
      if (place === undefined) return;
      const took = seconds * 1_000;
      const turn = turnAt(place, at - took);
      const manner = manners[place];
      missed += Math.max(0, turn - (lastTurn[place] ?? 0) - 1);
      lastTurn[place] = turn;
      polls += 1;
      results[result] = (results[result] ?? 0) + 1;
      const ended = at - begun - (phases[place] ?? 0) - turn * fleet.interval;
      const began = ended - took;
      if (manner === "prompt") {
        start.add(began);
        end.add(ended);
        duration.add(took);
      }
      const own = manner === "slow" ? slowAnswer : 0;
      if (began > lateLimit || (manner !== "dead" && ended - own > lateLimit)) late += 1;
    },
    /** Forgets what was measured, not the turns. */
    clear() {
      for (const samples of [start, end, duration]) samples.clear();
      for (const key of Object.keys(results)) delete results[key];
      polls = missed = late = 0;
    },
    /** Turns that ended before `now` less a grace for the poll itself, and were never seen, are missed. */
    times(now: Instant): PollTimes {
      const grace = Math.min(10_000, fleet.interval);
      let unseen = 0;
      lastTurn.forEach((last, place) => {
        unseen += Math.max(0, turnAt(place, now - grace) - last);
      });
      return {
        polls,
        missed: missed + unseen,
        lateByASecond: late,
        start: start.spread(),
        end: end.spread(),
        duration: duration.spread(),
        results: { ...results },
      };
    },
  };
}

const tick = 2;

/**
 * How long an event that arrives at a random moment waits for the loop: every 2 ms one is due, and all that were
 * due while the loop was held count with their own wait. Node's histogram is given beside it, less its resolution.
 */
export function createLoopWatch() {
  const waits = createSamples();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  let due = monotonicNow() + tick;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const now = monotonicNow();
    for (; due <= now; due += tick) waits.add(now - due);
  };
  return {
    start() {
      histogram.enable();
      due = monotonicNow() + tick;
      timer = setInterval(look, tick);
    },
    stop() {
      clearInterval(timer);
      histogram.disable();
      const of = (percent: number) => round(Math.max(0, histogram.percentile(percent) / 1e6 - 1));
      return {
        waits: waits.spread(),
        histogram: { p50: of(50), p99: of(99), max: round(Math.max(0, histogram.max / 1e6 - 1)) },
      };
    },
  };
}
