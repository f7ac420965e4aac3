// Real traps and informs of real routers. The failure comes right behind a turn of the agent's slow timer, so what it
// says long before the next one it knows from a poll that a notification caused.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Agent, routerName, startAgent } from "./lab/agents.ts";
import { carrierLoss, type Failure, mseeBgpShutdown } from "./lab/failures.ts";
import { parseMetrics } from "./lab/history.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { inNamespace, run } from "./lab/processes.ts";
import { type CePlan, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;
const community = "erlab-traps";

/** As deploy/README.md has it: the agent needs no capability. */
const redirect = /sudo nft '([^']+)'/.exec(
  readFileSync(new URL("../../deploy/README.md", import.meta.url), "utf8"),
)?.[1];

let lab: Lab;
let agent: Agent;

beforeAll(async () => {
  lab = await startLab({
    prefix: "cwt",
    bfd: false,
    // One router sends traps, the other informs.
    snmpd: (ce) => [`${ce === primary ? "trap2sink" : "informsink"} ${plan.jump}:162 ${community}`],
  });
  if (redirect === undefined) throw new Error("deploy/README.md has no redirect any more");
  await run(...inNamespace(lab.ns("jump"), "nft", [redirect]));
  agent = await startAgent(lab, {
    ...{ name: "agent", port: 9580, interval: "20s" },
    ...{ notifications: true, trapCommunity: community },
  });
});

afterAll(async () => {
  await agent?.stop();
  await lab?.stop();
});

const log = () => agent.tail(15);

/** Seconds from the failure to the session's change. */
async function strike(ce: CePlan, failure: Failure): Promise<number> {
  const router = routerName(ce);
  const session = () => agent.reading(metrics.session.up, { link: ce.link });
  await until("the session is up", async () => (await session()) === 1, { within: 60_000 }, log);
  const taken = (await agent.reading(metrics.agent.notifications, { router, kind: "bgp" })) ?? 0;
  await behindTurn(router);
  const polls = (await agent.reading(metrics.agent.confirmingPolls, { router })) ?? 0;
  const began = performance.now();
  await failure.inject();
  try {
    await until("it is proven", () => failure.proven(), { within: 10_000 });
    await until("the session is down", async () => (await session()) === 0, { within: 20_000 }, log);
    const seconds = (performance.now() - began) / 1_000;
    process.stdout.write(`${failure.name}: known after ${seconds.toFixed(2)} s\n`);
    expect(await agent.reading(metrics.agent.notifications, { router, kind: "bgp" })).toBeGreaterThan(taken);
    expect(await agent.reading(metrics.agent.confirmingPolls, { router })).toBeGreaterThan(polls);
    return seconds;
  } finally {
    await failure.undo();
  }
}

/** Waits for a poll that no notification caused: the next one of that kind is a whole interval away. */
async function behindTurn(router: string): Promise<void> {
  const look = async () => ({
    rounds: await agent.reading(metrics.agent.confirmingPolls, { router }),
    polled: await agent.reading(metrics.router.lastPoll, { router, group: "bgp" }),
  });
  let before = await look();
  await until(
    "a turn of the timer",
    async () => {
      const now = await look();
      const isTurn = now.polled !== before.polled && now.rounds === before.rounds;
      before = now;
      return isTurn;
    },
    { within: 90_000 },
    log,
  );
}

/** Seconds, of the twenty to the next turn. */
const within = 10;

describe("a poll follows a notification of a real router", () => {
  it("a session that Microsoft shuts, by bgpd's trap", async () => {
    expect(await strike(primary, mseeBgpShutdown(lab, primary))).toBeLessThan(within);
  });

  it("a session that Microsoft shuts, by bgpd's inform, which is acknowledged", async () => {
    expect(await strike(secondary, mseeBgpShutdown(lab, secondary))).toBeLessThan(within);
    expect(await agent.reading(metrics.agent.notificationDatagrams, { event: "acknowledged" })).toBeGreaterThan(0);
  });

  it("a link that loses its carrier", async () => {
    expect(await strike(primary, carrierLoss(lab, primary))).toBeLessThan(within);
  });

  it("and nothing was dropped but what says nothing of what is watched", async () => {
    const dropped = parseMetrics(await agent.metrics()).filter(
      ({ name, labels, value }) =>
        name === metrics.agent.notificationsDropped.name && value > 0 && labels.reason !== "notOfInterest",
    );
    expect(dropped).toEqual([]);
    expect(log()).not.toContain(community);
  });
});
