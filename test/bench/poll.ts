// npm run bench:poll [-- --rounds N] [--json FILE]: what one poll costs (288 values of 20 interfaces and 6 BGP
// peers), side by side in one run: rounds are interleaved, the median of each client counts.

import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Cost, Order } from "./poll/client.ts";
import { startExporter } from "./poll/exporter.ts";
import { expected } from "./poll/load.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    json: { type: "string", default: join(import.meta.dirname, "results", "poll.json") },
  },
});

interface Contender {
  readonly name: string;
  /** Polls of one round: enough to measure, few enough to end. */
  readonly polls: number;
  readonly run: (order: Order) => Promise<Cost>;
  readonly stop: () => void;
}

const started: ChildProcess[] = [];

function child(file: string, ...args: readonly string[]): ChildProcess {
  const process = fork(join(import.meta.dirname, "poll", file), [...args]);
  started.push(process);
  return process;
}

function reply<T>(from: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error("a benchmark process ended early; its message stands above"));
    from.once("exit", gone);
    from.once("message", (message) => {
      from.off("exit", gone);
      resolve(message as T);
    });
  });
}

function forked(name: string, polls: number, file: string, ...args: readonly string[]): Contender {
  const process = child(file, ...args);
  return {
    name,
    polls,
    run: (order) => {
      process.send(order);
      return reply<Cost>(process);
    },
    stop: () => process.disconnect(),
  };
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const responder = child("responder.ts");
const ports = await reply<readonly number[]>(responder);
const exporter = await startExporter();
const contenders: readonly Contender[] = [
  forked("circuitwatch, walk (GETBULK by rows)", 2_000, "circuitwatch-client.ts", "walk"),
  forked("circuitwatch, known instances (GET)", 2_000, "circuitwatch-client.ts", "get"),
  { name: "prometheus-snmp-exporter", polls: 250, ...exporter },
  forked("npm net-snmp, subtree per column", 250, "net-snmp-client.ts"),
  forked("npm snmp-native, subtree per column", 60, "snmp-native-client.ts"),
];

const costs = new Map(contenders.map(({ name }) => [name, [] as Cost[]]));
// The first round warms up compilers and caches, and is not counted.
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const { name, polls, run } of contenders) {
    const cost = await run({ ports, polls });
    if (round > 0) costs.get(name)?.push(cost);
  }
}

const results = contenders.map(({ name }) => {
  const all = costs.get(name) ?? [];
  const cpu = all.map((cost) => cost.cpu);
  return {
    client: name,
    cpuMicrosecondsPerPoll: Math.round(median(cpu)),
    least: Math.round(Math.min(...cpu)),
    most: Math.round(Math.max(...cpu)),
    wallMillisecondsPerPoll: Number(median(all.map((cost) => cost.wall)).toFixed(2)),
  };
});
const ours = results[0]?.cpuMicrosecondsPerPoll ?? Number.NaN;
const table = results.map((r) => ({ ...r, timesOurWalk: Number((r.cpuMicrosecondsPerPoll / ours).toFixed(1)) }));

console.log(`One poll = ${expected.values} values; CPU (user + system) of the client process; ${flags.rounds} rounds.`);
console.table(table);
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
writeFileSync(
  file,
  `${JSON.stringify({ at: new Date().toISOString(), machine, values: expected.values, table }, null, 2)}\n`,
);
console.log(`wrote ${file}`);

for (const { stop } of contenders) stop();
responder.disconnect();
