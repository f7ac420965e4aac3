// What runs on the jump host: the real agent, a real Prometheus with the project's own rules, a real
// Alertmanager. All listen on loopback of the namespace.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { answers, get, type Pager, startPager } from "./http.ts";
import type { Lab } from "./lab.ts";
import { alive, type Running, startIn } from "./processes.ts";
import type { Relay } from "./relay.ts";
import { resultDir } from "./report.ts";
import { ces, plan } from "./topology.ts";
import { until } from "./until.ts";

const project = resolve(import.meta.dirname, "../../..");

const ports = { agent: 9580, prometheus: 9090, alertmanager: 9093, pager: 9099 } as const;

export interface Jump {
  readonly pager: Pager;
  readonly agent: Running;
  /** Text of the agent's /metrics. */
  metrics(): Promise<string>;
  /** The agent's page and status, by their path. */
  page(path: string): Promise<string>;
  /** Whether Prometheus scrapes the agent and every rule has been evaluated without an error. */
  watching(): Promise<boolean>;
  /** What Prometheus holds pending or firing, and Alertmanager active, by name. */
  alerts(): Promise<readonly string[]>;
  /** Last lines of what a program wrote, for a failing test's message. */
  logTail(lines: number): string;
  stop(): Promise<void>;
}

/** The tests break the same links again and again, each time as a failure of its own. */
const nothingFlaps = "sessions: { flapping: { drops: 100 } }";

/** `sessions`: what is expected of the sessions, as a line of the file. */
export function agentConfig(sessions = nothingFlaps): string {
  const router = (name: string) => `ams-${name}`;
  return `site: ams
web: { listen: 127.0.0.1:${ports.agent} }
snmp:
  interval: 1s
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
${sessions}
routers:
${ces.map((ce) => `  ${router(ce.node)}: { site: ams, address: ${ce.loopback}, credentials: edge }\n`).join("")}circuits:
  ams-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000001
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
${ces.map((ce) => `      ${ce.link}: { router: ${router(ce.node)}, interface: ${plan.interface} }\n`).join("")}    peerings:
      azurePrivate:
        vlan: 100
        customerAsn: ${plan.customerAsn}
        subnets: { ${ces.map((ce) => `${ce.link}: ${ce.subnet}`).join(", ")} }
`;
}

const prometheusConfig = (
  rules: string,
) => `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(rules)}]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${ports.alertmanager}"] }] }]
scrape_configs:
  - job_name: circuitwatch
    static_configs: [{ targets: ["127.0.0.1:${ports.agent}"] }]
`;

// Every alert is a group of its own, so that each notification is one alert and can be counted.
const alertmanagerConfig = `route:
  receiver: test
  group_by: ["..."]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 12h
receivers:
  - name: test
    webhook_configs: [{ url: "http://127.0.0.1:${ports.pager}/", send_resolved: true }]
`;

interface PrometheusTargets {
  readonly activeTargets: readonly { readonly health: string }[];
}

interface PrometheusRules {
  readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[];
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

interface PrometheusAlerts {
  readonly alerts: readonly Labelled[];
}

async function query<T>(socket: string, path: string): Promise<T> {
  return (JSON.parse((await get(socket, path)).body) as { readonly data: T }).data;
}

export async function startJump(lab: Lab, sessions?: string): Promise<Jump> {
  const dir = join(lab.dir, "jump");
  mkdirSync(dir);
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const socket = (name: keyof typeof ports) => join(dir, `${name}.sock`);
  const start = (name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    startIn(lab.ns("jump"), { name, command, args, env, log: join(dir, `${name}.log`) });

  const relays: readonly Relay[] = [
    ...(["agent", "prometheus", "alertmanager"] as const).map((name) => ({
      listen: socket(name),
      connect: ports[name],
    })),
    { listen: ports.pager, connect: socket("pager") },
  ];
  const pager = await startPager(socket("pager"));
  const running = [
    start("relay", process.execPath, [join(import.meta.dirname, "relay.ts"), JSON.stringify(relays)]),
    start("alertmanager", "prometheus-alertmanager", [
      `--config.file=${file("alertmanager.yaml", alertmanagerConfig)}`,
      `--storage.path=${join(dir, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      "--cluster.listen-address=",
    ]),
    start("prometheus", "prometheus", [
      `--config.file=${file("prometheus.yaml", prometheusConfig(join(project, "alerts/rules/*.yaml")))}`,
      `--storage.tsdb.path=${join(dir, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    ]),
  ];
  const config = file("circuitwatch.yaml", agentConfig(sessions));
  const agent = start("agent", process.execPath, [join(project, "agent/main.ts"), "run", "--config", config], {
    SNMP_COMMUNITY: plan.community,
  });

  const jump: Jump = {
    pager,
    agent,
    metrics: async () => (await get(socket("agent"), "/metrics")).body,
    page: async (path) => (await get(socket("agent"), path)).body,
    async watching() {
      const up = await query<PrometheusTargets>(socket("prometheus"), "/api/v1/targets?state=active");
      const rules = await query<PrometheusRules>(socket("prometheus"), "/api/v1/rules?type=alert");
      const health = rules.groups.flatMap((group) => group.rules.map((rule) => rule.health));
      return (
        up.activeTargets.some((target) => target.health === "up") &&
        health.length > 0 &&
        health.every((h) => h === "ok")
      );
    },
    async alerts() {
      const { alerts } = await query<PrometheusAlerts>(socket("prometheus"), "/api/v1/alerts");
      const active: readonly Labelled[] = JSON.parse((await get(socket("alertmanager"), "/api/v2/alerts")).body);
      return [...alerts, ...active].map(({ labels }) => labels.alertname ?? "");
    },
    logTail: (lines) => readFileSync(agent.log, "utf8").trim().split("\n").slice(-lines).join("\n"),
    async stop() {
      await agent.stop();
      mkdirSync(resultDir, { recursive: true });
      copyFileSync(agent.log, join(resultDir, "agent.log"));
      await Promise.all(running.map((program) => program.stop()));
      await pager.stop();
    },
  };

  try {
    const within = { within: 20_000 };
    await until("Alertmanager is ready", () => answers(socket("alertmanager"), "/-/ready"), within);
    await until("Prometheus is ready", () => answers(socket("prometheus"), "/-/ready"), within);
    await until(
      "the agent is ready",
      () => {
        if (!alive(agent.pid)) throw new Error(`the agent ended:\n${jump.logTail(20)}`);
        return answers(socket("agent"), "/readyz");
      },
      within,
      () => jump.logTail(20),
    );
  } catch (failure) {
    await jump.stop();
    throw failure;
  }
  return jump;
}
