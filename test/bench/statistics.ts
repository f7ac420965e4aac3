// What the figures of probes cost: state and judging of many streams over simulated time, in CPU per 1,000 probes and in
// memory, and a scrape of them. Run alone: `node --expose-gc test/bench/statistics.ts STREAMS PER_SECOND WINDOW_SECONDS`.

import { allMetrics } from "../../agent/catalog/metrics.ts";
import type { Estate, GlobalReachPair, ProbeTarget } from "../../agent/estate/estate.ts";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { judge } from "../../agent/evaluate/judge.ts";
import { createKeptPage } from "../../agent/export/kept-page.ts";
import { emitJudgement, emitProbing } from "../../agent/export/paths.ts";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { inOne } from "../../agent/lib/slices.ts";
import { createState } from "../../agent/state/state.ts";

const [streams = 2_000, perSecond = 1, windowSeconds = 10] = process.argv.slice(2).map(Number);
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start it with node --expose-gc");

const duration = 330;
const reportEvery = 0.25;
const judgeEvery = 0.5;
const window = seconds(windowSeconds);
const statistics = {
  windows: [
    { name: "1m", span: seconds(60) },
    { name: "5m", span: seconds(300) },
  ],
  buckets: [
    0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5,
    1,
  ],
};
const target: ProbeTarget = {
  technique: "icmp",
  address: "192.0.2.1",
  port: 0,
  source: undefined,
  interval: milliseconds(1_000 / perSecond),
  timeout: seconds(1),
};
const pairs = Array.from(
  { length: streams },
  (_, n): GlobalReachPair => ({
    globalReach: "g",
    fromSite: "ams",
    toSite: `s${n}`,
    probes: [target],
    thresholds: {
      loss: { raise: 0.05, clear: 0.02, for: seconds(3) },
      delay: { raise: 0.1, clear: 0.08, for: seconds(5) },
      silence: seconds(3),
      window,
      keepFiringFor: seconds(10),
    },
  }),
);
const subjects = pairs.map(subject.pair);
const estate: Estate = {
  site: "ams",
  web: { host: "127.0.0.1", port: 0 },
  notifications: undefined,
  reflector: undefined,
  stateDirectory: undefined,
  statistics,
  selfCheck: { gateways: [], starvedAfter: seconds(2) },
  services: [],
  internetDependencies: [],
  routers: new Map(),
  circuits: new Map(),
  globalReach: new Map([["g", { name: "g", circuits: ["a", "b"], subnet: "192.168.250.0/29", pairs }]]),
};
const state = createState({
  keep: window,
  windows: statistics.windows.map(({ span }) => span),
  buckets: statistics.buckets,
});

let seed = 1;
/** As good as random, and the same in every run. */
function dice(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

/** Around 20 ms, with a tail; one of a hundred lost. */
function observationOf(n: number, at: number, probes: number): ProbeObservation {
  const delays: number[] = [];
  const variations: number[] = [];
  let lost = 0;
  for (let i = 0; i < probes; i++) {
    if (dice() < 0.01) lost++;
    else delays.push(0.02 + 0.002 * dice() + (dice() < 0.02 ? 0.05 * dice() : 0));
  }
  for (const delay of delays) variations.push(delay - 0.021);
  return {
    kind: "probe",
    of: subjects[n] ?? subject.pair(pairs[0] as GlobalReachPair),
    index: 0,
    technique: "icmp",
    at: at as Instant,
    received: delays.length,
    lost,
    late: 0,
    duplicate: 0,
    reordered: 0,
    discarded: 0,
    sendErrors: 0,
    delays,
    runs: lost > 0 ? [0, delays.length, lost] : [0, delays.length],
    variations,
    lossRun: 0,
    lastReceivedAt: at as Instant,
  };
}

collect();
const before = process.memoryUsage();
const spent = { observe: 0, judge: 0, longestJudge: 0 };
let probes = 0;
let judgement: Judgement | undefined;
/** A stream that probes seldom reports seldom; the streams take turns. */
const turns = Math.max(1, Math.round(1 / perSecond / reportEvery));
for (let round = 0; round * reportEvery < duration; round++) {
  const at = round * reportEvery * 1_000;
  const batch: ProbeObservation[] = [];
  for (let n = round % turns; n < streams; n += turns) {
    const due = Math.floor((round + 1) * reportEvery * perSecond) - Math.floor(round * reportEvery * perSecond);
    const count = turns > 1 ? 1 : due;
    probes += count;
    batch.push(observationOf(n, at, count));
  }
  const start = process.hrtime.bigint();
  for (const observation of batch) state.observe(observation);
  const observed = process.hrtime.bigint();
  spent.observe += Number(observed - start);
  if ((round * reportEvery) % judgeEvery !== 0) continue;
  judgement = judge(estate, state, judgement, at as Instant);
  const took = Number(process.hrtime.bigint() - observed);
  spent.judge += took;
  if (round * reportEvery > 60) spent.longestJudge = Math.max(spent.longestJudge, took);
}
collect();
const after = process.memoryUsage();
const perThousand = (ns: number) => `${((ns / 1e9 / probes) * 1_000).toFixed(5)} s`;
const kib = (bytes: number) => `${(bytes / streams / 1_024).toFixed(1)} KiB`;
const used = (m: NodeJS.MemoryUsage) => m.heapUsed + m.external;
console.log(`${streams} streams, ${perSecond}/s, window ${windowSeconds} s: ${probes} probes in ${duration} s`);
console.log(`per 1,000 probes: state ${perThousand(spent.observe)}, judging ${perThousand(spent.judge)}`);
console.log(
  `longest judgement ${(spent.longestJudge / 1e6).toFixed(1)} ms; memory per stream ${kib(used(after) - used(before))}`,
);

const page = createKeptPage(allMetrics);
const clock = { now: () => (duration * 1_000) as Instant, toEpoch: (at: Instant) => at, after: () => () => undefined };
for (const _ of [1, 2, 3]) {
  const start = process.hrtime.bigint();
  const pieces = inOne(
    page.render(function* (emit) {
      yield* emitProbing(emit, estate, state);
      if (judgement !== undefined) yield* emitJudgement(emit, judgement, estate, state, clock);
    }),
  );
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  console.log(
    `scrape: ${took.toFixed(0)} ms, ${(pieces.reduce((sum, { length }) => sum + length, 0) / 1e6).toFixed(1)} MB`,
  );
}
