// A session that is up is never shown as down, whatever its router's SNMP agent, BGP daemon and BMP do: hang, start again,
// answer late and in the wrong order, tell of what is not so. Two agents watch, one by polls and notifications, one by polls and
// BMP. What counts is what the MSEEs say in their logs; and that nobody is paged but for a session that went.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, endsSoon, routerName, trapSink } from "./lab/agents.ts";
import { mseeBgpShutdown, snmpdStopped, stopped } from "./lab/failures.ts";
import { bgpState, bmpPort, frrPid, sessionChanges, startDaemon, vtysh } from "./lab/frr.ts";
import { differences, type History, record, well } from "./lab/history.ts";
import { get } from "./lab/http.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { alive, attempt, inNamespace, type Running, run, startIn } from "./lab/processes.ts";
import { oids, snmpdPid, snmpGet } from "./lab/snmpd.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import type { HeldAnswer, UdpRelay } from "./lab/udp-relay.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const reduced = ["firing ExpressRouteCircuitRedundancyReduced", "resolved ExpressRouteCircuitRedundancyReduced"];

/** Milliseconds after a session came up within which an agent may still say the contrary: a poll, a judgement, a sample. */
const slack = { session: 2_500, path: 5_000 } as const;

let lab: Lab;
let jump: Jump;
let relay: Running;
let control: string;
let notified: Agent;
let byBmp: Agent;
/** Of each of them. */
let histories: readonly History[] = [];

beforeAll(async () => {
  // BGP4-MIB is gone for longer than what was polled stays fresh. By net-snmp's own default it would be 15 s.
  lab = await startLab({
    prefix: "cwn",
    bfd: false,
    bmp: true,
    gracefulRestart: true,
    agentXPing: 8,
    snmpd: () => [trapSink],
  });
  control = join(lab.dir, "udp-relay.sock");
  const order: UdpRelay = { port: 1_161, to: { address: secondary.loopback, port: 161 }, control };
  relay = startIn(lab.ns("jump"), {
    name: "udp-relay",
    command: process.execPath,
    args: [join(import.meta.dirname, "lab/udp-relay.ts"), JSON.stringify(order)],
    log: join(lab.dir, "udp-relay.log"),
  });
  const common = { probes: false, more: endsSoon };
  const polledAt = (ce: CePlan) =>
    ce === secondary ? { address: "127.0.0.1", port: order.port } : { address: ce.loopback, port: 161 };
  jump = await startJump(lab, [
    { ...common, name: "agent-notified", port: 9580, notifications: true, polledAt },
    { ...common, name: "agent-bmp", port: 9581, bmp: true },
  ]);
  [notified, byBmp] = jump.agents as [Agent, Agent];
  histories = jump.agents.map((agent) => record(agent.metrics));
});

afterAll(async () => {
  await Promise.all(histories.map((history) => history.stop()));
  await jump?.stop();
  await relay?.stop();
  await lab?.stop();
});

const seen = () => [
  ...histories.map((history) => differences(history.latest(), well).map((name) => [name, history.latest()[name]])),
  ...jump.agents.map((agent) => agent.tail(6)),
];

async function allWell(): Promise<void> {
  const quiet = async () =>
    histories.every((history) => differences(history.latest(), well).length === 0) &&
    (await jump.alerts()).length === 0 &&
    jump.pager.open().length === 0;
  await until("all is well", quiet, { within: 60_000 }, seen);
}

/** Beginning of the test, and pages until then. */
let from = 0;
let pagesBefore = 0;
/** Pages that are right, and whether there must be such: what is down for less than a scrape need not be paged. */
let rightly: readonly string[] = [];
let mustPage = true;

beforeEach(async () => {
  await allWell();
  await until("Prometheus scrapes and evaluates", jump.watching, { within: 20_000 });
  from = Date.now();
  pagesBefore = jump.pager.pages.length;
  rightly = [];
  mustPage = true;
});

/** What an MSEE says of its session: when it was not Established. */
function outages({ msee, address }: CePlan): readonly { readonly begin: number; readonly end: number }[] {
  const changes = sessionChanges(join(lab.dir, msee.node), address);
  return changes.flatMap(({ at, change }, i) =>
    change === "Down" ? [{ begin: at, end: changes[i + 1]?.at ?? Number.POSITIVE_INFINITY }] : [],
  );
}

