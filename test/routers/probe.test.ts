// The prober on a real link: two namespaces, a veth between them, loss made and counted by nftables. Needs root.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { ProbeDropKind } from "../../agent/probe/messages.ts";
import { stampPort } from "../../agent/wire/stamp.ts";
import { attempt, inNamespace, run } from "./lab/processes.ts";
import { until } from "./lab/until.ts";
import type { DriverOrder } from "./probe-driver.ts";

const prefix = `cwp${process.pid}`;
const near = `${prefix}-near`;
const far = `${prefix}-far`;
const [nearAddress, farAddress] = ["10.99.0.1", "10.99.0.2"];

const inFar = (command: string, ...args: string[]) => run(...inNamespace(far, command, args));
const inNear = (command: string, ...args: string[]) => run(...inNamespace(near, command, args));

beforeAll(async () => {
  for (const ns of [near, far]) await run("ip", ["netns", "add", ns]);
  await run("ip", ["link", "add", "p0", "netns", near, "type", "veth", "peer", "name", "p0", "netns", far]);
  for (const [ns, address] of [
    [near, nearAddress],
    [far, farAddress],
  ] as const) {
    await run("ip", ["-n", ns, "address", "add", `${address}/30`, "dev", "p0"]);
    await run("ip", ["-n", ns, "link", "set", "lo", "up"]);
    await run("ip", ["-n", ns, "link", "set", "p0", "up"]);
  }
  await until(
    "the link carries",
    async () => (await attempt(...inNamespace(near, "ping", ["-c1", "-W1", farAddress]))).code === 0,
    {
      within: 10_000,
    },
  );
});

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

afterAll(async () => {
  for (const ns of [near, far]) await attempt("ip", ["netns", "del", ns]);
});

interface LogLine {
  readonly kind: "log";
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}
interface End {
  readonly kind: "end";
  readonly dropped: Readonly<Record<ProbeDropKind, number>>;
  readonly restarts: number;
  readonly skipped: number;
}
type Line = ProbeObservation | LogLine | End | { readonly kind: "ready" };

