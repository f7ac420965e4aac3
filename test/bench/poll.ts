// npm run bench:poll [-- --rounds N] [--only NAME] [--json FILE]: what one poll costs (288 values of 20 interfaces and
// 6 BGP peers), side by side in one run: rounds are interleaved, the median of each contender counts.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Cost } from "./poll/client.ts";
import { type Contender, child, contenders, type Role, type Running, reply } from "./poll/contenders.ts";
import { expected } from "./poll/load.ts";
import { columns, promises, roundTrip, tableOf } from "./poll/report.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    /** Part of a contender's name; may be given several times. */
    only: { type: "string", multiple: true, default: [""] },
    json: { type: "string", default: join(import.meta.dirname, "results", "poll.json") },
  },
});

const inFlight = 16;

const chosen = contenders.filter(({ name }) => flags.only.some((part) => name.includes(part)));
if (chosen.length === 0) throw new Error(`--only takes a part of: ${contenders.map(({ name }) => name).join("; ")}`);

const near = child("responder.ts");
const nearPorts = await reply<readonly number[]>(near);
const far = child("responder.ts", String(roundTrip));
const farPorts = await reply<readonly number[]>(far);
const counting = child("responder.ts", "0", "counting");
const countingPorts = await reply<readonly number[]>(counting);

const running = await Promise.all(
  chosen.map(async (contender) => ({
    contender,
    ...(await contender.start(nearPorts, countingPorts)),
    costs: [] as Cost[],
    datagrams: [] as number[],
    near: [] as number[],
    far: [] as number[],
  })),
);

const counts = (role: Role) => role === "pipeline" || role === "metrics" || role === "everyPoll";

/** Requests that a contender's routers have been sent so far. */
function requests({ role }: Contender): Promise<number> {
  const routers = counts(role) ? counting : near;
  routers.send("count");
  return reply<number>(routers);
}

// The first round warms up compilers and caches, and is not counted.
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const { contender, run, costs, datagrams } of running) {
    const before = await requests(contender);
    const ports = counts(contender.role) ? countingPorts : nearPorts;
    const cost = await run({ ports, polls: contender.polls, inFlight });
    const sent = (await requests(contender)) - before;
    if (round === 0) continue;
    costs.push(cost);
    datagrams.push(sent / contender.polls);
  }
}

/** Single polls of one router, of which the first is not counted: it learns about the router. */
async function alone({ run }: Running, port: number | undefined): Promise<readonly number[]> {
  const order = { ports: [port ?? 0], polls: 1, inFlight: 1 };
  const walls: number[] = [];
  await run(order);
  const until = performance.now() + 1_000;
  do walls.push((await run(order)).wall);
  while (walls.length < 9 && performance.now() < until);
  return walls;
}

for (const one of running) {
  one.near.push(...(await alone(one, nearPorts[0])));
  one.far.push(...(await alone(one, farPorts[0])));
}

const table = tableOf(running);
const promised = promises(running);
console.log(`One poll = ${expected.values} values; ${flags.rounds} interleaved rounds, ${inFlight} polls in flight.`);
for (const [name, meaning] of Object.entries(columns)) console.log(`  ${name}: ${meaning}`);
console.table(table);
console.table(promised);
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const result = { at: new Date().toISOString(), machine, values: expected.values, columns, table, promised };
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`wrote ${file}`);

for (const { stop } of running) stop();
near.disconnect();
counting.disconnect();
far.disconnect();
