// The whole agent over a configuration with many targets: what it costs, holds, and loses by itself.

import { mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { get } from "../../routers/lab/http.ts";
import { inNamespace, run, startIn } from "../../routers/lab/processes.ts";
import { until } from "../../routers/lab/until.ts";
import { cpuOf, memoryOf } from "./program.ts";
import { type Family, farAddresses, type Wire } from "./wire.ts";

export interface AgentOrder {
  readonly technique: "icmp" | "stamp";
  readonly family: Family;
  readonly targets: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly seconds: number;
  /** What is deployed (`npm run build`), or the sources as they are. */
  readonly form: "built" | "sources";
}

export interface AgentResult {
  /** By the agent's own metrics, over the whole run. */
  readonly settled: number;
  readonly lost: number;
  readonly discarded: number;
  readonly sendErrors: number;
  readonly skipped: number;
  readonly dropped: number;
  /** By nftables, at the near end: what left, and what came back. */
  readonly wire: { readonly sent: number; readonly answered: number };
  /** Seconds of CPU of the whole process for 1,000 probes, after a warm-up. */
  readonly cpuPerThousand: number;
  readonly probesPerSecond: number;
  /** Resident: at most since its start, and at the end. */
  readonly megabytes: number;
  readonly megabytesAtEnd: number;
}

const project = resolve(import.meta.dirname, "../../..");
/** Streams of one path. */
const perPath = 10;
const warmUp = 4;

/** Circuits of two paths each, until there are so many targets. */
function configuration({ technique, family, targets, interval }: AgentOrder, stateDirectory: string): string {
  const addresses = farAddresses(family, targets);
  const probes = (path: number) =>
    addresses.slice(path * perPath, (path + 1) * perPath).map((address) => ({ technique, address }));
  const circuits = Object.fromEntries(
    Array.from({ length: targets / perPath / 2 }, (_, n) => [
      `circuit-${n}`,
      {
        serviceKey: `7a3c0000-0000-4000-8000-${String(n).padStart(12, "0")}`,
        ...{ provider: "Bench", peeringLocation: "Amsterdam", bandwidth: "1Gbps", sku: "premium" },
        connectivityModel: "cloudExchange",
        links: { primary: { router: "ce1", interface: `er${n}` }, secondary: { router: "ce2", interface: `er${n}` } },
        peerings: {
          azurePrivate: {
            vlan: 100,
            customerAsn: 65_010,
            subnets: { primary: `172.16.${n}.0/30`, secondary: `172.16.${n}.4/30` },
            probes: { primary: probes(n * 2), secondary: probes(n * 2 + 1) },
          },
        },
      },
    ]),
  );
  // The routers do not answer: polls are what bench:poll and bench:scale measure.
  const router = (address: string) => ({ site: "ams", address, credentials: "edge" });
  return stringify({
    site: "ams",
    web: { listen: "127.0.0.1:9580" },
    stateDirectory,
    snmp: { credentials: { edge: { version: "2c", community: { env: "SNMP_COMMUNITY" } } } },
    probing: { interval: `${interval}ms`, timeout: "500ms" },
    routers: { ce1: router("10.98.1.1"), ce2: router("10.98.1.2") },
    circuits,
  });
}

/** Sum of a metric over all its series. */
function total(body: string, metric: string): number {
  const values = [...body.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, "gm"))];
  if (values.length === 0) throw new Error(`no metric ${metric}`);
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

const counting = `table inet bench {
  counter sent { }
  counter answered { }
  chain out { type filter hook output priority 0;
    icmp type echo-request counter name sent; icmpv6 type echo-request counter name sent; udp dport 862 counter name sent; }
  chain in { type filter hook input priority 0;
    icmp type echo-reply counter name answered; icmpv6 type echo-reply counter name answered; udp sport 862 counter name answered; }
}`;

async function counted(namespace: string, counter: string): Promise<number> {
  const text = await run(...inNamespace(namespace, "nft", ["list", "counter", "inet", "bench", counter]));
  return Number(/packets (\d+)/.exec(text)?.[1]);
}

/** Builds a program into a folder in the way of what is deployed; gives the file to start. */
export async function build(program: string, folder: string): Promise<string> {
  const into = mkdtempSync(join(folder, "dist-"));
  await run(process.execPath, [join(project, "deploy/build.ts"), into, join(project, program)]);
  symlinkSync(join(project, "node_modules"), join(into, "node_modules"));
  return join(into, basename(program).replace(/ts$/, "js"));
}

/** `built`: the file to start of what is deployed. */
export async function runAgent(wire: Wire, order: AgentOrder, built: string, within: string): Promise<AgentResult> {
  const folder = mkdtempSync(join(within, "agent-"));
  const file = join(folder, "circuitwatch.yaml");
  const socket = join(folder, "agent.sock");
  writeFileSync(file, configuration(order, folder));
  await run(...inNamespace(wire.near, "nft", ["-f", "-"]), { input: counting });
  const program = (name: string, args: readonly string[]) =>
    startIn(wire.near, {
      ...{ name, command: process.execPath, args, log: join(folder, `${name}.log`) },
      // But for the first as the systemd unit has them.
      env: { SNMP_COMMUNITY: "public", NODE_OPTIONS: "--v8-pool-size=1", MALLOC_ARENA_MAX: "1" },
    });
  const relays = JSON.stringify([{ listen: socket, connect: 9_580 }]);
  const running = [
    program("relay", [join(project, "test/routers/lab/relay.ts"), relays]),
    program("agent", [order.form === "built" ? built : join(project, "agent/main.ts"), "run", "--config", file]),
  ] as const;
  const { pid } = running[1];
  const metrics = async () => (await get(socket, "/metrics")).body;
  const settled = (body: string) => total(body, "expressroute_path_probes_total");
  try {
    const begun = async () => settled(await metrics().catch(() => "expressroute_path_probes_total 0")) > 0;
    await until("the agent probes", begun, { within: 30_000 });
    await sleep(warmUp * 1_000);
    const before = { cpu: cpuOf(pid), at: performance.now(), settled: settled(await metrics()) };
    await sleep(order.seconds * 1_000);
    const cpu = cpuOf(pid) - before.cpu;
    const probes = settled(await metrics()) - before.settled;
    const perSecond = (probes / (performance.now() - before.at)) * 1_000;
    // What was sent until then is settled by the time that is asked for.
    await sleep(1_500);
    const end = await metrics();
    const memory = memoryOf(pid);
    await running[1].stop();
    return {
      settled: settled(end),
      lost: total(end, "expressroute_path_probes_lost_total"),
      discarded: total(end, "expressroute_path_probes_discarded_total"),
      sendErrors: total(end, "expressroute_path_probe_send_errors_total"),
      skipped: total(end, "expressroute_agent_probes_skipped_total"),
      dropped: total(end, "expressroute_agent_probe_datagrams_dropped_total"),
      wire: { sent: await counted(wire.near, "sent"), answered: await counted(wire.near, "answered") },
      cpuPerThousand: (cpu / probes) * 1_000,
      probesPerSecond: perSecond,
      megabytes: memory.most,
      megabytesAtEnd: memory.now,
    };
  } finally {
    for (const program of running) await program.stop();
    await run(...inNamespace(wire.near, "nft", ["delete", "table", "inet", "bench"]));
  }
}
