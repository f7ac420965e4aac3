// What runs on the jump host: the real agent or several, a real Prometheus with the project's own rules, a real
// Alertmanager. All listen on loopback of the namespace.

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Agent, type AgentSettings, startAgent } from "./agents.ts";
import { answers, get, type Pager, startPager } from "./http.ts";
import type { Lab } from "./lab.ts";
import { startIn } from "./processes.ts";
import type { Relay } from "./relay.ts";
import { resultDir } from "./report.ts";
import { until } from "./until.ts";

const project = resolve(import.meta.dirname, "../../..");

const ports = { prometheus: 9090, alertmanager: 9093, pager: 9099 } as const;

export interface Jump {
  readonly pager: Pager;
  /** As many as were asked for, in their order. */
  readonly agents: readonly Agent[];
  /** The first of them. */
  readonly agent: Agent;
  /** Text of its /metrics. */
  metrics(): Promise<string>;
  /** Its pages, by their path. */
  page(path: string): Promise<string>;
  /** Whether Prometheus scrapes the agents and every rule has been evaluated without an error. */
  watching(): Promise<boolean>;
  /** What Prometheus holds pending or firing, and Alertmanager active, by name. */
  alerts(): Promise<readonly string[]>;
  /** Last lines of what a program wrote, for a failing test's message. */
  logTail(lines: number): string;
  stop(): Promise<void>;
}

const prometheusConfig = (
  rules: string,
  agents: readonly AgentSettings[],
) => `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(rules)}]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${ports.alertmanager}"] }] }]
scrape_configs:
  - job_name: circuitwatch
    static_configs: [{ targets: [${agents.map(({ port }) => `"127.0.0.1:${port}"`).join(", ")}] }]
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

export async function startJump(
  lab: Lab,
  settings: readonly AgentSettings[] = [{ name: "agent", port: 9580 }],
  rules = join(project, "alerts/rules/*.yaml"),
): Promise<Jump> {
  const dir = join(lab.dir, "jump");
  mkdirSync(dir, { recursive: true });
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const socket = (name: keyof typeof ports) => join(dir, `${name}.sock`);
  const start = (name: string, command: string, args: readonly string[]) =>
    startIn(lab.ns("jump"), { name, command, args, log: join(dir, `${name}.log`) });

  const relays: readonly Relay[] = [
    ...(["prometheus", "alertmanager"] as const).map((name) => ({ listen: socket(name), connect: ports[name] })),
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
      `--config.file=${file("prometheus.yaml", prometheusConfig(rules, settings))}`,
      `--storage.tsdb.path=${join(dir, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    ]),
  ];
  const agents: Agent[] = [];
  const stop = async () => {
    mkdirSync(resultDir, { recursive: true });
    for (const agent of agents) {
      await agent.stop();
      copyFileSync(agent.log, join(resultDir, `${agent.name}.log`));
    }
    await Promise.all(running.map((program) => program.stop()));
    await pager.stop();
  };
  try {
    for (const one of settings) agents.push(await startAgent(lab, one));
    const within = { within: 20_000 };
    await until("Alertmanager is ready", () => answers(socket("alertmanager"), "/-/ready"), within);
    await until("Prometheus is ready", () => answers(socket("prometheus"), "/-/ready"), within);
  } catch (failure) {
    await stop();
    throw failure;
  }
  const [agent] = agents;
  if (agent === undefined) throw new Error("a jump host has an agent");
  return {
    pager,
    agents,
    agent,
    metrics: agent.metrics,
    page: agent.page,
    async watching() {
      const up = await query<PrometheusTargets>(socket("prometheus"), "/api/v1/targets?state=active");
      const rules = await query<PrometheusRules>(socket("prometheus"), "/api/v1/rules?type=alert");
      const health = rules.groups.flatMap((group) => group.rules.map((rule) => rule.health));
      return (
        up.activeTargets.length > 0 &&
        up.activeTargets.every((target) => target.health === "up") &&
        health.length > 0 &&
        health.every((h) => h === "ok")
      );
    },
    async alerts() {
      const { alerts } = await query<PrometheusAlerts>(socket("prometheus"), "/api/v1/alerts");
      const active: readonly Labelled[] = JSON.parse((await get(socket("alertmanager"), "/api/v2/alerts")).body);
      return [...alerts, ...active].map(({ labels }) => labels.alertname ?? "");
    },
    logTail: agent.tail,
    stop,
  };
}
