// SNMPv2-MIB (RFC 3418): the system group.

import { type Cells, isAbsent, numberAt, oidAt, textAt } from "../wire/snmp/cells.ts";
import { formatOid, type Oid, oid } from "../wire/snmp/oid.ts";

/** Hundredths of a second since the agent (not the router) started; wraps after 497 days. */
export const sysUpTime: Oid = oid("1.3.6.1.2.1.1.3.0");

/** What make and model the agent is of. */
export const sysObjectId: Oid = oid("1.3.6.1.2.1.1.2.0");

/** sysUpTime, sysDescr, sysObjectID, sysName; `readSystem` reads their cells in this order. */
export const systemGroup: readonly Oid[] = [sysUpTime, oid("1.3.6.1.2.1.1.1.0"), sysObjectId, oid("1.3.6.1.2.1.1.5.0")];

export interface SystemGroup {
  /** Hundredths of a second. */
  readonly sysUpTime: number;
  readonly sysDescr: string;
  /** Dotted; empty where the agent has none. */
  readonly sysObjectID: string;
  readonly sysName: string;
}

/** Undefined when not even sysUpTime is readable. A bad text is lost alone. `before`: what was read last. */
export function readSystem(cells: Cells, before?: SystemGroup): SystemGroup | undefined {
  const ticks = numberAt(cells, 0);
  if (ticks === undefined) return undefined;
  return {
    sysUpTime: ticks,
    sysDescr: textAt(cells, 1, before?.sysDescr) ?? "",
    sysObjectID: isAbsent(cells, 2) ? "" : formatOid(oidAt(cells, 2) ?? []),
    sysName: textAt(cells, 3, before?.sysName) ?? "",
  };
}

/**
 * sysUpTime in hundredths of a second, with the 497 days that it has wrapped over, where snmpEngineTime (seconds,
 * RFC 3411; it wraps after 68 years) began with it.
 */
export function unwrapped(ticks: number, snmpEngineTime: number | undefined): number {
  if (snmpEngineTime === undefined) return ticks;
  const engine = snmpEngineTime * 100;
  const whole = ticks + Math.max(0, Math.round((engine - ticks) / 2 ** 32)) * 2 ** 32;
  return Math.abs(whole - engine) <= sameStart ? whole : ticks;
}

/** An agent's clocks begin within this time, and drift apart by no more. */
const sameStart = 60 * 60 * 100;
