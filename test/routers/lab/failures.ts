// What can break, each with its undoing and with a look of its own that proves it happened: by `ip`,
// vtysh, nft's counters or the process table, never by the agent under test.

import { readFileSync } from "node:fs";
import { bgpNeighbor, vtysh } from "./frr.ts";
import type { Lab } from "./lab.ts";
import { layJumpRoutes } from "./namespaces.ts";
import { alive, attempt, inNamespace, run } from "./processes.ts";
import { snmpdPid, startSnmpd, stopSnmpd } from "./snmpd.ts";
import { type CePlan, ces, type NodeName, plan } from "./topology.ts";

export interface Failure {
  readonly name: string;
  inject(): Promise<void>;
  undo(): Promise<void>;
  /** What an independent look at the machine says: the fault is there. */
  proven(): Promise<boolean>;
}

/** The CE's port loses carrier: its cable's other end goes down. */
export function carrierLoss(lab: Lab, ce: CePlan): Failure {
  return {
    name: `${ce.node} carrier loss`,
    inject: () => setLink(lab.ns(ce.wire), "ce", "down"),
    undo: () => setLink(lab.ns(ce.wire), "ce", "up"),
    async proven() {
      const flags = await linkFlags(lab.ns(ce.node), plan.interface);
      return flags.includes("NO-CARRIER") && flags.includes("UP");
    },
  };
}

/** An operator shuts the interface on the CE. */
export function adminDown(lab: Lab, ce: CePlan): Failure {
  return {
    name: `${ce.node} interface shut`,
    inject: () => setLink(lab.ns(ce.node), plan.interface, "down"),
    undo: () => setLink(lab.ns(ce.node), plan.interface, "up"),
    proven: async () => !(await linkFlags(lab.ns(ce.node), plan.interface)).includes("UP"),
  };
}

/** The far side fails: the MSEE's port loses carrier, the CE's does not. */
export function mseeSideFails(lab: Lab, ce: CePlan): Failure {
  return {
    name: `${ce.msee.node} side fails`,
    inject: () => setLink(lab.ns(ce.wire), "msee", "down"),
    undo: () => setLink(lab.ns(ce.wire), "msee", "up"),
    async proven() {
      const [near, far] = await Promise.all([
        linkFlags(lab.ns(ce.node), plan.interface),
        linkFlags(lab.ns(ce.msee.node), "ce0"),
      ]);
      return near.includes("LOWER_UP") && far.includes("NO-CARRIER");
    },
  };
}

/** Microsoft shuts the BGP neighbor at the MSEE. */
export function mseeBgpShutdown(lab: Lab, ce: CePlan): Failure {
  return bgpShutdown(lab, { node: ce.msee.node, asn: plan.mseeAsn, peer: ce.address });
}

/** The customer shuts the BGP neighbor at the CE. */
export function ceBgpShutdown(lab: Lab, ce: CePlan): Failure {
  return bgpShutdown(lab, { node: ce.node, asn: plan.customerAsn, peer: ce.msee.address });
}

function bgpShutdown(lab: Lab, { node, asn, peer }: { node: NodeName; asn: number; peer: string }): Failure {
  const router = lab.ns(node);
  const configure = async (line: string) => {
    await vtysh(router, "configure terminal", `router bgp ${asn}`, line);
  };
  return {
    name: `${node} BGP shutdown`,
    inject: () => configure(`neighbor ${peer} shutdown`),
    undo: () => configure(`no neighbor ${peer} shutdown`),
    async proven() {
      const summary = await vtysh(router, "show bgp summary");
      return summary.split("\n").some((line) => line.startsWith(peer) && line.includes("Idle (Admin)"));
    },
  };
}

/** `clear bgp` at the MSEE: the session comes back by itself, and what proves the reset stays. */
export function mseeHardReset(lab: Lab, ce: CePlan): Failure {
  const msee = lab.ns(ce.msee.node);
  /** Of the current bgpd. */
  const resets = async () => (await bgpNeighbor(msee, ce.address))?.connectionsDropped ?? 0;
  let before: number | undefined;
  return {
    name: `${ce.msee.node} BGP hard reset`,
    async inject() {
      before = await resets();
      await vtysh(msee, `clear bgp ${ce.address}`);
    },
    async undo() {
      before = undefined;
    },
    async proven() {
      return before !== undefined && (await resets()) > before;
    },
  };
}

/** The CE announces more than the MSEE bears, which closes the session and leaves it Idle until somebody clears it. */
export function prefixFlood(lab: Lab, ce: CePlan, prefixes: number): Failure {
  const [router, msee] = [lab.ns(ce.node), lab.ns(ce.msee.node)];
  const [network] = plan.flood.split(".0.0/");
  const configure = async (no: "" | "no ") => {
    const lines = Array.from({ length: prefixes }, (_, i) => `${no}network ${network}.${i >> 8}.${i & 255}/32`);
    const family = [`router bgp ${plan.customerAsn}`, "address-family ipv4 unicast"];
    await vtysh(router, "configure terminal", ...family, ...lines);
  };
  const refused = async () => (await vtysh(msee, "show bgp summary")).includes("Idle (PfxCt)");
  return {
    name: `${ce.node} announces ${prefixes} prefixes more`,
    inject: () => configure(""),
    async undo() {
      await configure("no ");
      await vtysh(msee, `clear bgp ${ce.address}`);
    },
    proven: refused,
  };
}

