// The monitor is the problem: its uplink is shut, its gateways drop everything, it is stopped for ten seconds. Each is one
// isolation with its cause and one page, no path is ever called down, and all is back afterwards.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Failure, gatewaysDrop, stopped, uplinkDown } from "./lab/failures.ts";
import { differences, type History, parseMetrics, record, well } from "./lab/history.ts";
import { type Jump, startJump } from "./lab/jump.ts";
import { type Lab, pings, startLab } from "./lab/lab.ts";
import { ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

let lab: Lab;
let jump: Jump;
let history: History;
const measured: string[] = [];

beforeAll(async () => {
  lab = await startLab({ prefix: "cwi", bfd: false });
  jump = await startJump(lab);
  history = record(jump.metrics);
});
afterAll(async () => {
  await history?.stop();
  await jump?.stop();
  await lab?.stop();
  process.stdout.write(`\n${measured.join("\n")}\n`);
});

async function isWell(): Promise<void> {
  const quiet = async () => differences(history.latest(), well).length === 0 && (await jump.alerts()).length === 0;
  await until("all is well", quiet, { within: 60_000 }, () => [history.latest(), jump.logTail(8)]);
}

/** The value of a metric of the agent that has no labels, or of the one series with this label. */
async function metric(name: string, label?: readonly [string, string]): Promise<number | undefined> {
  return parseMetrics(await jump.metrics()).find(
    (sample) => sample.name === name && (label === undefined || sample.labels[label[0]] === label[1]),
  )?.value;
}

const logLines = () =>
  readFileSync(jump.agent.log, "utf8")
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { readonly msg: string; readonly cause?: string });

interface Course {
  readonly failure: Failure;
  readonly cause: string;
  /** Looks while it lasts. */
  readonly during: () => Promise<void>;
}

async function isolate({ failure, cause, during }: Course): Promise<void> {
  await isWell();
  const from = Date.now();
  const firstPage = jump.pager.pages.length;
  const firstLine = logLines().length;
  const before = await metric("expressroute_agent_isolations_total");
  expect(await failure.proven(), "it is there before it was injected").toBe(false);
  await failure.inject();
  try {
    await until(`${failure.name} is proven`, () => failure.proven(), { within: 10_000 });
    await during();
    expect(await failure.proven(), "it is still there").toBe(true);
  } finally {
    await failure.undo();
  }
  const undone = Date.now();
  const isolatedAt = await until(
    "the agent is isolated",
    () => history.firstAt("isolated", "1", from),
    { within: 10_000 },
    () => jump.logTail(8),
  );
  const back = () => (differences(history.latest(), well).length === 0 ? Date.now() : undefined);
  const wellAt = await until("all is well again", back, { within: 60_000 }, () => [history.latest(), jump.logTail(8)]);
  const pages = () => jump.pager.pages.slice(firstPage);
  await until("its page is resolved", () => pages().some(({ status }) => status === "resolved"), { within: 30_000 });
  // What would come late is one page too many.
  await sleep(3_000);

  expect(pages().map(({ status, labels }) => `${status} ${labels.alertname}`)).toEqual([
    "firing ExpressRouteAgentIsolated",
    "resolved ExpressRouteAgentIsolated",
  ]);
  const words = cause.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  expect(pages()[0]?.annotations.summary).toContain(`ISOLATED (${words})`);
  expect(await metric("expressroute_agent_isolations_total")).toBe((before ?? 0) + 1);
  expect(history.course("isolated", from)).toEqual(["0", "1", "0"]);
  for (const { link } of ces) expect(history.course(`path ${link}`, from)).toEqual(["up", "unknown", "up"]);
  expect(history.course("redundancy", from)).toEqual(["redundant", "unknown", "redundant"]);
  // Said once, and nothing else besides.
  const said = logLines().slice(firstLine);
  const about = said.filter(({ msg }) => /isolated/.test(msg));
  expect(about.map(({ msg }) => msg.replace(/ after .*/, ""))).toEqual([
    "monitor isolated: everything else is unknown",
    "monitor no longer isolated",
  ]);
  expect(about[0]?.cause).toBe(cause);
  expect(said.filter(({ msg }) => /^(path|redundancy|router) /.test(msg))).toEqual([]);
  const s = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  measured.push(`${failure.name}: isolated after ${s(isolatedAt - from)}, well ${s(wellAt - undone)} after its end`);
}

/** Isolated, and everywhere it is said so. */
async function shown(cause: string): Promise<void> {
  await until(
    "it is isolated",
    () => history.latest().isolated === "1",
    { within: 20_000 },
    () => jump.logTail(8),
  );
  expect(await metric("expressroute_agent_isolation_cause_info", ["cause", cause])).toBe(1);
  const status = JSON.parse(await jump.page("/api/v1/status")) as { readonly isolation: unknown };
  expect(status.isolation).toMatchObject({ cause, owner: "customer" });
  expect(await jump.page("/")).toContain("Monitor isolated");
  await until("a page is sent", () => jump.pager.pages.at(-1)?.status === "firing", { within: 15_000 });
  // Long enough that every poll and probe of the estate has failed over and over.
  await sleep(10_000);
  const view = history.latest();
  expect([view["path primary"], view["path secondary"], view.redundancy]).toEqual(["unknown", "unknown", "unknown"]);
  expect(view["cause primary"]).toBe("agentIsolated (customer)");
}

describe("when all is well", () => {
  it("both next hops and the own interface are watched, from the kernel's routes", async () => {
    await isWell();
    for (const { lan } of ces) {
      await until(
        `${lan} answers`,
        async () => (await metric("expressroute_agent_gateway_up", ["gateway", lan])) === 1,
        {
          within: 10_000,
        },
      );
    }
    expect(await metric("expressroute_agent_interface_up", ["interface", "lan0"])).toBe(1);
    for (const thread of ["main", "probing"]) {
      expect(await metric("expressroute_agent_loop_delay_seconds", ["thread", thread])).toBeGreaterThanOrEqual(0);
    }
    expect(await metric("expressroute_agent_host_receive_buffer_errors_total")).toBe(0);
  });
});

describe("the monitor is isolated, and no circuit is blamed", () => {
  it("its own uplink is shut", () =>
    isolate({
      failure: uplinkDown(lab),
      cause: "interfaceDown",
      during: async () => {
        await shown("interfaceDown");
        expect(await metric("expressroute_agent_interface_up", ["interface", "lan0"])).toBe(0);
      },
    }));

  it("its gateways drop everything", () =>
    isolate({
      failure: gatewaysDrop(lab),
      cause: "gatewaySilent",
      during: async () => {
        expect(await pings(lab.ns("jump"), plan.ces.primary.lan)).toBe(false);
        await shown("gatewaySilent");
        expect(await metric("expressroute_agent_interface_up", ["interface", "lan0"])).toBe(1);
        expect(await metric("expressroute_agent_gateway_up", ["gateway", plan.ces.primary.lan])).toBe(0);
      },
    }));

  it("it is stopped for ten seconds and continued", () =>
    isolate({
      failure: stopped(jump.agent.pid),
      cause: "hostStarved",
      during: () => sleep(10_000),
    }));
});
