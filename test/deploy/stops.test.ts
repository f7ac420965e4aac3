// The built agent is told to stop at any moment of its start, while its threads load, and by whoever cannot wait: it ends as it is
// told to, and takes no thread down in the middle of something (agent/decisions/0032-threads-that-end.md).

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { estateWith } from "./loopback-estate.ts";

const repository = resolve(import.meta.dirname, "../..");
const node = join(repository, "node_modules/.bin/node");
const place = mkdtempSync(join(tmpdir(), "circuitwatch-stops-"));
const firstPort = 19_700 + 100 * (process.pid % 50);
/** On a busy machine; no agent takes so long. */
const within = { timeout: 400_000 };
const stops = 50;
/** Milliseconds after the start of an agent, from its first to when it has long been there: as this machine is today. */
let moments: readonly number[] = [];

beforeAll(async () => {
  symlinkSync(join(repository, "node_modules"), join(place, "node_modules"));
  expect(spawnSync(node, [join(repository, "deploy/build.ts"), join(place, "dist")]).status).toBe(0);
  const began = performance.now();
  const { agent, ended, says } = start(firstPort + stops);
  await says("Ctrl-C stops it");
  const took = performance.now() - began;
  agent.kill("SIGTERM");
  await ended;
  moments = Array.from({ length: stops }, (_, n) => (n * 1.5 * took) / stops);
});
afterAll(() => rmSync(place, { recursive: true }));

/** An agent, and all that it says. */
function start(port: number) {
  const config = join(place, `${port}.yaml`);
  writeFileSync(config, stringify({ ...estateWith(port), stateDirectory: place }));
  const agent = spawn(node, [join(place, "dist/main.js"), "run", "--config", config, "--log-level", "warn"], {
    env: { ...process.env, SNMP_COMMUNITY: "sentinel", NODE_OPTIONS: "--v8-pool-size=1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const from of [agent.stdout, agent.stderr]) from.setEncoding("utf8").on("data", (text) => said.push(text));
  const says = (what: string) =>
    vi.waitFor(() => expect(said.join("")).toContain(what), { timeout: 60_000, interval: 5 });
  return { agent, ended: once(agent, "close"), said: () => said.join(""), says };
}

interface End {
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly said: string;
}

/** Starts an agent for each moment, two at a time, and stops it then. */
async function stopAtEach(stop: (agent: ChildProcess) => Promise<void>): Promise<readonly End[]> {
  const ends: End[] = [];
  const left = [...moments.entries()];
  const some = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [n, at] = next;
      const { agent, ended, said } = start(firstPort + n);
      await sleep(at);
      await stop(agent);
      await ended;
      ends.push({ at, code: agent.exitCode, signal: agent.signalCode, said: said() });
    }
  };
  await Promise.all([some(), some()]);
  expect(ends).toHaveLength(stops);
  return ends;
}

/** Ended in order, or by the signal itself: before the agent heeds it at its start, or when it came again. */
const inOrder = (signal: string) => (end: End) =>
  (end.code === 0 || end.signal === signal) && !/\n\s+at |FATAL|Check failed|terminate called/.test(end.said);

describe("the built agent that is told to stop while it starts", () => {
  it("ends by SIGTERM in order, whatever it was doing", within, async () => {
    const ends = await stopAtEach(async (agent) => void agent.kill("SIGTERM"));
    expect(ends.filter((end) => !inOrder("SIGTERM")(end))).toEqual([]);
    // From where it says so at the latest.
    expect(ends.filter(({ said, code }) => said.includes("status page") && code !== 0)).toEqual([]);
  });

  it.each([10, 100])("ends at once at a second Ctrl-C after %i ms, and aborts nothing", within, async (pause) => {
    const ends = await stopAtEach(async (agent) => {
      agent.kill("SIGINT");
      await sleep(pause);
      agent.kill("SIGINT");
    });
    expect(ends.filter((end) => !inOrder("SIGINT")(end))).toEqual([]);
  });

  it("goes on at SIGHUP, and says that it reads nothing again", within, async () => {
    const { agent, ended, said, says } = start(firstPort + stops);
    await says("Ctrl-C stops it");
    agent.kill("SIGHUP");
    await says("SIGHUP changes nothing: restart to read the configuration again");
    const page = /http:\/\/127\.0\.0\.1:\d+/.exec(said())?.[0];
    expect((await fetch(`${page}/`)).status).toBe(200);
    agent.kill("SIGTERM");
    await ended;
    expect(agent.exitCode).toBe(0);
  });
});
