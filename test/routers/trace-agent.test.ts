// The real agent beside real routers: a route that sends a flow over the other link, or through the internet, is a finding as long
// as it does, and a path that degrades is traced at once. Both families. Needs root.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PathStatus, Status } from "../../agent/web/status.ts";
import { get } from "./lab/http.ts";
import { type Running, startIn } from "./lab/processes.ts";
import { at, coreAddress, createTraceLab, jumpAddress, type TraceLab } from "./lab/trace-lab.ts";
import { until } from "./lab/until.ts";

const project = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "circuitwatch-trace-"));
const socket = join(dir, "agent.sock");

/** Of each family a circuit, whose links are those of the lab; each path is probed at the core, over its own link. */
const circuit = (family: 4 | 6) => `  v${family}:
    serviceKey: 7a3c0000-0000-4000-8000-00000000000${family}
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
      primary: { router: ce1, interface: er${family} }
      secondary: { router: ce2, interface: er${family} }
    peerings:
      azurePrivate:
        vlan: 10${family}
        customerAsn: 65010
        subnets: { primary: "${subnet(family, 2)}", secondary: "${subnet(family, 5)}" }
        probes:
          primary: [{ technique: icmp, address: "${coreAddress(family, 1)}", source: "${jumpAddress[family]}" }]
          secondary: [{ technique: icmp, address: "${coreAddress(family, 2)}", source: "${jumpAddress[family]}" }]
`;
const subnet = (family: 4 | 6, link: number) => (family === 4 ? `10.97.${link}.0/30` : `fd00:97:${link}::/126`);

const config = `site: ams
web: { listen: 127.0.0.1:9580 }
stateDirectory: ${dir}
snmp:
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
tracing: { interval: 5s, pause: 1s, mtuInterval: 5s }
routers:
  ce1: { site: ams, address: ${at(4, 1, 2)}, credentials: edge }
  ce2: { site: ams, address: ${at(4, 4, 2)}, credentials: edge }
circuits:
${circuit(4)}${circuit(6)}`;

let lab: TraceLab;
const running: Running[] = [];
beforeAll(async () => {
  lab = await createTraceLab(`cwu${process.pid}`);
  writeFileSync(join(dir, "circuitwatch.yaml"), config);
  const relays = JSON.stringify([{ listen: socket, connect: 9580 }]);
  const start = (name: string, args: readonly string[]) => {
    const program = { name, command: process.execPath, args, log: join(dir, `${name}.log`) };
    running.push(startIn(lab.ns("jump"), { ...program, env: { SNMP_COMMUNITY: "public" } }));
  };
  start("relay", [join(import.meta.dirname, "lab/relay.ts"), relays]);
  start("agent", [join(project, "agent/main.ts"), "run", "--config", join(dir, "circuitwatch.yaml")]);
});
afterAll(async () => {
  for (const process of running) await process.stop();
  await lab?.remove();
  rmSync(dir, { recursive: true, force: true });
});

async function pathStatus(family: 4 | 6, link: "primary" | "secondary"): Promise<PathStatus> {
  const { body } = await get(socket, "/api/v1/status");
  const status = JSON.parse(body) as Status;
  const found = status.circuits.find(({ name }) => name === `v${family}`)?.peerings[0];
  const path = found?.paths.find((one) => one.link === link);
  if (path === undefined) throw new Error(`no ${link} path of v${family}`);
  return path;
}

const kinds = async (family: 4 | 6, link: "primary" | "secondary") =>
  (await pathStatus(family, link)).traced.findings.map(({ kind }) => kind);

async function series(family: 4 | 6): Promise<readonly string[]> {
  const { body } = await get(socket, "/metrics");
  return body
    .split("\n")
    .filter((line) => line.startsWith("expressroute_path_finding{") && line.includes(`circuit="v${family}"`))
    .map((line) => line.replace(/^.*link="(\w+)".*kind="(\w+)".* (\d)$/, "$1 $2 $3"));
}

const becomes = (family: 4 | 6, expected: readonly string[]) =>
  until(
    `the findings of the primary path are [${expected}]`,
    async () => JSON.stringify(await kinds(family, "primary").catch(() => undefined)) === JSON.stringify(expected),
    { within: 30_000, every: 250 },
    () => pathStatus(family, "primary").then(({ traced }) => traced),
  );

