// What is usual outlives the agent: a drain that begins while it does not run is a drain when it is there again.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import { agentConfig } from "./lab/agents.ts";
import { bmpPort, vtysh } from "./lab/frr.ts";
import { parseMetrics } from "./lab/history.ts";
import { answers, get } from "./lab/http.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { type Running, startIn } from "./lab/processes.ts";
import { plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const main = resolve(import.meta.dirname, "../../agent/main.ts");
const { primary, secondary } = plan.ces;

let lab: Lab;
let dir = "";
let socket = "";
let relay: Running | undefined;
let agent: Running | undefined;

beforeAll(async () => {
  lab = await startLab({ prefix: "cwu", bfd: false, bmp: true });
  dir = join(lab.dir, "jump");
  mkdirSync(dir);
  socket = join(dir, "agent.sock");
  const addresses = [primary, secondary].map(({ node, lan }) => `ams-${node}: { addresses: [${lan}] }`);
  const bmp = `bmp: { listen: "0.0.0.0:${bmpPort}", routers: { ${addresses.join(", ")} } }`;
  writeFileSync(
    join(dir, "circuitwatch.yaml"),
    `stateDirectory: ${dir}\n${bmp}\n${agentConfig({ name: "agent", port: 9580 })}`,
  );
  const listen = JSON.stringify([{ listen: socket, connect: 9580 }]);
  relay = startProgram("relay", [join(import.meta.dirname, "lab/relay.ts"), listen]);
});

afterAll(async () => {
  await agent?.stop();
  await relay?.stop();
  await lab?.stop();
});

function startProgram(name: string, args: readonly string[]): Running {
  const env = { SNMP_COMMUNITY: plan.community };
  return startIn(lab.ns("jump"), { name, command: process.execPath, args, env, log: join(dir, `${name}.log`) });
}

const log = () => readFileSync(join(dir, "agent.log"), "utf8").trim().split("\n").slice(-15).join("\n");

/** What the agent says of a drain, once it has judged the routes of both; FRR connects to it anew within half a minute. */
async function drainingSince(start: () => void): Promise<readonly (number | undefined)[]> {
  start();
  await until("the agent is ready", () => answers(socket, "/readyz"), { within: 90_000 }, log);
  const read = async (metric: { readonly name: string }) => {
    const samples = parseMetrics((await get(socket, "/metrics")).body).filter(({ name }) => name === metric.name);
    return [primary, secondary].map(({ link }) => samples.find(({ labels }) => labels.link === link)?.value);
  };
  const judged = async () => {
    const samples = parseMetrics((await get(socket, "/metrics")).body);
    return samples.find(({ name }) => name === metrics.agent.evaluated.name)?.value ?? 0;
  };
  const counted = async () => (await read(metrics.prefixes.accepted)).every((count) => (count ?? 0) > 0);
  await until("the routes of both are counted", counted, { within: 90_000 }, log);
  const at = await judged();
  await until("they are judged", async () => (await judged()) > at + 1, { within: 10_000 }, log);
  return read(metrics.bmp.draining);
}

const startAgent = () => {
  agent = startProgram("agent", [main, "run", "--config", join(dir, "circuitwatch.yaml")]);
};

async function drain(): Promise<void> {
  const msee = lab.ns(secondary.msee.node);
  const eight = Array<number>(8).fill(plan.mseeAsn).join(" ");
  await vtysh(msee, "configure terminal", "route-map DRAIN permit 10", `set as-path prepend ${eight}`);
  await vtysh(
    msee,
    ...["configure terminal", `router bgp ${plan.mseeAsn}`, "address-family ipv4 unicast"],
    `neighbor ${secondary.address} route-map DRAIN out`,
  );
  await vtysh(msee, `clear bgp ${secondary.address} soft out`);
  await until(
    "FRR has the prepended paths",
    async () => (await vtysh(lab.ns(secondary.node), "show bgp ipv4 unicast")).includes(`${eight} ${plan.mseeAsn} i`),
    { within: 20_000 },
  );
}

describe("a drain that begins while no agent runs", () => {
  it("is seen by the next one, and not by one that has forgotten", { timeout: 400_000 }, async () => {
    const file = join(dir, "usual.json");
    expect(await drainingSince(startAgent)).toEqual([0, 0]);
    await agent?.stop();
    expect(existsSync(file)).toBe(true);
    await drain();
    expect(await drainingSince(startAgent)).toEqual([0, 1]);
    expect(log()).not.toContain("learnt anew");
    await agent?.stop();
    rmSync(file);
    expect(await drainingSince(startAgent)).toEqual([0, 0]);
    await agent?.stop();
    writeFileSync(file, "{");
    expect(await drainingSince(startAgent)).toEqual([0, 0]);
    expect(readFileSync(join(dir, "agent.log"), "utf8").match(/learnt anew/g)).toHaveLength(1);
  });
});
