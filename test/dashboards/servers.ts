// The agent's simulated estate, and a Prometheus that scrapes it: real processes, on loopback ports of their own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { run } from "../support/installed.ts";
import { freePort } from "../support/ports.ts";

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** In order of time; one for an instant query. */
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

export interface PrometheusServer extends Server {
  /** As of one moment, in Unix seconds. */
  query(expression: string, at: number): Promise<readonly Sample[]>;
  queryRange(expression: string, from: number, to: number): Promise<readonly Sample[]>;
  labelValues(metric: string, label: string): Promise<readonly string[]>;
}

const root = resolve(import.meta.dirname, "../..");

/** Repeats until it gives something; what went wrong last is in the error. */
export async function eventually<T>(seconds: number, attempt: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let last: unknown = "nothing came";
  do {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 500));
  } while (performance.now() < end);
  throw new Error(`${what}: not within ${seconds} s`, { cause: last });
}

async function start(command: string, args: readonly string[], url: string, ready: string): Promise<Server> {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const ended = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`${command} ended with ${code}:\n${output}`)),
  );
  ended.catch(() => {});
  failed.catch(() => {});
  const answered = eventually(
    30,
    async () => ((await fetch(`${url}${ready}`)).ok ? true : undefined),
    `${command} ${args.join(" ")}`,
  );
  await Promise.race([answered, failed, ended]).catch(async (error: unknown) => {
    await end(child);
    throw error;
  });
  return { url, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(patience);
}

/** The lab, as `npm start` runs it. */
export async function startLab(): Promise<Server> {
  const listen = `127.0.0.1:${await freePort()}`;
  return start(process.execPath, ["agent/main.ts", "lab", "--listen", listen], `http://${listen}`, "/metrics");
}

const series = z.record(z.string(), z.string());
const pair = z.tuple([z.number(), z.string()]);
const answer = z.object({
  status: z.literal("success"),
  data: z.object({
    result: z.array(
      z.union([z.object({ metric: series, value: pair }), z.object({ metric: series, values: z.array(pair) })]),
    ),
  }),
});
const labelAnswer = z.object({ status: z.literal("success"), data: z.array(z.string()) });

/**
 * Scrapes `target` (host:port) every two seconds, which is how long a busy machine may take for it. `history` is OpenMetrics
 * text with timestamps, older than an hour, that it remembers from the start.
 */
export async function startPrometheus(target: string, history: string): Promise<PrometheusServer> {
  const dir = mkdtempSync(join(tmpdir(), "circuitwatch-prometheus-"));
  const config = join(dir, "prometheus.yml");
  const data = join(dir, "data");
  // YAML is a superset of JSON.
  const scrape = { job_name: "circuitwatch", static_configs: [{ targets: [target] }] };
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: "2s" }, scrape_configs: [scrape] }));
  const recorded = join(dir, "history.txt");
  writeFileSync(recorded, history);
  const filled = run("promtool", ["tsdb", "create-blocks-from", "openmetrics", recorded, data], dir);
  if (filled.status !== 0) throw new Error(filled.output);

  const listen = `127.0.0.1:${await freePort()}`;
  const server = await start(
    "prometheus",
    [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${listen}`, "--log.level=warn"],
    `http://${listen}`,
    "/-/ready",
  );

  const ask = async (path: string, query: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${server.url}${path}?${new URLSearchParams(query)}`);
    const body = await response.text();
    if (!response.ok) throw new Error(`${query.query}: ${body}`);
    return JSON.parse(body);
  };
  const samples = (body: unknown) =>
    answer.parse(body).data.result.map((each) => ({
      metric: each.metric,
      values: "value" in each ? [each.value] : each.values,
    }));

  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
    },
    async query(query, at) {
      return samples(await ask("/api/v1/query", { query, time: at.toFixed(3) }));
    },
    async queryRange(query, from, to) {
      const span = { start: from.toFixed(3), end: to.toFixed(3), step: "1" };
      return samples(await ask("/api/v1/query_range", { query, ...span }));
    },
    async labelValues(metric, label) {
      return labelAnswer.parse(await ask(`/api/v1/label/${label}/values`, { "match[]": metric })).data;
    },
  };
}