describe.each([4, 6] as const)("over IPv%d", (family) => {
  it("each path is traced over its own link, with nothing to notice", async () => {
    for (const link of ["primary", "secondary"] as const) {
      const traced = async () => (await pathStatus(family, link)).traced;
      await until(`${link} is traced`, async () => (await traced().catch(() => undefined))?.trace?.end === "reached", {
        within: 30_000,
      });
      // What the other family's cases did to the link is searched again.
      await until("nothing is noticed", async () => (await traced()).findings.length === 0, { within: 30_000 });
      const { trace } = await traced();
      const [first, far] = link === "primary" ? [1, 2] : [4, 5];
      expect(trace?.hops.map(({ address }) => address)).toEqual([
        at(family, first, 2),
        at(family, far, 2),
        coreAddress(family, link === "primary" ? 1 : 2),
      ]);
    }
    expect(await series(family)).toEqual([]);
  });

  it("a route over the other link is a finding of that path alone, and goes with it", async () => {
    await lab.reroute(family, 1, 4);
    await becomes(family, ["tracedOverOtherLink"]);
    const { findings } = (await pathStatus(family, "primary")).traced;
    expect(findings[0]).toMatchObject({
      owner: "customer",
      evidence: `icmp trace to ${coreAddress(family, 1)} went over the secondary link of v${family}: hop 2 is ${at(family, 5, 2)}, its MSEE`,
    });
    expect(await kinds(family, "secondary")).toEqual([]);
    expect(await series(family)).toEqual(["primary tracedOverOtherLink 1"]);
    await lab.reroute(family, 1, 1);
    await becomes(family, []);
    expect(await series(family)).toEqual([]);
  });

  it("a route through the internet is a finding, and goes with it", async () => {
    await lab.reroute(family, 1, 7);
    await becomes(family, ["tracedOverInternet"]);
    const { findings } = (await pathStatus(family, "primary")).traced;
    expect(findings[0]?.evidence).toContain(`hop 2 is ${at(family, 8, 2)}`);
    await lab.reroute(family, 1, 1);
    await becomes(family, []);
  });

  it("a smaller MTU is a finding, a black hole another", async () => {
    await lab.mtu(3, 1_400);
    await becomes(family, ["pathMtuLow"]);
    const low = (await pathStatus(family, "primary")).traced;
    expect(low.mtu).toMatchObject({ bytes: 1_400, result: "limited" });
    expect(low.findings[0]).toMatchObject({
      owner: "microsoft",
      evidence: expect.stringContaining(`${at(family, 2, 2)} says`),
    });
    const filter = await lab.filter(
      "msee1",
      `chain output { type filter hook output priority 0;
        icmp type destination-unreachable counter name dropped drop; icmpv6 type packet-too-big counter name dropped drop; }`,
    );
    await becomes(family, ["pathMtuBlackhole"]);
    expect(await filter.dropped()).toBeGreaterThan(3);
    await filter.remove();
    await lab.mtu(3, 1_500);
    await becomes(family, []);
  });

  it("a path through which nothing gets is traced at once, and the ticket has the hops", async () => {
    const hole = await lab.filter(
      "msee1",
      "chain forward { type filter hook forward priority 0; iifname l2 counter name dropped drop; }",
    );
    const traced = async () => (await pathStatus(family, "primary")).traced;
    await until("it is traced", async () => (await traced()).trace?.why === "degraded", { within: 30_000 });
    expect(await hole.dropped()).toBeGreaterThan(0);
    const { trace, traceBefore } = await traced();
    expect(trace).toMatchObject({ end: "silent" });
    expect(trace?.hops.slice(0, 3).map(({ address }) => address)).toEqual([at(family, 1, 2), at(family, 2, 2), null]);
    expect(traceBefore).toMatchObject({ end: "reached" });
    const { body } = await get(socket, "/");
    expect(body).toContain("when the state got worse");
    expect(body).toContain(`2  ${at(family, 2, 2)}`);
    expect(body).toContain("3  *  (3 tries)");
    await hole.remove();
  });
});
