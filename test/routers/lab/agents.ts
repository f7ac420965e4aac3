// Agents on the jump host, each with the ways to hear of a session that its test gives it. Several watch the same routers
// side by side, so that one failure shows what each of them makes of it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bmpPort } from "./frr.ts";
import { parseMetrics, type Sample } from "./history.ts";
import { answers, get } from "./http.ts";
import type { Lab } from "./lab.ts";
import { alive, type Running, startIn } from "./processes.ts";
import type { Relay } from "./relay.ts";
import { type CePlan, ces, plan } from "./topology.ts";
import { until } from "./until.ts";

const main = resolve(import.meta.dirname, "../../../agent/main.ts");

export interface AgentSettings {
  readonly name: string;
  /** Of its web server, on loopback. */
  readonly port: number;
  /** Between polls; absent: 1 s. */
  readonly interval?: string;
  /** Only one agent of a lab can have each of these: routers are told one address and port. */
  readonly bmp?: boolean;
  readonly notifications?: boolean;
  /** Absent: paths are probed. */
  readonly probes?: boolean;
  /** Further keys of the peering, as lines. */
  readonly peering?: readonly string[];
  /** What is expected of its sessions, as a line of the file; absent: however often one drops, it does not flap. */
  readonly sessions?: string;
  /** Further keys of its configuration, as lines of the file. */
  readonly more?: string;
  /** Where routers are polled instead of at their loopbacks. */
  readonly polledAt?: (ce: CePlan) => { readonly address: string; readonly port: number };
}

export const routerName = (ce: CePlan) => `ams-${ce.node}`;

/** The tests break the same links again and again, each time as a failure of its own. */
export const nothingFlaps = "sessions: { flapping: { drops: 100 } }";

/** For `more`: what is over is over, so that a test need not wait for it. */
export const endsSoon = "thresholds: { path: { keepFiringFor: 1s } }";

const notificationsPort = 10_162;

/** What makes a CE notify the agent that hears notifications: for snmpd's configuration. */
export const trapSink = `trap2sink ${plan.jump}:${notificationsPort} ${plan.community}`;

export function agentConfig(settings: AgentSettings): string {
  const { port, interval = "1s", bmp = false, notifications = false, probes = true, more, polledAt } = settings;
  const { sessions = nothingFlaps, peering = [] } = settings;
  const routers = ces.map((ce) => {
    const at = polledAt?.(ce);
    const where = at === undefined ? `address: ${ce.loopback}` : `address: ${at.address}, port: ${at.port}`;
    const notifies = notifications ? `, notifications: { addresses: [${ce.lan}] }` : "";
    return `  ${routerName(ce)}: { site: ams, ${where}, credentials: edge${notifies} }`;
  });
  const stations = ces.map((ce) => `    ${routerName(ce)}: { addresses: [${ce.lan}] }`);
  return [
    "site: ams",
    `web: { listen: 127.0.0.1:${port} }`,
    "snmp:",
    `  interval: ${interval}`,
    "  credentials:",
    "    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }",
    ...(notifications ? [`  notifications: { listen: 0.0.0.0:${notificationsPort} }`] : []),
    ...(bmp ? ["bmp:", `  listen: 0.0.0.0:${bmpPort}`, "  routers:", ...stations] : []),
    sessions,
    ...(more === undefined ? [] : [more]),
    "routers:",
    ...routers,
    "circuits:",
    "  ams-1:",
    "    serviceKey: 7a3c0000-0000-4000-8000-000000000001",
    "    provider: Equinix",
    "    peeringLocation: Amsterdam",
    "    bandwidth: 1Gbps",
    "    sku: premium",
    "    connectivityModel: cloudExchange",
    "    links:",
    ...ces.map((ce) => `      ${ce.link}: { router: ${routerName(ce)}, interface: ${plan.interface} }`),
    "    peerings:",
    "      azurePrivate:",
    "        vlan: 100",
    `        customerAsn: ${plan.customerAsn}`,
    `        subnets: { ${ces.map((ce) => `${ce.link}: ${ce.subnet}`).join(", ")} }`,
    ...(probes ? [] : ["        probes: { primary: [], secondary: [] }"]),
    ...peering.map((line) => `        ${line}`),
    "",
  ].join("\n");
}

interface PathStatus {
  readonly link: string;
  readonly state: string;
  readonly notes: readonly { readonly evidence: string }[];
  readonly reasons: readonly { readonly cause: string; readonly owner: string; readonly evidence: string }[];
}

export interface Agent extends Running {
  readonly port: number;
  metrics(): Promise<string>;
  /** Of the agent's pages, by their path. */
  page(path: string): Promise<string>;
  /** The value of the first series of a metric that has these labels. */
  reading(metric: { readonly name: string }, labels: Readonly<Record<string, string>>): Promise<number | undefined>;
  path(ce: CePlan): Promise<PathStatus | undefined>;
  /** Last lines of what it wrote, for a failing test's message. */
  tail(lines: number): string;
}

/** Starts an agent on the jump host and waits until it is ready. */
export async function startAgent(lab: Lab, settings: AgentSettings): Promise<Agent> {
  const { name, port } = settings;
  const dir = join(lab.dir, "jump");
  mkdirSync(dir, { recursive: true });
  const socket = join(dir, `${name}.sock`);
  const config = join(dir, `${name}.yaml`);
  writeFileSync(config, agentConfig(settings));
  const start = (what: string, args: readonly string[]) =>
    startIn(lab.ns("jump"), {
      name: what,
      command: process.execPath,
      args,
      env: { SNMP_COMMUNITY: plan.community },
      log: join(dir, `${what}.log`),
    });
  const ways: readonly Relay[] = [{ listen: socket, connect: port }];
  const relay = start(`${name}-relay`, [join(import.meta.dirname, "relay.ts"), JSON.stringify(ways)]);
  const program = start(name, [main, "run", "--config", config]);
  const page = async (path: string) => (await get(socket, path)).body;
  const tail = (lines: number) => readFileSync(program.log, "utf8").trim().split("\n").slice(-lines).join("\n");
  const has = (labels: Readonly<Record<string, string>>) => (sample: Sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  const agent: Agent = {
    ...program,
    port,
    metrics: () => page("/metrics"),
    page,
    reading: async (metric, labels) =>
      parseMetrics(await page("/metrics"))
        .filter((sample) => sample.name === metric.name)
        .find(has(labels))?.value,
    async path(ce) {
      const status = JSON.parse(await page("/api/v1/status")) as {
        readonly circuits: readonly { readonly peerings: readonly { readonly paths: readonly PathStatus[] }[] }[];
      };
      return status.circuits[0]?.peerings[0]?.paths.find(({ link }) => link === ce.link);
    },
    tail,
    async stop() {
      await program.stop();
      await relay.stop();
    },
  };
  try {
    await until(
      `the agent ${name} is ready`,
      () => {
        if (!alive(program.pid)) throw new Error(`the agent ${name} ended:\n${tail(20)}`);
        return answers(socket, "/readyz");
      },
      { within: 90_000 },
      () => tail(20),
    );
  } catch (failure) {
    await agent.stop();
    throw failure;
  }
  return agent;
}
