// The namespaces of the lab and the cables between them. All carry one prefix, so that a start
// finds and removes what a crashed run left behind, and nothing else.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { alive, attempt, inNamespace, run, terminate } from "./processes.ts";
import { ces, type NodeName, nodes, plan } from "./topology.ts";

export type NamespaceOf = (node: NodeName) => string;

export function namespaceNames(prefix: string): NamespaceOf {
  return (node) => `${prefix}-${node}`;
}

/** Per namespace. `ignore_routes_with_linkdown`: without it a dead link keeps its connected route. */
const sysctls = [
  "net.ipv4.ip_forward=1",
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  "net.ipv4.icmp_ratelimit=0",
  "net.ipv4.conf.all.ignore_routes_with_linkdown=1",
  "net.ipv4.conf.default.ignore_routes_with_linkdown=1",
  "net.ipv6.conf.all.disable_ipv6=1",
  "net.ipv6.conf.default.disable_ipv6=1",
];

/** Datagram ICMP is refused to everybody by default, root included. */
const jumpSysctls = ["net.ipv4.ping_group_range=0 2147483647"];

export async function createNamespaces(ns: NamespaceOf): Promise<void> {
  await batch(
    [],
    nodes.map((node) => `netns add ${ns(node)}`),
  );
  await Promise.all(
    nodes.map((node) =>
      run(...inNamespace(ns(node), "sysctl", ["-q", "-w", ...sysctls, ...(node === "jump" ? jumpSysctls : [])])),
    ),
  );
  await Promise.all(
    nodes.map((node) => {
      const bridged = node === "lan" || node === "wire1" || node === "wire2";
      const bridge = bridged ? ["link add br0 type bridge forward_delay 0 mcast_snooping 0", "link set br0 up"] : [];
      return batch(["-n", ns(node)], ["link set lo up", ...bridge]);
    }),
  );
  await batch(
    [],
    [
      cable(ns, ["jump", "lan0"], ["lan", "jump"]),
      ...ces.flatMap((ce) => [
        cable(ns, [ce.node, "lan0"], ["lan", ce.node]),
        cable(ns, [ce.node, plan.interface], [ce.wire, "ce"]),
        cable(ns, [ce.msee.node, "ce0"], [ce.wire, "msee"]),
      ]),
    ],
  );
  await Promise.all([
    batch(["-n", ns("lan")], ["jump", "ce1", "ce2"].flatMap(port)),
    ...ces.map((ce) => batch(["-n", ns(ce.wire)], ["ce", "msee"].flatMap(port))),
    ...ces.map((ce) =>
      batch(
        ["-n", ns(ce.node)],
        [
          `addr add ${ce.loopback}/32 dev lo`,
          ...address("lan0", `${ce.lan}/24`),
          ...address(plan.interface, `${ce.address}/30`),
        ],
      ),
    ),
    ...ces.map((ce) =>
      batch(["-n", ns(ce.msee.node)], [`addr add ${plan.vnet}/32 dev lo`, ...address("ce0", `${ce.msee.address}/30`)]),
    ),
    batch(["-n", ns("jump")], address("lan0", `${plan.jump}/24`)),
  ]);
  await layJumpRoutes(ns);
}

/** Each link and each loopback by its own CE, so that a probe measures the path it is meant for. */
export async function layJumpRoutes(ns: NamespaceOf): Promise<void> {
  await batch(
    ["-n", ns("jump")],
    [
      ...ces.flatMap((ce) => [`route add ${ce.loopback}/32 via ${ce.lan}`, `route add ${ce.subnet} via ${ce.lan}`]),
      `route add default via ${plan.ces.primary.lan} metric 10`,
      `route add default via ${plan.ces.secondary.lan} metric 20`,
    ],
  );
}

function batch(options: readonly string[], lines: readonly string[]): Promise<string> {
  return run("ip", [...options, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

function cable(ns: NamespaceOf, [a, nameA]: [NodeName, string], [b, nameB]: [NodeName, string]): string {
  return `link add ${nameA} netns ${ns(a)} type veth peer name ${nameB} netns ${ns(b)}`;
}

const port = (name: string) => [`link set ${name} master br0`, `link set ${name} up`];
const address = (name: string, addr: string) => [`addr add ${addr} dev ${name}`, `link set ${name} up`];

/** Ends whatever still runs in namespaces of this prefix, and removes them and their run directories. */
export async function removeNamespaces(prefix: string): Promise<void> {
  const { stdout } = await attempt("ip", ["netns", "list"]);
  const mine = stdout
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => nodes.some((node) => name === `${prefix}-${node}`));
  await Promise.all(
    mine.map(async (name) => {
      const { stdout: pids } = await attempt("ip", ["netns", "pids", name]);
      await Promise.all(pids.split("\n").filter(Boolean).map(Number).map(terminate));
      await attempt("ip", ["netns", "delete", name]);
    }),
  );
  for (const node of nodes) {
    rmSync(`/var/run/frr/${prefix}-${node}`, { recursive: true, force: true });
    rmSync(`/etc/frr/${prefix}-${node}`, { recursive: true, force: true });
  }
}

const ownerFile = (prefix: string) => `/run/circuitwatch-routers/${prefix}`;

/** Takes the prefix for this process; refuses while another living process holds it. */
export function takePrefix(prefix: string): void {
  const file = ownerFile(prefix);
  const owner = readOwner(file);
  if (owner !== undefined && owner.pid !== process.pid && alive(owner.pid) && startTime(owner.pid) === owner.started) {
    throw new Error(`a router lab "${prefix}" is already running (process ${owner.pid}): stop it first`);
  }
  mkdirSync("/run/circuitwatch-routers", { recursive: true });
  writeFileSync(file, `${process.pid} ${startTime(process.pid)}\n`);
}

export function releasePrefix(prefix: string): void {
  rmSync(ownerFile(prefix), { force: true });
}

function readOwner(file: string): { readonly pid: number; readonly started: string } | undefined {
  try {
    const [pid, started] = readFileSync(file, "utf8").trim().split(" ");
    return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started };
  } catch {
    return undefined;
  }
}

/** Start time of a process in clock ticks since boot (proc(5), field 22): tells it from a later one of the same pid. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
