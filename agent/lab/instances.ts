// Instances of a simulated router's MIB: how each value is made when somebody asks for it.

import type { Instant } from "../lib/clock.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import type { Value } from "../wire/snmp/value.ts";
import type { RouterPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";

export interface Instance {
  readonly oid: Oid;
  readonly read: () => Value;
  /** It is there only while this holds; undefined: always. */
  readonly when?: () => boolean;
}

export const integer = (value: number): Value => ({ type: "integer", value });
export const counter32 = (value: number): Value => ({ type: "counter32", value: Math.floor(value) % 2 ** 32 });
export const counter64 = (value: number): Value => ({ type: "counter64", value: BigInt(Math.floor(value)) });
export const gauge32 = (value: number): Value => ({ type: "gauge32", value: Math.min(Math.floor(value), 2 ** 32 - 1) });
/** Hundredths of a second; wraps after 497 days. */
export const timeTicks = (ms: number): Value => ({
  type: "timeTicks",
  value: Math.floor(Math.max(0, ms) / 10) % 2 ** 32,
});
export const ipAddress = (value: string): Value => ({ type: "ipAddress", value });
export const objectId = (text: string): Value => ({ type: "oid", value: oid(text) });
export const octets = (...bytes: number[]): Value => ({ type: "octets", value: Uint8Array.from(bytes) });
const encoder = new TextEncoder();
export const text = (value: string): Value => ({ type: "octets", value: encoder.encode(value) });
export const truth = (value: boolean) => integer(value ? 1 : 2);

export function scalar(type: string, read: () => Value): Instance {
  return { oid: [...oid(type), 0], read };
}

export function columns(entry: string, index: Oid, cells: Readonly<Record<number, () => Value>>): readonly Instance[] {
  const table = oid(entry);
  return Object.entries(cells).map(([column, read]) => ({ oid: [...table, Number(column), ...index], read }));
}

/** sysUpTime is that of the SNMP agent, and so are the times that are told in it. */
export function upTime(router: RouterPlan, s: Simulation, at: Instant): number {
  return at - s.agentStartedAt(router.name);
}
