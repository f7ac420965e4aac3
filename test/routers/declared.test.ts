// Declared prefixes, held against what two real routers tell by BMP: what is withdrawn by Microsoft, or refused by our own policy.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, endsSoon, startAgent } from "./lab/agents.ts";
import { configureMsee, vtysh } from "./lab/frr.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const vnet = `${plan.vnet}/32`;
/** Announced by both MSEEs, once the test says so. */
const peered = "10.100.1.0/24";

let lab: Lab;
let agent: Agent;

const atMsee = (ce: CePlan, line: string) => configureMsee(lab.ns(ce.msee.node), line);
/** Whether the session of a CE brings it a prefix, as FRR itself has it. */
async function frrHas(ce: CePlan, prefix: string, what: "received-routes" | "routes"): Promise<boolean> {
  const said = await vtysh(lab.ns(ce.node), `show bgp ipv4 unicast neighbors ${ce.msee.address} ${what}`);
  return said.includes(prefix);
}
const missing = (ce: CePlan) =>
  agent.reading(metrics.routes.declaredMissing, { link: ce.link, direction: "received", family: "ipv4" });
const stateOf = async (ce: CePlan) => (await agent.path(ce)).state;
const log = () => agent.tail(15);
const within = { within: 60_000 };

beforeAll(async () => {
  lab = await startLab({ prefix: "cwd", bfd: false, bmp: true });
  for (const ce of ces) await atMsee(ce, `network ${peered}`);
  agent = await startAgent(lab, {
    ...{ name: "agent", port: 9580, interval: "2s", bmp: true, probes: false },
    ...{ peering: [`prefixes: { received: [${vnet}, ${peered}] }`], more: endsSoon },
  });
  for (const ce of ces) {
    await until(`${ce.node} has all by BMP`, async () => (await missing(ce)) === 0, within, log);
    await until(`${ce.node} is up`, async () => (await stateOf(ce)) === "up", within, log);
  }
});

afterAll(async () => {
  await agent?.stop();
  await lab?.stop();
});

describe("declared prefixes of real routers", () => {
  it("degrade the link on which Microsoft withdraws one, and name it", async () => {
    const began = performance.now();
    await atMsee(primary, `no network ${vnet}`);
    await until("FRR does not have it", async () => !(await frrHas(primary, vnet, "received-routes")), within);
    await until("the agent misses it", async () => (await missing(primary)) === 1, within, log);
    process.stdout.write(`withdrawn: missed after ${((performance.now() - began) / 1_000).toFixed(2)} s\n`);
    expect(await stateOf(primary)).toBe("up");
    await until("the path is degraded", async () => (await stateOf(primary)) === "degraded", within, log);
    const seconds = (performance.now() - began) / 1_000;
    process.stdout.write(`withdrawn: degraded after ${seconds.toFixed(2)} s\n`);
    expect(seconds).toBeGreaterThan(29);
    expect((await agent.path(primary)).reasons).toEqual([
      {
        cause: "declaredNotReceived",
        owner: "microsoft",
        evidence: `ams-ce1 does not receive ${vnet}, declared, from ${primary.msee.address} over the primary link of ams-1; the secondary link has it`,
        lastSeen: null,
      },
    ]);
    expect(await stateOf(secondary)).toBe("up");
    await atMsee(primary, `network ${vnet}`);
    await until("the path is up", async () => (await stateOf(primary)) === "up", within, log);
  });

  it("blame our own policy for what it refuses", async () => {
    const ce = lab.ns(secondary.node);
    await vtysh(ce, "configure terminal", `ip prefix-list REFUSED seq 5 permit ${peered}`);
    await vtysh(ce, "configure terminal", "route-map ER-IN deny 5", "match ip address prefix-list REFUSED");
    await until("FRR refuses it", async () => !(await frrHas(secondary, peered, "routes")), within);
    expect(await frrHas(secondary, peered, "received-routes")).toBe(true);
    await until("the path is degraded", async () => (await stateOf(secondary)) === "degraded", within, log);
    const [reason] = (await agent.path(secondary)).reasons;
    expect(reason).toMatchObject({ cause: "declaredNotReceived", owner: "customer" });
    expect(reason?.evidence).toContain(`its own inbound policy refuses ${peered}; the primary link has it`);
    await vtysh(ce, "configure terminal", "no route-map ER-IN deny 5");
    await until("the path is up", async () => (await stateOf(secondary)) === "up", within, log);
  });

  it("note a default route that nobody declared", async () => {
    await atMsee(primary, `neighbor ${primary.address} default-originate`);
    await until("FRR has it", async () => frrHas(primary, "0.0.0.0/0", "received-routes"), within);
    const noted = () => agent.reading(metrics.note.path, { link: "primary", cause: "defaultRouteAppeared" });
    await until("the agent notes it", async () => (await noted()) !== undefined, within, log);
    expect(await agent.path(primary)).toMatchObject({ state: "up", reasons: [] });
    const notes = (await agent.path(primary)).notes.map(({ evidence }) => evidence);
    expect(notes.join()).toContain("an ipv4 default route comes over the session of ams-ce1");
    await atMsee(primary, `no neighbor ${primary.address} default-originate`);
    await until("it is gone", async () => (await noted()) === undefined, within, log);
  });
});
