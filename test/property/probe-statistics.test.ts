// Figures of probes against a naive reckoning over the same history: the whole list of probes, looked through anew.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProbeCounts, type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import type { Spread } from "../../agent/estate/probe-figures.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createSession } from "../../agent/probe/session.ts";
import { ProbeSlices } from "../../agent/state/probe-slices.ts";
import { trackProbes } from "../../agent/state/probe-statistics.ts";
import { Rows } from "../../agent/state/rows.ts";
import { Samples, sampleCounts, sampleTimes } from "../../agent/state/samples.ts";

const interval = 50;
const timeout = 400;
const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });

/** What happens to a probe of the history. `way`: ms until its answer; lost when longer than any wait. */
const fates = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("answered" as const), way: fc.integer({ min: 1, max: 700 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("quick" as const), way: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "lost" as const, way: Number.POSITIVE_INFINITY }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("twice" as const), way: fc.integer({ min: 1, max: 300 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("untrusted" as const), way: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "unsent" as const, way: Number.POSITIVE_INFINITY }) },
);
type Fate = typeof fates extends fc.Arbitrary<infer T> ? T : never;

/** Plays a history through a session: a probe each interval, answers when they arrive, a report each `every` ms. */
function play(history: readonly Fate[], every: number): readonly ProbeObservation[] {
  const session = createSession({ interval: milliseconds(interval), timeout: milliseconds(timeout) });
  const observations: ProbeObservation[] = [];
  const arrivals: { readonly at: number; readonly n: number; readonly fate: Fate }[] = [];
  history.forEach((fate, n) => {
    const leaves = n * interval;
    if (fate.way < Number.POSITIVE_INFINITY) arrivals.push({ at: leaves + fate.way, n, fate });
    if (fate.kind === "twice") arrivals.push({ at: leaves + fate.way + 30, n, fate });
  });
  arrivals.sort((a, b) => a.at - b.at);
  const end = history.length * interval + 3 * timeout;
  let sent = 0;
  let read = 0;
  for (let now = 0; now <= end; now += 10) {
    for (; sent < history.length && sent * interval <= now; sent++) {
      const at = sent * interval;
      const sequence = session.depart([sent, 7], 0, { monotonic: at as Instant, realtime: at * 1e6 });
      if (history[sent]?.kind === "unsent") session.failed(sequence);
    }
    for (let arrival = arrivals[read]; arrival !== undefined && arrival.at <= now; arrival = arrivals[++read]) {
      const { n, fate, at } = arrival;
      const match = session.find(n, [n, 7], 0);
      if (typeof match === "string") continue;
      const took = at - n * interval;
      session.answered(match, took, fate.kind === "untrusted" ? undefined : took / 1_000, at as Instant);
    }
    if (now % every !== 0 && now !== end) continue;
    session.expire(now as Instant);
    const counts = session.drain();
    if (counts !== undefined) {
      observations.push({ kind: "probe", of, index: 0, technique: "icmp", at: now as Instant, ...counts });
    }
  }
  return observations;
}

/** What came of each probe that was sent, in the order of sending: its delay, "untrusted" or "lost". */
function outcomes(history: readonly Fate[]): readonly (number | "untrusted" | "lost")[] {
  return history
    .filter(({ kind }) => kind !== "unsent")
    .map(({ kind, way }) => (way > timeout ? "lost" : kind === "untrusted" ? "untrusted" : way / 1_000));
}

function burstsOf(lost: readonly boolean[]): readonly number[] {
  return lost
    .map((one) => (one ? "x" : "."))
    .join("")
    .split(/\.+/)
    .filter((run) => run !== "")
    .map((run) => run.length);
}

/** The runs as a list: true for each that was lost. */
function listed(observations: readonly ProbeObservation[]): readonly boolean[] {
  return observations.flatMap(({ runs = [] }) =>
    runs.flatMap((length, place) => Array.from({ length }, () => place % 2 === 0)),
  );
}

