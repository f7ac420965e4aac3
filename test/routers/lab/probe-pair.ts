// Two namespaces, near and far, with veths between them in both families, and the prober as a program in one of them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ProbeObservation } from "../../../agent/estate/observation.ts";
import type { ProbeDropKind } from "../../../agent/probe/messages.ts";
import type { DriverOrder } from "../probe-driver.ts";
import { attempt, inNamespace, run } from "./processes.ts";
import { until } from "./until.ts";

export interface LogLine {
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

export const nearAddress = { 4: "10.99.0.1", 6: "fd00:99::1" } as const;
export const farAddress = { 4: "10.99.0.2", 6: "fd00:99::2" } as const;

export type ProbePair = Awaited<ReturnType<typeof createProbePair>>;

/** Two namespaces and a link between them, `p0` at both ends: a /30 and a /126, as a peering has them. */
export async function createProbePair(name: string) {
  const [near, far] = [`${name}-near`, `${name}-far`];
  const children: ChildProcess[] = [];
  const inNear = (command: string, ...args: string[]) => run(...inNamespace(near, command, args));
  const inFar = (command: string, ...args: string[]) => run(...inNamespace(far, command, args));
  for (const ns of [near, far]) await run("ip", ["netns", "add", ns]);
  const pair: { readonly [end: string]: (family: 4 | 6) => string } = {
    [near]: (family) => nearAddress[family],
    [far]: (family) => farAddress[family],
  };
  await run("ip", ["link", "add", "p0", "netns", near, "type", "veth", "peer", "name", "p0", "netns", far]);
  for (const [ns, address] of Object.entries(pair)) {
    await run("ip", ["-n", ns, "address", "add", `${address(4)}/30`, "dev", "p0"]);
    await run("ip", ["-n", ns, "address", "add", `${address(6)}/126`, "dev", "p0", "nodad"]);
    await run("ip", ["-n", ns, "link", "set", "lo", "up"]);
    await run("ip", ["-n", ns, "link", "set", "p0", "up"]);
    // Else the far end answers more slowly to many probes.
    await run(...inNamespace(ns, "sysctl", ["-q", "-w", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]));
  }
  for (const address of Object.values(farAddress)) {
    await until(
      "the link carries",
      async () => (await attempt(...inNamespace(near, "ping", ["-c1", "-W1", address]))).code === 0,
      { within: 10_000 },
    );
  }

  return {
    near,
    far,
    inNear,
    inFar,
    /** Starts the driver in a namespace, as this user or as another. */
    drive: (namespace: string, order: DriverOrder, asUser?: number) => drive(namespace, order, children, asUser),
    pingGroupRange: (range: string) => inNear("sysctl", "-q", "-w", `net.ipv4.ping_group_range=${range}`),
    /** Loads a table of nftables; its counters are then read by name. */
    async filter(namespace: string, table: string) {
      const [, family = "", name = ""] = table.split(/\s+/);
      await run(...inNamespace(namespace, "nft", ["-f", "-"]), { input: table });
      return {
        async packets(counter: string): Promise<number> {
          const listed = await run(...inNamespace(namespace, "nft", ["-j", "list", "counters", "table", family, name]));
          const { nftables } = JSON.parse(listed) as {
            nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
          };
          const found = nftables.find((entry) => entry.counter?.name === counter)?.counter;
          if (found === undefined) throw new Error(`no counter ${counter}`);
          return found.packets;
        },
        flush: (chain: string) => run(...inNamespace(namespace, "nft", ["flush", "chain", family, name, chain])),
        remove: () => run(...inNamespace(namespace, "nft", ["delete", "table", family, name])),
      };
    },
    async endDrivers() {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
    async remove() {
      for (const ns of [near, far]) await attempt("ip", ["netns", "del", ns]);
    },
  };
}

/** Starts the driver in a namespace, as this user or as another. */
function drive(namespace: string, order: DriverOrder, children: ChildProcess[], asUser?: number) {
  const driver = fileURLToPath(new URL("../probe-driver.ts", import.meta.url));
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
  type Count = "received" | "lost" | "late" | "duplicate" | "sendErrors" | "unheard";
  const sum = (key: Count, index = 0) =>
    observed()
      .filter((o) => o.index === index)
      .reduce((n, o) => n + (o[key] ?? 0), 0);
  return {
    lines,
    /** Stands still for so long, as on a host that has no time for it. */
    async standStill(ms: number) {
      child.kill("SIGSTOP");
      await sleep(ms);
      child.kill("SIGCONT");
    },
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
      return until("the driver ends", () => lines.find((line) => line.kind === "end"), { within: 20_000, every: 20 });
    },
  };
}
