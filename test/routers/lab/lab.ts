// The lab as one thing: bring it up converged, take it down without a trace.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BgpOptions,
  bgpState,
  ceBgpConfig,
  type FrrRouter,
  mseeBgpConfig,
  startFrr,
  stopFrr,
  vtysh,
} from "./frr.ts";
import {
  createNamespaces,
  type NamespaceOf,
  namespaceNames,
  releasePrefix,
  removeNamespaces,
  takePrefix,
} from "./namespaces.ts";
import { requirePackages, requireRoot } from "./packages.ts";
import { attempt, inNamespace } from "./processes.ts";
import { oids, type SnmpAgent, snmpConfPathOf, snmpGet, startSnmpd, stopSnmpd, writeSnmpdConfig } from "./snmpd.ts";
import { type CePlan, ces, plan } from "./topology.ts";
import { until } from "./until.ts";

export interface LabOptions extends BgpOptions {
  /** Prefix of every namespace; two labs with different prefixes can run side by side. Short: names are limited. */
  readonly prefix: string;
  /** Further lines for snmpd's configuration on a CE. */
  readonly snmpd?: (ce: CePlan) => readonly string[];
  /** Seconds after which bgpd looks for a lost AgentX master again; absent: 2, which is short. net-snmp's default is 15. */
  readonly agentXPing?: number;
}

export interface Lab {
  readonly ns: NamespaceOf;
  /** Directory for whatever belongs to this run; removed at the end. */
  readonly dir: string;
  snmpAgent(ce: CePlan): SnmpAgent;
  /** FRR of a CE. */
  router(ce: CePlan): FrrRouter;
  stop(): Promise<void>;
}

export async function startLab(options: LabOptions): Promise<Lab> {
  const { prefix, snmpd = () => [], agentXPing = 2 } = options;
  requireRoot();
  await requirePackages();
  takePrefix(prefix);
  await removeNamespaces(prefix);

  const ns = namespaceNames(prefix);
  // bgpd and the others run as user frr and must get through to their files.
  const dir = mkdtempSync(join(tmpdir(), `${prefix}-`));
  chmodSync(dir, 0o755);
  const snmpAgent = (ce: CePlan): SnmpAgent => ({ namespace: ns(ce.node), dir: join(dir, `${ce.node}-snmp`) });

  const lab: Lab = {
    ns,
    dir,
    snmpAgent,
    router: (ce) => ({
      namespace: ns(ce.node),
      dir: join(dir, ce.node),
      bgpd: ceBgpConfig(ce, options),
      snmpConfPath: snmpConfPathOf(snmpAgent(ce)),
      modules: options.bmp === true ? ["bmp"] : [],
    }),
    async stop() {
      await Promise.all(ces.flatMap((ce) => [stopFrr(ns(ce.node)), stopFrr(ns(ce.msee.node))]));
      await Promise.all(ces.map((ce) => stopSnmpd(snmpAgent(ce))));
      await removeNamespaces(prefix);
      rmSync(dir, { recursive: true, force: true });
      releasePrefix(prefix);
    },
  };

  try {
    await createNamespaces(ns);
    const startCe = async (ce: CePlan) => {
      const agent = snmpAgent(ce);
      mkdirSync(agent.dir);
      writeSnmpdConfig(agent, ce.node, agentXPing, snmpd(ce));
      await startSnmpd(agent);
      await startFrr(lab.router(ce));
    };
    await Promise.all(ces.flatMap((ce) => [startCe(ce), startMsee(lab, ce, options)]));
    await converged(lab);
  } catch (failure) {
    await lab.stop();
    throw failure;
  }
  return lab;
}

function startMsee(lab: Lab, ce: CePlan, options: BgpOptions): Promise<void> {
  return startFrr({
    namespace: lab.ns(ce.msee.node),
    dir: join(lab.dir, ce.msee.node),
    bgpd: mseeBgpConfig(ce, options),
  });
}

/** Both sessions Established and visible by SNMP, both MSEEs answering the jump host, the cloud reached. */
async function converged(lab: Lab): Promise<void> {
  const jump = lab.ns("jump");
  const waiting = { within: 60_000 };
  await Promise.all(
    ces.map(async (ce) => {
      const state = () => bgpState(lab.ns(ce.node), ce.msee.address);
      await until(
        `session ${ce.node} - ${ce.msee.node} established`,
        async () => (await state()) === "Established",
        waiting,
        state,
      );
      const seen = () => snmpGet(jump, ce.loopback, `${oids.bgpPeerState}.${ce.msee.address}`);
      await until(`BGP4-MIB of ${ce.node} says established`, async () => (await seen()) === "6", waiting, seen);
      await until(`${ce.msee.node} answers the jump host`, () => pings(jump, ce.msee.address), waiting);
    }),
  );
  await until(
    "the cloud answers the jump host",
    () => pings(jump, plan.vnet),
    waiting,
    () => vtysh(lab.ns("ce1"), "show ip route"),
  );
}

/** Whether one of `count` echo requests, 200 ms apart, is answered. */
export async function pings(fromNamespace: string, address: string, count = 1): Promise<boolean> {
  const args = ["-n", "-q", "-c", String(count), "-i", "0.2", "-W", "1", address];
  return (await attempt(...inNamespace(fromNamespace, "ping", args))).code === 0;
}

/** How many of `count` pings are answered. `more`: further options of ping. */
export async function pingsAnswered(
  fromNamespace: string,
  address: string,
  count: number,
  ...more: readonly string[]
): Promise<number> {
  const args = ["-n", "-q", "-c", String(count), "-W", "1", ...more, address];
  const { stdout } = await attempt(...inNamespace(fromNamespace, "ping", args));
  return Number(/(\d+) received/.exec(stdout)?.[1]);
}
