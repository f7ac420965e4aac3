// The histogram of the delays and the figures of the windows, as they are exported.

import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import { emitJudgement, emitProbing } from "../../agent/export/paths.ts";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState, type State } from "../../agent/state/state.ts";
import { estate as anEstate, at, icmpTo } from "../support/estate.ts";
import { pageOf } from "../support/series.ts";

const plain = anEstate();
const [path] = pathsOf(plain);
if (path === undefined) throw new Error("no path");
const of = subject.path(path);

function clockAt(s: number): Clock {
  return { now: () => at(s), toEpoch: (instant) => instant, after: () => () => undefined };
}

/** An estate whose first path has two streams of one technique. */
function twoStreams() {
  const circuits = [...plain.circuits].map(([name, circuit]) => {
    const peerings = circuit.peerings.map((peering) => {
      const { primary } = peering.paths;
      const probes = [...primary.probes, icmpTo("172.16.0.2")];
      return { ...peering, paths: { ...peering.paths, primary: { ...primary, probes } } };
    });
    return [name, { ...circuit, peerings }] as const;
  });
  return { ...plain, circuits: new Map(circuits) };
}

function stateOf(buckets = plain.statistics.buckets): State {
  return createState({ keep: seconds(10), windows: plain.statistics.windows.map(({ span }) => span), buckets });
}

function observation(s: number, index: number, counts: Partial<ProbeObservation>): ProbeObservation {
  const none = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0, delays: [] };
  return {
    kind: "probe",
    of,
    index,
    technique: "icmp",
    at: at(s),
    ...none,
    lossRun: 0,
    lastReceivedAt: at(s),
    ...counts,
  };
}

function scrape(state: State, s: number, estate = plain): readonly string[] {
  const judgement = judge(estate, state, undefined, at(s));
  return pageOf(function* (emit) {
    yield* emitProbing(emit, estate, state);
    yield* emitJudgement(emit, judgement, estate, state, clockAt(s));
  })
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

const name = "expressroute_path_round_trip_delay_seconds";
const primary = (lines: readonly string[]) => lines.filter((line) => line.includes('link="primary"'));
const read = (lines: readonly string[], start: string, labels: readonly string[] = []) => {
  const found = lines.filter((line) => line.startsWith(`${start}{`) && labels.every((label) => line.includes(label)));
  return found.length === 1 ? Number(found[0]?.slice((found[0]?.lastIndexOf(" ") ?? 0) + 1)) : undefined;
};

describe("the histogram of the round-trip delay", () => {
  const bounds = fc.uniqueArray(fc.constantFrom(0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 1), { minLength: 1 });
  const delay = fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constantFrom(0.0005, 0.001, 0.02, 1));
  const report = fc.record({
    stream: fc.nat(1),
    delays: fc.array(delay, { maxLength: 8 }),
    untrusted: fc.nat(2),
    lost: fc.nat(2),
  });

  it("is prom-client's of the same delays, never falls, and counts what was answered and is trusted", async () => {
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(report, { maxLength: 20 }), async (limits, reports) => {
        const buckets = limits.toSorted((a, b) => a - b);
        const estate = { ...twoStreams(), statistics: { windows: [], buckets } };
        const state = stateOf(buckets);
        const theirs = new Histogram({ name, help: "x", buckets, registers: [new Registry()] });
        let answered = 0;
        let before = new Map<string, number>();
        for (const [s, { stream, delays, untrusted, lost }] of reports.entries()) {
          const received = delays.length + untrusted;
          answered += received - untrusted;
          state.observe(observation(s, stream, { delays, received, discarded: untrusted, lost }));
          for (const one of delays) theirs.observe(one);
          const lines = primary(scrape(state, s, estate)).filter((line) => line.startsWith(`${name}_`));
          const now = new Map(
            lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
          );
          for (const [series, value] of before) expect(now.get(series)).toBeGreaterThanOrEqual(value);
          before = now;
        }
        const lines = primary(scrape(state, reports.length, estate));
        expect(read(lines, `${name}_count`)).toBe(answered);
        expect(read(lines, `${name}_bucket`, ['le="+Inf"'])).toBe(answered);
        const wanted = (await theirs.get()).values;
        for (const limit of buckets) {
          const expected = wanted.find(({ labels }) => labels.le === limit)?.value ?? 0;
          expect(read(lines, `${name}_bucket`, [`le="${limit}"`])).toBe(expected);
        }
        const sum = wanted.find(({ metricName }) => metricName === `${name}_sum`)?.value ?? 0;
        expect(read(lines, `${name}_sum`)).toBeCloseTo(sum, 9);
      }),
      { numRuns: 100 },
    );
  });

  it("has its buckets in ascending order, then the sum and the count", () => {
    const lines = primary(scrape(stateOf(), 1)).filter((line) => line.startsWith(`${name}_`));
    expect(lines.map((line) => /le="([^"]+)"|_(sum|count)\{/.exec(line)?.slice(1).join(""))).toEqual([
      "0.001",
      "0.005",
      "0.02",
      "+Inf",
      "sum",
      "count",
    ]);
  });

  it("is absent where no buckets are configured", () => {
    const estate = { ...plain, statistics: { windows: [], buckets: [] } };
    expect(scrape(stateOf([]), 1, estate).filter((line) => line.startsWith(`${name}_`))).toEqual([]);
  });
});

