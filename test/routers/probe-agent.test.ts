// The real agent beside a real link of IPv6: configuration, probe, verdict and metrics, end to end. Needs root.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { get } from "./lab/http.ts";
import { createProbePair, type ProbePair } from "./lab/probe-pair.ts";
import { type Running, run, startIn } from "./lab/processes.ts";
import { until } from "./lab/until.ts";

const project = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "circuitwatch-v6-"));
const socket = join(dir, "agent.sock");

// The primary's subnet is that of the link; the secondary's MSEE is an address that the far end has besides.
// Traces have the DSCP of the probes, and would be counted among those that are lost.
const config = `site: ams
tracing: { enabled: false }
web: { listen: 127.0.0.1:9580 }
stateDirectory: ${dir}
snmp:
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
probing: { interval: 50ms, timeout: 500ms }
routers:
  ams-ce1: { site: ams, address: "fd00:99::2", credentials: edge }
  ams-ce2: { site: ams, address: "fd00:99::2", port: 162, credentials: edge }
circuits:
  ams-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000001
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
      primary: { router: ams-ce1, interface: er0 }
      secondary: { router: ams-ce2, interface: er0 }
    peerings:
      azurePrivate:
        vlan: 100
        customerAsn: 65010
        subnets: { primary: "fd00:99::/126", secondary: "fd00:99::4/126" }
        probes:
          primary:
            - { technique: icmp, dscp: AF11 }
          secondary:
            - { technique: icmp, dscp: CS1, size: 200, dontFragment: true, interface: p0 }
            - { technique: icmp, address: 10.99.0.2 }
`;

let pair: ProbePair;
/** The default gateway of the agent's host, as a router's advertisement names it. */
let gateway = "";
const running: Running[] = [];
beforeAll(async () => {
  pair = await createProbePair(`cwa${process.pid}`);
  await pair.pingGroupRange("0 0");
  await pair.inFar("ip", "address", "add", "fd00:99::6/128", "dev", "lo", "nodad");
  await pair.inNear("ip", "route", "add", "fd00:99::6/128", "via", "fd00:99::2");
  gateway = await linkLocalOf(pair.far);
  await pair.inNear("ip", "-6", "route", "add", "default", "via", gateway, "dev", "p0");
  writeFileSync(join(dir, "circuitwatch.yaml"), config);
  const relays = JSON.stringify([{ listen: socket, connect: 9580 }]);
  const start = (name: string, args: readonly string[]) =>
    running.push(
      startIn(pair.near, {
        name,
        command: process.execPath,
        args,
        log: join(dir, `${name}.log`),
        env: { SNMP_COMMUNITY: "public" },
      }),
    );
  start("relay", [join(import.meta.dirname, "lab/relay.ts"), relays]);
  start("agent", [join(project, "agent/main.ts"), "run", "--config", join(dir, "circuitwatch.yaml")]);
});
afterAll(async () => {
  for (const process of running) await process.stop();
  await pair?.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** The value of the one series of a metric that has all these labels. */
async function metric(name: string, ...labels: readonly string[]): Promise<number> {
  const { body } = await get(socket, "/metrics");
  const found = body.split("\n").filter((line) => line.startsWith(`${name}{`) && labels.every((l) => line.includes(l)));
  return found.length === 1 ? Number(found[0]?.split(" ").at(-1)) : Number.NaN;
}

const probes = (link: string) =>
  metric("expressroute_path_probes_total", `link="${link}"`, 'technique="icmp"').catch(() => 0);
const lost = (link: string) => metric("expressroute_path_probes_lost_total", `link="${link}"`, 'technique="icmp"');

async function linkLocalOf(namespace: string): Promise<string> {
  const show = () =>
    run("ip", ["-n", namespace, "-6", "-j", "address", "show", "dev", "p0", "scope", "link", "-tentative"]);
  return until("the far end has its link-local address", async () => /fe80:[0-9a-f:]+/.exec(await show())?.[0], {
    within: 10_000,
  });
}

describe("a peering over IPv6", () => {
  it("has its next hops pinged, the link-local one too, as the kernel's routes name them", async () => {
    for (const name of [`${gateway}%p0`, "fd00:99::2"]) {
      const answers = () => metric("expressroute_agent_gateway_up", `gateway="${name}"`).catch(() => 0);
      await until(`${name} answers`, async () => (await answers()) === 1, { within: 20_000 });
    }
    const isolated = (await get(socket, "/metrics")).body
      .split("\n")
      .filter((line) => /^expressroute_agent_isolat/.test(line));
    expect(isolated).toEqual(["expressroute_agent_isolations_total 0", "expressroute_agent_isolated 0"]);
  });

  it("has both MSEEs probed, and nothing lost", async () => {
    for (const link of ["primary", "secondary"]) {
      await until(`${link} is probed`, async () => (await probes(link)) > 50, { within: 30_000 });
      expect(await lost(link)).toBe(0);
    }
  });

  it("loses on one path what the link lost, to the probe, and says that nothing gets through", async () => {
    const filter = await pair.filter(
      pair.far,
      `table inet agent {
        counter dropped { }
        chain input { type filter hook input priority 0; ip6 dscp af11 icmpv6 type echo-request counter name dropped drop; }
      }`,
    );
    const silent = () => pages("probesSilent");
    await until("the path is judged silent", silent, { within: 20_000 });
    await filter.flush("input");
    const dropped = await filter.packets("dropped");
    await filter.remove();
    await until("the path is judged well again", async () => !(await silent()), { within: 30_000 });
    expect(dropped).toBeGreaterThan(20);
    expect(await lost("primary")).toBe(dropped);
    expect(await lost("secondary")).toBe(0);
  });
});

/** Whether a condition of the primary path fires for this cause. */
async function pages(cause: string): Promise<boolean> {
  const { body } = await get(socket, "/metrics");
  return body
    .split("\n")
    .some((line) => line.includes('link="primary"') && line.includes(`cause="${cause}"`) && line.endsWith(" 1"));
}
