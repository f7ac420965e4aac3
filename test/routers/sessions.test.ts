// Sessions of real routers: one that flaps is one incident, whoever nobody configured is seen, and a notification is a source that
// decides nothing. Two agents: one with Prometheus and Alertmanager behind it, polling each second; and one that polls every
// 20 s and hears traps, whose configuration has the secondary session wrong.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, startAgent } from "./lab/agents.ts";
import { bgpState, vtysh } from "./lab/frr.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { inNamespace, run } from "./lab/processes.ts";
import { plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const community = "erlab-traps";
/** Seconds, of which a busy machine may take half until a session that was reset is up and is reset again. */
const quiet = 45;

/** As deploy/README.md has it: the agent needs no capability. */
const redirect = /sudo nft '([^']+)'/.exec(
  readFileSync(new URL("../../deploy/README.md", import.meta.url), "utf8"),
)?.[1];

let lab: Lab;
let jump: Jump;
let agent: Agent;
let heard: Agent;

beforeAll(async () => {
  lab = await startLab({ prefix: "cws", bfd: false, snmpd: () => [`trap2sink ${plan.jump}:162 ${community}`] });
  if (redirect === undefined) throw new Error("deploy/README.md has no redirect any more");
  await run(...inNamespace(lab.ns("jump"), "nft", [redirect]));
  const sessions = `sessions: { flapping: { drops: 3, within: 10m, quiet: ${quiet}s } }`;
  jump = await startJump(lab, [{ name: "agent", port: 9580, sessions }]);
  agent = jump.agent;
  heard = await startAgent(lab, {
    ...{ name: "heard", port: 9581, interval: "20s", notifications: true, trapCommunity: community },
    // An address that nobody has.
    subnetOf: (ce) => (ce === secondary ? "172.16.9.0/30" : ce.subnet),
  });
  await until("Prometheus scrapes and evaluates", jump.watching, { within: 20_000 });
});

afterAll(async () => {
  await heard?.stop();
  await jump?.stop();
  await lab?.stop();
});

const log = () => heard.tail(15);

/** FRR's own count of the session's drops. */
async function droppedByFrr(): Promise<number> {
  const text = await vtysh(lab.ns(primary.node), `show bgp neighbors ${primary.msee.address} json`);
  const all = JSON.parse(text) as Readonly<Record<string, { readonly connectionsDropped: number }>>;
  return all[primary.msee.address]?.connectionsDropped ?? expect.fail(text);
}

async function reset(): Promise<void> {
  const before = await droppedByFrr();
  await vtysh(lab.ns(primary.node), `clear bgp ${primary.msee.address}`);
  await until("FRR counts the drop", async () => (await droppedByFrr()) > before, { within: 20_000 });
  const state = () => bgpState(lab.ns(primary.node), primary.msee.address);
  await until("it is established again", async () => (await state()) === "Established", { within: 20_000 }, state);
}

describe("what bgpd tells by SNMP", () => {
  it("has the hold time that both ends agreed on", async () => {
    for (const { link } of [primary, secondary]) {
      await until(
        `the hold time of ${link}`,
        async () => (await agent.reading(metrics.bmp.sessionHoldTime, { link })) === 180,
        { within: 20_000 },
      );
    }
  });

  it("has no BFD, and that is said to be not covered", async () => {
    const of = await until(
      "the poll of BFD",
      async () => {
        const found = await agent.path(primary);
        return found.notCovered.length > 0 ? found : undefined;
      },
      { within: 20_000 },
    );
    expect(of.notCovered.join()).toContain("up to 180 s to be seen (hold time)");
    expect(of.traced.findings).toEqual([]);
  });

  it("has a session with Microsoft that the other agent's configuration has not, and none that this one's has not", async () => {
    const found = await until(
      "the session that nobody configured",
      async () => {
        const { unconfigured = [] } = (await heard.status()).routers.find(({ name }) => name === "ams-ce2") ?? {};
        return unconfigured.length > 0 && unconfigured;
      },
      { within: 90_000 },
      log,
    );
    expect(found).toMatchObject([
      { remoteAddress: secondary.msee.address, state: "established", sources: [{ source: "snmp" }] },
    ]);
    await until(
      "the configured one is absent",
      async () => (await heard.path(secondary)).session.state === "absent",
      { within: 120_000 },
      log,
    );
    for (const router of ["ams-ce1", "ams-ce2"])
      expect(await agent.reading(metrics.session.unconfigured, { router })).toBe(0);
  });
});

describe("a session that is reset again and again", () => {
  it("is one incident from its third drop on, counted as FRR counts it, and ends when it is quiet", {
    timeout: 300_000,
  }, async () => {
    const before = await droppedByFrr();
    const dropped = async () => (await droppedByFrr()) - before;
    const firing = () =>
      jump.pager.pages.filter(
        ({ status: is, labels }) => is === "firing" && labels.alertname === "ExpressRouteCircuitRedundancyReduced",
      ).length;
    const { open } = jump.pager;
    // FRR's own count is the truth: both ends connect again, and where one closes the connection that the other has established
    // already (RFC 4271 section 6.8), one reset is two drops.
    let incidents = 0;
    while ((await dropped()) < 3) {
      await reset();
      incidents++;
      // Longer than a condition keeps firing by itself.
      await until(
        "the incident is over, or was the third drop",
        async () => (await dropped()) >= 3 || (firing() === incidents && open().length === 0),
        { within: 40_000 },
        open,
      );
    }
    await until(
      "it flaps",
      async () => (await agent.path(primary)).reasons[0]?.cause === "sessionFlapping",
      { within: 30_000 },
      agent.status,
    );
    await until("it is paged", () => firing() === incidents, { within: 20_000 }, open);
    for (let i = 0; i < 3; i++) {
      await sleep(15_000);
      expect(open()).toEqual(["ExpressRouteCircuitRedundancyReduced"]);
      await reset();
    }
    const counted = () => agent.reading(metrics.session.drops, { link: "primary", window: "1h" });
    await until("they are counted", async () => (await counted()) === (await dropped()), {
      within: 10_000,
    });
    expect(await counted()).toBeGreaterThanOrEqual(6);
    expect(await agent.reading(metrics.session.drops, { link: "secondary", window: "1h" })).toBeUndefined();
    await until("it is quiet", async () => (await agent.path(primary)).state === "up", {
      within: (quiet + 30) * 1_000,
    });
    await until("its page is resolved", () => open().length === 0, { within: 30_000 }, open);
    expect(firing()).toBe(incidents);
    expect(
      jump.pager.pages
        .map(({ labels }) => labels.alertname)
        .filter((name) => name !== "ExpressRouteCircuitRedundancyReduced"),
    ).toEqual([]);
  });

  it("was told by traps, which are a source with its age, and what they said", async () => {
    const { session } = await heard.path(primary);
    expect(session.state).toBe("established");
    expect(session.sources.map(({ source }) => source)).toEqual(["snmp", "notification"]);
    expect(session.sources[1]?.said).toMatch(
      /^bgp(Established|BackwardTrans)Notification, (established|idle|active|connect)/,
    );
    // Its polls are 20 s apart, so most of the drops fell between two of them.
    expect(session.drops["1h"]).toBe(await agent.reading(metrics.session.drops, { link: "primary", window: "1h" }));
  });
});
