// How soon a session that goes down is known, by each way to hear of it alone: three agents watch the same routers, one by BMP,
// one by notifications, both polling so seldom that a poll does not tell them first, and one by polls alone. No path is
// probed. The clock starts at FRR's own change, as its log has it to the millisecond.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { pathStates } from "../../agent/estate/judgement.ts";
import { type Agent, endsSoon, routerName, startAgent, trapSink } from "./lab/agents.ts";
import {
  adminDown,
  blackhole,
  carrierLoss,
  ceBgpShutdown,
  type Failure,
  mseeBgpShutdown,
  mseeHardReset,
  mseeSideFails,
  prefixFlood,
} from "./lab/failures.ts";
import { sessionChanges } from "./lab/frr.ts";
import { parseMetrics } from "./lab/history.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { type Detected, reportDetections } from "./lab/report.ts";
import { type CePlan, ces, plan, siblingOf } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const maximumPrefix = 100;

/** Seconds: from FRR's change to the agent's, where the router tells of it; and between two polls. */
const told = 1;
const interval = 1;
/** A poll takes time itself, and so does a judgement, which comes twice a second. */
const judged = 0.5;

const ways = ["BMP", "notification", "poll"] as const;
type Way = (typeof ways)[number];

let lab: Lab;
let agents: Readonly<Record<Way, Agent>>;
const detected: Detected[] = [];

beforeAll(async () => {
  lab = await startLab({ prefix: "cwe", bfd: true, bmp: true, maximumPrefix, snmpd: () => [trapSink] });
  const common = { probes: false, interval: "20s", more: endsSoon };
  const [bmp, notification, poll] = await Promise.all([
    startAgent(lab, { ...common, name: "agent-bmp", port: 9580, bmp: true }),
    startAgent(lab, { ...common, name: "agent-notification", port: 9581, notifications: true }),
    startAgent(lab, { ...common, name: "agent-poll", port: 9582, interval: `${interval}s` }),
  ]);
  agents = { BMP: bmp, notification, poll };
});

afterAll(async () => {
  await Promise.all(ways.map((way) => agents?.[way]?.stop()));
  await lab?.stop();
  if (detected.length > 0) process.stdout.write(reportDetections(detected, ways));
});

const tails = () => Object.fromEntries(ways.map((way) => [way, agents[way].tail(6)]));
const changesOf = (ce: CePlan) => sessionChanges(lab.router(ce).dir, ce.msee.address);

/** What an agent says of a link. */
async function view(way: Way, ce: CePlan) {
  const samples = parseMetrics(await agents[way].metrics()).filter(({ labels }) => labels.link === ce.link);
  const value = (metric: { readonly name: string }) => samples.find(({ name }) => name === metric.name)?.value;
  return { session: value(metrics.session.up), path: pathStates[value(metrics.path.state) ?? -1] };
}

/** All three say that the link is well, and nothing has been asked on account of a notification for more than a second. */
async function settled(ce: CePlan): Promise<void> {
  let quietSince = Date.now();
  let before: unknown;
  await until(
    `${ce.link} is well for all`,
    async () => {
      const views = await Promise.all(ways.map((way) => view(way, ce)));
      const rounds = await agents.notification.reading(metrics.agent.confirmingPolls, { router: routerName(ce) });
      const isWell = views.every(({ session, path }) => session === 1 && path === "up");
      if (!isWell || rounds !== before) quietSince = Date.now();
      before = rounds;
      return Date.now() - quietSince > 1_200;
    },
    { within: 60_000 },
    async () => [await Promise.all(ways.map((way) => view(way, ce))), tails()],
  );
}

/** When an agent first said that the session, and the path, is down: milliseconds since 1970. */
async function watch(way: Way, ce: CePlan): Promise<Readonly<Record<"session" | "path", number>>> {
  const seen: { session?: number; path?: number } = {};
  return until(
    `the agent that hears by ${way} says that ${ce.link} is down`,
    async () => {
      const { session, path } = await view(way, ce);
      if (session === 0) seen.session ??= Date.now();
      if (path === "down") seen.path ??= Date.now();
      return seen.session === undefined || seen.path === undefined
        ? undefined
        : { session: seen.session, path: seen.path };
    },
    { within: 15_000, every: 20 },
    tails,
  );
}

interface Case {
  readonly ce: CePlan;
  readonly failure: Failure;
  /** What the agents say of the cause, as far as the router tells it. */
  readonly evidence: RegExp;
}

