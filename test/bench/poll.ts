// npm run bench:poll [-- --rounds N] [--only NAME] [--json FILE]: what one poll costs (288 values of 20 interfaces and
// 6 BGP peers), side by side in one run: rounds are interleaved, the median of each contender counts.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Cost } from "./poll/client.ts";
import { child, contenders, type Running, reply } from "./poll/contenders.ts";
import { bindingOctets, expected } from "./poll/load.ts";
import { judge, roundTrip, tableOf } from "./poll/report.ts";
import { fewestDatagrams } from "./poll/security.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    /** Part of a contender's name; may be given several times. */
    only: { type: "string", multiple: true, default: [""] },
    json: { type: "string", default: join(import.meta.dirname, "results", "poll.json") },
  },
});

const inFlight = 16;

const near = child("responder.ts");
const nearPorts = await reply<readonly number[]>(near);
const far = child("responder.ts", String(roundTrip));
const farPorts = await reply<readonly number[]>(far);

const chosen = contenders.filter(({ name }) => flags.only.some((part) => name.includes(part)));
const running = await Promise.all(
  chosen.map(async (contender) => ({
    contender,
    ...(await contender.start(nearPorts)),
    costs: [] as Cost[],
    datagrams: [] as number[],
    near: [] as number[],
    far: [] as number[],
  })),
);

/** Requests that the routers have been sent so far. */
function requests(): Promise<number> {
  near.send("count");
  return reply<number>(near);
}

// The first round warms up compilers and caches, and is not counted.
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const { contender, run, costs, datagrams } of running) {
    const before = await requests();
    const cost = await run({ ports: nearPorts, polls: contender.polls, inFlight });
    const sent = (await requests()) - before;
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
  const until = performance.now() + 2_000;
  do walls.push((await run(order)).wall);
  while (walls.length < 9 && performance.now() < until);
  return walls;
}

for (const one of running) {
  one.near.push(...(await alone(one, nearPorts[0])));
  one.far.push(...(await alone(one, farPorts[0])));
}

const table = tableOf(running);
const claims = judge(running);
const fewest = { "2c": fewestDatagrams("2c", bindingOctets), "3": fewestDatagrams("3", bindingOctets) };
const columns = {
  cpu: "user + system time of the contender's process, microseconds per poll: median, least and most of the rounds",
  timesCheaper: "than the cheaper snmp_exporter of the same version; ByRound: median of the ratios of single rounds",
  values: "variable bindings asked for in one poll; the agent has columns of its own",
  datagrams: "requests per poll, counted where they arrive",
  timesFewest: `of the fewest that hold ${bindingOctets} octets of bindings: ${fewest["2c"]} by v2c, ${fewest["3"]} by v3`,
  wall: `milliseconds of a poll alone, at no distance and at ${roundTrip} ms round-trip time`,
};

console.log(`One poll = ${expected.values} values; ${flags.rounds} interleaved rounds, ${inFlight} polls in flight.`);
for (const [name, meaning] of Object.entries(columns)) console.log(`  ${name}: ${meaning}`);
console.table(table);
console.table(claims);
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
const result = { at: new Date().toISOString(), machine, values: expected.values, columns, table, claims };
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`wrote ${file}`);

for (const { stop } of running) stop();
near.disconnect();
far.disconnect();
