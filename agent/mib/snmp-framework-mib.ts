// SNMP-FRAMEWORK-MIB (RFC 3411): the snmpEngine group, which agents may show to v2c users as well.

import { type Cells, numberAt } from "../wire/snmp/cells.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";

/** snmpEngineBoots, snmpEngineTime; `readEngine` reads their cells in this order. */
export const snmpEngine: readonly Oid[] = [oid("1.3.6.1.6.3.10.2.1.2.0"), oid("1.3.6.1.6.3.10.2.1.3.0")];

export interface EngineTime {
  /** Restarts of the engine since it was installed. */
  readonly boots: number;
  /** Seconds since the last of them. */
  readonly time: number;
}

/** From the cell `at` on; undefined where the agent does not show both. */
export function readEngine(cells: Cells, at: number): EngineTime | undefined {
  const boots = numberAt(cells, at);
  const time = numberAt(cells, at + 1);
  return boots === undefined || time === undefined ? undefined : { boots, time };
}
