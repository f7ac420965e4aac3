// The BMP station of the real agent, with FRR's bmpd module on both CEs. SNMP is polled every 20 s: what the agent says within
// a second it has from BMP. No path is probed, so nothing else can tell either.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { nothingFlaps } from "./lab/agents.ts";
import { carrierLoss, type Failure, mseeBgpShutdown, snmpdStopped } from "./lab/failures.ts";
import { bgpState, bmpPort, vtysh } from "./lab/frr.ts";
import { parseMetrics } from "./lab/history.ts";
import { answers, get } from "./lab/http.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { type Running, run, startIn } from "./lab/processes.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const main = resolve(import.meta.dirname, "../../agent/main.ts");
const { primary, secondary } = plan.ces;
const nameOf = (ce: CePlan) => `ams-${ce.node}`;

const config = `site: ams
${nothingFlaps}
web: { listen: 127.0.0.1:9580 }
snmp:
  interval: 20s
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
bmp:
  listen: 0.0.0.0:${bmpPort}
  routers:
${ces.map((ce) => `    ${nameOf(ce)}: { addresses: [${ce.lan}] }\n`).join("")}routers:
${ces.map((ce) => `  ${nameOf(ce)}: { site: ams, address: ${ce.loopback}, credentials: edge }\n`).join("")}circuits:
  ams-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000001
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
${ces.map((ce) => `      ${ce.link}: { router: ${nameOf(ce)}, interface: ${plan.interface} }\n`).join("")}    peerings:
      azurePrivate:
        vlan: 100
        customerAsn: ${plan.customerAsn}
        subnets: { ${ces.map((ce) => `${ce.link}: ${ce.subnet}`).join(", ")} }
        probes: { primary: [], secondary: [] }
`;

let lab: Lab;
let socket: string;
const running: Running[] = [];

