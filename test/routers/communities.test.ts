// Microsoft's communities, set by the MSEEs' real bgpd over the microsoft peering and over the private one: a service that one
// link, or both, announce no more while every session stays up. The agent has it from FRR's bmpd on the CEs.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, endsSoon, startAgent, unprobed } from "./lab/agents.ts";
import { bgpState, vtysh } from "./lab/frr.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { run } from "./lab/processes.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;

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

const services = `services:
  mail:
    circuit: ams-1
    peering: microsoft
    communities: [exchangeOnline]
    checks: [{ technique: tcp, host: ${plan.vnet}, port: 179 }]`;

let lab: Lab;
let agent: Agent;

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
  agent = await startAgent(lab, {
    ...{ name: "agent", port: 9580, interval: "20s", bmp: true, probes: false },
    peerings: [
      "microsoft:",
      "  vlan: 101",
      "  customerAsn: 65551",
      `  subnets: { ${ces.map((ce) => `${ce.link}: ${microsoft[ce.link].subnet}`).join(", ")} }`,
      `  ${unprobed}`,
    ],
    more: `${endsSoon}\n${services}`,
  });
  // What is usual is learnt once sessions and connections have stood for 30 s.
  await until("all has stood for a while", hasStood, { within: 120_000, every: 500 }, log);
}, 300_000);

afterAll(async () => {
  await agent?.stop();
  await lab?.stop();
});

const log = () => agent.tail(15);

async function hasStood(): Promise<boolean> {
  const { at, routers, circuits } = await agent.status();
  const connections = routers.map(({ bmp }) => (bmp?.connected ? (Date.parse(at) - Date.parse(bmp.since)) / 1_000 : 0));
  const paths = circuits.flatMap(({ peerings }) => peerings.flatMap(({ paths }) => paths));
  const sessions = paths.map(({ session }) => (session.state === "established" ? (session.seconds ?? 0) : 0));
  return paths.length === 4 && [...connections, ...sessions].every((seconds) => seconds > 35);
}

const counted = (ce: CePlan, what: Announced, view = "received") =>
  agent.reading(metrics.communities.prefixes, {
    link: ce.link,
    peering: what === "virtualNetwork" ? "azurePrivate" : "microsoft",
    service: what,
    view,
  });

/** Prefixes of a service that FRR itself has of the MSEE. */
async function inFrr(ce: CePlan, what: Announced): Promise<number> {
  const far = what === "virtualNetwork" ? ce.msee.address : microsoft[ce.link].msee;
  const text = await vtysh(lab.ns(ce.node), `show bgp ipv4 unicast neighbors ${far} routes json`);
  const { routes = {} } = JSON.parse(text) as { readonly routes?: Readonly<Record<string, unknown>> };
  return announced[what].prefixes.filter((prefix) => prefix in routes).length;
}

/** Waits until the agent counts so many, once FRR itself was seen to have them. */
async function follows(ce: CePlan, what: Announced, count: number): Promise<void> {
  await until("FRR has it", async () => (await inFrr(ce, what)) === count, { within: 15_000, every: 20 });
  const began = performance.now();
  await until(
    "the agent counts it",
    async () => (await counted(ce, what)) === count,
    { within: 10_000, every: 20 },
    log,
  );
  const seconds = (performance.now() - began) / 1_000;
  process.stdout.write(`${what}: the agent counts ${count} ${seconds.toFixed(2)} s after FRR had as many\n`);
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
    expect(await agent.path(primary, "microsoft")).toMatchObject({ state: "up", notes: [] });
  });

  it("say that one link does not announce a service, and then what that means", async () => {
    await withdraw(primary, "exchangeOnline");
    await follows(primary, "exchangeOnline", 0);
    expect(await inFrr(secondary, "exchangeOnline")).toBe(2);
    const degraded = async () => (await agent.path(primary, "microsoft")).state === "degraded";
    await until("the path is degraded", degraded, { within: 60_000 }, log);
    const row = { name: "Exchange Online (12076:5010)", prefixes: { primary: 0, secondary: 2 } };
    expect((await agent.status()).services[0]?.announced).toEqual([row]);
    const { reasons, session } = await agent.path(primary, "microsoft");
    expect(session.state).toBe("established");
    expect(reasons).toMatchObject([{ cause: "serviceNotAnnounced", owner: "microsoft" }]);
    expect(reasons[0]?.evidence).toBe(
      "the primary link of ams-1 does not announce Exchange Online (12076:5010), usually 2 prefixes, though its BGP session is up; still over the secondary link: the redundancy of Exchange Online (12076:5010) is reduced; needed by mail; a change of ours in Azure would show on both links",
    );
    expect(await agent.path(secondary, "microsoft")).toMatchObject({ state: "up" });
    await announce(primary, "exchangeOnline");
    await follows(primary, "exchangeOnline", 2);
    const up = async () => (await agent.path(primary, "microsoft")).state === "up";
    await until("the path is up again", up, { within: 60_000 }, log);
  });

  it("name nobody when neither link announces it", async () => {
    for (const ce of ces) await withdraw(ce, "exchangeOnline");
    for (const ce of ces) await follows(ce, "exchangeOnline", 0);
    const owners = async () => Promise.all(ces.map(async (ce) => (await agent.path(ce, "microsoft")).reasons[0]));
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
      (await agent.path(secondary, "azurePrivate")).notes.find(({ evidence }) => evidence.includes("12076:50002"));
    const note = await until("it is noted", noted, { within: 60_000 }, log);
    expect(note.evidence).toContain("still over the primary link");
    expect(await agent.path(secondary, "azurePrivate")).toMatchObject({ state: "up", reasons: [] });
    await announce(secondary, "virtualNetwork");
    await follows(secondary, "virtualNetwork", 1);
  });
});
