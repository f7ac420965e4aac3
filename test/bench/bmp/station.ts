// The station, in a process of its own, so that its memory is its own.

import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createBmpStation } from "../../../agent/collect/bmp-station.ts";
import { monotonicNow, systemClock } from "../../../agent/lib/clock.ts";
import { seconds } from "../../../agent/lib/duration.ts";
import { createState } from "../../../agent/state/state.ts";
import { estateOf, nameOf, peer } from "./plan.ts";
import type { SendOrder } from "./routers.ts";

export type StationOrder = Omit<SendOrder, "port">;

export interface StationResult {
  /** Milliseconds from the last octet that was sent until the counts said everything. */
  readonly countedAfter: number;
  readonly routes: number;
  readonly messages: number;
  /** From the first connection to the last count. */
  readonly seconds: number;
  readonly cpuMicrosecondsPerMessage: number;
  /** MB. */
  readonly rssBefore: number;
  readonly rssMost: number;
  readonly rssAfter: number;
  /** Of what the station itself counts. */
  readonly counted: number;
  readonly limit: number;
  /** MB of heap and buffers after a collection: with all routes, and after the connections ended. */
  readonly heapConnected: number;
  readonly heapAfter: number;
  /** Milliseconds. */
  readonly loopP99: number;
  readonly loopMax: number;
  /** After all connections ended. */
  readonly left: { readonly routes: number; readonly attributeSets: number; readonly counted: number };
}

const order = JSON.parse(process.argv[2] ?? "") as StationOrder;
const megabytes = (octets: number) => Math.round(octets / 1e5) / 10;
const collect = () => globalThis.gc?.();
const held = async () => {
  collect();
  // Buffers of sockets are given back in a turn of the loop after the collection that finds them.
  await new Promise((done) => setTimeout(done, 100));
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return megabytes(heapUsed + external);
};

const state = createState({ keep: seconds(10) });
const log = { info: () => {}, warn: () => {}, error: () => {} };
const station = createBmpStation(
  { clock: systemClock, log, random: randomBytes, observe: state.observe, poll: () => {} },
  estateOf(order.routers, Math.max(1_000, order.routes)),
);
const started = await station.start();
if (!started.ok) throw new Error(started.error);

const receivedOf = (i: number) =>
  state.bmpPrefixes(nameOf(i), peer.address)?.families.find(({ family }) => family === "ipv4")?.received ?? 0;
const messages = () =>
  [...(station.read()?.routers.values() ?? [])].reduce((sum, router) => sum + router.messages.routeMonitoring, 0);
const wanted = order.routers * order.routes * (order.flaps + 1);

collect();
const rssBefore = megabytes(process.memoryUsage.rss());
let rssMost = 0;
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const sending: ChildProcess = fork(join(import.meta.dirname, "routers.ts"), [
  JSON.stringify({ ...order, port: station.port() } satisfies SendOrder),
]);
const began = monotonicNow();
const cpu = process.cpuUsage();
const sent = once(sending, "message").then(([at]) => at as number);

const isCounted = () =>
  messages() === wanted &&
  Array.from({ length: order.routers }, (_, i) => i).every((i) => receivedOf(i) === order.routes);
while (!isCounted()) {
  await new Promise((done) => setTimeout(done, 5));
  rssMost = Math.max(rssMost, process.memoryUsage.rss());
}
const ended = monotonicNow();
const { user, system } = process.cpuUsage(cpu);
const countedAfter = Math.round(ended - (await sent));
loop.disable();
const rssAfter = megabytes(process.memoryUsage.rss());
const heapConnected = await held();
const counted = station.read();
const routes = [...(counted?.routers.values() ?? [])].reduce((sum, router) => sum + router.routes, 0);
sending.send("end");
while ([...(station.read()?.routers.values() ?? [])].some(({ connected }) => connected)) {
  await new Promise((done) => setTimeout(done, 5));
}
const after = station.read();
await station.stop();
const result: StationResult = {
  countedAfter,
  routes,
  messages: messages(),
  seconds: Math.round(ended - began) / 1_000,
  cpuMicrosecondsPerMessage: Math.round(((user + system) / wanted) * 100) / 100,
  rssBefore,
  rssMost: megabytes(rssMost),
  rssAfter,
  counted: megabytes(counted?.memory ?? 0),
  limit: megabytes(counted?.memoryLimit ?? 0),
  heapConnected,
  heapAfter: await held(),
  loopP99: Math.round(loop.percentile(99) / 1e5) / 10,
  loopMax: Math.round(loop.max / 1e5) / 10,
  left: {
    routes: [...(after?.routers.values() ?? [])].reduce((sum, router) => sum + router.routes, 0),
    attributeSets: after?.attributeSets ?? -1,
    counted: megabytes(after?.memory ?? 0),
  },
};
process.send?.(result);
process.disconnect();