/** Whatever happened in a test, this must hold of it. */
afterEach(async () => {
  await allWell();
  // A scrape, an evaluation and Alertmanager's wait: by then what was seen last is paged, or never will be.
  await sleep(3_000);
  await allWell();
  const lies = ces.flatMap((ce) =>
    (["session", "path"] as const).flatMap((what) =>
      histories.flatMap((history, i) =>
        history
          .shown(`${what} ${ce.link}`, "down", from)
          .filter((at) => !outages(ce).some(({ begin, end }) => begin <= at && at <= end + slack[what]))
          .slice(0, 1)
          .map(
            (at) =>
              `${jump.agents[i]?.name}: ${what} ${ce.link} down ${((at - from) / 1_000).toFixed(2)} s after the beginning`,
          ),
      ),
    ),
  );
  expect(lies, "shown as down while it was up").toEqual([]);
  const isPaged = () => pages().length >= rightly.length || (!mustPage && pages().length === 0);
  await until("every page is resolved", isPaged, { within: 30_000 }, pages);
  expect(pages()).toEqual(mustPage || pages().length > 0 ? rightly : []);
  expect(histories.flatMap((history) => history.failures())).toEqual([]);
});

const pages = () => jump.pager.pages.slice(pagesBefore).map(({ status, labels }) => `${status} ${labels.alertname}`);
const outagesNow = (ce: CePlan) => outages(ce).filter(({ end }) => end >= from);
const bgp4 = (ce: CePlan) => snmpGet(lab.ns("jump"), ce.loopback, `${oids.bgpPeerState}.${ce.msee.address}`);
const linkOf = (ce: CePlan) => ({ link: ce.link });

/** The words that both agents have for a link's session since the test began. */
const courses = (ce: CePlan) => histories.map((history) => history.course(`session ${ce.link}`, from));

