// Agents on the jump host, each with the ways to hear of a session that its test gives it. Several watch the same routers
// side by side, so that one failure shows what each of them makes of it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PeeringName } from "../../../agent/estate/estate.ts";
import type { PathStatus, Status } from "../../../agent/web/status.ts";
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
  /** With which notifications are heard; absent: with that of the polls. */
  readonly trapCommunity?: string;
  /** Absent: paths are probed. */
  readonly probes?: boolean;
  /** Further keys of the private peering, as lines. */
  readonly peering?: readonly string[];
  /** Further peerings of the circuit, as lines. */
  readonly peerings?: readonly string[];
  /** What it takes for the subnet of a link; absent: what that is. */
  readonly subnetOf?: (ce: CePlan) => string;
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

/** Of a peering: its paths are not probed. */
export const unprobed = "probes: { primary: [], secondary: [] }";

const notificationsPort = 10_162;

/** What makes a CE notify the agent that hears notifications: for snmpd's configuration. */
export const trapSink = `trap2sink ${plan.jump}:${notificationsPort} ${plan.community}`;

export function agentConfig(settings: AgentSettings): string {
  const { port, interval = "1s", bmp = false, notifications = false, probes = true, more, polledAt } = settings;
  const {
    sessions = nothingFlaps,
    peering = [],
    peerings = [],
    trapCommunity,
    subnetOf = (ce) => ce.subnet,
  } = settings;
  const heardWith = trapCommunity === undefined ? "" : ", credentials: traps";
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
    ...(trapCommunity === undefined ? [] : ["    traps: { version: 2c, community: { env: SNMP_TRAP_COMMUNITY } }"]),
    ...(notifications ? [`  notifications: { listen: 0.0.0.0:${notificationsPort}${heardWith} }`] : []),
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
    `        subnets: { ${ces.map((ce) => `${ce.link}: ${subnetOf(ce)}`).join(", ")} }`,
    ...(probes ? [] : [`        ${unprobed}`]),
    ...peering.map((line) => `        ${line}`),
    ...peerings.map((line) => `      ${line}`),
    "",
  ].join("\n");
}

export interface Agent extends Running {
  readonly port: number;
  metrics(): Promise<string>;
  /** Of the agent's pages, by their path. */
  page(path: string): Promise<string>;
  /** The value of the first series of a metric that has these labels. */
  reading(metric: { readonly name: string }, labels: Readonly<Record<string, string>>): Promise<number | undefined>;
  status(): Promise<Status>;
  /** Of the private peering unless another is named; throws where the agent has none such. */
  path(ce: CePlan, peering?: PeeringName): Promise<PathStatus>;
  /** Last lines of what it wrote, for a failing test's message. */
  tail(lines: number): string;
}

/** Starts an agent on the jump host and waits until it is ready. */
export async function startAgent(lab: Lab, settings: AgentSettings): Promise<Agent> {
  const { name, port, trapCommunity } = settings;
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
      env: {
        SNMP_COMMUNITY: plan.community,
        ...(trapCommunity === undefined ? {} : { SNMP_TRAP_COMMUNITY: trapCommunity }),
      },
      log: join(dir, `${what}.log`),
    });
  const ways: readonly Relay[] = [{ listen: socket, connect: port }];
  const relay = start(`${name}-relay`, [join(import.meta.dirname, "relay.ts"), JSON.stringify(ways)]);
  const program = start(name, [main, "run", "--config", config]);
  const page = async (path: string) => (await get(socket, path)).body;
  const status = async () => JSON.parse(await page("/api/v1/status")) as Status;
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
    status,
    async path(ce, peering = "azurePrivate") {
      const paths = (await status()).circuits[0]?.peerings.find((one) => one.name === peering)?.paths;
      const found = paths?.find(({ link }) => link === ce.link);
      if (found === undefined) throw new Error(`the agent ${name} has no path ${peering} ${ce.link}`);
      return found;
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
