// What can break, each with its undoing and with a look of its own that proves it happened: by `ip`,
// vtysh, nft's counters or the process table, never by the agent under test.

import { readFileSync } from "node:fs";
import { vtysh } from "./frr.ts";
import type { Lab } from "./lab.ts";
import { layJumpRoutes } from "./namespaces.ts";
import { alive, attempt, inNamespace, run } from "./processes.ts";
import { snmpdPid, startSnmpd, stopSnmpd } from "./snmpd.ts";
import { type CePlan, ces, plan } from "./topology.ts";

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

/** Microsoft shuts the BGP neighbor at the MSEE. */
export function mseeBgpShutdown(lab: Lab, ce: CePlan): Failure {
  const msee = lab.ns(ce.msee.node);
  const configure = async (line: string) => {
    await vtysh(msee, "configure terminal", `router bgp ${plan.mseeAsn}`, line);
  };
  return {
    name: `${ce.msee.node} BGP shutdown`,
    inject: () => configure(`neighbor ${ce.address} shutdown`),
    undo: () => configure(`no neighbor ${ce.address} shutdown`),
    async proven() {
      const summary = await vtysh(msee, "show bgp summary");
      return summary.split("\n").some((line) => line.startsWith(ce.address) && line.includes("Idle (Admin)"));
    },
  };
}

/** The wire swallows everything, both ways, while carrier stays. */
export function blackhole(lab: Lab, ce: CePlan): Failure {
  return wireFilter(lab, ce, "silent blackhole", "counter drop");
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
export function stopped(pid: number): Failure {
  return {
    name: "agent stopped",
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