describe("the figures of a window", () => {
  it("stand beside the number of probes that they are drawn from", () => {
    const state = stateOf();
    const delays = Array.from({ length: 98 }, (_, n) => 0.001 * (n + 1));
    const variations = [-0.004, 0.002];
    state.observe(observation(5, 0, { received: 98, lost: 2, delays, variations, runs: [0, 40, 2, 58] }));
    state.observe(observation(9, 0, { lost: 1, runs: [1] }));
    const lines = primary(scrape(state, 10));
    const figure = (metric: string, ...labels: readonly string[]) =>
      read(lines, `expressroute_path_window_${metric}`, ['window="1m"', ...labels]);
    expect(figure("probes")).toBe(101);
    expect(figure("loss_ratio")).toBeCloseTo(3 / 101, 12);
    expect(figure("loss_bursts")).toBe(2);
    expect(figure("longest_loss_burst_probes")).toBe(2);
    expect(figure("round_trip_delay_seconds", 'percentile="0"')).toBe(0.001);
    expect(figure("round_trip_delay_seconds", 'percentile="50"')).toBeCloseTo(0.05, 4);
    expect(figure("round_trip_delay_seconds", 'percentile="99"')).toBeCloseTo(0.098, 4);
    expect(figure("round_trip_delay_seconds", 'percentile="100"')).toBe(0.098);
    expect(figure("delay_variation_seconds", 'percentile="100"')).toBe(0.004);
    expect(read(lines, "expressroute_path_loss_bursts_total")).toBe(2);
    expect(read(lines, "expressroute_path_round_trip_jitter_seconds")).toBeGreaterThan(0);
  });

  it("are of the stream by which the path is judged", () => {
    const state = stateOf();
    // The first was never answered, so that the second speaks.
    state.observe(observation(5, 0, { lost: 7, lastReceivedAt: undefined }));
    state.observe(observation(5, 1, { received: 3, delays: [0.002, 0.002, 0.002] }));
    const lines = primary(scrape(state, 6, twoStreams()));
    expect(read(lines, "expressroute_path_window_probes")).toBe(3);
    expect(read(lines, "expressroute_path_loss_window_probes")).toBe(3);
  });

  it("are absent where nothing is measured", () => {
    const state = stateOf();
    state.observe(observation(5, 0, { received: 2, delays: [0.002, 0.003] }));
    const silent = primary(scrape(state, 300));
    expect(silent.filter((line) => /_window_(loss|round|delay)|jitter/.test(line))).toEqual([]);
  });

  it("never state a loss without its sample size", () => {
    const state = stateOf();
    state.observe(observation(5, 0, { received: 9, lost: 1, delays: [0.002], runs: [0, 9, 1] }));
    const lines = scrape(state, 6);
    const ratios = lines.filter((line) => /_loss_ratio\{/.test(line));
    expect(ratios.length).toBe(2);
    for (const ratio of ratios) {
      const series = ratio.slice(0, ratio.lastIndexOf(" "));
      const size = series.includes("_window_loss_ratio{")
        ? series.replace("_window_loss_ratio{", "_window_probes{")
        : series.replace("_loss_ratio{", "_loss_window_probes{");
      expect(lines.filter((line) => line.startsWith(`${size} `)).length).toBe(1);
    }
  });
});

describe("loss bursts and jitter", () => {
  it("count a burst once, however many reports it lasts, and a new one after an answer", () => {
    const state = stateOf();
    for (const [s, runs] of [[2], [3], [1, 2], [0, 4], [2, 1, 1]].entries()) state.observe(observation(s, 0, { runs }));
    // 2 + 3 + 1 lost in a row; then 2; then 1.
    expect(state.probe(of, 0)?.totals.lossBursts).toBe(3);
    expect(state.probe(of, 0)?.windows(at(5))[0]).toMatchObject({ lossBursts: 3, longestLossBurst: 6 });
  });

  it("smooth the jitter as RFC 3550 does, over reports", () => {
    const delays = [0.01, 0.012, 0.009, 0.009, 0.02];
    const state = stateOf();
    for (const [s, delay] of delays.entries()) state.observe(observation(s, 0, { received: 1, delays: [delay] }));
    let jitter = 0;
    for (const [n, delay] of delays.entries()) {
      const before = delays[n - 1];
      if (before !== undefined) jitter += (Math.abs(delay - before) - jitter) / 16;
    }
    expect(state.probe(of, 0)?.jitter).toBeCloseTo(jitter, 12);
  });
});
