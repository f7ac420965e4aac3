// npm run bench:bmp [-- --only "counted,many,few flaps,flaps"] [--json FILE]: what was promised of the BMP station, measured. Routers in one
// process, the station in another, over loopback; a message for each prefix, as FRR sends them.

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { StationOrder, StationResult } from "./bmp/station.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "counted,many,few flaps,flaps" },
    json: { type: "string", default: join(import.meta.dirname, "results", "bmp.json") },
  },
});

interface Scenario {
  readonly name: string;
  readonly order: StationOrder;
  readonly promise: string;
  readonly holds: (result: StationResult) => boolean;
}

const results: Record<string, StationResult> = {};
const leavesNothing = ({ left }: StationResult) => left.routes + left.attributeSets + left.counted === 0;

const scenarios: readonly Scenario[] = [
  {
    name: "counted",
    order: { routers: 1, routes: 4_000, flaps: 0 },
    promise: "4,000 prefixes are counted within 2 s of the last message",
    holds: ({ countedAfter, routes }) => routes === 4_000 && countedAfter <= 2_000,
  },
  {
    name: "many",
    order: { routers: 20, routes: 25_000, flaps: 0 },
    promise: "500,000 routes over 20 connections within 600 MB",
    holds: ({ rssMost, routes }) => routes === 500_000 && rssMost <= 600,
  },
  {
    name: "few flaps",
    order: { routers: 1, routes: 300, flaps: 100 },
    promise: "100 flaps leave nothing when the connection ends",
    holds: leavesNothing,
  },
  {
    // As often as a session that goes every second does in an hour.
    name: "flaps",
    order: { routers: 1, routes: 300, flaps: 3_600 },
    promise: "3,600 flaps leave nothing either, and no more heap than 100 did: within 1 MB",
    holds: (result) => leavesNothing(result) && result.heapConnected - (results["few flaps"]?.heapConnected ?? 0) < 1,
  },
];

let kept = true;
for (const { name, order, promise, holds } of scenarios.filter(({ name }) => flags.only.split(",").includes(name))) {
  const station = fork(join(import.meta.dirname, "bmp", "station.ts"), [JSON.stringify(order)], {
    // Some megabytes of Node's own code are flushed at one collection or another, and would be missed in one heap of two.
    execArgv: ["--expose-gc", "--no-flush-bytecode"],
  });
  const [result] = (await once(station, "message")) as [StationResult];
  results[name] = result;
  kept &&= holds(result);
  console.log(`${holds(result) ? "holds " : "MISSED"}  ${promise}`);
  console.log(`        ${JSON.stringify(result)}`);
}
mkdirSync(dirname(flags.json), { recursive: true });
writeFileSync(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);
process.exitCode = kept ? 0 : 1;
