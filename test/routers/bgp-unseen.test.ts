// Routers that answer SNMP and do not show their BGP: for a moment, as FRR's bgpd loses its AgentX session by being polled; while
// snmpd starts again; and for good, since bgpd is dead. Nothing is probed. Never is a session called down for it, nor up for long,
// and who stays blind is told once.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, endsSoon, routerName, startAgent } from "./lab/agents.ts";
import { snmpdStopped } from "./lab/failures.ts";
import { bgpState, frrPid, startDaemon } from "./lab/frr.ts";
import { differences, type History, record, well } from "./lab/history.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { alive } from "./lab/processes.ts";
import { oids, snmpGet } from "./lab/snmpd.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;

/** The rules wait for minutes; the tests of promtool count them. Here it is as many seconds as an snmpd may need. */
const patience = "30s";
/** Bgpd pings its SNMP agent so long after the last request: polls at just this interval meet the ping. */
const interval = 2_000;

let lab: Lab;
let jump: Jump;
let byBmp: Agent;
let history: History;

beforeAll(async () => {
  lab = await startLab({ prefix: "cwx", bfd: false, bmp: true, agentXPing: interval / 1_000 });
  const rules = resolve(import.meta.dirname, "../../alerts/rules");
  const hasty = join(lab.dir, "rules");
  mkdirSync(hasty);
  for (const name of readdirSync(rules)) {
    const text = readFileSync(join(rules, name), "utf8");
    if (name === "unknown.yaml") expect(text.match(/for: 5m/g)).toHaveLength(2);
    writeFileSync(join(hasty, name), text.replaceAll("for: 5m", `for: ${patience}`));
  }
  const polled = { interval: `${interval / 1_000}s`, probes: false, more: endsSoon };
  jump = await startJump(lab, [{ name: "agent", port: 9580, ...polled }], join(hasty, "*.yaml"));
  history = record(jump.metrics);
  await until("Prometheus scrapes and evaluates", jump.watching, { within: 20_000 });
});

afterAll(async () => {
  await history?.stop();
  await byBmp?.stop();
  await jump?.stop();
  await lab?.stop();
});

/** As bgpd logged it: when its AgentX session ended, without an end of snmpd. */
const lostAgentX = ({ node }: CePlan) =>
  readFileSync(join(lab.dir, node, "bgpd.log"), "utf8").match(/AgentX master disconnected us/g)?.length ?? 0;
const bgp4 = (ce: CePlan) => snmpGet(lab.ns("jump"), ce.loopback, `${oids.bgpPeerState}.${ce.msee.address}`);
const pages = (from: number) =>
  jump.pager.pages.slice(from).map(({ status, labels }) => `${status} ${labels.alertname}`);
/** Of a bgpd that starts again the router says, for a moment and rightly, that its session is down. */
const unknownPages = (from: number) => pages(from).filter((page) => page.endsWith("Unknown"));

async function allWell(): Promise<void> {
  const seen = () => [
    differences(history.latest(), well).map((name) => [name, history.latest()[name]]),
    jump.logTail(6),
  ];
  const quiet = async () => differences(history.latest(), well).length === 0 && (await jump.alerts()).length === 0;
  await until("all is well", quiet, { within: 60_000 }, seen);
}

async function killBgpd(ce: CePlan): Promise<void> {
  const pid = frrPid(lab.ns(ce.node), "bgpd") ?? 0;
  process.kill(pid, "SIGKILL");
  await until(`bgpd of ${ce.node} is dead`, () => !alive(pid), { within: 20_000 });
  await until(
    "BGP4-MIB is gone",
    async () => (await bgp4(ce)) === "noSuchObject",
    { within: 20_000 },
    () => bgp4(ce),
  );
  const state = () => bgpState(lab.ns(ce.msee.node), ce.address);
  await until("its MSEE has no session", async () => (await state()) !== "Established", { within: 20_000 }, state);
}

async function restartBgpd(ce: CePlan): Promise<void> {
  const router = lab.router(ce);
  await startDaemon(router, "bgpd");
  const state = () => bgpState(router.namespace, ce.msee.address);
  await until("the session is back", async () => (await state()) === "Established", { within: 30_000 }, state);
}

describe("BGP that vanishes since it is polled", () => {
  it("does so once, and the agent asks at other intervals from then on", { timeout: 300_000 }, async () => {
    await allWell();
    const from = Date.now();
    const lost = () => ces.map(lostAgentX);
    await until("bgpd loses its AgentX session", () => lost().some((times) => times > 0), { within: 200_000 }, lost);
    const first = ((Date.now() - from) / 1_000).toFixed(0);
    await sleep(90_000);
    process.stdout.write(`AgentX was lost ${lost().join(" and ")} times, first after ${first} s\n`);
    // One each; polled at the interval exactly it is 3 to 6 a minute, each: nine in all at least. On a busy machine bgpd is late by
    // more than a poll swings.
    expect(lost().reduce((sum, times) => sum + times)).toBeLessThan(9);
    for (const ce of ces) {
      expect(history.course(`session ${ce.link}`, from), ce.link).toEqual(["up"]);
      expect(history.course(`path ${ce.link}`, from), ce.link).toEqual(["up"]);
    }
    expect(pages(0)).toEqual([]);
  });
});