beforeAll(async () => {
  lab = await startLab({ prefix: "cwb", bfd: true, bmp: true });
  const dir = join(lab.dir, "jump");
  mkdirSync(dir);
  socket = join(dir, "agent.sock");
  const file = join(dir, "circuitwatch.yaml");
  writeFileSync(file, config);
  const start = (name: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    running.push(
      startIn(lab.ns("jump"), { name, command: process.execPath, args, env, log: join(dir, `${name}.log`) }),
    );
  start("relay", [join(import.meta.dirname, "lab/relay.ts"), JSON.stringify([{ listen: socket, connect: 9580 }])], {});
  start("agent", [main, "run", "--config", file], { SNMP_COMMUNITY: plan.community });
  await until("the agent is ready", () => answers(socket, "/readyz"), { within: 90_000 }, log);
  for (const ce of ces) await until(`${ce.node} is up by BMP`, isUpByBmp(ce), { within: 60_000 }, log);
});

afterAll(async () => {
  for (const program of running) await program.stop();
  await lab?.stop();
});

const log = () => readFileSync(join(lab.dir, "jump/agent.log"), "utf8").trim().split("\n").slice(-15).join("\n");

type Labels = Readonly<Record<string, string>>;
async function readingOf(metric: { readonly name: string }, labels: Labels): Promise<number | undefined> {
  return parseMetrics((await get(socket, "/metrics")).body).find(
    (sample) =>
      sample.name === metric.name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}

const isUpByBmp = (ce: CePlan) => async () =>
  (await readingOf(metrics.session.up, { link: ce.link })) === 1 &&
  (await readingOf(metrics.bmp.sessionSource, { link: ce.link, source: "bmp" })) !== undefined;

interface PathStatus {
  readonly link: string;
  readonly state: string;
  readonly notes: readonly { readonly evidence: string }[];
  readonly reasons: readonly { readonly cause: string; readonly owner: string; readonly evidence: string }[];
}

async function pathOf(ce: CePlan): Promise<PathStatus | undefined> {
  const status = JSON.parse((await get(socket, "/api/v1/status")).body) as {
    readonly circuits: readonly { readonly peerings: readonly { readonly paths: readonly PathStatus[] }[] }[];
  };
  return status.circuits[0]?.peerings[0]?.paths.find(({ link }) => link === ce.link);
}

/** Injects; gives when FRR was first seen to have left Established, when the agent said so, and what it said. */
async function strike(ce: CePlan, failure: Failure) {
  const watch = async (happened: () => Promise<boolean>) => {
    await until("it is seen", happened, { within: 15_000, every: 10 }, log);
    return performance.now();
  };
  const frr = watch(async () => (await bgpState(lab.ns(ce.node), ce.msee.address)) !== "Established");
  const agent = watch(async () => (await pathOf(ce))?.state === "down");
  await failure.inject();
  const [changed, known] = await Promise.all([frr, agent]);
  expect(await failure.proven()).toBe(true);
  const seconds = (known - changed) / 1_000;
  process.stdout.write(`${failure.name}: the agent says so ${seconds.toFixed(2)} s after FRR's own change was seen\n`);
  return { seconds, path: await pathOf(ce) };
}

async function undone(ce: CePlan, failure: Failure): Promise<void> {
  await failure.undo();
  await until("the session is up again", isUpByBmp(ce), { within: 60_000 }, log);
  await until("the path is up again", async () => (await pathOf(ce))?.state === "up", { within: 60_000 }, log);
}

describe("BMP of a real router", () => {
  it("tells at once that Microsoft shut the session, and says why and who", async () => {
    const failure = mseeBgpShutdown(lab, primary);
    const { seconds, path } = await strike(primary, failure);
    expect(seconds).toBeLessThan(1);
    expect(path?.reasons[0]).toMatchObject({ cause: "sessionDown", owner: "microsoft" });
    expect(path?.reasons[0]?.evidence).toContain("by BMP the far end closed it with a NOTIFICATION: 6/2 Cease");
    await undone(primary, failure);
  });

  it("tells of a lost carrier while the router's SNMP agent is dead", async () => {
    const [deaf, failure] = [snmpdStopped(lab, secondary), carrierLoss(lab, secondary)];
    await deaf.inject();
    expect(await deaf.proven()).toBe(true);
    const { seconds } = await strike(secondary, failure);
    expect(seconds).toBeLessThan(1);
    await deaf.undo();
    await undone(secondary, failure);
  });

  it("counts the prefixes as FRR does, those of a flood within two seconds", async () => {
    const flood = 2_000;
    const msee = lab.ns(primary.msee.node);
    const lines = Array.from({ length: flood }, (_, i) => `route add blackhole 10.200.${i >> 8}.${i & 255}/32`);
    await run("ip", ["-n", msee, "-batch", "-"], { input: `${lines.join("\n")}\n` });
    const configure = (line: string) =>
      vtysh(msee, "configure terminal", `router bgp ${plan.mseeAsn}`, "address-family ipv4 unicast", line);
    const received = async () => {
      const summary = JSON.parse(await vtysh(lab.ns(primary.node), "show bgp ipv4 unicast summary json")) as {
        readonly peers: Readonly<Record<string, { readonly pfxRcd: number }>>;
      };
      return summary.peers[primary.msee.address]?.pfxRcd ?? 0;
    };
    const counted = () => readingOf(metrics.prefixes.accepted, { link: primary.link, family: "ipv4" });
    const before = await received();
    await until("the agent counts what FRR has", async () => (await counted()) === before, { within: 10_000 }, log);
    await configure("redistribute kernel");
    await until("FRR has them", async () => (await received()) === before + flood, { within: 30_000, every: 20 });
    const began = performance.now();
    await until("the agent counts them", async () => (await counted()) === before + flood, { within: 10_000 }, log);
    process.stdout.write(
      `${flood} prefixes: counted ${((performance.now() - began) / 1_000).toFixed(2)} s after FRR had them\n`,
    );
    expect(performance.now() - began).toBeLessThan(2_000);
    await configure("no redistribute kernel");
    await until("they are gone", async () => (await counted()) === before, { within: 30_000 }, log);
  });

  it("tells that Microsoft drains a link, which is no failure while the other one is up", async () => {
    const msee = lab.ns(secondary.msee.node);
    const out = (map: string) =>
      vtysh(
        msee,
        ...["configure terminal", `router bgp ${plan.mseeAsn}`, "address-family ipv4 unicast"],
        `neighbor ${secondary.address} route-map ${map} out`,
      );
    const draining = (ce: CePlan) => readingOf(metrics.bmp.draining, { link: ce.link });
    await until("no link is drained", async () => (await draining(secondary)) === 0, { within: 10_000 }, log);
    const eight = Array<number>(8).fill(plan.mseeAsn).join(" ");
    await vtysh(msee, "configure terminal", "route-map DRAIN permit 10", `set as-path prepend ${eight}`);
    const began = performance.now();
    await out("DRAIN");
    await vtysh(msee, `clear bgp ${secondary.address} soft out`);
    await until("the agent says so", async () => (await draining(secondary)) === 1, { within: 20_000 }, log);
    process.stdout.write(
      `drain: the agent says so ${((performance.now() - began) / 1_000).toFixed(2)} s after it was configured\n`,
    );
    // What FRR itself has, not what the agent says of it.
    expect(await vtysh(lab.ns(secondary.node), "show bgp ipv4 unicast")).toContain(`${eight} ${plan.mseeAsn} i`);
    expect(await draining(primary)).toBe(0);
    const path = await pathOf(secondary);
    expect(path).toMatchObject({ state: "up", reasons: [] });
    expect(path?.notes[0]?.evidence).toContain(
      "Microsoft is draining the secondary link of ams-1: its ASN stands 9 times",
    );
    await out("ALL");
    await vtysh(msee, `clear bgp ${secondary.address} soft out`);
    await until("it is over", async () => (await draining(secondary)) === 0, { within: 40_000 }, log);
  });

  it("is no evidence of anything when its connection is lost", async () => {
    const bgp = (...lines: readonly string[]) =>
      vtysh(lab.ns(primary.node), "configure terminal", `router bgp ${plan.customerAsn}`, ...lines);
    await bgp("no bmp targets jump");
    const connected = () => readingOf(metrics.bmp.connected, { router: nameOf(primary) });
    await until("the agent knows", async () => (await connected()) === 0, { within: 10_000 }, log);
    expect(await pathOf(primary)).toMatchObject({ state: "up" });
    expect(await readingOf(metrics.session.up, { link: primary.link })).toBe(1);
    const source = () => readingOf(metrics.bmp.sessionSource, { link: primary.link, source: "bmp" });
    const onlyPolled = async () => {
      expect(await readingOf(metrics.session.up, { link: primary.link })).toBe(1);
      return (await source()) === undefined;
    };
    await until("the next poll alone tells of the session", onlyPolled, { within: 40_000 }, log);
  });
});
