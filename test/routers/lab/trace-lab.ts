// Linux routers in rows, in both families, so that a route decides which row a flow takes:
//
//   jump ─1─ ce1 ─2─ msee1 ─3─ core      the primary link is 2
//    │  ─4─ ce2 ─5─ msee2 ─6─ core       the secondary link is 5
//    └──7─ isp1 ─8─ isp2 ──9─ core       8 has public addresses
//         ce1 ─10─ twin ─11─ core        beside msee1: two ways of equal cost
//
// The link n is 10.97.n.0/30 and fd00:97:n::/126; the first node of it has the first address.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MtuObservation, TraceObservation, Tracing } from "../../../agent/estate/tracing.ts";
import { attempt, inNamespace, run } from "./processes.ts";
import { until } from "./until.ts";

type Family = 4 | 6;
type Node = "jump" | "ce1" | "ce2" | "msee1" | "msee2" | "isp1" | "isp2" | "twin" | "core";

const nodes: readonly Node[] = ["jump", "ce1", "ce2", "msee1", "msee2", "isp1", "isp2", "twin", "core"];
const links: readonly (readonly [number, Node, Node])[] = [
  [1, "jump", "ce1"],
  [2, "ce1", "msee1"],
  [3, "msee1", "core"],
  [4, "jump", "ce2"],
  [5, "ce2", "msee2"],
  [6, "msee2", "core"],
  [7, "jump", "isp1"],
  [8, "isp1", "isp2"],
  [9, "isp2", "core"],
  [10, "ce1", "twin"],
  [11, "twin", "core"],
];

/** The address of the first or the second end of a link. */
export function at(family: Family, link: number, end: 1 | 2): string {
  if (link === 8) return family === 4 ? `203.0.113.${end}` : `2001:db8:8::${end}`;
  return family === 4 ? `10.97.${link}.${end}` : `fd00:97:${link}::${end}`;
}
const lengthOf = (family: Family) => (family === 4 ? 30 : 126);
/** What the jump host sends from, whichever way. */
export const jumpAddress = { 4: "10.97.0.1", 6: "fd00:97::1" } as const;
/** Addresses of the core: over ce1, over ce2, and over both msee1 and twin. */
export const coreAddress = (family: Family, n: 1 | 2 | 3) => (family === 4 ? `10.98.0.${n}` : `fd00:98::${n}`);

/** Next hops: from each node towards the core, and back towards the jump host. */
const forward: Readonly<Partial<Record<Node, readonly [link: number, end: 1 | 2]>>> = {
  jump: [1, 2],
  ce1: [2, 2],
  msee1: [3, 2],
  ce2: [5, 2],
  msee2: [6, 2],
  isp1: [8, 2],
  isp2: [9, 2],
  twin: [11, 2],
};
const backward: typeof forward = {
  ce1: [1, 1],
  msee1: [2, 1],
  core: [3, 1],
  ce2: [4, 1],
  msee2: [5, 1],
  isp1: [7, 1],
  isp2: [8, 1],
  twin: [10, 1],
};

