// Real traps and informs of real routers. The failure comes right behind a turn of the agent's slow timer, so what it
// says long before the next one it knows from a poll that a notification caused.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { nothingFlaps } from "./lab/agents.ts";
import { carrierLoss, type Failure, mseeBgpShutdown } from "./lab/failures.ts";
import { parseMetrics, type Sample } from "./lab/history.ts";
import { answers, get } from "./lab/http.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { inNamespace, type Running, run, startIn } from "./lab/processes.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const main = resolve(import.meta.dirname, "../../agent/main.ts");
const { primary, secondary } = plan.ces;
const community = "erlab-traps";
const nameOf = (ce: CePlan) => `ams-${ce.node}`;

/** As deploy/README.md has it: the agent needs no capability. */
const redirect = /sudo nft '([^']+)'/.exec(
  readFileSync(new URL("../../deploy/README.md", import.meta.url), "utf8"),
)?.[1];

const config = `site: ams
${nothingFlaps}
web: { listen: 127.0.0.1:9580 }
snmp:
  interval: 20s
  credentials:
    edge: { version: 2c, community: { env: SNMP_COMMUNITY } }
    traps: { version: 2c, community: { env: SNMP_TRAP_COMMUNITY } }
  notifications: { listen: 0.0.0.0:10162, credentials: traps }
routers:
${ces.map((ce) => `  ${nameOf(ce)}: { site: ams, address: ${ce.loopback}, credentials: edge, notifications: { addresses: [${ce.lan}] } }\n`).join("")}circuits:
  ams-1:
    serviceKey: 7a3c0000-0000-4000-8000-000000000001
    provider: Equinix
    peeringLocation: Amsterdam
    bandwidth: 1Gbps
    sku: premium
    connectivityModel: cloudExchange
    links:
${ces.map((ce) => `      ${ce.link}: { router: ${nameOf(ce)}, interface: ${plan.interface} }\n`).join("")}    peerings:
      azurePrivate:
        vlan: 100
        customerAsn: ${plan.customerAsn}
        subnets: { ${ces.map((ce) => `${ce.link}: ${ce.subnet}`).join(", ")} }
`;

let lab: Lab;
let socket: string;
const running: Running[] = [];

beforeAll(async () => {
  lab = await startLab({
    prefix: "cwt",
    bfd: false,
    // One router sends traps, the other informs.
    snmpd: (ce) => [`${ce === primary ? "trap2sink" : "informsink"} ${plan.jump}:162 ${community}`],
  });
  const dir = join(lab.dir, "jump");
  mkdirSync(dir);
  socket = join(dir, "agent.sock");
  const file = join(dir, "circuitwatch.yaml");
  writeFileSync(file, config);
  if (redirect === undefined) throw new Error("deploy/README.md has no redirect any more");
  await run(...inNamespace(lab.ns("jump"), "nft", [redirect]));
  const start = (name: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    running.push(
      startIn(lab.ns("jump"), { name, command: process.execPath, args, env, log: join(dir, `${name}.log`) }),
    );
  start("relay", [join(import.meta.dirname, "lab/relay.ts"), JSON.stringify([{ listen: socket, connect: 9580 }])], {});
  start("agent", [main, "run", "--config", file], { SNMP_COMMUNITY: plan.community, SNMP_TRAP_COMMUNITY: community });
  await until("the agent is ready", () => answers(socket, "/readyz"), { within: 90_000 }, log);
});

afterAll(async () => {
  for (const program of running) await program.stop();
  await lab?.stop();
});

const log = () => readFileSync(join(lab.dir, "jump/agent.log"), "utf8").trim().split("\n").slice(-15).join("\n");
const scrape = async (): Promise<readonly Sample[]> => parseMetrics((await get(socket, "/metrics")).body);

async function readingOf(metric: { readonly name: string }, labels: Readonly<Record<string, string>>) {
  return (await scrape()).find(
    (sample) =>
      sample.name === metric.name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}

/** Seconds from the failure to the session's change. */
async function strike(ce: CePlan, failure: Failure): Promise<number> {
  const router = nameOf(ce);
  const session = () => readingOf(metrics.session.up, { link: ce.link });
  await until("the session is up", async () => (await session()) === 1, { within: 60_000 }, log);
  const taken = (await readingOf(metrics.agent.notifications, { router, kind: "bgp" })) ?? 0;
  await behindTurn(router);
  const polls = (await readingOf(metrics.agent.confirmingPolls, { router })) ?? 0;
  const began = performance.now();
  await failure.inject();
  try {
    await until("it is proven", () => failure.proven(), { within: 10_000 });
    await until("the session is down", async () => (await session()) === 0, { within: 20_000 }, log);
    const seconds = (performance.now() - began) / 1_000;
    process.stdout.write(`${failure.name}: known after ${seconds.toFixed(2)} s\n`);
    expect(await readingOf(metrics.agent.notifications, { router, kind: "bgp" })).toBeGreaterThan(taken);
    expect(await readingOf(metrics.agent.confirmingPolls, { router })).toBeGreaterThan(polls);
    return seconds;
  } finally {
    await failure.undo();
  }
}

/** Waits for a poll that no notification caused: the next one of that kind is a whole interval away. */
async function behindTurn(router: string): Promise<void> {
  const look = async () => ({
    rounds: await readingOf(metrics.agent.confirmingPolls, { router }),
    polled: await readingOf(metrics.router.lastPoll, { router, group: "bgp" }),
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
    expect(await readingOf(metrics.agent.notificationDatagrams, { event: "acknowledged" })).toBeGreaterThan(0);
  });

  it("a link that loses its carrier", async () => {
    expect(await strike(primary, carrierLoss(lab, primary))).toBeLessThan(within);
  });

  it("and nothing was dropped but what says nothing of what is watched", async () => {
    const dropped = (await scrape()).filter(
      ({ name, labels, value }) =>
        name === metrics.agent.notificationsDropped.name && value > 0 && labels.reason !== "notOfInterest",
    );
    expect(dropped).toEqual([]);
    expect(log()).not.toContain(community);
  });
});