async function strike({ ce, failure, evidence }: Case): Promise<void> {
  // Both: what comes back of the failure before is no change by this one.
  await Promise.all(ces.map(settled));
  const confirmed = () => agents.notification.reading(metrics.agent.confirmingPolls, { router: routerName(ce) });
  const rounds = (await confirmed()) ?? 0;
  const before = changesOf(ce).length;
  const sibling = changesOf(siblingOf(ce)).length;
  expect(await failure.proven(), "it is there before it was injected").toBe(false);
  const watched = Promise.all(ways.map((way) => watch(way, ce)));
  const injectedAt = Date.now();
  try {
    const [, ...known] = await Promise.all([failure.inject(), watched]);
    expect(await failure.proven(), "it happened").toBe(true);
    expect(changesOf(siblingOf(ce)), "and not to the sibling").toHaveLength(sibling);
    const frr = changesOf(ce)
      .slice(before)
      .find(({ change }) => change === "Down");
    if (frr === undefined) throw new Error(`${failure.name}: FRR never left Established`);
    const since = (of: "session" | "path") =>
      Object.fromEntries(ways.map((way, i) => [way, ((known[0]?.[i]?.[of] ?? Number.NaN) - frr.at) / 1_000]));
    const row: Detected = {
      failure: failure.name,
      frrAfter: (frr.at - injectedAt) / 1_000,
      frrWhy: frr.why,
      session: since("session"),
      path: since("path"),
    };
    detected.push(row);
    expect(await confirmed(), "a notification came, and was confirmed by a poll").toBeGreaterThan(rounds);
    for (const way of ways) {
      const limit = way === "poll" ? interval + judged : told;
      expect(row.session[way], `seconds until it was known by ${way}`).toBeLessThanOrEqual(limit);
      expect(row.session[way], "nobody knows it before FRR").toBeGreaterThan(-0.02);
      expect(row.path[way], `seconds until the path was down by ${way}`).toBeLessThanOrEqual(limit + judged);
      const reasons = (await agents[way].path(ce))?.reasons ?? [];
      expect(reasons.map((reason) => reason.evidence).join("; "), `evidence by ${way}`).toMatch(evidence);
    }
  } finally {
    await failure.undo();
  }
}

const bfdDown = /(?:last error|NOTIFICATION:) 6\/10 Cease, BFD Down/;

describe("a session that goes down is known", () => {
  it("when the CE loses carrier", () =>
    strike({ ce: primary, failure: carrierLoss(lab, primary), evidence: /BGP session of ams-ce1 .* is \w+ for/ }));

  it("when the CE's interface is shut", () =>
    strike({
      ce: secondary,
      failure: adminDown(lab, secondary),
      evidence: /BGP session of ams-ce2 .* is \w+ for|was shut on the router/,
    }));

  it("when the far side fails, by BFD", () =>
    strike({ ce: primary, failure: mseeSideFails(lab, primary), evidence: bfdDown }));

  it("when the wire swallows everything, by BFD", () =>
    strike({ ce: secondary, failure: blackhole(lab, secondary), evidence: bfdDown }));

  it("when the wire swallows what the MSEE sends, by BFD", () =>
    strike({ ce: primary, failure: blackhole(lab, primary, "msee"), evidence: bfdDown }));

  it("when the wire swallows what the CE sends, by BFD", () =>
    strike({ ce: secondary, failure: blackhole(lab, secondary, "ce"), evidence: bfdDown }));

  it("when the MSEE shuts it", () =>
    strike({
      ce: primary,
      failure: mseeBgpShutdown(lab, primary),
      evidence: /(?:last error|NOTIFICATION:) 6\/2 Cease, Administrative Shutdown/,
    }));

  it("when the CE shuts it", () =>
    strike({
      ce: secondary,
      failure: ceBgpShutdown(lab, secondary),
      // FRR's bgpPeerAdminStatus is stop while a neighbor is shut; BMP does not tell it.
      evidence: /was shut on the router|(?:last error|NOTIFICATION:) 6\/2 Cease, Administrative Shutdown/,
    }));

  it("when the MSEE resets it, though it comes back within seconds", () =>
    strike({
      ce: primary,
      failure: mseeHardReset(lab, primary),
      evidence:
        /(?:last error|NOTIFICATION:) 6\/(4 Cease, Administrative Reset|7 Cease, Connection Collision Resolution)/,
    }));

  it("when the CE announces too much, and says that nobody but a person brings it back", async () => {
    const failure = prefixFlood(lab, secondary, maximumPrefix + 1);
    const stays =
      /6\/1 Cease, Maximum Number of Prefixes Reached: .* stays Idle until somebody clears it, unless restart/;
    let page = "";
    await strike({
      ce: secondary,
      failure: {
        ...failure,
        async undo() {
          // Longer than the connect timer: it does not come back by itself.
          await sleep(4_000);
          page = await agents.poll.page("/");
          expect(await failure.proven(), "still refused").toBe(true);
          await failure.undo();
        },
      },
      evidence: stays,
    });
    expect(page).toMatch(stays);
  });
});