/** The wire swallows everything while carrier stays: both ways, or only what comes from one end. */
export function blackhole(lab: Lab, ce: CePlan, from?: "ce" | "msee"): Failure {
  return from === undefined
    ? wireFilter(lab, ce, "silent blackhole", "counter drop")
    : wireFilter(lab, ce, `silent blackhole of what comes from the ${from}`, `iifname "${from}" counter drop`);
}

/** Of what the MSEE sends, `ratio` is lost: the loss of a round trip is then that ratio, too. */
export function loss(lab: Lab, ce: CePlan, ratio: number): Failure {
  const permille = Math.round(ratio * 1_000);
  return wireFilter(
    lab,
    ce,
    `${Math.round(ratio * 100)} % loss`,
    `iifname "msee" numgen random mod 1000 < ${permille} counter drop`,
  );
}

/** The wire swallows what is marked EF (46), both ways, and carries the rest. */
export function voiceLost(lab: Lab, ce: CePlan): Failure {
  return wireFilter(lab, ce, "drops what is marked EF", "ip dscp ef counter drop");
}

/** The CE's SNMP agent ends; the router goes on forwarding. */
export function snmpdStopped(lab: Lab, ce: CePlan): Failure {
  const agent = lab.snmpAgent(ce);
  let pid: number | undefined;
  return {
    name: `${ce.node} snmpd stopped`,
    async inject() {
      pid = snmpdPid(agent);
      await stopSnmpd(agent);
    },
    undo: () => startSnmpd(agent),
    async proven() {
      const listening = await run(...inNamespace(agent.namespace, "ss", ["-Hlun", "sport = :161"]));
      return pid !== undefined && !alive(pid) && listening.trim() === "";
    },
  };
}

/** Drops in the middle of the wire. Proven when the rule has counted packets. */
function wireFilter(lab: Lab, ce: CePlan, what: string, rule: string): Failure {
  const wire = lab.ns(ce.wire);
  const table = "bridge failure";
  return {
    name: `${ce.wire} ${what}`,
    async inject() {
      const chain = `chain f { type filter hook forward priority 0; ${rule}; }`;
      await run(...inNamespace(wire, "nft", ["-f", "-"]), { input: `table ${table} {\n ${chain}\n}\n` });
    },
    async undo() {
      await run(...inNamespace(wire, "nft", ["delete", "table", ...table.split(" ")]));
    },
    async proven() {
      const { stdout } = await attempt(...inNamespace(wire, "nft", ["list", "table", ...table.split(" ")]));
      return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0) > 0;
    },
  };
}

/** The jump host's own port is shut: its routes go with it, and are laid again as a network script would. */
export function uplinkDown(lab: Lab): Failure {
  const jump = lab.ns("jump");
  return {
    name: "jump host's uplink shut",
    inject: () => setLink(jump, "lan0", "down"),
    async undo() {
      await setLink(jump, "lan0", "up");
      await layJumpRoutes(lab.ns);
    },
    async proven() {
      const routes = await run("ip", ["-n", jump, "route", "show", "default"]);
      return !(await linkFlags(jump, "lan0")).includes("UP") && routes.trim() === "";
    },
  };
}

/** The gateways of the jump host drop everything that comes from it, for themselves and for others. */
export function gatewaysDrop(lab: Lab): Failure {
  const table = ["inet", "isolation"];
  const rules = `table inet isolation { chain f { type filter hook prerouting priority -300; iifname "lan0" counter drop; }\n}\n`;
  return {
    name: "gateways drop everything",
    async inject() {
      for (const { node } of ces) await run(...inNamespace(lab.ns(node), "nft", ["-f", "-"]), { input: rules });
    },
    async undo() {
      for (const { node } of ces) await run(...inNamespace(lab.ns(node), "nft", ["delete", "table", ...table]));
    },
    async proven() {
      const counts = ces.map(async ({ node }) => {
        const { stdout } = await attempt(...inNamespace(lab.ns(node), "nft", ["list", "table", ...table]));
        return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
      });
      return (await Promise.all(counts)).every((n) => n > 0);
    },
  };
}

/** A process is stopped (SIGSTOP): it runs no more until it is continued. */
export function stopped(pid: number, name = "agent"): Failure {
  return {
    name: `${name} stopped`,
    inject: async () => void process.kill(pid, "SIGSTOP"),
    undo: async () => void process.kill(pid, "SIGCONT"),
    async proven() {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // Its state follows the name in parentheses (proc_pid_stat(5)).
      return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "T";
    },
  };
}

async function setLink(namespace: string, name: string, state: "up" | "down"): Promise<void> {
  await run("ip", ["-n", namespace, "link", "set", name, state]);
}

/** The kernel's flags of an interface, such as UP, LOWER_UP, NO-CARRIER. */
async function linkFlags(namespace: string, name: string): Promise<readonly string[]> {
  const [link] = JSON.parse(await run("ip", ["-n", namespace, "-j", "link", "show", name])) as readonly {
    readonly flags: readonly string[];
  }[];
  return link?.flags ?? [];
}