describe("an agent without probes", () => {
  it("pages nobody while snmpd starts again", async () => {
    await allWell();
    const [from, before] = [Date.now(), jump.pager.pages.length];
    const failure = snmpdStopped(lab, primary);
    await failure.inject();
    expect(await failure.proven()).toBe(true);
    const stale = () => history.course(`path ${primary.link}`, from).includes("unknown");
    await until("the path is unknown", stale, { within: 15_000 });
    await failure.undo();
    await until("BGP4-MIB is back", async () => (await bgp4(primary)) === "6", { within: 30_000 });
    await allWell();
    await sleep(5_000);
    expect(history.course(`path ${primary.link}`, from)).toEqual(["up", "unknown", "up"]);
    expect(pages(before)).toEqual([]);
  });

  it("pages once for a dead bgpd, with cause and owner, and ends it with its return", {
    timeout: 240_000,
  }, async () => {
    byBmp = await startAgent(lab, { name: "agent-bmp", port: 9581, interval: "1s", bmp: true, probes: false });
    const told = () => byBmp.reading(metrics.bmp.connected, { router: routerName(secondary) });
    await until("BMP is connected", async () => (await told()) === 1, { within: 60_000 });
    await allWell();
    const before = jump.pager.pages.length;
    const killed = Date.now();
    await killBgpd(secondary);
    const isKnown = () => history.latest()[`session ${secondary.link}`] !== undefined;
    await until("the agent calls it up no more", () => !isKnown(), { within: 30_000 });
    const gone = Date.now();
    process.stdout.write(`called up for ${((gone - killed) / 1_000).toFixed(1)} s after bgpd had died\n`);
    // Three polls, a judgement and a sample.
    expect(gone - killed).toBeLessThan(3 * interval + 2_500);
    await until(
      "it is told",
      () => pages(before).length > 0,
      { within: 60_000 },
      () => jump.agent.path(secondary),
    );
    const [page] = jump.pager.pages.slice(before);
    expect(page?.labels).toEqual({
      alertname: "ExpressRoutePathUnknown",
      router: routerName(secondary),
      site: "ams",
      severity: "warning",
    });
    expect(page?.annotations.summary).toContain("session unknown, owner us");
    expect(page?.annotations.description).toMatch(/ams-ce2 answers SNMP and shows no BGP at all since \d{4}-/);
    expect(page?.annotations.evidence).toContain("Last answer for bgp");
    const path = await jump.agent.path(secondary);
    expect(path).toMatchObject({ state: "unknown", reasons: [{ cause: "sessionUnknown", owner: "customer" }] });
    expect(path?.reasons[0]?.evidence).toMatch(/shown no BGP peer at all since \d{4}-\S+ \d\d:\d\d:\d\d UTC/);
    expect(path?.reasons[0]?.evidence).toContain("it was established when it was last seen");
    expect(path?.reasons[0]?.evidence).toContain("er0 is up and carries next to nothing");
    expect((await byBmp.path(secondary))?.reasons[0]?.evidence).toContain("its BMP connection ended as well");
    // As long again as any of the rules waits.
    await sleep(40_000);
    expect(pages(before)).toEqual(["firing ExpressRoutePathUnknown"]);
    await restartBgpd(secondary);
    await allWell();
    await until("it is resolved", () => unknownPages(before).length > 1, { within: 30_000 });
    expect(unknownPages(before)).toEqual(["firing ExpressRoutePathUnknown", "resolved ExpressRoutePathUnknown"]);
    expect(history.course(`path ${secondary.link}`, killed)[1]).toBe("unknown");
    expect(history.course(`path ${primary.link}`, killed)).toEqual(["up"]);
  });

  it("pages once for a peering of which nothing is known, and louder", { timeout: 240_000 }, async () => {
    await allWell();
    const [from, before] = [Date.now(), jump.pager.pages.length];
    for (const ce of ces) await killBgpd(ce);
    await until("it is told", () => pages(before).length > 0, { within: 60_000 });
    await sleep(20_000);
    expect(jump.pager.pages.slice(before).map(({ labels }) => labels)).toEqual([
      { alertname: "ExpressRouteCircuitUnknown", circuit: "ams-1", peering: "azurePrivate", severity: "critical" },
    ]);
    expect(ces.map(({ link }) => history.course(`path ${link}`, from))).toEqual([
      ["up", "unknown"],
      ["up", "unknown"],
    ]);
    for (const ce of ces) await restartBgpd(ce);
    await allWell();
    await until("it is resolved", () => unknownPages(before).length > 1, { within: 30_000 });
    expect(history.failures()).toEqual([]);
  });
});
