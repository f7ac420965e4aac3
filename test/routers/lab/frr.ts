// FRR of one router: configuration, start in the right order, control by vtysh.

import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, inNamespace, readPid, run, terminate } from "./processes.ts";
import { type CePlan, plan, siblingOf } from "./topology.ts";
import { until } from "./until.ts";

export interface BgpOptions {
  /** Detect a dead link by BFD (300 ms x 3) as well. Off: link and session outlive a blackhole. */
  readonly bfd: boolean;
  /** The CEs tell the station on the jump host of their sessions. */
  readonly bmp?: boolean;
  /** Keepalive and hold time at both ends, in seconds; absent: those of ExpressRoute, 60 and 180. */
  readonly timers?: readonly [keepalive: number, hold: number];
  /** Prefixes that an MSEE bears from its CE: with one more it closes the session. Absent: ExpressRoute's 4,000. */
  readonly maximumPrefix?: number;
  /** The CEs ask the MSEEs to keep their routes while bgpd starts again (RFC 4724). */
  readonly gracefulRestart?: boolean;
}

export const bmpPort = 11_019;

/** Whether and when a session changed stands in bgpd's log, to the millisecond: `sessionChanges`. */
const sayChanges = " bgp log-neighbor-changes";

const timersOf = ({ timers = [60, 180] }: BgpOptions) => ` timers bgp ${timers.join(" ")}`;

// Only the connect timer (default 120 s) is short, or the tests would wait for it. Without a route map in
// and out, eBGP passes nothing. Route maps stand before the peers that use them: changes to a map are
// applied after 5 s, and a session that came up meanwhile may never announce anything.
const peer = (address: string, asn: number, { bfd }: BgpOptions) => [
  ` neighbor ${address} remote-as ${asn}`,
  ` neighbor ${address} timers connect 3`,
  ` neighbor ${address} advertisement-interval 0`,
  ...(bfd ? [` neighbor ${address} bfd profile er`] : []),
];

export function ceBgpConfig(ce: CePlan, options: BgpOptions): string {
  return lines(
    `hostname ${ce.node}`,
    "agentx",
    `ip prefix-list SITE seq 5 permit ${plan.lan}`,
    `ip prefix-list SITE seq 10 permit ${plan.flood} le 32`,
    // By iBGP a flood would reach the sibling, and take its link down too.
    `ip prefix-list SHARED seq 5 deny ${plan.flood} le 32`,
    "ip prefix-list SHARED seq 10 permit 0.0.0.0/0 le 32",
    "route-map ER-IN permit 10",
    "route-map ER-OUT permit 10",
    " match ip address prefix-list SITE",
    `router bgp ${plan.customerAsn}`,
    ` bgp router-id ${ce.loopback}`,
    sayChanges,
    ...(options.gracefulRestart === true ? [" bgp graceful-restart"] : []),
    " no bgp network import-check",
    timersOf(options),
    ...peer(ce.msee.address, plan.mseeAsn, options),
    ` neighbor ${siblingOf(ce).lan} remote-as ${plan.customerAsn}`,
    ` neighbor ${siblingOf(ce).lan} timers connect 3`,
    " address-family ipv4 unicast",
    `  network ${plan.lan}`,
    `  neighbor ${ce.msee.address} soft-reconfiguration inbound`,
    `  neighbor ${ce.msee.address} route-map ER-IN in`,
    `  neighbor ${ce.msee.address} route-map ER-OUT out`,
    `  neighbor ${siblingOf(ce).lan} next-hop-self`,
    `  neighbor ${siblingOf(ce).lan} prefix-list SHARED out`,
    " exit-address-family",
    ...(options.bmp === true ? bmpTargets : []),
  );
}

const bmpTargets = [
  " bmp targets jump",
  "  bmp stats interval 5000",
  "  bmp monitor ipv4 unicast pre-policy",
  "  bmp monitor ipv4 unicast post-policy",
  `  bmp connect ${plan.jump} port ${bmpPort} min-retry 500 max-retry 1000`,
];

export function mseeBgpConfig(ce: CePlan, options: BgpOptions): string {
  return lines(
    `hostname ${ce.msee.node}`,
    "route-map ALL permit 10",
    `router bgp ${plan.mseeAsn}`,
    ` bgp router-id ${ce.msee.address}`,
    sayChanges,
    " no bgp network import-check",
    timersOf(options),
    ...peer(ce.address, plan.customerAsn, options),
    " address-family ipv4 unicast",
    `  network ${plan.vnet}/32`,
    `  neighbor ${ce.address} maximum-prefix ${options.maximumPrefix ?? 4_000}`,
    `  neighbor ${ce.address} route-map ALL in`,
    `  neighbor ${ce.address} route-map ALL out`,
    " exit-address-family",
  );
}

const bfdConfig = lines(
  "bfd",
  " profile er",
  "  detect-multiplier 3",
  "  receive-interval 300",
  "  transmit-interval 300",
);

export interface FrrRouter {
  /** Network namespace, and FRR's own name for the instance (`-N`). */
  readonly namespace: string;
  /** Where configuration and logs lie; made readable by user frr. */
  readonly dir: string;
  readonly bgpd: string;
  /** SNMPCONFPATH with the AgentX settings of bgpd; undefined: no SNMP. */
  readonly snmpConfPath?: string;
  /** Further modules of bgpd, such as `bmp`. */
  readonly modules?: readonly string[];
}