describe("the SNMP agent of a router", () => {
  it("starts again, and has no BGP4-MIB for seconds: no reboot, and nothing went", async () => {
    const failure = snmpdStopped(lab, primary);
    const transitions = () => notified.reading(metrics.session.transitions, linkOf(primary));
    const since = async () => (await notified.reading(metrics.session.established, linkOf(primary))) ?? Number.NaN;
    const before = [await transitions(), await since()] as const;
    await failure.inject();
    expect(await failure.proven()).toBe(true);
    await failure.undo();
    await until("it has no BGP4-MIB", async () => (await bgp4(primary)) === "noSuchObject", { within: 20_000 });
    const gone = Date.now();
    await until("it has it again", async () => (await bgp4(primary)) === "6", { within: 30_000 });
    process.stdout.write(`BGP4-MIB was gone for ${((Date.now() - gone) / 1_000).toFixed(1)} s\n`);
    await allWell();
    expect(outagesNow(primary)).toEqual([]);
    // Only BMP still knew.
    expect(courses(primary)).toEqual([["up", "absent", "up"], ["up"]]);
    expect(await transitions()).toBe(before[0]);
    expect(Math.abs((await since()) - before[1]), "seconds; agents tell whole ones").toBeLessThan(3);
  });

  it("hangs, and goes on", async () => {
    const failure = stopped(snmpdPid(lab.snmpAgent(secondary)) ?? 0, `${secondary.node} snmpd`);
    await failure.inject();
    try {
      await until("it is proven", failure.proven, { within: 20_000 });
      expect(await bgp4(secondary)).toBe("timeout");
      await sleep(6_000);
    } finally {
      await failure.undo();
    }
    await allWell();
    expect(outagesNow(secondary)).toEqual([]);
    expect(courses(secondary)).toEqual([["up", "absent", "up"], ["up"]]);
  });

  for (const order of ["reverse", "forward"] as const) {
    it(`answers late (${order}), when what it said is not so any more`, async () => {
      const failure = mseeBgpShutdown(lab, secondary);
      const of = { router: routerName(secondary), kind: "bgp" };
      const notifications = async () => (await notified.reading(metrics.agent.notifications, of)) ?? 0;
      const tooLate = async () => (await notified.reading(metrics.agent.snmpDropped, { kind: "late" })) ?? 0;
      const before = [await notifications(), await tooLate()] as const;
      await get(control, "/hold");
      // The other agent sees it, and pages, once: however often bgpd notifies that a retry failed.
      rightly = reduced;
      await failure.inject();
      try {
        await until("it is proven", failure.proven, { within: 20_000 });
        await sleep(5_000);
      } finally {
        await failure.undo();
      }
      const isBack = async () => (await bgpState(lab.ns(secondary.msee.node), secondary.address)) === "Established";
      await until("it is up again", isBack, { within: 20_000 });
      // Longer than an agent waits for an answer.
      await sleep(5_000);
      const released = Date.now();
      const held = JSON.parse((await get(control, `/${order}`)).body) as readonly HeldAnswer[];
      const states = held.flatMap(({ hex }) => bgpPeerStates(hex));
      expect(states, "answers were held that say what is not so any more").toContain("down");
      const session = `session ${secondary.link}`;
      const known = () => histories[0]?.firstAt(session, "up", released);
      await until("the agent knows it again", known, { within: 10_000 }, seen);
      expect(await tooLate(), "they came, and were not taken").toBeGreaterThan(before[1]);
      expect(await notifications(), "it was notified of them besides").toBeGreaterThan(before[0] + 1);
      expect(courses(secondary)).toEqual([
        ["up", "absent", "up"],
        ["up", "down", "up"],
      ]);
    });
  }

  it("answers late and in the wrong order for seconds", async () => {
    let answers = 0;
    for (let round = 0; round < 10; round++) {
      await get(control, "/hold");
      await sleep(600);
      answers += (JSON.parse((await get(control, "/reverse")).body) as readonly HeldAnswer[]).length;
      await sleep(50);
    }
    expect(answers).toBeGreaterThan(20);
    expect(outagesNow(secondary)).toEqual([]);
    expect(courses(secondary)[1]).toEqual(["up"]);
  });

  it("notifies again and again of a session that did not go", async () => {
    const ce = primary;
    const read = async (metric: { readonly name: string }, labels: Readonly<Record<string, string>> = {}) =>
      (await notified.reading(metric, { router: routerName(ce), ...labels })) ?? 0;
    const of = { kind: "bgp" };
    const [taken, polls] = [await read(metrics.agent.notifications, of), await read(metrics.agent.confirmingPolls)];
    const storm = 150;
    const peer = ce.msee.address;
    // bgpBackwardTransNotification (RFC 4273): remote address, last error 6/2, state idle.
    const trap = [
      ...["snmptrap", "-v2c", "-c", plan.community, `${plan.jump}:10162`, "''", "1.3.6.1.2.1.15.0.2"],
      ...[`1.3.6.1.2.1.15.3.1.7.${peer}`, "a", peer, `1.3.6.1.2.1.15.3.1.14.${peer}`, "x", "0602"],
      ...[`1.3.6.1.2.1.15.3.1.2.${peer}`, "i", "1"],
    ].join(" ");
    const script = `i=0; while [ $i -lt ${storm} ]; do ${trap}; i=$((i+1)); done`;
    const began = Date.now();
    await run(...inNamespace(lab.ns(ce.node), "sh", ["-c", script]), { env: { MIBS: "" } });
    const heard = async () => (await read(metrics.agent.notifications, of)) - taken;
    await until("they are taken", async () => (await heard()) >= storm, { within: 10_000 }, heard);
    // What confirms the last of them.
    await sleep(1_500);
    expect(await heard(), "taken").toBe(storm);
    const confirmed = (await read(metrics.agent.confirmingPolls)) - polls;
    expect(confirmed, "confirmed").toBeGreaterThan(0);
    expect(confirmed, "at most once a second").toBeLessThanOrEqual((Date.now() - began) / 1_000 + 1);
    expect(outagesNow(ce)).toEqual([]);
    expect(courses(ce)).toEqual([["up"], ["up"]]);
  });
});

