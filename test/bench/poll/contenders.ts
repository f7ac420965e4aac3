// Who is measured: each a process of its own, started when it is wanted.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Cost, Order } from "./client.ts";
import { startExporter } from "./exporter.ts";
import type { Version } from "./security.ts";

/** `client`: asks and decodes. `pipeline`: and keeps what it saw. `metrics`: and tells it. `exporterGzip`: as
 * Prometheus scrapes it. */
export type Role = "client" | "pipeline" | "metrics" | "exporter" | "exporterGzip" | "other";

export interface Contender {
  readonly name: string;
  readonly version: Version;
  readonly role: Role;
  /** Asks for known instances, so that nothing it asks depends on an answer. */
  readonly known: boolean;
  /** Polls of one round: enough to measure, few enough to end. */
  readonly polls: number;
  readonly start: (routerPorts: readonly number[]) => Promise<Running>;
}

export interface Running {
  readonly run: (order: Order) => Promise<Cost>;
  readonly stop: () => void;
}

export function child(file: string, ...args: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, file), [...args]);
}

export function reply<T>(from: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error("a benchmark process ended early; its message stands above"));
    from.once("exit", gone);
    from.once("message", (message) => {
      from.off("exit", gone);
      resolve(message as T);
    });
  });
}

function forked(file: string, ...args: readonly string[]): Promise<Running> {
  const process = child(file, ...args);
  return Promise.resolve({
    run: (order) => {
      process.send(order);
      return reply<Cost>(process);
    },
    stop: () => process.disconnect(),
  });
}

function ours(version: Version): readonly Contender[] {
  const of = (way: "walk" | "get") => () => forked("circuitwatch-client.ts", way, version);
  const polls = version === "2c" ? 2_000 : 600;
  const role = "client";
  return [
    { name: `circuitwatch v${version}, walk`, version, role, known: false, polls, start: of("walk") },
    { name: `circuitwatch v${version}, get`, version, role, known: true, polls, start: of("get") },
  ];
}

function exporters(version: Version): readonly Contender[] {
  const of = (way: "walk" | "get", encoding: "identity" | "gzip"): Contender => ({
    name: `snmp_exporter v${version}, ${way}${encoding === "gzip" ? ", gzip" : ""}`,
    version,
    role: encoding === "gzip" ? "exporterGzip" : "exporter",
    known: way === "get",
    polls: 250,
    start: () => startExporter(way, version, encoding),
  });
  return [of("walk", "identity"), of("get", "identity"), of("walk", "gzip"), of("get", "gzip")];
}

function agent(name: string, role: "pipeline" | "metrics"): Contender {
  const start = (ports: readonly number[]) => forked("pipeline-client.ts", role, ...ports.map(String));
  // Whole sweeps over the routers.
  return { name, version: "2c", role, known: true, polls: 1_024, start };
}

function other(name: string, file: string, polls: number): Contender {
  return { name, version: "2c", role: "other", known: false, polls, start: () => forked(file) };
}

export const contenders: readonly Contender[] = [
  ...ours("2c"),
  agent("circuitwatch v2c, agent up to its state", "pipeline"),
  agent("circuitwatch v2c, agent and its metrics", "metrics"),
  ...exporters("2c"),
  ...ours("3"),
  ...exporters("3"),
  other("npm net-snmp v2c, subtree per column", "net-snmp-client.ts", 250),
  other("npm snmp-native v2c, subtree per column", "snmp-native-client.ts", 60),
];
