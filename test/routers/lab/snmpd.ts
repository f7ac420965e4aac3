// net-snmp's agent of one CE, AgentX master of its bgpd, and a look at it that is not ours: snmpget.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, inNamespace, readPid, run, terminate } from "./processes.ts";
import { plan } from "./topology.ts";

export interface SnmpAgent {
  readonly namespace: string;
  readonly dir: string;
}

/** Persistent data (engine boots) is only read back when its directory is in the path too. */
export const snmpConfPathOf = ({ dir }: SnmpAgent) => `${dir}:${join(dir, "var")}`;

const pidFile = ({ dir }: SnmpAgent) => join(dir, "snmpd.pid");

/** `agentXPing`: see LabOptions. */
export function writeSnmpdConfig(agent: SnmpAgent, sysName: string, agentXPing: number, more: readonly string[]): void {
  const { dir } = agent;
  mkdirSync(join(dir, "var"), { recursive: true });
  const socket = join(dir, "agentx");
  // agentXPerms lets bgpd in, which runs as user frr.
  writeFileSync(
    join(dir, "snmpd.conf"),
    `agentAddress udp:161
master agentx
agentXSocket ${socket}
agentXPerms 0777 0755
rocommunity ${plan.community}
sysName ${sysName}
sysLocation test lab
${more.map((line) => `${line}\n`).join("")}`,
  );
  // bgpd's own AgentX settings. The ping brings BGP4-MIB back so long after a restart of snmpd.
  writeFileSync(join(dir, "frr.conf"), `agentXSocket ${socket}\nagentXPingInterval ${agentXPing}\n`);
}

export async function startSnmpd(agent: SnmpAgent): Promise<void> {
  const { namespace, dir } = agent;
  await run(
    ...inNamespace(namespace, "snmpd", ["-I", "-smux", "-LF", "0-5", join(dir, "snmpd.log"), "-p", pidFile(agent)]),
    {
      env: { SNMPCONFPATH: snmpConfPathOf(agent), SNMP_PERSISTENT_DIR: join(dir, "var"), MIBS: "" },
    },
  );
}

export async function stopSnmpd(agent: SnmpAgent): Promise<void> {
  const pid = snmpdPid(agent);
  if (pid !== undefined) await terminate(pid);
}

export function snmpdPid(agent: SnmpAgent): number | undefined {
  return readPid(pidFile(agent));
}

/**
 * One GET from a namespace by net-snmp's own tool: the value as it prints it, `noSuchObject` or
 * `noSuchInstance`, or `timeout` when nothing answered.
 */
export async function snmpGet(fromNamespace: string, router: string, oid: string): Promise<string> {
  const { code, stdout, stderr } = await attempt(
    ...inNamespace(fromNamespace, "snmpget", [
      "-v2c",
      "-c",
      plan.community,
      "-Oqvn",
      "-t",
      "0.5",
      "-r",
      "1",
      router,
      oid,
    ]),
    { env: { MIBS: "" } },
  );
  if (code !== 0) return /Timeout/i.test(stderr) ? "timeout" : `error: ${stderr.trim()}`;
  const value = stdout.trim();
  if (value.startsWith("No Such Object")) return "noSuchObject";
  if (value.startsWith("No Such Instance")) return "noSuchInstance";
  return value;
}

/** ifIndex of an interface by its name, by walking ifName; undefined when there is none or no answer. */
export async function snmpIfIndex(fromNamespace: string, router: string, ifName: string): Promise<number | undefined> {
  const { stdout } = await attempt(
    ...inNamespace(fromNamespace, "snmpwalk", [
      "-v2c",
      "-c",
      plan.community,
      "-Oqn",
      "-t",
      "1",
      "-r",
      "1",
      router,
      oids.ifName,
    ]),
    { env: { MIBS: "" } },
  );
  for (const line of stdout.split("\n")) {
    const [oid, value] = line.split(" ");
    if (value?.replaceAll('"', "") === ifName) return Number(oid?.split(".").at(-1));
  }
  return undefined;
}

export const oids = {
  sysUpTime: "1.3.6.1.2.1.1.3.0",
  /** IF-MIB ifXTable. */
  ifName: "1.3.6.1.2.1.31.1.1.1.1",
  /** IF-MIB ifTable; append ifIndex. */
  ifAdminStatus: "1.3.6.1.2.1.2.2.1.7",
  ifOperStatus: "1.3.6.1.2.1.2.2.1.8",
  /** BGP4-MIB bgpPeerTable; append the peer's address. */
  bgpPeerState: "1.3.6.1.2.1.15.3.1.2",
} as const;