describe("a session's report of what follows on what", () => {
  const histories = fc.array(fates, { minLength: 1, maxLength: 80 });
  const reports = fc.constantFrom(10, 50, 250, 1_000);

  it("has ipdv between consecutive probes that were both answered in time, whatever overtook what (RFC 3393)", () => {
    fc.assert(
      fc.property(histories, reports, (history, every) => {
        const all = outcomes(history);
        const expected = all.flatMap((delay, n) => {
          const before = all[n - 1];
          return typeof delay === "number" && typeof before === "number"
            ? [Math.round((delay - before) * 1e9) / 1e9]
            : [];
        });
        expect(play(history, every).flatMap(({ variations = [] }) => variations)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it("has the runs of lost and answered probes in the order of sending (RFC 3357)", () => {
    fc.assert(
      fc.property(histories, reports, (history, every) => {
        const observations = play(history, every);
        const lost = outcomes(history).map((outcome) => outcome === "lost");
        expect(listed(observations)).toEqual(lost);
        const [first, ...rest] = observations;
        if (first === undefined) return;
        const track = trackProbes(first, milliseconds(1e9), { windows: [milliseconds(1e9)], buckets: [] });
        for (const o of rest) track.add(o);
        const bursts = burstsOf(lost);
        expect(track.totals.lossBursts).toBe(bursts.length);
        const [window] = track.windows((observations.at(-1)?.at ?? 0) as Instant);
        expect(window).toMatchObject({ lossBursts: bursts.length, longestLossBurst: Math.max(0, ...bursts) });
      }),
      { numRuns: 1_000 },
    );
  });
});

function rankOf(delays: readonly number[], q: number): number {
  const sorted = delays.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function expectSpread(spread: Spread | undefined, delays: readonly number[], tolerance: number): void {
  if (delays.length === 0) {
    expect(spread).toBeUndefined();
    return;
  }
  expect(spread).toMatchObject({ samples: delays.length, min: Math.min(...delays), max: Math.max(...delays) });
  for (const [name, q] of [
    ["median", 0.5],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const) {
    const exact = rankOf(delays, q);
    expect(Math.abs((spread?.[name] ?? Number.NaN) - exact)).toBeLessThanOrEqual(tolerance * exact + 8e-9);
  }
}

/** From a microsecond to ten seconds, equally likely in every power of ten; and zero. */
const delay = fc.oneof(
  { weight: 20, arbitrary: fc.double({ min: -6, max: 1, noNaN: true }).map((e) => 10 ** e) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const binError = 1 / 4_096;

describe("samples in slices", () => {
  const steps = fc.array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({ kind: fc.constant("add" as const), delays: fc.array(delay, { maxLength: 60 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("open" as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("drop" as const) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("ask" as const), from: fc.nat(20) }) },
    ),
    { maxLength: 60 },
  );

  it.each([
    ["kept exactly while they are few", true, 512],
    ["in bins", false, 0],
  ] as const)("are described %s", (_, exact, exactUpTo) => {
    fc.assert(
      fc.property(steps, (all) => {
        const slices = new Rows(1 + sampleTimes, 1 + sampleCounts, 1);
        slices.push();
        const samples = new Samples(slices, 1, 1, exact);
        const naive: number[][] = [[]];
        for (const step of all) {
          if (step.kind === "add") {
            for (const one of step.delays) samples.add(one);
            naive.at(-1)?.push(...step.delays);
          } else if (step.kind === "open") {
            slices.push();
            naive.push([]);
          } else if (step.kind === "drop" && naive.length > 1) {
            samples.drop();
            slices.shift();
            naive.shift();
          } else if (step.kind === "ask") {
            const wanted = naive.slice(step.from).flat();
            expectSpread(samples.spread(step.from), wanted, wanted.length <= exactUpTo ? 0 : binError);
          }
        }
        const wanted = naive.flat();
        expectSpread(samples.spread(0), wanted, wanted.length <= exactUpTo ? 0 : binError);
      }),
      { numRuns: 1_000 },
    );
  });

  it("count more of one delay than a count of 16 bits holds", () => {
    const slices = new Rows(sampleTimes, sampleCounts, 1);
    slices.push();
    const samples = new Samples(slices, 0, 0, false);
    for (let n = 0; n < 200_000; n++) samples.add(n % 4 === 0 ? 0.02 : 0.01);
    expect(samples.spread(0)).toMatchObject({ samples: 200_000, min: 0.01, p95: 0.02, max: 0.02 });
    expect(samples.spread(0)?.median).toBeCloseTo(0.01, 5);
  });
});

describe("a window of slices", () => {
  const report = fc.record({
    after: fc.integer({ min: 1, max: 4_000 }),
    delays: fc.array(delay, { maxLength: 12 }),
    variations: fc.array(
      delay.map((d) => d - 0.01),
      { maxLength: 12 },
    ),
    fates: fc.array(fc.boolean(), { maxLength: 12 }),
    late: fc.nat(3),
    duplicate: fc.nat(3),
    reordered: fc.nat(3),
    // Stateless at first, as far as is known.
    directions: fc.option(fc.record({ forward: fc.nat(3), backward: fc.nat(3) }), { nil: undefined }),
  });

  function runsOf(fates: readonly boolean[]): number[] | undefined {
    if (fates.length === 0) return undefined;
    const runs: number[] = [];
    let lost = true;
    let length = 0;
    for (const fate of fates) {
      if (fate !== lost) {
        runs.push(length);
        length = 0;
        lost = fate;
      }
      length++;
    }
    return [...runs, length];
  }

  it("is the sum of all reports that are in its slices, and holds nothing older than it says", () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 120 }), fc.integer({ min: 1, max: 24 }), (all, most) => {
        const span = 20_000;
        const slices = new ProbeSlices(milliseconds(span), most, "shown");
        let now = 0;
        const naive: (ProbeCounts & {
          readonly at: number;
          readonly slice: number;
          readonly fates: readonly boolean[];
        })[] = [];
        let slice = Number.NEGATIVE_INFINITY;
        for (const { after, fates, ...counts } of all) {
          now += after;
          if (now - slice >= span / most) slice = now;
          const lost = fates.filter((one) => one).length;
          const o = {
            ...counts,
            received: fates.length - lost,
            lost,
            discarded: 0,
            sendErrors: 0,
            lossRun: 0,
            lastReceivedAt: undefined,
            runs: runsOf(fates),
          };
          slices.add({ kind: "probe", of, index: 0, technique: "icmp", at: now as Instant, ...o });
          naive.push({ ...o, at: now, slice, fates });

          const figures = slices.after(now - span);
          const inside = naive.filter((one) => one.slice > now - span);
          const sum = (key: "received" | "lost" | "late" | "duplicate" | "reordered") =>
            inside.reduce((n, one) => n + one[key], 0);
          const bursts = burstsOf(inside.flatMap((one) => one.fates));
          const ways = (way: "forward" | "backward") => inside.reduce((n, one) => n + (one.directions?.[way] ?? 0), 0);
          const isTold = naive.some(({ directions }) => directions !== undefined);
          expect(figures.directions).toEqual(
            isTold ? { forward: ways("forward"), backward: ways("backward") } : undefined,
          );
          expect(figures).toMatchObject({
            probes: sum("received") + sum("lost"),
            lost: sum("lost"),
            late: sum("late"),
            duplicate: sum("duplicate"),
            reordered: sum("reordered"),
            lossBursts: bursts.length,
            longestLossBurst: Math.max(0, ...bursts),
          });
          expectSpread(
            figures.delay,
            inside.flatMap((one) => one.delays),
            binError,
          );
          expectSpread(
            figures.variation,
            inside.flatMap((one) => (one.variations ?? []).map(Math.abs)),
            binError,
          );
          // No more than a slice is missing of what the window should hold.
          const missing = naive.filter((one) => one.at > now - span + span / most && !inside.includes(one));
          expect(missing).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is judged", () => {
  const report = fc.record({
    after: fc.integer({ min: 250, max: 700 }),
    delays: fc.array(delay, { maxLength: 5 }),
    lost: fc.nat(3),
  });

  it("is exactly what was reported after any moment of a window of up to a minute, as long as that is few probes", () => {
    fc.assert(
      fc.property(
        fc.array(report, { minLength: 1, maxLength: 150 }),
        fc.constantFrom(2_000, 10_000, 60_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (reports, window, share) => {
          const [first, ...rest] = reports.map(({ after, delays, lost }, n): ProbeObservation => {
            const at = reports.slice(0, n).reduce((sum, one) => sum + one.after, after) as Instant;
            const none = { late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0, lossRun: 0 };
            const counts = { received: delays.length, lost, delays, lastReceivedAt: undefined };
            return { kind: "probe", of, index: 0, technique: "icmp", at, ...none, ...counts };
          });
          if (first === undefined) return;
          const track = trackProbes(first, milliseconds(window), { windows: [], buckets: [] });
          for (const o of rest) track.add(o);
          const now = rest.at(-1)?.at ?? first.at;
          // From the begin of the window to now: an outage may have ended at any moment of it.
          const start = now - window * share;
          const inside = [first, ...rest].filter(({ at }) => at > start);
          const figures = track.since(start);
          const lost = inside.reduce((sum, one) => sum + one.lost, 0);
          const delays = inside.flatMap((one) => one.delays);
          expect(figures).toMatchObject({ probes: lost + delays.length, lost });
          expectSpread(figures.delay, delays, delays.length <= 512 ? 0 : binError);
        },
      ),
      { numRuns: 500 },
    );
  });
});
