// Microsoft's communities, set by the MSEEs' real bgpd over the microsoft peering and over the private one: a service that one
// link, or both, announce no more while every session stays up. The agent has it from FRR's bmpd on the CEs.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import type { PeeringName } from "../../agent/estate/estate.ts";
import { nothingFlaps } from "./lab/agents.ts";
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

/** The second session of each link, over the same wire: the microsoft peering has public addresses. */
const microsoft = {
  primary: { subnet: "203.0.113.0/30", address: "203.0.113.1", msee: "203.0.113.2" },
  secondary: { subnet: "203.0.113.4/30", address: "203.0.113.5", msee: "203.0.113.6" },
} as const;

const announced = {
  exchangeOnline: { community: "12076:5010", prefixes: ["198.51.100.0/26", "198.51.100.64/26"] },
  sharePointOnline: { community: "12076:5020", prefixes: ["198.51.100.128/26"] },
  virtualNetwork: { community: "12076:50002", prefixes: ["10.100.1.0/24"] },
} as const;
type Announced = keyof typeof announced;

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
      microsoft:
        vlan: 101
        customerAsn: 65551
        subnets: { ${ces.map((ce) => `${ce.link}: ${microsoft[ce.link].subnet}`).join(", ")} }
        probes: { primary: [], secondary: [] }
services:
  mail:
    circuit: ams-1
    peering: microsoft
    communities: [exchangeOnline]
    checks: [{ technique: tcp, host: ${plan.vnet}, port: 179 }]
