// The real agent on the jump host of a lab, and what it says by its own API.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseMetrics } from "./history.ts";
import { answers, get } from "./http.ts";
import type { Lab } from "./lab.ts";
import { type Running, startIn } from "./processes.ts";
import { plan } from "./topology.ts";
import { until } from "./until.ts";

const main = resolve(import.meta.dirname, "../../../agent/main.ts");

export interface PathStatus {
  readonly link: string;
  readonly state: string;
  readonly notes: readonly { readonly evidence: string }[];
  readonly reasons: readonly { readonly cause: string; readonly owner: string; readonly evidence: string }[];
}

export interface Watching {
  path(link: string): Promise<PathStatus | undefined>;
  /** The first series of the metric that has these labels. */
  reading(metric: { readonly name: string }, labels: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** The last lines of its log. */
  log(): string;
  stop(): Promise<void>;
}

/** The configuration listens for HTTP on 127.0.0.1:9580. */
export async function startWatching(lab: Lab, config: string): Promise<Watching> {
  const dir = join(lab.dir, "jump");
  mkdirSync(dir);
  const [socket, file, log] = [join(dir, "agent.sock"), join(dir, "circuitwatch.yaml"), join(dir, "agent.log")];
  writeFileSync(file, config);
  const namespace = lab.ns("jump");
  const command = process.execPath;
  const relayed = JSON.stringify([{ listen: socket, connect: 9580 }]);
  const running: readonly Running[] = [
    startIn(namespace, {
      name: "relay",
      command,
      args: [join(import.meta.dirname, "relay.ts"), relayed],
      env: {},
      log: join(dir, "relay.log"),
    }),
    startIn(namespace, {
      name: "agent",
      command,
      args: [main, "run", "--config", file],
      env: { SNMP_COMMUNITY: plan.community },
      log,
    }),
  ];
  const tail = () => readFileSync(log, "utf8").trim().split("\n").slice(-15).join("\n");
  const stop = async () => {
    for (const program of running) await program.stop();
  };
  try {
    await until("the agent is ready", () => answers(socket, "/readyz"), { within: 90_000 }, tail);
  } catch (failure) {
    await stop();
    throw failure;
  }
  return {
    async path(link) {
      const status = JSON.parse((await get(socket, "/api/v1/status")).body) as {
        readonly circuits: readonly { readonly peerings: readonly { readonly paths: readonly PathStatus[] }[] }[];
      };
      return status.circuits[0]?.peerings[0]?.paths.find((path) => path.link === link);
    },
    async reading(metric, labels) {
      return parseMetrics((await get(socket, "/metrics")).body).find(
        (sample) =>
          sample.name === metric.name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      )?.value;
    },
    log: tail,
    stop,
  };
}