export async function startFrr(router: FrrRouter): Promise<void> {
  const { namespace, dir } = router;
  const uid = Number(await run("id", ["-u", "frr"]));
  const gid = Number(await run("id", ["-g", "frr"]));
  for (const made of [dir, `/var/run/frr/${namespace}`]) {
    mkdirSync(made, { recursive: true });
    chownSync(made, uid, gid);
  }
  mkdirSync(`/etc/frr/${namespace}`, { recursive: true });
  writeFileSync(`/etc/frr/${namespace}/vtysh.conf`, "");
  const log = (daemon: string) => `log file ${join(dir, `${daemon}.log`)}\nlog timestamp precision 3\n`;
  const configs = { zebra: "", bfdd: bfdConfig, bgpd: router.bgpd };
  for (const [daemon, text] of Object.entries(configs)) {
    const file = join(dir, `${daemon}.conf`);
    writeFileSync(file, log(daemon) + text);
    chownSync(file, uid, gid);
  }
  await startDaemon(router, "zebra");
  // bgpd that does not find zebra tries again only after 10 s.
  await until(`zebra of ${namespace} listens`, () => existsSync(`/var/run/frr/${namespace}/zserv.api`), {
    within: 10_000,
    every: 20,
  });
  await Promise.all([startDaemon(router, "bfdd"), startDaemon(router, "bgpd")]);
}

/** Also again, when it has ended. */
export async function startDaemon(router: FrrRouter, daemon: "zebra" | "bfdd" | "bgpd"): Promise<void> {
  const { namespace, dir, snmpConfPath, modules = [] } = router;
  const snmp = daemon === "bgpd" && snmpConfPath !== undefined;
  const loaded = daemon === "bgpd" ? [...(snmp ? ["snmp"] : []), ...modules] : [];
  await run(
    ...inNamespace(namespace, `/usr/lib/frr/${daemon}`, [
      ...["-d", "-N", namespace, "-P", "0", "-f", join(dir, `${daemon}.conf`)],
      ...loaded.flatMap((module) => ["-M", module]),
    ]),
    snmp ? { env: { SNMPCONFPATH: snmpConfPath, MIBS: "" } } : {},
  );
}

/** In this order: a bgpd that outlives zebra would take the routes away first. */
export async function stopFrr(namespace: string): Promise<void> {
  for (const daemon of ["bgpd", "bfdd", "zebra"]) {
    const pid = frrPid(namespace, daemon);
    if (pid !== undefined) await terminate(pid);
  }
}

export function frrPid(namespace: string, daemon: string): number | undefined {
  return readPid(`/var/run/frr/${namespace}/${daemon}.pid`);
}

/** A line of the IPv4 address family of an MSEE's BGP, while it runs. */
export function configureMsee(namespace: string, line: string): Promise<string> {
  return vtysh(namespace, "configure terminal", `router bgp ${plan.mseeAsn}`, "address-family ipv4 unicast", line);
}

/** Runs vtysh commands on a router; gives what they print. */
export function vtysh(namespace: string, ...commands: readonly string[]): Promise<string> {
  return run("vtysh", ["-N", namespace, ...commands.flatMap((command) => ["-c", command])]);
}

/** What bgpd says of a peer. */
interface BgpNeighbor {
  /** `Established`, `Idle`, ... */
  readonly bgpState: string;
  /** How often it left Established. */
  readonly connectionsDropped: number;
  /** Agreed on, in milliseconds. */
  readonly bgpTimerHoldTimeMsecs?: number;
  readonly peerBfdInfo?: { readonly status: string };
}

/** Undefined when bgpd cannot say. */
export async function bgpNeighbor(namespace: string, peerAddress: string): Promise<BgpNeighbor | undefined> {
  const { code, stdout } = await attempt("vtysh", ["-N", namespace, "-c", `show bgp neighbors ${peerAddress} json`]);
  if (code !== 0) return undefined;
  try {
    return (JSON.parse(stdout) as Readonly<Record<string, BgpNeighbor>>)[peerAddress];
  } catch {
    return undefined;
  }
}

/** State of a BGP session as bgpd itself says it; undefined when it cannot say. */
export async function bgpState(namespace: string, peerAddress: string): Promise<string | undefined> {
  return (await bgpNeighbor(namespace, peerAddress))?.bgpState;
}

/** A session that became Established, or left it, as bgpd itself logged it. */
interface SessionChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly change: "Up" | "Down";
  /** FRR's words: "BFD down received", "Neighbor deleted"; empty for Up. */
  readonly why: string;
}

/** Oldest first. `dir`: of the router. */
export function sessionChanges(dir: string, peerAddress: string): readonly SessionChange[] {
  return readFileSync(join(dir, "bgpd.log"), "utf8")
    .split("\n")
    .flatMap((line): readonly SessionChange[] => {
      const [, day, time, peer, change, why = ""] =
        /^(\S+) (\S+) BGP: .*%ADJCHANGE: neighbor ([^(\s]+)\S* .*?(Up|Down)(?: (.*))?$/.exec(line) ?? [];
      if (peer !== peerAddress || (change !== "Up" && change !== "Down")) return [];
      // In the time zone of the machine, as FRR writes it.
      return [{ at: new Date(`${day?.replaceAll("/", "-")}T${time}`).getTime(), change, why }];
    });
}

function lines(...text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}
