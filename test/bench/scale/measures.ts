// What is measured of an agent from within its process: its polls against their timeline, and its event loop.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Estate } from "../../../agent/estate/estate.ts";
import { pollEvery } from "../../../agent/estate/freshness.ts";
import { type PollGroup, type PollObservation, pollGroups } from "../../../agent/estate/observation.ts";
import { type Instant, monotonicNow } from "../../../agent/lib/clock.ts";
import { phase } from "../../../agent/lib/hash.ts";
import { type Fleet, mannerOf, nameOf, slowAnswer } from "./fleet.ts";

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
  /** Turns at which a group had nothing to ask its router for. */
  readonly leftAlone: number;
  /** Turns that did not begin. */
  readonly missed: number;
  /** Begun, or ended with what the router itself took left out, more than a second behind its turn. */
  readonly lateByASecond: number;
  /** Of the prompt routers: from the turn to the start, to the end; and from start to end. */
  readonly start: Spread;
  readonly end: Spread;
  readonly duration: Spread;
  readonly results: Readonly<Record<string, number>>;
}

export interface TimedGroup {
  readonly group: PollGroup;
  readonly interval: number;
}

/** The groups of an estate whose routers are all polled alike. */
export function groupsOf({ routers }: Pick<Estate, "routers">): readonly TimedGroup[] {
  const [router] = routers.values();
  // No prefixes are declared of the fleet, so that nobody asks for routes.
  const polled = pollGroups.filter((group) => group !== "routes");
  return router === undefined ? [] : polled.map((group) => ({ group, interval: pollEvery(router, group) }));
}

/** Holds each turn against the timeline: `begun` + phase + n x interval of the group. */
export function createPollWatch(fleet: Fleet, groups: readonly TimedGroup[]) {
  // Few objects: what the watch takes is counted as the agent's.
  const numbers = new Map(Array.from({ length: fleet.routers }, (_, i) => [nameOf(i), i]));
  const timelines = new Map(
    groups.map(({ group, interval }) => {
      const phases = Float64Array.from(numbers.keys(), (name) => phase(`${name} ${group}`) * interval);
      return [group, { interval, phases, lastTurns: new Int32Array(phases.length).fill(-1) }];
    }),
  );
  const start = createSamples();
  const end = createSamples();
  const duration = createSamples();
  const results: Record<string, number> = {};
  let begun = monotonicNow();
  let polls = 0;
  let leftAlone = 0;
  let missed = 0;
  let late = 0;

  /** How far behind its turn it began; undefined for what is not watched. */
  function turnBegan(router: number, group: PollGroup, at: number): number | undefined {
    const timeline = timelines.get(group);
    if (timeline === undefined) return undefined;
    const { interval, phases, lastTurns } = timeline;
    const since = at - begun - (phases[router] ?? 0);
    const turn = Math.floor((since + early) / interval);
    missed += Math.max(0, turn - (lastTurns[router] ?? 0) - 1);
    lastTurns[router] = turn;
    return since - turn * interval;
  }

  return {
    begin(at: Instant) {
      begun = at;
    },
    see({ router, group, at, seconds, result }: PollObservation) {
      const took = seconds * 1_000;
      const number = numbers.get(router) ?? -1;
      const began = turnBegan(number, group, at - took);
      if (began === undefined) return;
      const manner = mannerOf(number, fleet);
      polls += 1;
      results[result] = (results[result] ?? 0) + 1;
      const ended = began + took;
      if (manner === "prompt") {
        start.add(began);
        end.add(ended);
        duration.add(took);
      }
      const own = manner === "slow" ? slowAnswer : 0;
      if (began > lateLimit || (manner !== "dead" && ended - own > lateLimit)) late += 1;
    },
    leave(router: string, group: PollGroup, at: Instant) {
      if (turnBegan(numbers.get(router) ?? -1, group, at) !== undefined) leftAlone += 1;
    },
    /** Forgets what was measured, not the turns. */
    clear() {
      for (const samples of [start, end, duration]) samples.clear();
      for (const key of Object.keys(results)) delete results[key];
      polls = leftAlone = missed = late = 0;
    },
    /** Turns that ended before `now` less a grace for the poll itself, and were never seen, are missed. */
    times(now: Instant): PollTimes {
      let unseen = 0;
      for (const { interval, phases, lastTurns } of timelines.values()) {
        const until = now - begun - Math.min(10_000, interval);
        for (const [router, last] of lastTurns.entries()) {
          unseen += Math.max(0, Math.floor((until - (phases[router] ?? 0) + early) / interval) - last);
        }
      }
      return {
        polls,
        leftAlone,
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
