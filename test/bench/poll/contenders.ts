// Who is measured: each a process of its own, started when it is wanted.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Cost, Order } from "./client.ts";
import { startExporter } from "./exporter.ts";
import { routers } from "./load.ts";
import type { Version } from "./security.ts";

/**
 * `client`: asks and decodes. `pipeline`: and keeps what it saw. `metrics`: and tells it as often as by default, where a
 * router is polled every 5 s and Prometheus scrapes every 15 s. `everyPoll`: and tells it after every poll.
 */
export type Role = "client" | "pipeline" | "metrics" | "everyPoll" | "exporter" | "other";

export interface Contender {
  readonly name: string;
  readonly version: Version;
  readonly role: Role;
  /** Asks for known instances, so that nothing it asks depends on an answer. */
  readonly known: boolean;
  /** Polls of one round: enough to measure, few enough to end. */
  readonly polls: number;
  /** The routers' ports, and those of routers whose counters count on. */
  readonly start: (routerPorts: readonly number[], counting: readonly number[]) => Promise<Running>;
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
  const of = (way: "walk" | "get"): Contender => ({
    name: `circuitwatch v${version}, ${way}`,
    version,
    role: "client",
    known: way === "get",
    polls: version === "2c" ? 5_000 : 2_000,
    start: () => forked("circuitwatch-client.ts", way, version),
  });
  return [of("walk"), of("get")];
}

function exporters(version: Version): readonly Contender[] {
  const of = (way: "walk" | "get"): Contender => ({
    name: `snmp_exporter v${version}, ${way}`,
    version,
    role: "exporter",
    known: way === "get",
    polls: 250,
    start: () => startExporter(way, version),
  });
  return [of("walk"), of("get")];
}

/** `pollsPerScrape`: 0 for no scrape. */
function agent(name: string, role: Role, pollsPerScrape: number): Contender {
  const start = (_: readonly number[], counting: readonly number[]) =>
    forked("pipeline-client.ts", String(pollsPerScrape), ...counting.map(String));
  return { name, version: "2c", role, known: true, polls: 120 * routers, start };
}

function other(name: string, file: string, polls: number): Contender {
  return { name, version: "2c", role: "other", known: false, polls, start: () => forked(file) };
}

export const contenders: readonly Contender[] = [
  ...ours("2c"),
  agent("circuitwatch v2c, agent up to its state", "pipeline", 0),
  agent("circuitwatch v2c, agent, scraped as by default", "metrics", 3),
  agent("circuitwatch v2c, agent, scraped at every poll", "everyPoll", 1),
  ...exporters("2c"),
  ...ours("3"),
  ...exporters("3"),
  other("npm net-snmp v2c, subtree per column", "net-snmp-client.ts", 250),
  other("npm snmp-native v2c, subtree per column", "snmp-native-client.ts", 60),
];
