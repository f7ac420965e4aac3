// A silent blackhole on a session without BFD, with a hold time of 9 s: link and session look well until the hold timer ends.
// The agent's own probes tell before BGP does, and what BGP tells afterwards is the same incident: one page.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blackhole } from "./lab/failures.ts";
import { bgpNeighbor, sessionChanges } from "./lab/frr.ts";
import { differences, type History, record, well } from "./lab/history.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const holdTime = 9;

/** Seconds from the first packet that is known to be lost. */
const knownWithin = 3;

let lab: Lab;
let jump: Jump;
let history: History;
const measured: string[] = [];

beforeAll(async () => {
  lab = await startLab({ prefix: "cwh", bfd: false, timers: [3, holdTime] });
  jump = await startJump(lab);
  history = record(jump.metrics);
});

afterAll(async () => {
  await history?.stop();
  await jump?.stop();
  await lab?.stop();
  if (measured.length > 0) process.stdout.write(`\n${measured.join("\n")}\n`);
});

const seen = () => [history.latest(), jump.logTail(8)];

async function isWell(): Promise<void> {
  const quiet = async () => differences(history.latest(), well).length === 0 && (await jump.alerts()).length === 0;
  await until("all is well", quiet, { within: 90_000 }, seen);
}

async function strike(ce: CePlan, from?: "ce" | "msee"): Promise<void> {
  await isWell();
  const failure = blackhole(lab, ce, from);
  const changes = () => sessionChanges(lab.router(ce).dir, ce.msee.address);
  const [changesBefore, pagesBefore] = [changes().length, jump.pager.pages.length];
  const began = Date.now();
  await failure.inject();
  try {
    // Probes go every 200 ms: the first that is lost proves it, and starts the clock.
    const provenAt = await until(
      "a packet is dropped",
      async () => ((await failure.proven()) ? Date.now() : undefined),
      {
        within: 20_000,
        every: 10,
      },
    );
    const [path, cause, session] = [`path ${ce.link}`, `cause ${ce.link}`, `session ${ce.link}`];
    const downAt = await until(
      "the path is down",
      () => history.firstAt(path, "down", began),
      { within: 15_000 },
      seen,
    );
    const saidThen = history.latest()[cause];
    const sessionThen = history.latest()[session];
    const frr = await until(
      "FRR's hold timer ends",
      () =>
        changes()
          .slice(changesBefore)
          .find(({ change }) => change === "Down"),
      { within: 15_000 },
      seen,
    );
    const sessionAt = await until(
      "the session is down",
      () => history.firstAt(session, "down", began),
      { within: 10_000 },
      seen,
    );
    await until(
      "the cause is the session",
      () => history.latest()[cause]?.startsWith("sessionDown"),
      { within: 20_000 },
      seen,
    );
    const seconds = (at: number) => (at - provenAt) / 1_000;
    measured.push(
      `${failure.name}: path down after ${seconds(downAt).toFixed(2)} s (${saidThen}), FRR's session after ${seconds(frr.at).toFixed(2)} s (${frr.why}), the agent's after ${seconds(sessionAt).toFixed(2)} s`,
    );
    expect(seconds(downAt), "seconds until the probes told").toBeLessThanOrEqual(knownWithin);
    expect(downAt, "before BGP did").toBeLessThan(frr.at);
    expect(saidThen).toMatch(/^probesSilent /);
    expect(sessionThen).toBe("up");
    // The last keepalive may have come one interval before the first packet was lost.
    expect(seconds(frr.at)).toBeGreaterThan(holdTime - 3.5);
    expect(seconds(frr.at)).toBeLessThan(holdTime + 1.5);
    expect(await failure.proven()).toBe(true);
  } finally {
    await failure.undo();
  }
  await isWell();
  // The page went out when the probes told; the session that followed, and its return, made no other.
  const pages = () => jump.pager.pages.slice(pagesBefore).map(({ status, labels }) => `${status} ${labels.alertname}`);
  const once = ["firing ExpressRouteCircuitRedundancyReduced", "resolved ExpressRouteCircuitRedundancyReduced"];
  await until("the page is resolved", () => pages().length >= 2, { within: 30_000 }, pages);
  expect(pages()).toEqual(once);
  for (const [series, course] of [
    [`path ${ce.link}`, ["up", "down", "up"]],
    ["redundancy", ["redundant", "reduced", "redundant"]],
    [`session ${ce.link}`, ["up", "down", "up"]],
    [`interface ${ce.link}`, ["up"]],
  ] as const) {
    expect(history.course(series, began), series).toEqual(course);
  }
}

describe("a silent blackhole without BFD", () => {
  it("has the hold time that the test is about", async () => {
    for (const { node, msee } of ces) {
      const agreed = await bgpNeighbor(lab.ns(node), msee.address);
      expect(agreed).toMatchObject({ bgpState: "Established", bgpTimerHoldTimeMsecs: holdTime * 1_000 });
      expect(agreed?.peerBfdInfo).toBeUndefined();
    }
    await isWell();
    await until("Prometheus scrapes and evaluates", jump.watching, { within: 20_000 });
  });

  it("both ways: the probes tell within three seconds, BGP after them, and there is one page", () => strike(primary));

  it("one way, of what the MSEE sends: the same", () => strike(secondary, "msee"));
});