`;

let lab: Lab;
let socket: string;
const running: Running[] = [];

const bgp = (asn: number, ...lines: readonly string[]) => ["configure terminal", `router bgp ${asn}`, ...lines];
const peer = (address: string, asn: number) => [
  `neighbor ${address} remote-as ${asn}`,
  `neighbor ${address} timers connect 3`,
  `neighbor ${address} advertisement-interval 0`,
];
const ipv4 = "address-family ipv4 unicast";

async function addMicrosoftPeering(ce: CePlan): Promise<void> {
  const { address, msee } = microsoft[ce.link];
  const [router, edge] = [lab.ns(ce.node), lab.ns(ce.msee.node)];
  await run("ip", ["-n", router, "addr", "add", `${address}/30`, "dev", plan.interface]);
  await run("ip", ["-n", edge, "addr", "add", `${msee}/30`, "dev", "ce0"]);
  for (const [name, { community }] of Object.entries(announced)) {
    await vtysh(edge, "configure terminal", `route-map ${name} permit 10`, `set community ${community}`);
  }
  await vtysh(edge, "configure terminal", "ip prefix-list PUBLIC seq 5 permit 198.51.100.0/24 le 32");
  const match = "match ip address prefix-list PUBLIC";
  await vtysh(edge, "configure terminal", "route-map MICROSOFT permit 10", match);
  await vtysh(edge, "configure terminal", "route-map PRIVATE deny 10", match, "route-map PRIVATE permit 20");
  await vtysh(edge, ...bgp(plan.mseeAsn, ipv4, `neighbor ${ce.address} route-map PRIVATE out`));
  for (const what of Object.keys(announced)) await announce(ce, what as Announced);
  const policies = (to: string, into: string, out: string) => [
    ipv4,
    `neighbor ${to} route-map ${into} in`,
    `neighbor ${to} route-map ${out} out`,
  ];
  await vtysh(edge, ...bgp(plan.mseeAsn, ...peer(address, plan.customerAsn), ...policies(address, "ALL", "MICROSOFT")));
  await vtysh(
    router,
    ...bgp(plan.customerAsn, ...peer(msee, plan.mseeAsn), ...policies(msee, "ER-IN", "ER-OUT")),
    `neighbor ${msee} soft-reconfiguration inbound`,
  );
  const isUp = async () => (await bgpState(router, msee)) === "Established";
  await until(`the microsoft session of ${ce.node} is established`, isUp, { within: 60_000 });
}

const announce = (ce: CePlan, what: Announced) =>
  vtysh(
    lab.ns(ce.msee.node),
    ...bgp(plan.mseeAsn, ipv4),
    ...announced[what].prefixes.map((prefix) => `network ${prefix} route-map ${what}`),
  );
const withdraw = (ce: CePlan, what: Announced) =>
  vtysh(
    lab.ns(ce.msee.node),
    ...bgp(plan.mseeAsn, ipv4),
    ...announced[what].prefixes.map((prefix) => `no network ${prefix}`),
  );

beforeAll(async () => {
  lab = await startLab({ prefix: "cwc", bfd: true, bmp: true });
  for (const ce of ces) await addMicrosoftPeering(ce);
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
  // What is usual is learnt once sessions and connections have stood for 30 s.
  await until("all has stood for a while", hasStood, { within: 120_000, every: 500 }, log);
}, 300_000);

afterAll(async () => {
  for (const program of running) await program.stop();
  await lab?.stop();
});

const log = () => readFileSync(join(lab.dir, "jump/agent.log"), "utf8").trim().split("\n").slice(-15).join("\n");

interface PathStatus {
  readonly link: string;
  readonly state: string;
  readonly session: { readonly state: string; readonly seconds: number };
  readonly notes: readonly { readonly evidence: string }[];
  readonly reasons: readonly { readonly cause: string; readonly owner: string; readonly evidence: string }[];
}
interface Status {
  readonly at: string;
  readonly routers: readonly { readonly bmp: { readonly connected: boolean; readonly since: string } | null }[];
  readonly circuits: readonly {
    readonly peerings: readonly { readonly name: string; readonly paths: readonly PathStatus[] }[];
  }[];
  readonly services: readonly { readonly state: string; readonly announced: readonly unknown[] }[];
}

const statusNow = async () => JSON.parse((await get(socket, "/api/v1/status")).body) as Status;

async function hasStood(): Promise<boolean> {
  const { at, routers, circuits } = await statusNow();
  const connections = routers.map(({ bmp }) => (bmp?.connected ? (Date.parse(at) - Date.parse(bmp.since)) / 1_000 : 0));
  const paths = circuits.flatMap(({ peerings }) => peerings.flatMap(({ paths }) => paths));
  const sessions = paths.map(({ session }) => (session.state === "established" ? session.seconds : 0));
  return paths.length === 4 && [...connections, ...sessions].every((seconds) => seconds > 35);
}

async function pathOf(ce: CePlan, peering: PeeringName): Promise<PathStatus> {
  const found = (await statusNow()).circuits[0]?.peerings
    .find(({ name }) => name === peering)
    ?.paths.find(({ link }) => link === ce.link);
  if (found === undefined) throw new Error(`no path ${peering} ${ce.link}`);
  return found;
}

async function counted(ce: CePlan, what: Announced, view = "received"): Promise<number | undefined> {
  const samples = parseMetrics((await get(socket, "/metrics")).body);
  return samples.find(
    ({ name, labels }) =>
      name === metrics.communities.prefixes.name &&
      labels.link === ce.link &&
      labels.peering === (what === "virtualNetwork" ? "azurePrivate" : "microsoft") &&
      labels.service === what &&
      labels.view === view,
  )?.value;
}

/** Prefixes of a service that FRR itself has of the MSEE. */
async function inFrr(ce: CePlan, what: Announced): Promise<number> {
  const far = what === "virtualNetwork" ? ce.msee.address : microsoft[ce.link].msee;
  const text = await vtysh(lab.ns(ce.node), `show bgp ipv4 unicast neighbors ${far} routes json`);
  const { routes = {} } = JSON.parse(text) as { readonly routes?: Readonly<Record<string, unknown>> };
  return announced[what].prefixes.filter((prefix) => prefix in routes).length;
}

/** Seconds from when FRR itself was seen to have so many until the agent says so. */
async function follows(ce: CePlan, what: Announced, count: number): Promise<number> {
  await until("FRR has it", async () => (await inFrr(ce, what)) === count, { within: 15_000, every: 20 });
  const began = performance.now();
  await until(
    "the agent counts it",
    async () => (await counted(ce, what)) === count,
    { within: 10_000, every: 20 },
    log,
  );
  return (performance.now() - began) / 1_000;
}

describe("Microsoft's communities on real routers", () => {
  it("are counted by service, before policy and after it", async () => {
    for (const ce of ces) {
      for (const what of Object.keys(announced) as Announced[]) {
        const count = announced[what].prefixes.length;
        expect(await inFrr(ce, what)).toBe(count);
        expect([await counted(ce, what), await counted(ce, what, "accepted")]).toEqual([count, count]);
      }
    }
    expect(await pathOf(primary, "microsoft")).toMatchObject({ state: "up", notes: [] });
  });

  it("say within two seconds that one link does not announce a service, and then what that means", async () => {
    await withdraw(primary, "exchangeOnline");
    const seconds = await follows(primary, "exchangeOnline", 0);
    process.stdout.write(`withdrawn: the agent counts it ${seconds.toFixed(2)} s after FRR had it\n`);
    expect(seconds).toBeLessThan(2);
    expect(await inFrr(secondary, "exchangeOnline")).toBe(2);
    const row = { name: "Exchange Online (12076:5010)", prefixes: { primary: 0, secondary: 2 } };
    expect((await statusNow()).services[0]?.announced).toEqual([row]);
    const degraded = async () => (await pathOf(primary, "microsoft")).state === "degraded";
    await until("the path is degraded", degraded, { within: 60_000 }, log);
    const { reasons, session } = await pathOf(primary, "microsoft");
    expect(session.state).toBe("established");
    expect(reasons).toMatchObject([{ cause: "serviceNotAnnounced", owner: "microsoft" }]);
    expect(reasons[0]?.evidence).toBe(
      "the primary link of ams-1 does not announce Exchange Online (12076:5010), usually 2 prefixes, though its BGP session is up; still over the secondary link: the redundancy of Exchange Online (12076:5010) is reduced; needed by mail; a change of ours in Azure would show on both links",
    );
    expect(await pathOf(secondary, "microsoft")).toMatchObject({ state: "up" });
    await announce(primary, "exchangeOnline");
    expect(await follows(primary, "exchangeOnline", 2)).toBeLessThan(2);
    const up = async () => (await pathOf(primary, "microsoft")).state === "up";
    await until("the path is up again", up, { within: 60_000 }, log);
  });

  it("name nobody when neither link announces it", async () => {
    for (const ce of ces) await withdraw(ce, "exchangeOnline");
    for (const ce of ces) await follows(ce, "exchangeOnline", 0);
    const owners = async () => Promise.all(ces.map(async (ce) => (await pathOf(ce, "microsoft")).reasons[0]));
    const both = async () => (await owners()).every((reason) => reason?.owner === "unknown");
    await until("both paths are degraded", both, { within: 60_000 }, log);
    expect((await owners())[0]?.evidence).toContain("it goes over the internet, or nowhere");
    for (const ce of ces) await announce(ce, "exchangeOnline");
    for (const ce of ces) await follows(ce, "exchangeOnline", 2);
  });

  it("are a note where no service of ours needs them: a virtual network's region over the private peering", async () => {
    await withdraw(secondary, "virtualNetwork");
    await follows(secondary, "virtualNetwork", 0);
    const noted = async () =>
      (await pathOf(secondary, "azurePrivate")).notes.find(({ evidence }) => evidence.includes("12076:50002"));
    const note = await until("it is noted", noted, { within: 60_000 }, log);
    expect(note.evidence).toContain("still over the primary link");
    expect(await pathOf(secondary, "azurePrivate")).toMatchObject({ state: "up", reasons: [] });
    await announce(secondary, "virtualNetwork");
    await follows(secondary, "virtualNetwork", 1);
  });
});
