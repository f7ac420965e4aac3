// IP SLA on one simulated router: an ICMP jitter operation to the MSEE of each of its paths (CISCO-RTTMON-MIB,
// CISCO-RTTMON-ICMP-MIB), every five seconds.

import { type Oid, oid } from "../wire/snmp/oid.ts";
import { columns, gauge32, type Instance, integer, octets, text, timeTicks, upTime } from "./instances.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";
import { pathWay } from "./ways.ts";

/** Which router has it. */
const withIpSla = "ams-ce1";

const root = "1.3.6.1.4.1.9.9.42.1";
const controlTable = `${root}.2.1.1`;
const echoTable = `${root}.2.2.1`;
const operTable = `${root}.2.9.1`;
const latestTable = `${root}.2.10.1`;
const icmpJitterTable = `${root}.5.4.1`;

/** Their entries. */
export const ipSlaTables: readonly Oid[] = [controlTable, echoTable, operTable, latestTable, icmpJitterTable].map(oid);

/** Seconds, and packets of one run. */
const frequency = 5;
const packets = 10;

const icmpJitter = 16;
/** rttMonCtrlOperState. */
const inactive = 5;
const active = 6;
const ok = 1;
const timeout = 4;

export function ipSlaRows(router: RouterPlan, s: Simulation): readonly Instance[] {
  if (router.name !== withIpSla) return [];
  return paths.filter((p) => p.router === router.name).flatMap((p, i) => operationRows(p, 10 + i, router, s));
}

interface Run {
  readonly at: number;
  readonly answered: number;
  /** Milliseconds. */
  readonly delay: number;
}

function operationRows(p: PathPlan, number: number, router: RouterPlan, s: Simulation): readonly Instance[] {
  const isRunning = () => s.network().routers.get(router.name)?.probes === true;
  let run: Run | undefined;
  /** What the last run found, until the next is due. */
  const latest = (): Run => {
    const at = Math.floor(s.elapsed() / 1_000 / frequency) * frequency;
    if (run !== undefined && (run.at === at || !isRunning())) return run;
    const { loss, delay } = pathWay(s, p.key);
    run = { at, answered: packets - Math.round(packets * loss), delay };
    return run;
  };
  const quad = (address: string) => octets(...address.split(".").map(Number));
  /** Whole milliseconds, as the MIB has them. */
  const delay = (round: (value: number) => number) => () =>
    gauge32(latest().answered === 0 ? 0 : round(latest().delay));
  const sense = () => integer(latest().answered === 0 ? timeout : ok);
  const startedAgo = () => s.elapsed() - latest().at * 1_000;
  return [
    ...columns(controlTable, [number], {
      3: () => text(`${p.circuit.name} ${p.peering.name}`),
      4: () => integer(icmpJitter),
      6: () => integer(frequency),
      9: () => integer(1),
    }),
    ...columns(echoTable, [number], {
      2: () => quad(p.peerAddress),
      6: () => quad(p.localAddress),
      18: () => integer(packets),
    }),
    ...columns(operTable, [number], { 10: () => integer(isRunning() ? active : inactive) }),
    ...columns(latestTable, [number], {
      1: delay(Math.round),
      2: sense,
      5: () => timeTicks(upTime(router, s, s.now()) - startedAgo()),
    }),
    ...columns(icmpJitterTable, [number], {
      1: () => gauge32(latest().answered),
      2: () => gauge32(Math.round(latest().answered * latest().delay)),
      4: delay(Math.floor),
      5: delay(Math.ceil),
      26: () => gauge32(packets - latest().answered),
      31: sense,
      32: () => gauge32(0),
      44: () => gauge32(0),
    }),
  ];
}
