// The BMP station of the real agent, with FRR's bmpd module on both CEs. SNMP is polled every 20 s, or dead, and no path is
// probed. How soon BMP tells is held to the clock by `detection.test.ts`, which nothing runs beside.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metrics } from "../../agent/catalog/metrics.ts";
import type { PathStatus } from "../../agent/web/status.ts";
import { type Agent, routerName, startAgent } from "./lab/agents.ts";
import { carrierLoss, type Failure, mseeBgpShutdown, snmpdStopped } from "./lab/failures.ts";
import { bgpState, configureMsee, vtysh } from "./lab/frr.ts";
import { type Lab, startLab } from "./lab/lab.ts";
import { run } from "./lab/processes.ts";
import { type CePlan, ces, plan } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;

let lab: Lab;
let agent: Agent;

beforeAll(async () => {
  lab = await startLab({ prefix: "cwb", bfd: true, bmp: true });
  agent = await startAgent(lab, { name: "agent", port: 9580, interval: "20s", bmp: true, probes: false });
  for (const ce of ces) await until(`${ce.node} is up by BMP`, isUpByBmp(ce), { within: 60_000 }, log);
});

afterAll(async () => {
  await agent?.stop();
  await lab?.stop();
});

const log = () => agent.tail(15);

const isUpByBmp = (ce: CePlan) => async () =>
  (await agent.reading(metrics.session.up, { link: ce.link })) === 1 &&
  (await agent.reading(metrics.bmp.sessionSource, { link: ce.link, source: "bmp" })) !== undefined;

/** Injects; gives what the agent said once FRR was seen to have left Established. */
async function strike(ce: CePlan, failure: Failure): Promise<PathStatus> {
  const watch = async (happened: () => Promise<boolean>) => {
    await until("it is seen", happened, { within: 15_000, every: 10 }, log);
    return performance.now();
  };
  const frr = watch(async () => (await bgpState(lab.ns(ce.node), ce.msee.address)) !== "Established");
  const told = watch(async () => (await agent.path(ce)).state === "down");
  await failure.inject();
  const [changed, known] = await Promise.all([frr, told]);
  expect(await failure.proven()).toBe(true);
  const seconds = (known - changed) / 1_000;
  process.stdout.write(`${failure.name}: the agent says so ${seconds.toFixed(2)} s after FRR's own change was seen\n`);
  return agent.path(ce);
}

async function undone(ce: CePlan, failure: Failure): Promise<void> {
  await failure.undo();
  await until("the session is up again", isUpByBmp(ce), { within: 60_000 }, log);
  await until("the path is up again", async () => (await agent.path(ce)).state === "up", { within: 60_000 }, log);
}

