// The agent's prober as a program: as `main.ts` composes it, but for whom it tells. Everything it observes is kept; the
// main thread is busy where the order says so.

import type { ProbeTarget } from "../../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../../agent/estate/observation.ts";
import { systemClock } from "../../../agent/lib/clock.ts";
import { keepHeapSmall, startSmall } from "../../../agent/lib/heap.ts";
import { createProbing } from "../../../agent/probe/probing.ts";
import { cpuOf } from "./program.ts";

/** `busyMs`: the main thread works this long at a stretch, with as long a pause. */
export interface ProberOrder {
  readonly targets: readonly ProbeTarget[];
  readonly busyMs: number;
  /** Only counts are wanted: what is kept would be looked through by the collector, at the cost of the prober. */
  readonly countsOnly?: boolean;
}

export type ProberAsk = "mark" | "end";

/** Of one stream. `groups`: what each report said of answers in time; delays in seconds. */
export interface StreamResult {
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  readonly discarded: number;
  readonly sendErrors: number;
  readonly groups: readonly { readonly received: number; readonly delays: readonly number[] }[];
}

export interface ProberResult {
  readonly streams: readonly StreamResult[];
  readonly dropped: Readonly<Record<string, number>>;
  readonly skipped: number;
  /** Since the mark: seconds of CPU, and probes settled. */
  readonly cpu: number;
  readonly probes: number;
  readonly megabytes: number;
}

startSmall();
keepHeapSmall(2);
const { targets, busyMs, countsOnly = false } = JSON.parse(process.argv[2] ?? "") as ProberOrder;
const of = subject.path({ circuit: "bench", peering: "azurePrivate", link: "primary" });
const sum = { received: 0, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
const streams = targets.map(() => ({ ...sum, groups: [] as StreamResult["groups"][number][] }));
const counts = Object.keys(sum) as (keyof typeof sum)[];
let settled = 0;

function observe(observation: ProbeObservation): void {
  const stream = streams[observation.index];
  if (stream === undefined) throw new Error(`an observation of stream ${observation.index}, which nobody asked for`);
  for (const count of counts) stream[count] += observation[count];
  if (!countsOnly) stream.groups.push({ received: observation.received, delays: observation.delays });
  settled += observation.received + observation.lost;
}

const log = {
  info: () => {},
  warn: (fields: unknown, message: string) => console.error(message, fields),
  error: (fields: unknown, message: string) => console.error(message, fields),
};
const probing = createProbing(
  { clock: systemClock, log, observe: (o) => o.kind === "probe" && observe(o) },
  targets.map((target, index) => ({ of, index, target })),
);
let marked = { cpu: 0, settled: 0 };
const cpu = () => cpuOf(process.pid);

process.on("message", async (ask: ProberAsk) => {
  if (ask === "mark") {
    marked = { cpu: cpu(), settled };
    process.send?.(null);
    return;
  }
  const spent = cpu() - marked.cpu;
  const probes = settled - marked.settled;
  await probing.stop();
  const result: ProberResult = {
    streams,
    dropped: probing.dropped(),
    skipped: probing.skipped(),
    cpu: spent,
    probes,
    megabytes: process.resourceUsage().maxRSS / 1_024,
  };
  process.send?.(result, () => process.exit());
});
process.on("disconnect", () => process.exit());

if (busyMs > 0) {
  setInterval(() => {
    const until = performance.now() + busyMs;
    while (performance.now() < until) JSON.stringify(targets);
  }, busyMs * 2);
}
probing.start();
process.send?.("ready");
