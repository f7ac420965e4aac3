// npm run fuzz [-- --messages N] [--seconds S] [--seed X] [--only DECODER] [--at CASE] [--json FILE]: mutated messages
// against every decoder of the agent, in memory and through live sockets. Ends with 1 when anything did not hold.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createCorpus } from "./corpus.ts";
import { mergeCoverage } from "./coverage.ts";
import { runGuarded } from "./guard.ts";
import { scenes } from "./live/scenes.ts";
import { growth } from "./loop.ts";
import { added, classTable, coverageTable, failureText, targetTable } from "./report.ts";
import { hexOf, type Tally } from "./tally.ts";
import { targets } from "./targets.ts";

const { values: flags } = parseArgs({
  options: {
    messages: { type: "string", default: "10000000" },
    seconds: { type: "string", default: "3600" },
    seed: { type: "string", default: "20261122" },
    only: { type: "string" },
    at: { type: "string" },
    json: { type: "string", default: join(import.meta.dirname, "results", "fuzz.json") },
  },
});
const number = (flag: "messages" | "seconds" | "seed" | "at") => {
  const value = Number(flags[flag]);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${flag} is a whole number`);
  process.exit(2);
};
const seed = number("seed");
const seconds = number("seconds");
const { only } = flags;
const isLive = only !== undefined && scenes.some(({ name }) => name === only);
const known = [...targets, ...scenes].map(({ name }) => name);
if (only !== undefined && !known.includes(only)) {
  console.error(`--only is one of: ${known.join(", ")}`);
  process.exit(2);
}

const began = performance.now();
const left = () => Math.max(1, seconds - (performance.now() - began) / 1_000);
const memory = { part: "memory", module: join(import.meta.dirname, "targets.ts"), seed, only } as const;
const live = { part: "live", module: join(import.meta.dirname, "live", "scenes.ts"), seed, only } as const;

if (flags.at === undefined) await all(number("messages"));
else await again(number("at"));

async function again(index: number): Promise<void> {
  const chosen = targets.filter(({ name }) => only === undefined || name === only);
  const { target, mutation, bytes } = createCorpus(chosen, seed).caseAt(index);
  console.log(`case ${index} of seed ${seed}: ${target.name}, ${mutation}, ${bytes.length} octets\n${hexOf(bytes)}`);
  const tally = await runGuarded({ ...memory, from: index, count: 1, seconds, coverage: false });
  for (const { outcomes, messages } of tally.targets) if (messages > 0) console.log(outcomes);
  for (const failure of tally.failures) console.log(failureText(failure, seed));
  process.exitCode = tally.failures.length === 0 ? 0 : 1;
}

async function all(messages: number): Promise<void> {
  const liveMessages = isLive ? messages : only === undefined ? Math.min(Math.ceil(messages / 10), 500_000) : 0;
  const parts: Tally[] = [];
  if (messages > liveMessages) parts.push(await run(memory, messages - liveMessages, liveMessages > 0 ? 0.7 : 1));
  if (liveMessages > 0) parts.push(await run(live, liveMessages, 1));
  show(parts, messages);
}

/**
 * Counting coverage makes everything slower, and what was counted stays slow: it is done first, in a thread of its own,
 * for a part of the messages. The figures are what that part reached.
 */
async function run(part: typeof memory | typeof live, messages: number, share: number): Promise<Tally> {
  const until = performance.now() + share * left() * 1_000;
  const mine = () => Math.max(1, (until - performance.now()) / 1_000);
  console.log(`${part.part}: ${messages} messages`);
  const counted = Math.min(Math.ceil(messages / 10), 400_000);
  const first = await runGuarded({ ...part, from: 0, count: counted, seconds: mine(), coverage: true });
  if (first.failures.length > 0) return first;
  const rest = { from: counted, count: messages - counted, seconds: mine(), coverage: false };
  return added(first, await runGuarded({ ...part, ...rest }));
}

function show(parts: readonly Tally[], wanted: number): void {
  const failures = parts.flatMap((part) => [...part.failures, growth(part.heap) ?? []].flat());
  const tallies = parts.flatMap((part) => part.targets);
  const coverage = mergeCoverage(parts.map((part) => part.coverage));
  console.table(targetTable(tallies));
  console.table(classTable(tallies));
  console.table(coverageTable(coverage));
  for (const { heap, collections, longestCollection, longestLoopDelay } of parts) {
    console.log(`heap after forced collections, MiB: ${heap.map((mib) => mib.toFixed(1)).join(" ")}`);
    console.log(`${collections} collections by themselves, the longest ${longestCollection.toFixed(1)} ms`);
    if (longestLoopDelay > 0)
      console.log(`event loop with the attacker in it: at most ${longestLoopDelay.toFixed(1)} ms`);
  }
  const total = tallies.reduce((sum, { messages }) => sum + messages, 0);
  const took = (performance.now() - began) / 1_000;
  console.log(`seed ${seed}: ${total} messages in ${took.toFixed(0)} s, ${failures.length} failures`);
  if (total < wanted && failures.length === 0) console.log(`--seconds ended it before ${wanted} messages`);
  for (const failure of failures) console.log(failureText(failure, seed));
  const file = resolve(flags.json);
  mkdirSync(dirname(file), { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const result = { at: new Date().toISOString(), machine, seed, seconds: took, total, failures, tallies, coverage };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`wrote ${file}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