describe("BMP of a real router", () => {
  it("tells that Microsoft shut the session, and says why and who", async () => {
    const failure = mseeBgpShutdown(lab, primary);
    const path = await strike(primary, failure);
    expect(path.reasons[0]).toMatchObject({ cause: "sessionDown", owner: "microsoft" });
    expect(path.reasons[0]?.evidence).toContain("by BMP the far end closed it with a NOTIFICATION: 6/2 Cease");
    await undone(primary, failure);
  });

  it("tells of a lost carrier while the router's SNMP agent is dead", async () => {
    const [deaf, failure] = [snmpdStopped(lab, secondary), carrierLoss(lab, secondary)];
    await deaf.inject();
    expect(await deaf.proven()).toBe(true);
    await strike(secondary, failure);
    await deaf.undo();
    await undone(secondary, failure);
  });

  it("counts the prefixes as FRR does, also those of a flood", async () => {
    const flood = 2_000;
    const msee = lab.ns(primary.msee.node);
    const lines = Array.from({ length: flood }, (_, i) => `route add blackhole 10.200.${i >> 8}.${i & 255}/32`);
    await run("ip", ["-n", msee, "-batch", "-"], { input: `${lines.join("\n")}\n` });
    const configure = (line: string) => configureMsee(msee, line);
    const received = async () => {
      const summary = JSON.parse(await vtysh(lab.ns(primary.node), "show bgp ipv4 unicast summary json")) as {
        readonly peers: Readonly<Record<string, { readonly pfxRcd: number }>>;
      };
      return summary.peers[primary.msee.address]?.pfxRcd ?? 0;
    };
    const counted = () => agent.reading(metrics.prefixes.accepted, { link: primary.link, family: "ipv4" });
    const before = await received();
    await until("the agent counts what FRR has", async () => (await counted()) === before, { within: 10_000 }, log);
    await configure("redistribute kernel");
    await until("FRR has them", async () => (await received()) === before + flood, { within: 30_000, every: 20 });
    const began = performance.now();
    await until("the agent counts them", async () => (await counted()) === before + flood, { within: 10_000 }, log);
    process.stdout.write(
      `${flood} prefixes: counted ${((performance.now() - began) / 1_000).toFixed(2)} s after FRR had them\n`,
    );
    await configure("no redistribute kernel");
    await until("they are gone", async () => (await counted()) === before, { within: 30_000 }, log);
  });

  it("tells that Microsoft drains a link, which is no failure while the other one is up", async () => {
    const msee = lab.ns(secondary.msee.node);
    const out = (map: string) =>
      vtysh(
        msee,
        ...["configure terminal", `router bgp ${plan.mseeAsn}`, "address-family ipv4 unicast"],
        `neighbor ${secondary.address} route-map ${map} out`,
      );
    const draining = (ce: CePlan) => agent.reading(metrics.bmp.draining, { link: ce.link });
    await until("no link is drained", async () => (await draining(secondary)) === 0, { within: 10_000 }, log);
    const eight = Array<number>(8).fill(plan.mseeAsn).join(" ");
    await vtysh(msee, "configure terminal", "route-map DRAIN permit 10", `set as-path prepend ${eight}`);
    const began = performance.now();
    await out("DRAIN");
    await vtysh(msee, `clear bgp ${secondary.address} soft out`);
    await until("the agent says so", async () => (await draining(secondary)) === 1, { within: 20_000 }, log);
    process.stdout.write(
      `drain: the agent says so ${((performance.now() - began) / 1_000).toFixed(2)} s after it was configured\n`,
    );
    // What FRR itself has, not what the agent says of it.
    expect(await vtysh(lab.ns(secondary.node), "show bgp ipv4 unicast")).toContain(`${eight} ${plan.mseeAsn} i`);
    expect(await draining(primary)).toBe(0);
    const path = await agent.path(secondary);
    expect(path).toMatchObject({ state: "up", reasons: [] });
    expect(path.notes[0]?.evidence).toContain(
      "Microsoft is draining the secondary link of ams-1: its ASN stands 9 times",
    );
    await out("ALL");
    await vtysh(msee, `clear bgp ${secondary.address} soft out`);
    await until("it is over", async () => (await draining(secondary)) === 0, { within: 40_000 }, log);
  });

  it("is no evidence of anything when its connection is lost", async () => {
    const bgp = (...lines: readonly string[]) =>
      vtysh(lab.ns(primary.node), "configure terminal", `router bgp ${plan.customerAsn}`, ...lines);
    await bgp("no bmp targets jump");
    const connected = () => agent.reading(metrics.bmp.connected, { router: routerName(primary) });
    await until("the agent knows", async () => (await connected()) === 0, { within: 10_000 }, log);
    expect(await agent.path(primary)).toMatchObject({ state: "up" });
    expect(await agent.reading(metrics.session.up, { link: primary.link })).toBe(1);
    const source = () => agent.reading(metrics.bmp.sessionSource, { link: primary.link, source: "bmp" });
    const onlyPolled = async () => {
      expect(await agent.reading(metrics.session.up, { link: primary.link })).toBe(1);
      return (await source()) === undefined;
    };
    await until("the next poll alone tells of the session", onlyPolled, { within: 40_000 }, log);
  });
});