/** Starts the driver in a namespace, as this user or as another. */
function drive(namespace: string, order: DriverOrder, asUser?: number) {
  const driver = fileURLToPath(new URL("./probe-driver.ts", import.meta.url));
  const program = [process.execPath, driver, JSON.stringify(order)];
  const id = String(asUser);
  const dropped = asUser === undefined ? [] : ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"];
  const child = spawn("ip", ["netns", "exec", namespace, ...dropped, ...program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const observed = () => lines.filter((line) => line.kind === "probe");
  type Count = "received" | "lost" | "late" | "duplicate" | "sendErrors";
  const sum = (key: Count, index = 0) =>
    observed()
      .filter((o) => o.index === index)
      .reduce((n, o) => n + o[key], 0);
  return {
    lines,
    sum,
    delays: (index = 0) =>
      observed()
        .filter((o) => o.index === index)
        .flatMap((o) => o.delays)
        .toSorted((a, b) => a - b),
    logs: () => lines.filter((line) => line.kind === "log"),
    received: (n: number, index = 0) =>
      until(
        `${n} answers`,
        () => sum("received", index) >= n,
        { within: 15_000 },
        () => lines.slice(-3),
      ),
    async end(): Promise<End> {
      child.stdin.end();
      return until("the driver ends", () => lines.find((line) => line.kind === "end"), { within: 5_000, every: 20 });
    },
  };
}

const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
const icmp: ProbeTarget = {
  technique: "icmp",
  address: farAddress,
  port: 0,
  source: undefined,
  interval: milliseconds(10),
  timeout: milliseconds(500),
};
const stamp: ProbeTarget = { ...icmp, technique: "stamp", port: stampPort, source: nearAddress };
const probing = (targets: readonly ProbeTarget[], busyMs = 0): DriverOrder => ({
  kind: "probe",
  streams: targets.map((target, index) => ({ of, index, target })),
  busyMs,
});

/** Drops one in four of what `match` describes, in the far end's input, and counts the drops. */
async function lossAtFarEnd(match: string) {
  const table = `table ip probe {
    counter dropped { }
    chain input { type filter hook input priority 0; ${match} numgen random mod 4 == 0 counter name dropped drop; }
  }`;
  await run(...inNamespace(far, "nft", ["-f", "-"]), { input: table });
  return {
    async stop(): Promise<number> {
      await inFar("nft", "flush", "chain", "ip", "probe", "input");
      const { nftables } = JSON.parse(await inFar("nft", "-j", "list", "counters", "table", "ip", "probe")) as {
        nftables: readonly { readonly counter?: { readonly packets: number } }[];
      };
      await inFar("nft", "delete", "table", "ip", "probe");
      return nftables.find(({ counter }) => counter !== undefined)?.counter?.packets ?? 0;
    },
  };
}

/** Runs a prober through a time of loss, and compares what it reports with what nftables dropped. */
async function exactLoss(order: DriverOrder, match: string, asUser?: number) {
  const prober = drive(near, order, asUser);
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

const pingGroupRange = (range: string) => inNear("sysctl", "-q", "-w", `net.ipv4.ping_group_range=${range}`);
const opened = (prober: { logs(): readonly LogLine[] }) =>
  prober.logs().find(({ message }) => message === "probe socket open")?.fields;

describe("ICMP probes on a link with loss", () => {
  it("count it exactly on a raw socket, where ping_group_range permits nothing", async () => {
    await pingGroupRange("1 0");
    const prober = await exactLoss(probing([icmp]), "icmp type echo-request");
    expect(opened(prober)).toMatchObject({ technique: "icmp", raw: true });
  });

  it("count it exactly on a datagram socket, without any privilege", async () => {
    const nobody = 65_534;
    await pingGroupRange(`${nobody} ${nobody}`);
    const prober = await exactLoss(probing([icmp]), "icmp type echo-request", nobody);
    expect(opened(prober)).toMatchObject({ technique: "icmp", raw: false });
  });

  it("say what to set where they are not permitted", async () => {
    await pingGroupRange("1 0");
    const prober = drive(near, probing([icmp]), 65_534);
    await until("the complaint", () => prober.logs().length > 0 && prober.sum("sendErrors") > 20, { within: 10_000 });
    await prober.end();
    const complaints = prober.logs().filter(({ level }) => level === "warn");
    expect(complaints).toHaveLength(1);
    expect(complaints[0]?.message).toMatch(/net\.ipv4\.ping_group_range .*"65534 65534".* CAP_NET_RAW/);
    expect(prober.sum("lost")).toBe(0);
  });

  it("measure what ping measures, also while the main thread is busy", async () => {
    await pingGroupRange("0 0");
    const prober = drive(near, probing([icmp], 40));
    await prober.received(10);
    const ping = await inNear("ping", "-q", "-i", "0.02", "-c", "100", farAddress);
    await prober.received(prober.sum("received") + 50);
    await prober.end();
    const average = Number(/= [\d.]+\/([\d.]+)\//.exec(ping)?.[1]) / 1_000;
    const delays = prober.delays();
    const median = delays[delays.length >> 1] ?? Infinity;
    expect(delays[0]).toBeGreaterThan(0);
    // On a veth both are some ten microseconds; the main thread's stretches are of 40 ms.
    expect(Math.abs(median - average)).toBeLessThan(0.001);
  });
});

describe("STAMP probes on a link with loss", () => {
  it("count it exactly", async () => {
    const reflector = drive(far, { kind: "reflect", address: farAddress, port: stampPort });
    await until("the reflector listens", () => reflector.lines.length > 0, { within: 10_000 });
    await exactLoss(probing([stamp]), `udp dport ${stampPort}`);
  });
});

describe("probes that cannot leave", () => {
  it("are send errors with their reason, not loss, and end with it", async () => {
    await pingGroupRange("0 0");
    const unrouted = { ...icmp, address: "198.51.100.1" };
    const prober = drive(near, probing([icmp, unrouted]));
    await prober.received(20);
    const table =
      "table ip probe { chain output { type filter hook output priority 0; icmp type echo-request drop; }; }";
    await run(...inNamespace(near, "nft", ["-f", "-"]), { input: table });
    await until("the firewall refuses", () => prober.sum("sendErrors") > 20, { within: 10_000 });
    await inNear("nft", "delete", "table", "ip", "probe");
    await prober.received(prober.sum("received") + 100);
    await prober.end();
    expect(prober.sum("lost") + prober.sum("lost", 1) + prober.sum("received", 1)).toBe(0);
    const told = prober.logs().filter(({ message }) => message.startsWith("probes can"));
    const reasons = told.map(({ level, fields }) => `${level} ${String(fields.reason)} ${String(fields.targets)}`);
    expect(reasons.toSorted()).toEqual([
      `info EPERM ${farAddress}`,
      `warn ENETUNREACH ${unrouted.address}`,
      `warn EPERM ${farAddress}`,
    ]);
  });
});
