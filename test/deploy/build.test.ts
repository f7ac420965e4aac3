// What is deployed is built and started: it does what the sources do, all its threads with it, from a place that has no sources.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { estateWith } from "./loopback-estate.ts";

const repository = resolve(import.meta.dirname, "../..");
const node = join(repository, "node_modules/.bin/node");
const place = mkdtempSync(join(tmpdir(), "circuitwatch-build-"));
const agents: ChildProcess[] = [];

/** Milliseconds, on a busy machine: on another it is a matter of seconds. */
const patience = 90_000;

/** Of the built agent's reflector; the sources have the next. */
const firstPort = 18_620 + 2 * (process.pid % 500);

/** Starts an agent and gives the address of its page. */
async function start(main: string, port: number): Promise<string> {
  const config = join(place, `${port}.yaml`);
  writeFileSync(config, stringify(estateWith(port)));
  const agent = spawn(node, [main, "run", "--config", config, "--log-level", "warn"], {
    env: { ...process.env, SNMP_COMMUNITY: "sentinel", NODE_COMPILE_CACHE: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  agents.push(agent);
  let said = "";
  for (const from of [agent.stdout, agent.stderr]) {
    from.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  return vi.waitFor(
    () => {
      const page = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (page === undefined) throw new Error(`no page yet: ${said}`);
      return page;
    },
    { timeout: patience, interval: 50 },
  );
}

async function stop(agent: ChildProcess): Promise<number | null> {
  agent.kill("SIGTERM");
  if (agent.exitCode === null) await once(agent, "exit");
  return agent.exitCode;
}

const get = async (url: string) => (await fetch(url)).text();

/** Sum of the series of a metric whose labels include the text. */
function total(metrics: string, name: string, labels = ""): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

beforeAll(() => {
  symlinkSync(join(repository, "node_modules"), join(place, "node_modules"));
  const built = spawnSync(node, [join(repository, "deploy/build.ts"), join(place, "dist")], { encoding: "utf8" });
  expect(built.stderr).toBe("");
  expect(built.status).toBe(0);
});

afterAll(async () => {
  await Promise.all(agents.map(stop));
  rmSync(place, { recursive: true });
});

describe("the built agent", () => {
  it("has a file for each thread, and no source", () => {
    const files = readdirSync(join(place, "dist"), { recursive: true, encoding: "utf8" });
    const threads = ["check-worker.js", "reflector-worker.js", "worker.js"];
    expect(files).toEqual(expect.arrayContaining(["main.js", ...threads]));
    expect(files.filter((file) => file.endsWith(".ts"))).toEqual([]);
  });

  it("is ASCII alone, which V8 keeps in half the memory", () => {
    for (const file of readdirSync(join(place, "dist")).filter((name) => name.endsWith(".js"))) {
      expect.soft(readFileSync(join(place, "dist", file), "utf8"), file).toMatch(/^[\0-\x7f]*$/);
    }
  });

  it("probes, reflects, traces and checks, shows what the sources show, and ends when it is told to", {
    timeout: 4 * patience,
  }, async () => {
    const page = await start(join(place, "dist/main.js"), firstPort);
    const told = await vi.waitFor(
      async () => {
        const metrics = await get(`${page}/metrics`);
        const probed = (technique: string) => {
          const label = `technique="${technique}"`;
          const lost = total(metrics, "expressroute_path_probes_lost_total", label);
          return total(metrics, "expressroute_path_probes_total", label) - lost;
        };
        expect(probed("icmp")).toBeGreaterThan(0);
        expect(probed("stamp")).toBeGreaterThan(0);
        expect(total(metrics, "expressroute_agent_reflector_datagrams_total", 'outcome="answered"')).toBeGreaterThan(0);
        expect(total(metrics, "expressroute_path_trace_hops")).toBeGreaterThan(0);
        expect(total(metrics, "expressroute_service_checks_total", 'result="refused"')).toBeGreaterThan(0);
        return metrics;
      },
      { timeout: patience, interval: 200 },
    );
    for (const thread of ["probe", "reflector", "check"]) {
      expect(told).not.toMatch(new RegExp(`^expressroute_agent_${thread}\\w*_restarts_total [1-9]`, "m"));
    }

    const sources = await start(join(repository, "agent/main.ts"), firstPort + 1);
    for (const file of ["/status.js", "/status.css"]) expect(await get(page + file)).toBe(await get(sources + file));
    // Words and marks, without what is measured; the same once both have seen as much.
    const words = async (of: string) => (await get(of)).replaceAll(/[\d.:]+/g, "0");
    await vi.waitFor(async () => expect(await words(page)).toBe(await words(sources)), {
      timeout: patience,
      interval: 200,
    });

    expect(await Promise.all(agents.map(stop))).toEqual([0, 0]);
  });
});
