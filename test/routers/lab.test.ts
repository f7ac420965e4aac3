// The lab's own test: each failure is applied, seen by tools that are not ours, and undone. What the
// agent is tested on later is known to be there.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adminDown,
  blackhole,
  carrierLoss,
  type Failure,
  loss,
  mseeBgpShutdown,
  snmpdStopped,
} from "./lab/failures.ts";
import { bgpNeighbor, bgpState, bmpPort, vtysh } from "./lab/frr.ts";
import { type Lab, pings, pingsAnswered, startLab } from "./lab/lab.ts";
import { createNamespaces, namespaceNames, removeNamespaces } from "./lab/namespaces.ts";
import { alive, attempt, type Running, run, startIn } from "./lab/processes.ts";
import { oids, snmpGet, snmpIfIndex } from "./lab/snmpd.ts";
import { type CePlan, ces, plan, siblingOf } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const { primary, secondary } = plan.ces;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ prefix: "cwl", bfd: false });
});
afterAll(async () => {
  await lab?.stop();
});

const jump = () => lab.ns("jump");

/** What SNMP and the MSEE say of a link, asked from the jump host. */
async function look(ce: CePlan) {
  const index = await snmpIfIndex(jump(), ce.loopback, plan.interface);
  const [admin, oper, session, answers] = await Promise.all([
    snmpGet(jump(), ce.loopback, `${oids.ifAdminStatus}.${index}`),
    snmpGet(jump(), ce.loopback, `${oids.ifOperStatus}.${index}`),
    snmpGet(jump(), ce.loopback, `${oids.bgpPeerState}.${ce.msee.address}`),
    pings(jump(), ce.msee.address),
  ]);
  return { admin, oper, established: session === "6", answers };
}

type Seen = Awaited<ReturnType<typeof look>>;
const well: Seen = { admin: "1", oper: "1", established: true, answers: true };

async function sees(ce: CePlan, expected: Seen): Promise<void> {
  await until(
    `${ce.link}: ${JSON.stringify(expected)}`,
    async () => JSON.stringify(await look(ce)) === JSON.stringify(expected),
    { within: 60_000 },
    () => look(ce),
  );
}

/** Injects, checks that the link shows `expected` and its sibling nothing, undoes, checks recovery. */
async function strike(ce: CePlan, failure: Failure, expected: Seen): Promise<void> {
  // What the failure before left behind must not count against this one.
  await Promise.all([sees(ce, well), sees(siblingOf(ce), well)]);
  expect(await failure.proven(), "proven before it was injected").toBe(false);
  await failure.inject();
  try {
    await until(
      `${failure.name} is proven`,
      async () => {
        await pings(jump(), ce.msee.address);
        return failure.proven();
      },
      { within: 20_000 },
    );
    await sees(ce, expected);
    expect(await look(siblingOf(ce))).toEqual(well);
  } finally {
    await failure.undo();
  }
  await sees(ce, well);
  expect(await failure.proven(), "still proven after it was undone").toBe(false);
}

