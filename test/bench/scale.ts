// npm run bench:scale [-- --routers N --interval S --seconds S --dead 20 --slow 20 --only polling,sick,agent --json FILE]: many
// routers, every 30 s, from one process. Three runs, one after the other: the polling alone; the polling while some
// routers are dead and some slow; and the agent with its judging and a scrape every 15 s.

import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Fleet } from "./scale/fleet.ts";
import type { Measured, Order } from "./scale/measured.ts";

const { values: flags } = parseArgs({
  options: {
    routers: { type: "string", default: "10000" },
    interval: { type: "string", default: "30" },
    seconds: { type: "string", default: "75" },
    dead: { type: "string", default: "20" },
    slow: { type: "string", default: "20" },
    only: { type: "string", default: "polling,sick,agent" },
    json: { type: "string", default: join(import.meta.dirname, "results", "scale.json") },
  },
});

function reply<T>(from: ChildProcess): Promise<T> {
  return new Promise((done, failed) => {
    const gone = () => failed(new Error("a benchmark process ended early; its message stands above"));
    from.once("exit", gone);
    from.once("message", (message) => {
      from.off("exit", gone);
      done(message as T);
    });
  });
}

const routers = Number(flags.routers);
const interval = Number(flags.interval) * 1_000;
const healthy: Fleet = { routers, interval, dead: 0, slow: 0 };
const scenarios = [
  { name: "polling", fleet: healthy, agent: false },
  { name: "sick", fleet: { routers, interval, dead: Number(flags.dead), slow: Number(flags.slow) }, agent: false },
  { name: "agent", fleet: healthy, agent: true },
].filter(({ name }) => flags.only.split(",").includes(name));

const scale = (file: string, argument: unknown, environment: Readonly<Record<string, string>> = {}) =>
  fork(join(import.meta.dirname, "scale", file), [JSON.stringify(argument)], {
    env: { ...process.env, ...environment },
  });

/** What the agent's unit sets for it. */
function unitEnvironment(): Readonly<Record<string, string>> {
  const unit = readFileSync(join(import.meta.dirname, "../../deploy/systemd/circuitwatch.service"), "utf8");
  return Object.fromEntries([...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

const results: Record<string, Measured & { readonly responder: unknown; readonly load: readonly number[] }> = {};
for (const { name, fleet, agent } of scenarios) {
  const responder = scale("responder.ts", fleet);
  const port = await reply<number>(responder);
  const order: Order = { fleet, port, seconds: Number(flags.seconds), agent };
  const measured = await reply<Measured>(scale("measured.ts", order, unitEnvironment()));
  responder.send("counts");
  results[name] = { ...measured, responder: await reply(responder), load: loadavg() };
  responder.disconnect();
}

const lines = Object.entries(results).map(([run, m]) => ({
  run,
  polls: m.polls.polls,
  "left alone": m.polls.leftAlone,
  missed: m.polls.missed,
  "late > 1 s": m.polls.lateByASecond,
  "start p50/p99/max": `${m.polls.start.p50} / ${m.polls.start.p99} / ${m.polls.start.max}`,
  "end p50/p99/max": `${m.polls.end.p50} / ${m.polls.end.p99} / ${m.polls.end.max}`,
  "loop p50/p99/max": `${m.loop.p50} / ${m.loop.p99} / ${m.loop.max}`,
  "RSS MB": m.rssMegabytes.max,
  "CPU µs/poll": m.cpuMicrosecondsPerPoll,
  datagrams: `${m.datagrams.sent} + ${m.datagrams.received}`,
  results: JSON.stringify(m.polls.results),
}));
console.log(
  `${routers} routers, every ${flags.interval} s, ${flags.seconds} s after the first round; milliseconds behind the turn.`,
);
console.log(
  `sick: ${flags.dead} % dead, ${flags.slow} % answering after 800 ms; start and end are those of the others.`,
);
console.table(lines);

const promises = Object.entries(results).flatMap(([run, { polls, loop, rssMegabytes }]) => [
  [`${run}: no poll missed or late by more than 1 s`, polls.missed + polls.lateByASecond === 0] as const,
  ...(run === "sick"
    ? [[`${run}: the others' lateness p99 under 100 ms (${polls.start.p99} ms)`, polls.start.p99 < 100] as const]
    : [
        [`${run}: RSS under 400 MB (${rssMegabytes.max} MB)`, rssMegabytes.max < 400] as const,
        [`${run}: event-loop delay p99 under 20 ms (${loop.p99} ms)`, loop.p99 < 20] as const,
      ]),
]);
for (const [promise, holds] of promises) console.log(`${holds ? "holds" : "DOES NOT HOLD"}: ${promise}`);
// How late a poll is depends on who else runs on the machine; whether one was made does not.
if (Object.values(results).some(({ polls }) => polls.missed > 0 || polls.polls === 0)) process.exitCode = 1;
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), machine, flags, results }, null, 2)}\n`);
console.log(`wrote ${file}`);