describe("the BGP daemon of a router", () => {
  it("hangs for less than the hold time, loses its AgentX session, and goes on", async () => {
    const failure = stopped(frrPid(lab.ns(primary.node), "bgpd") ?? 0, `${primary.node} bgpd`);
    await failure.inject();
    try {
      await until("it is proven", failure.proven, { within: 20_000 });
      await sleep(12_000);
      expect(await snmpGet(lab.ns("jump"), primary.loopback, oids.sysUpTime), "snmpd answers").toMatch(/\d+:/);
      expect(await bgp4(primary)).not.toBe("6");
    } finally {
      await failure.undo();
    }
    await until("BGP4-MIB is back", async () => (await bgp4(primary)) === "6", { within: 30_000 });
    expect(outagesNow(primary)).toEqual([]);
  });

  for (const [how, signal] of [
    ["starts again", "SIGTERM"],
    // It says nothing as it ends, so its peer waits for it (RFC 4724).
    ["is killed and starts again, while the MSEE keeps its routes", "SIGKILL"],
  ] as const) {
    it(`${how}: its session goes with it, so down is right, and there is one page at most`, async () => {
      const router = lab.router(secondary);
      const pid = frrPid(router.namespace, "bgpd") ?? 0;
      const kept = async () => (await vtysh(lab.ns(secondary.msee.node), "show ip route bgp")).includes(plan.lan);
      await until("the MSEE has its routes", kept, { within: 10_000 });
      process.kill(pid, signal);
      await until("it ends", () => !alive(pid), { within: 20_000 });
      // While there is no bgpd nothing tells of the session: it is unknown. Down is what bgpd says until it is up again.
      rightly = reduced;
      mustPage = false;
      const isGone = async () => (await bgpState(lab.ns(secondary.msee.node), secondary.address)) !== "Established";
      await until("its session goes", isGone, { within: 20_000 });
      await sleep(2_000);
      if (signal === "SIGKILL") expect(await kept(), "the MSEE keeps the routes").toBe(true);
      await startDaemon(router, "bgpd");
      const isBack = async () => (await bgpState(router.namespace, secondary.msee.address)) === "Established";
      await until("the session is back", isBack, { within: 30_000 });
      expect(outagesNow(secondary)).toHaveLength(1);
    });
  }
});

describe("the BMP connection of a router", () => {
  /** Between the primary link's CE and the station: `rule` holds at one end until `during` is over. */
  async function disturbed(end: "jump" | "ce1", rule: string, during: () => Promise<unknown>): Promise<void> {
    const nft = (...args: readonly string[]) => inNamespace(lab.ns(end), "nft", args);
    const chain = `chain out { type filter hook output priority 0; tcp ${rule}; }`;
    await run(...nft("-f", "-"), { input: `table ip bmp { ${chain}\n}\n` });
    try {
      const hits = async () => {
        const { stdout } = await attempt(...nft("list", "table", "ip", "bmp"));
        return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
      };
      await until("it is proven", async () => (await hits()) > 0, { within: 10_000 });
      await during();
    } finally {
      await run(...nft("delete", "table", "ip", "bmp"));
    }
    await until("it is connected", async () => (await connected()) === 1, { within: 30_000 });
    // What the router says of its peers after it connected.
    await sleep(1_000);
    expect(outagesNow(primary)).toEqual([]);
    expect(courses(primary)).toEqual([["up"], ["up"]]);
  }
  const connected = () => byBmp.reading(metrics.bmp.connected, { router: routerName(primary) });

  it("is reset while the session is up", () =>
    disturbed("jump", `sport ${bmpPort} ip daddr ${primary.lan} counter reject with tcp reset`, () =>
      until("the agent knows", async () => (await connected()) === 0, { within: 15_000 }),
    ));

  it("dies silently while the session is up", () =>
    disturbed("ce1", `dport ${bmpPort} counter drop`, () => sleep(8_000)));
});

/** bgpPeerState (BGP4-MIB) of the secondary link's session in a message, as its octets say it. */
function bgpPeerStates(hex: string): readonly ("up" | "down")[] {
  // 1.3.6.1.2.1.15.3.1.2 and 172.16.0.6, then an INTEGER of one octet.
  return [...hex.matchAll(/2b060102010f030102812c10000602010([1-6])/g)].map(([, state]) =>
    state === "6" ? "up" : "down",
  );
}