describe("the lab", () => {
  it("comes up with both links well", async () => {
    // The sessions can be up before snmpd looks at its interfaces again, which it does every few seconds.
    for (const ce of ces) await sees(ce, well);
    expect(await pings(jump(), plan.vnet)).toBe(true);
  });

  it("refuses a second lab of the same name while this one lives", async () => {
    const script = `import { startLab } from ${JSON.stringify(`${import.meta.dirname}/lab/lab.ts`)};
      await startLab({ prefix: "cwl", bfd: false });`;
    const second = await attempt(process.execPath, ["--input-type=module-typescript", "-e", script]);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain("already running");
    expect(await look(primary)).toEqual(well);
  });

  it("loses carrier at the CE", () =>
    strike(primary, carrierLoss(lab, primary), { admin: "1", oper: "2", established: false, answers: false }));

  it("has an interface shut", () =>
    strike(secondary, adminDown(lab, secondary), { admin: "2", oper: "2", established: false, answers: false }));

  it("has BGP shut at the MSEE, which then has no way back to the jump host", () =>
    strike(primary, mseeBgpShutdown(lab, primary), { admin: "1", oper: "1", established: false, answers: false }));

  it("swallows traffic in the wire with link and session up", async () => {
    const failure = blackhole(lab, secondary);
    await strike(secondary, failure, { ...well, answers: false });
    expect(await bgpState(lab.ns(secondary.msee.node), secondary.address)).toBe("Established");
  });

  it("loses about a fifth of the answers", async () => {
    const failure = loss(lab, primary, 0.2);
    await failure.inject();
    try {
      const received = await pingsAnswered(jump(), primary.msee.address, 400, "-i", "0.005");
      // 400 tries at 0.2: standard deviation 8, so these bounds are five of them wide.
      expect(received).toBeGreaterThan(280);
      expect(received).toBeLessThan(360);
      expect(await failure.proven()).toBe(true);
      expect((await look(primary)).established).toBe(true);
    } finally {
      await failure.undo();
    }
    await sees(primary, well);
  });

  it("loses snmpd and nothing else", async () => {
    const failure = snmpdStopped(lab, secondary);
    await failure.inject();
    try {
      expect(await failure.proven()).toBe(true);
      expect(await snmpGet(jump(), secondary.loopback, oids.sysUpTime)).toMatch(/^timeout$|^error/);
      expect(await pings(jump(), secondary.msee.address)).toBe(true);
      expect(await bgpState(lab.ns(secondary.node), secondary.msee.address)).toBe("Established");
    } finally {
      await failure.undo();
    }
    // BGP4-MIB comes back when bgpd finds its AgentX master again.
    await sees(secondary, well);
  });

  it("does not take a zombie for a living process", async () => {
    // The shell becomes `sleep` before its child ends, and `sleep` never collects it.
    const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const pid = Number(await once(parent.stdout, "data"));
      await until("the child is dead and unreaped", () => !alive(pid), { within: 20_000 });
      expect(() => process.kill(pid, 0), "a signal still reaches it").not.toThrow();
      expect(alive(parent.pid ?? 0)).toBe(true);
    } finally {
      parent.kill();
    }
  });

  it("removes what a crashed run left behind, and only that", async () => {
    const ns = namespaceNames("cwlx");
    await createNamespaces(ns);
    const left = startIn(ns("ce1"), { name: "sleep", command: "sleep", args: ["600"], log: `${lab.dir}/left.log` });
    await until(
      "it runs in the namespace",
      async () => (await run("ip", ["netns", "pids", ns("ce1")])).includes(`${left.pid}`),
      {
        within: 20_000,
      },
    );
    await removeNamespaces("cwlx");
    expect(alive(left.pid)).toBe(false);
    expect(await run("ip", ["netns", "list"])).not.toContain("cwlx-");
    expect(await look(primary)).toEqual(well);
  });
});

describe("the lab with its options", () => {
  const maximumPrefix = 50;
  let rich: Lab;
  let station: Running;
  beforeAll(async () => {
    rich = await startLab({ prefix: "cwo", bfd: true, bmp: true, timers: [3, 9], maximumPrefix });
    const listen = `require("node:net").createServer((router) => router.resume()).listen(${bmpPort})`;
    const args = ["-e", listen];
    const log = `${rich.dir}/station.log`;
    station = startIn(rich.ns("jump"), { name: "station", command: process.execPath, args, log });
  });
  afterAll(async () => {
    await station?.stop();
    await rich?.stop();
  });

  it("has BFD up, the timers, and the limit of prefixes on both links", async () => {
    for (const { node, address, msee } of ces) {
      const agreed = { bgpState: "Established", bgpTimerHoldTimeMsecs: 9_000, bgpTimerKeepAliveIntervalMsecs: 3_000 };
      const bfd = { status: "Up", detectMultiplier: 3, rxMinInterval: 300, txMinInterval: 300 };
      const near = () => bgpNeighbor(rich.ns(node), msee.address);
      await until("BFD is up", async () => (await near())?.peerBfdInfo?.status === "Up", { within: 10_000 }, near);
      expect(await near()).toMatchObject({ ...agreed, peerBfdInfo: bfd });
      const limited = { addressFamilyInfo: { ipv4Unicast: { prefixAllowedMax: maximumPrefix } } };
      expect(await bgpNeighbor(rich.ns(msee.node), address)).toMatchObject({ ...agreed, ...limited });
    }
  });

  it("tells of both CEs by BMP", async () => {
    for (const { node } of ces) {
      const bmp = () => vtysh(rich.ns(node), "show bmp");
      const isConnected = async () => new RegExp(`${plan.jump}:${bmpPort}\\s.*Up`).test(await bmp());
      await until(`${node} is connected`, isConnected, { within: 10_000 }, bmp);
    }
  });
});
