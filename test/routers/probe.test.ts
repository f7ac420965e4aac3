// The prober on a real link: two namespaces, a veth between them, loss made and counted by nftables. Needs root.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { stampPort } from "../../agent/wire/stamp.ts";
import { createProbePair, farAddress, type LogLine, nearAddress, type ProbePair } from "./lab/probe-pair.ts";
import { inNamespace, run } from "./lab/processes.ts";
import { until } from "./lab/until.ts";
import type { DriverOrder } from "./probe-driver.ts";

let pair: ProbePair;
beforeAll(async () => {
  pair = await createProbePair(`cwp${process.pid}`);
});
afterEach(() => pair.endDrivers());
afterAll(() => pair?.remove());

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const icmp: ProbeTarget = {
  technique: "icmp",
  address: farAddress[4],
  port: 0,
  source: undefined,
  interval: milliseconds(10),
  timeout: milliseconds(500),
};
const icmp6: ProbeTarget = { ...icmp, address: farAddress[6] };
const stamp: ProbeTarget = { ...icmp, technique: "stamp", port: stampPort, source: nearAddress[4] };
const probing = (targets: readonly ProbeTarget[], busyMs = 0): DriverOrder => ({
  kind: "probe",
  streams: targets.map((target, index) => ({ of, index, target })),
  busyMs,
});

/** Drops one in four of what `match` describes, in the far end's input, and counts the drops. */
async function lossAtFarEnd(match: string) {
  const table = `table inet probe {
    counter dropped { }
    chain input { type filter hook input priority 0; ${match} numgen random mod 4 == 0 counter name dropped drop; }
  }`;
  const filter = await pair.filter(pair.far, table);
  return {
    async stop(): Promise<number> {
      await filter.flush("input");
      const dropped = await filter.packets("dropped");
      await filter.remove();
      return dropped;
    },
  };
}

/** Runs a prober through a time of loss, and compares what it reports with what nftables dropped. */
async function exactLoss(order: DriverOrder, match: string, asUser?: number) {
  const prober = pair.drive(pair.near, order, asUser);
  await prober.received(20);
  const losing = await lossAtFarEnd(match);
  await prober.received(prober.sum("received") + 150);
  const dropped = await losing.stop();
  // Twice the timeout: what was dropped has expired by then.
  await prober.received(prober.sum("received") + 100);
  const end = await prober.end();
  expect(dropped).toBeGreaterThan(20);
  expect(prober.sum("lost")).toBe(dropped);
  expect(prober.sum("late") + prober.sum("duplicate") + prober.sum("sendErrors")).toBe(0);
  expect(end).toMatchObject({ restarts: 0, dropped: { malformed: 0, foreign: 0, forged: 0, overflow: 0 } });
  return prober;
}

const opened = (prober: { logs(): readonly LogLine[] }) =>
  prober.logs().find(({ message }) => message === "probe socket open")?.fields;

describe.each([
  { family: 4, target: icmp, request: "icmp type echo-request" },
  { family: 6, target: icmp6, request: "icmpv6 type echo-request" },
])("ICMP probes over IPv$family on a link with loss", ({ family, target, request }) => {
  it("count it exactly on a raw socket, where ping_group_range permits nothing", async () => {
    await pair.pingGroupRange("1 0");
    const prober = await exactLoss(probing([target]), request);
    expect(opened(prober)).toMatchObject({ technique: "icmp", family, raw: true });
  });

  it("count it exactly on a datagram socket, without any privilege", async () => {
    const nobody = 65_534;
    await pair.pingGroupRange(`${nobody} ${nobody}`);
    const prober = await exactLoss(probing([target]), request, nobody);
    expect(opened(prober)).toMatchObject({ technique: "icmp", family, raw: false });
  });
});

describe("ICMP probes on a link", () => {
  it("say what to set where they are not permitted", async () => {
    await pair.pingGroupRange("1 0");
    const prober = pair.drive(pair.near, probing([icmp]), 65_534);
    await until("the complaint", () => prober.logs().length > 0 && prober.sum("sendErrors") > 20, { within: 10_000 });
    await prober.end();
    const complaints = prober.logs().filter(({ level }) => level === "warn");
    expect(complaints).toHaveLength(1);
    expect(complaints[0]?.message).toMatch(/net\.ipv4\.ping_group_range .*"65534 65534".* CAP_NET_RAW/);
    expect(prober.sum("lost")).toBe(0);
  });

  it("measure what ping measures, also while the main thread is busy", async () => {
    await pair.pingGroupRange("0 0");
    const prober = pair.drive(pair.near, probing([icmp], 40));
    await prober.received(10);
    const ping = await pair.inNear("ping", "-i", "0.02", "-c", "100", farAddress[4]);
    await prober.received(prober.sum("received") + 50);
    await prober.end();
    const delays = prober.delays();
    const pinged = [...ping.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) / 1_000).sort((a, b) => a - b);
    const median = (of: readonly number[]) => of[of.length >> 1] ?? Number.NaN;
    expect(delays[0]).toBeGreaterThan(0);
    // On a veth both are some ten microseconds; the main thread's stretches are of 40 ms.
    expect(Math.abs(median(delays) - median(pinged))).toBeLessThan(0.001);
  });
});

describe("STAMP probes on a link with loss", () => {
  it.each([4, 6] as const)("count it exactly over IPv%d", async (family) => {
    const [address, source] = [farAddress[family], nearAddress[family]];
    const reflector = pair.drive(pair.far, { kind: "reflect", address, port: stampPort });
    await until("the reflector listens", () => reflector.lines.length > 0, { within: 10_000 });
    await exactLoss(probing([{ ...stamp, address, source }]), `udp dport ${stampPort}`);
  });
});

describe("probes that cannot leave", () => {
  it("are send errors with their reason, not loss, and end with it", async () => {
    await pair.pingGroupRange("0 0");
    const unrouted = { ...icmp, address: "198.51.100.1" };
    const prober = pair.drive(pair.near, probing([icmp, unrouted]));
    await prober.received(20);
    const table =
      "table ip probe { chain output { type filter hook output priority 0; icmp type echo-request drop; }; }";
    await run(...inNamespace(pair.near, "nft", ["-f", "-"]), { input: table });
    await until("the firewall refuses", () => prober.sum("sendErrors") > 20, { within: 10_000 });
    await pair.inNear("nft", "delete", "table", "ip", "probe");
    await prober.received(prober.sum("received") + 100);
    await prober.end();
    expect(prober.sum("lost") + prober.sum("lost", 1) + prober.sum("received", 1)).toBe(0);
    const told = prober.logs().filter(({ message }) => message.startsWith("probes can"));
    const reasons = told.map(({ level, fields }) => `${level} ${String(fields.reason)} ${String(fields.targets)}`);
    expect(reasons.toSorted()).toEqual([
      `info EPERM ${farAddress[4]}`,
      `warn ENETUNREACH ${unrouted.address}`,
      `warn EPERM ${farAddress[4]}`,
    ]);
  });
});
