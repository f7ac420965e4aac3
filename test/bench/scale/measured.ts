// The measured process: the agent's polling as `main.ts` composes it, over the simulated routers; with `agent`, the
// judging too, and a scrape every 15 s.

import { createPolling } from "../../../agent/collect/polling.ts";
import { createJudging } from "../../../agent/evaluate/judging.ts";
import { createPrometheusExport } from "../../../agent/export/prometheus.ts";
import { systemClock as clock, elapsed } from "../../../agent/lib/clock.ts";
import { seconds } from "../../../agent/lib/duration.ts";
import { growWhileManyWait, keepHeapSmall, startSmall } from "../../../agent/lib/heap.ts";
import { createSnmpClient } from "../../../agent/net/snmp-client.ts";
import { createState } from "../../../agent/state/state.ts";
import { estateOf, type Fleet } from "./fleet.ts";
import {
  createLoopWatch,
  createPollWatch,
  createSamples,
  groupsOf,
  type PollTimes,
  round,
  type Spread,
} from "./measures.ts";

export interface Order {
  readonly fleet: Fleet;
  readonly port: number;
  readonly seconds: number;
  readonly agent: boolean;
}

export interface Measured {
  /** The first interval of every group, in which every router is looked over. */
  readonly warmUp: PollTimes & { readonly loop: Spread };
  readonly polls: PollTimes;
  readonly loop: Spread;
  /** By perf_hooks, less its resolution. */
  readonly loopHistogram: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Longest garbage collection pause and their share of the time. */
  readonly collections: { readonly max: number; readonly share: number };
  readonly rssMegabytes: { readonly max: number; readonly atEnd: number };
  readonly cpuMicrosecondsPerPoll: number;
  readonly cpuShare: number;
  readonly datagrams: { readonly sent: number; readonly retransmitted: number; readonly received: number };
  readonly dropped: Readonly<Record<string, number>>;
  readonly timedOut: number;
  readonly openBreakers: number;
  readonly scrape: { readonly megabytes: number; readonly gzipMegabytes: number; readonly milliseconds: number };
}

const order = JSON.parse(process.argv[2] ?? "") as Order;
// As `main.ts` does.
startSmall();
keepHeapSmall(order.fleet.routers);
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const scrapeEvery = seconds(15);
/** Time for the walks of the first interval to end. */
const settling = Math.min(seconds(10), order.fleet.interval / 2);

const estate = estateOf(order.fleet, order.port);
const groups = groupsOf(estate);
const watch = createPollWatch(order.fleet, groups);
const state = createState({ keep: seconds(60) });
const snmp = createSnmpClient({ clock, log: silent });
const polling = createPolling(
  {
    clock,
    log: silent,
    snmp,
    observe(observation) {
      state.observe(observation);
      if (observation.kind === "poll") watch.see(observation);
    },
    leftAlone: watch.leave,
  },
  estate,
);
const judging = createJudging({ clock, log: silent, snapshot: state }, estate);
const zero = () => 0;
const none = () => ({});
const metrics = createPrometheusExport({
  estate,
  snapshot: state,
  judgement: judging.latest,
  clock,
  agent: {
    version: "benchmark",
    simulated: true,
    pollOverruns: polling.overruns,
    openBreakers: polling.openBreakers,
    notifications: {
      taken: () => new Map(),
      dropped: () => ({}),
      datagrams: () => ({}),
      confirmed: () => new Map(),
    },
    snmpMessages: snmp.requests.read,
    snmpDropped: snmp.dropped.read,
    probesDropped: none,
    probesSkipped: zero,
    probeRestarts: zero,
    checking: { inFlight: () => 0, skipped: () => 0, restarts: () => 0 },
    reflector: { outcomes: () => undefined, restarts: () => 0 },
    tracing: { traces: none, searches: none, packets: zero, dropped: none },
    bmp: () => undefined,
    httpRequests: none,
  },
});

const scrape = { megabytes: 0, gzipMegabytes: 0, milliseconds: 0 };
async function scrapeOnce(): Promise<void> {
  const from = clock.now();
  const page = await metrics.render();
  // As Prometheus takes it.
  let sent = 0;
  for (const piece of page.gzip()) sent += piece.length;
  scrape.megabytes = round(page.length / 1e6);
  scrape.gzipMegabytes = round(sent / 1e6);
  scrape.milliseconds = round(elapsed(from, clock.now()));
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await snmp.start();
const warmLoop = createLoopWatch();
warmLoop.start();
watch.begin(clock.now());
polling.start();
growWhileManyWait(clock, order.fleet.routers, snmp.waiting);
if (order.agent) {
  judging.start();
  setInterval(() => void scrapeOnce(), scrapeEvery);
}
// The first interval of every group: the slowest walk for the first time in their own.
await wait(Math.max(...groups.map(({ interval }) => interval)) + settling);
const warmUp = { ...watch.times(clock.now()), loop: warmLoop.stop().waits };
watch.clear();

const loop = createLoopWatch();
loop.start();
const pauses = createSamples();
let paused = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    pauses.add(duration);
    paused += duration;
  }
}).observe({ entryTypes: ["gc"] });
const before = { requests: snmp.requests.read(), cpu: process.cpuUsage(), at: clock.now() };
await wait(order.seconds * 1_000);
const now = clock.now();
const { user, system } = process.cpuUsage(before.cpu);
const polls = watch.times(now);
const { waits, histogram } = loop.stop();
const since = (kind: keyof typeof before.requests) => snmp.requests.read()[kind] - before.requests[kind];
const result: Measured = {
  warmUp,
  polls,
  loop: waits,
  loopHistogram: histogram,
  collections: { max: pauses.spread().max, share: round(paused / elapsed(before.at, now)) },
  rssMegabytes: {
    max: round(process.resourceUsage().maxRSS / 1_024),
    atEnd: round(process.memoryUsage.rss() / 2 ** 20),
  },
  cpuMicrosecondsPerPoll: Math.round((user + system) / polls.polls),
  cpuShare: round((user + system) / 1_000 / elapsed(before.at, now)),
  datagrams: { sent: since("sent"), retransmitted: since("retransmitted"), received: since("received") },
  dropped: Object.fromEntries(Object.entries(snmp.dropped.read()).filter(([, n]) => n > 0)),
  timedOut: since("timedOut"),
  openBreakers: polling.openBreakers(),
  scrape,
};
process.send?.(result, () => process.exit(0));
