// The real agent on real routers: every failure turns the right path and nothing else, in time, and
// pages exactly once.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Episode, live } from "./lab/episode.ts";
import { adminDown, blackhole, carrierLoss, loss, mseeBgpShutdown, snmpdStopped, voiceLost } from "./lab/failures.ts";
import { bgpState } from "./lab/frr.ts";
import { differences, type History, record, type View, well } from "./lab/history.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, pings, pingsAnswered, startLab } from "./lab/lab.ts";
import { type Measured, report } from "./lab/report.ts";
import { oids, snmpGet, snmpIfIndex } from "./lab/snmpd.ts";
import { type CePlan, plan, siblingOf } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;

/** What must hold at 1 s polling. */
const reducedWithin = 5;

let lab: Lab;
let jump: Jump;
let history: History;
/** End of the last episode: the next one answers for everything since. */
let from = 0;
const measured: Measured[] = [];

beforeAll(async () => {
  lab = await startLab({ prefix: "cwf", bfd: false });
  // The primary is asked in two classes, and whatever else breaks must not make a third story of it.
  const probes = "probes: { primary: [{ technique: icmp }, { technique: icmp, dscp: EF }] }";
  jump = await startJump(lab, [{ name: "agent", port: 9580, peering: [probes] }]);
  history = record(jump.metrics);
});

afterAll(async () => {
  await history?.stop();
  await jump?.stop();
  await lab?.stop();
  if (measured.length > 0) process.stdout.write(report(measured));
});

/** The episode before failed somewhere: let things come to rest, so that this one answers for itself only. */
let restless = false;

async function strike(episode: Episode): Promise<void> {
  if (restless) {
    await until(
      "all is well again",
      () => isWell(history.latest()),
      { within: 60_000 },
      () => history.latest(),
    );
    await until("no alert is active", async () => (await jump.alerts()).length === 0, { within: 30_000 }, jump.alerts);
    await until(
      "every page has its resolution",
      () => jump.pager.open().length === 0,
      { within: 30_000 },
      jump.pager.open,
    );
    from = Date.now();
  }
  restless = true;
  try {
    measured.push(await live({ jump, history, well, from }, episode));
  } catch (failure) {
    if (failure instanceof Error) failure.message += `\nThe agent's log ends with:\n${jump.logTail(12)}`;
    throw failure;
  }
  restless = false;
  from = Date.now();
}

/** A path that goes down and comes back, and takes the redundancy with it. */
function down(ce: CePlan): Pick<Episode, "ce" | "detected" | "courses" | "alert" | "alertLabels"> {
  return {
    ce,
    detected: { series: "redundancy", word: "reduced", within: reducedWithin },
    courses: {
      [`path ${ce.link}`]: ["up", "down", "up"],
      redundancy: ["redundant", "reduced", "redundant"],
    },
    alert: "ExpressRouteCircuitRedundancyReduced",
    alertLabels: { circuit: "ams-1", peering: "azurePrivate" },
  };
}

/** What nobody but the struck link may feel: its sibling answers, and the cloud is reached through it. */
async function siblingCarries(ce: CePlan): Promise<void> {
  const sibling = siblingOf(ce);
  expect(await pings(lab.ns("jump"), sibling.msee.address)).toBe(true);
  expect(await bgpState(lab.ns(sibling.node), sibling.msee.address)).toBe("Established");
  await until("the cloud is reached through the sibling", () => pings(lab.ns("jump"), plan.vnet), { within: 10_000 });
}

async function established(ce: CePlan): Promise<void> {
  expect(await bgpState(lab.ns(ce.node), ce.msee.address)).toBe("Established");
  expect(await bgpState(lab.ns(ce.msee.node), ce.address)).toBe("Established");
}

