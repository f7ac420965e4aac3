// Which way real routers take to the declared prefixes, by SNMP: net-snmp tells the kernel's routes.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, startAgent } from "./lab/agents.ts";
import { configureMsee, vtysh } from "./lab/frr.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { run } from "./lab/processes.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const vnet = `${plan.vnet}/32`;
/** Announced by both MSEEs, until the test takes it back. */
const peered = "10.100.1.0/24";

let lab: Lab;
let agent: Agent;

const atMsee = (ce: CePlan, line: string) => configureMsee(lab.ns(ce.msee.node), line);
const log = () => agent.tail(15);

beforeAll(async () => {
  lab = await startLab({ prefix: "cwy", bfd: false, bmp: true });
  for (const ce of ces) await atMsee(ce, `network ${peered}`);
  agent = await startAgent(lab, {
    // From who may speak BMP it knows the addresses of a router on the site's LAN, which next hops are.
    ...{ name: "agent", port: 9580, interval: "2s", bmp: true, probes: false },
    peering: [`prefixes: { received: [${vnet}, ${peered}] }`],
  });
});

afterAll(async () => {
  await agent?.stop();
  await lab?.stop();
});

// net-snmp answers for routes from a cache that is a minute old at most, and they are asked for every 12 s.
const cached = { within: 100_000 };

describe("the way that real routers take, as SNMP tells it", () => {
  const ways = (ce: CePlan, way: string) =>
    agent.reading(metrics.routes.bestPath, { link: ce.link, way, source: "snmp" });
  const kernelRoute = (to: string) => run("ip", ["-n", lab.ns(primary.node), "route", "show", to]);

  it("is their own link, the other's where one prefers that, and none where there is no route", async () => {
    for (const ce of ces) {
      await until(`${ce.node} uses its link`, async () => (await ways(ce, "own")) === 2, cached, log);
    }
    // In this order, so that who sees the second has seen the first: net-snmp's cache may be filled in between.
    for (const ce of ces) await atMsee(ce, `no network ${peered}`);
    const isGone = async () => (await kernelRoute(peered)) === "";
    await until("the kernel of ce1 has no route", isGone, { within: 60_000 });
    const preferred = ["configure terminal", "route-map ER-IN permit 10", "set local-preference 200"];
    await vtysh(lab.ns(secondary.node), ...preferred);
    const isOther = async () => (await kernelRoute(vnet)).includes(`via ${secondary.lan}`);
    await until("the kernel of ce1 sends to ce2", isOther, { within: 60_000 });
    const began = performance.now();
    await until("the agent sees it", async () => (await ways(primary, "otherLink")) === 1, cached, log);
    process.stdout.write(`another way: seen after ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
    expect([await ways(primary, "own"), await ways(primary, "none")]).toEqual([0, 1]);
    expect(await agent.path(primary)).toMatchObject({ state: "up" });
    expect(JSON.stringify(await agent.path(primary))).toContain(
      `"prefix":"${vnet}","matched":"${vnet}","exit":"otherLink","nextHop":"${secondary.lan}"`,
    );
  }, 240_000);
});