export interface TraceLine {
  readonly kind: "log";
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
interface End {
  readonly kind: "end";
  readonly packets: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly restarts: number;
}

export type TraceLab = Awaited<ReturnType<typeof createTraceLab>>;

export async function createTraceLab(name: string) {
  const ns = (node: Node) => `${name}-${node}`;
  const inside = (node: Node, command: string, ...args: string[]) => run(...inNamespace(ns(node), command, args));
  const children: ChildProcess[] = [];
  const filtered = new Set<Node>();
  const sysctls = [
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.icmp.ratelimit=0",
    // By ports too, as routers spread flows.
    "net.ipv4.fib_multipath_hash_policy=1",
    "net.ipv6.fib_multipath_hash_policy=1",
    "net.ipv4.ping_group_range=0 2147483647",
  ];
  for (const node of nodes) {
    await run("ip", ["netns", "add", ns(node)]);
    await inside(node, "sysctl", "-q", "-w", ...sysctls);
    await run("ip", ["-n", ns(node), "link", "set", "lo", "up"]);
  }
  const linkName = (n: number) => `l${n}`;
  for (const [n, a, b] of links) {
    const [name] = [linkName(n)];
    await run("ip", ["link", "add", name, "netns", ns(a), "type", "veth", "peer", "name", name, "netns", ns(b)]);
    for (const [node, end] of [
      [a, 1],
      [b, 2],
    ] as const) {
      for (const family of [4, 6] as const) {
        const address = `${at(family, n, end)}/${lengthOf(family)}`;
        const nodad = family === 6 ? ["nodad"] : [];
        await run("ip", ["-n", ns(node), "address", "add", address, "dev", name, ...nodad]);
      }
      await run("ip", ["-n", ns(node), "link", "set", name, "up"]);
    }
  }
  const host = (family: Family) => (family === 4 ? 32 : 128);
  for (const family of [4, 6] as const) {
    const nodad = family === 6 ? ["nodad"] : [];
    const lo = (node: Node, address: string) =>
      run("ip", ["-n", ns(node), "address", "add", `${address}/${host(family)}`, "dev", "lo", ...nodad]);
    await lo("jump", jumpAddress[family]);
    for (const n of [1, 2, 3] as const) await lo("core", coreAddress(family, n));
    const wide = family === 4 ? "10.98.0.0/24" : "fd00:98::/64";
    const route = (node: Node, prefix: string, [link, end]: readonly [number, 1 | 2]) =>
      run("ip", ["-n", ns(node), `-${family}`, "route", "add", prefix, "via", at(family, link, end)]);
    for (const [node, hop] of Object.entries(forward)) await route(node as Node, wide, hop);
    for (const [node, hop] of Object.entries(backward)) {
      await route(node as Node, `${jumpAddress[family]}/${host(family)}`, hop);
    }
    await route("jump", `${coreAddress(family, 2)}/${host(family)}`, [4, 2]);
    await run("ip", [
      ...["-n", ns("ce1"), `-${family}`, "route", "add", `${coreAddress(family, 3)}/${host(family)}`],
      ...["nexthop", "via", at(family, 2, 2), "nexthop", "via", at(family, 10, 2)],
    ]);
  }
  for (const family of [4, 6] as const) {
    const args = ["-c1", "-W1", "-I", jumpAddress[family], coreAddress(family, 1)];
    const answered = async () => (await attempt(...inNamespace(ns("jump"), "ping", args))).code === 0;
    await until("the core answers", answered, { within: 10_000 });
  }

  return {
    ns,
    inside,
    /** Sends what goes to an address of the core over another link of the jump host. */
    reroute: (family: Family, core: 1 | 2 | 3, link: 1 | 4 | 7) =>
      run("ip", [
        ...["-n", ns("jump"), `-${family}`, "route", "replace", `${coreAddress(family, core)}/${host(family)}`],
        ...["via", at(family, link, 2)],
      ]),
    /** Of both ends of a link. */
    async mtu(link: number, octets: number) {
      for (const [n, a, b] of links) {
        if (n !== link) continue;
        for (const node of [a, b]) await run("ip", ["-n", ns(node), "link", "set", linkName(n), "mtu", String(octets)]);
      }
    },
    /** Loads rules of nftables into a table of their own, and gives what their counter `dropped` says. */
    async filter(node: Node, rules: string) {
      const table = `table inet tracelab { counter dropped { }\n ${rules}\n }`;
      filtered.add(node);
      await run(...inNamespace(ns(node), "nft", ["-f", "-"]), { input: table });
      return {
        async dropped(counter = "dropped"): Promise<number> {
          const listed = await inside(node, "nft", "-j", "list", "counter", "inet", "tracelab", counter);
          const { nftables } = JSON.parse(listed) as { nftables: readonly { counter?: { packets: number } }[] };
          return nftables.find((entry) => entry.counter !== undefined)?.counter?.packets ?? Number.NaN;
        },
        remove: () => inside(node, "nft", "delete", "table", "inet", "tracelab"),
      };
    },
    /** Starts the driver on the jump host, as this user or as another. */
    trace: (order: Tracing, asUser?: number) => startDriver(ns("jump"), order, children, asUser),
    /** Ends the drivers, and undoes what a test that failed left behind: filters and small MTUs. */
    async reset() {
      for (const node of filtered) {
        await attempt(...inNamespace(ns(node), "nft", ["delete", "table", "inet", "tracelab"]));
      }
      filtered.clear();
      for (const [n, a, b] of links) {
        for (const node of [a, b]) await run("ip", ["-n", ns(node), "link", "set", linkName(n), "mtu", "1500"]);
      }
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
    async remove() {
      for (const node of nodes) await attempt("ip", ["netns", "del", ns(node)]);
    },
  };
}

function startDriver(namespace: string, order: Tracing, children: ChildProcess[], asUser: number | undefined) {
  const driver = fileURLToPath(new URL("../trace-driver.ts", import.meta.url));
  const program = [process.execPath, driver, JSON.stringify(order)];
  const id = String(asUser);
  const dropped = asUser === undefined ? [] : ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"];
  const child = spawn("ip", ["netns", "exec", namespace, ...dropped, ...program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines: (TraceObservation | MtuObservation | TraceLine | End)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  const seen = () => lines.slice(-4);
  return {
    logs: () => lines.filter((line) => line.kind === "log"),
    traces: () => lines.filter((line) => line.kind === "trace"),
    /** The trace number `n` (from 1) of a target. */
    traceOf: (target: string, n = 1) =>
      until(
        `trace ${n} of ${target}`,
        () => lines.filter((line) => line.kind === "trace" && line.target === target)[n - 1] as TraceObservation,
        { within: 30_000 },
        seen,
      ),
    mtuOf: (target: string, n = 1) =>
      until(
        `path MTU ${n} of ${target}`,
        () => lines.filter((line) => line.kind === "mtu" && line.target === target)[n - 1] as MtuObservation,
        { within: 60_000 },
        seen,
      ),
    degraded: (of: string) => void child.stdin.write(`${of}\n`),
    async end(): Promise<End> {
      child.stdin.end();
      return until("the driver ends", () => lines.find((line) => line.kind === "end"), { within: 20_000, every: 20 });
    },
  };
}
