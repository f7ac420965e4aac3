// npm run bench:probe [-- --seconds S --rounds N --only error,loss,disorder,cost,agent --json FILE]: the prober beside fping,
// blackbox_exporter and smokeping_prober, in network namespaces of its own, against a capture of what was on the wire; and the
// whole agent with many targets. As root; Debian: fping prometheus-blackbox-exporter prometheus-smokeping-prober tcpdump nftables.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, runAgent } from "./probe/agent.ts";
import { costRun } from "./probe/cost.ts";
import { startProgram } from "./probe/program.ts";
import { countsHold, type ProbeResults, promisesOf, tablesOf } from "./probe/report.ts";
import { type Bench, disorderRun, errorRun, lossRun } from "./probe/runs.ts";
import { createWire, farAddresses } from "./probe/wire.ts";

const { values: flags } = parseArgs({
  options: {
    /** Of each run, its warm-up not counted. */
    seconds: { type: "string", default: "10" },
    /** Of the costs: how often each prober has its turn. */
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "error,loss,disorder,cost,agent" },
    json: { type: "string", default: join(import.meta.dirname, "results", "probe.json") },
  },
});
if (process.getuid?.() !== 0) throw new Error("bench:probe makes network namespaces: run it as root");

const seconds = Number(flags.seconds);
const only = new Set(flags.only.split(","));
const folder = mkdtempSync(join(tmpdir(), "bench-probe-"));

const prober = await build("test/bench/probe/prober.ts", folder);

/** Over a link with a relay or without one, and a reflector at its far end. */
async function over<T>(relayed: boolean, run: (bench: Bench) => Promise<T>): Promise<T> {
  const wire = await createWire(`cwb${process.pid}${relayed ? "r" : "d"}`, relayed);
  try {
    const reflector = await startProgram<string>(wire.far, "reflector.ts", {});
    const result = await run({ wire, prober, folder });
    await reflector.stop();
    return result;
  } finally {
    await wire.remove();
  }
}

async function inTurn<A, B>(all: readonly A[], run: (one: A) => Promise<B>): Promise<readonly B[]> {
  const results: B[] = [];
  for (const one of all) results.push(await run(one));
  return results;
}

const relayed = await over(true, async (bench): Promise<ProbeResults> => {
  const error = only.has("error")
    ? (await inTurn(["idle", "busy"] as const, (load) => errorRun(bench, load, seconds))).flat()
    : [];
  const loss = only.has("loss") ? await inTurn([0.01, 0.05, 0.2], (share) => lossRun(bench, share, seconds)) : [];
  return { error, loss, ...(only.has("disorder") ? { disorder: await disorderRun(bench, seconds) } : {}) };
});

const loads = [
  { targets: 2_000, interval: 1_000 },
  { targets: 200, interval: 100 },
];
const orders = [
  ...(["icmp", "stamp"] as const).flatMap((technique) =>
    ([4, 6] as const).flatMap((family) =>
      loads.map((load) => ({ technique, family, seconds, form: "built" as const, ...load })),
    ),
  ),
  // To compare: nothing is promised of them.
  ...loads.map((load) => ({
    technique: "icmp" as const,
    family: 4 as const,
    seconds,
    form: "sources" as const,
    ...load,
  })),
];
const direct = await over(false, async (bench): Promise<ProbeResults> => {
  const rounds = Number(flags.rounds);
  const cost = only.has("cost") ? await costRun(bench, (family) => farAddresses(family, 200), { seconds, rounds }) : [];
  const built = only.has("agent") ? await build("agent/main.ts", folder) : "";
  const agent = only.has("agent")
    ? await inTurn(orders, async (order) => ({ ...order, ...(await runAgent(bench.wire, order, built, folder)) }))
    : [];
  return { cost, agent };
});

const results: ProbeResults = { ...relayed, ...direct };
for (const [title, table] of Object.entries(tablesOf(results))) {
  if (table.length === 0) continue;
  console.log(title);
  console.table(table);
}
const promised = promisesOf(results);
for (const { promise, limit, measured, holds } of promised) {
  console.log(`${holds ? "holds" : "DOES NOT HOLD"}: ${promise} (${measured}; limit ${limit})`);
}
// Delays and costs depend on who else runs on the machine; counts do not.
if (promised.length === 0 || !countsHold(results)) process.exitCode = 1;
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, load: loadavg() };
writeFileSync(
  file,
  `${JSON.stringify({ at: new Date().toISOString(), machine, flags, results, promised }, null, 2)}\n`,
);
console.log(`wrote ${file}`);