describe("the agent on real routers", () => {
  it("finds all well, and nobody is paged", async () => {
    const missing = () => ({ view: history.latest(), log: jump.logTail(5) });
    await until("all is well", () => isWell(history.latest()), { within: 20_000 }, missing);
    // Silence means something only while Prometheus scrapes the agent and evaluates the rules.
    await until("Prometheus scrapes and evaluates", jump.watching, { within: 20_000 });
    expect(jump.pager.pages).toEqual([]);
    from = Date.now();
  });

  it("CE interface loses carrier", () =>
    strike({
      ...down(primary),
      failure: carrierLoss(lab, primary),
      mayMove: ["interface primary", "session primary", "cause primary"],
      cause: "interfaceDown",
      during: () => siblingCarries(primary),
    }));

  it("CE interface is shut", () =>
    strike({
      ...down(secondary),
      failure: adminDown(lab, secondary),
      mayMove: ["interface secondary", "session secondary", "cause secondary"],
      cause: "interfaceAdminDown",
      during: () => siblingCarries(secondary),
    }));

  it("BGP is shut at the MSEE", () =>
    strike({
      ...down(primary),
      failure: mseeBgpShutdown(lab, primary),
      mayMove: ["session primary", "cause primary"],
      cause: "sessionDown",
      during: async () => {
        expect(await bgpState(lab.ns(primary.node), primary.msee.address)).not.toBe("Established");
        await siblingCarries(primary);
      },
    }));

  it("the wire swallows everything while link and session stay up", () =>
    strike({
      ...down(secondary),
      failure: blackhole(lab, secondary),
      mayMove: ["cause secondary"],
      cause: "probesSilent",
      during: async () => {
        await established(secondary);
        const jumpHost = lab.ns("jump");
        const index = await snmpIfIndex(jumpHost, secondary.loopback, plan.interface);
        expect(await snmpGet(jumpHost, secondary.loopback, `${oids.ifOperStatus}.${index}`)).toBe("1");
        expect(await pings(jumpHost, secondary.msee.address, 5)).toBe(false);
      },
    }));

  it("the wire loses a fifth of the answers", () =>
    strike({
      // The primary is asked in two classes, of which one may by chance lose so much more that it is the cause.
      ce: secondary,
      failure: loss(lab, secondary, 0.2),
      // No limit is promised for loss: it takes a sample that can tell 20 % from chance, and 3 s more.
      detected: { series: "path secondary", word: "degraded", within: 20 },
      courses: { "path secondary": ["up", "degraded", "up"] },
      mayMove: ["cause secondary"],
      cause: "lossHigh",
      alert: "ExpressRoutePathDegraded",
      alertLabels: { circuit: "ams-1", peering: "azurePrivate", link: "secondary" },
      during: async () => {
        await established(secondary);
        const received = await pingsAnswered(lab.ns("jump"), secondary.msee.address, 200, "-i", "0.01");
        expect(received, "of 200 pings").toBeGreaterThan(120);
        expect(received, "of 200 pings").toBeLessThan(190);
      },
    }));

  it("the wire loses one class of service and carries the others", () =>
    strike({
      ce: primary,
      failure: voiceLost(lab, primary),
      detected: { series: "path primary", word: "degraded", within: 20 },
      courses: { "path primary": ["up", "degraded", "up"] },
      mayMove: ["cause primary"],
      cause: "classLossHigh",
      alert: "ExpressRoutePathDegraded",
      alertLabels: { circuit: "ams-1", peering: "azurePrivate", link: "primary" },
      during: async () => {
        await established(primary);
        const answers = (tos: string) =>
          pingsAnswered(lab.ns("jump"), primary.msee.address, 20, "-i", "0.01", "-Q", tos);
        expect([await answers("0xb8"), await answers("0x88"), await answers("0")]).toEqual([0, 20, 20]);
        const class46 = { link: "primary", probes: `icmp probes to ${primary.msee.address} (DSCP 46)` };
        expect(await jump.agent.reading(metrics.path.classLossRatio, class46)).toBeGreaterThan(0.05);
        expect(await jump.agent.reading(metrics.path.lossRatio, { link: "primary" })).toBe(0);
      },
    }));

  it("snmpd stops on one router: unknown, never down", () =>
    strike({
      ce: secondary,
      failure: snmpdStopped(lab, secondary),
      detected: { series: "path secondary", word: "unknown", within: 10 },
      courses: {
        "path secondary": ["up", "unknown", "up"],
        redundancy: ["redundant", "unknown", "redundant"],
        "router ams-ce2": ["answers", "silent", "answers"],
      },
      mayMove: ["interface secondary", "session secondary", "cause secondary"],
      cause: "interfaceUnknown",
      alert: "ExpressRouteRouterUnreachable",
      alertLabels: { router: "ams-ce2" },
      during: async () => {
        expect(await snmpGet(lab.ns("jump"), secondary.loopback, oids.sysUpTime)).not.toMatch(/\d+:/);
        expect(await pings(lab.ns("jump"), secondary.msee.address)).toBe(true);
        await established(secondary);
        const text = await jump.metrics();
        expect(text, "the probes still answer").toMatch(
          /^expressroute_path_loss_ratio\{[^}]*link="secondary"[^}]*\} 0$/m,
        );
      },
    }));

  it("paged once per failure over the whole run, and answered every scrape", async () => {
    // What is still pending or waits for its group would be one page too many.
    await until("no alert is active", async () => (await jump.alerts()).length === 0, { within: 30_000 }, jump.alerts);
    const count = (status: string) => jump.pager.pages.filter((page) => page.status === status).length;
    expect(count("firing")).toBe(measured.length);
    expect(count("resolved")).toBe(measured.length);
    expect(history.failures()).toEqual([]);
  });
});

function isWell(view: View): boolean {
  return differences(view, well).length === 0;
}
