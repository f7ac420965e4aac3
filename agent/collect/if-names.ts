// The names of a router's interfaces, for tables that know them by ifIndex.

import type { PollGroup } from "../estate/observation.ts";
import { ok, type Result } from "../lib/result.ts";
import { type IfNames, ifNaming, readNames } from "../mib/if-mib.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { decodeArcs } from "../wire/snmp/oid.ts";

export type NamedInterface = IfNames;

/** Made once: the client keeps the plan of a walk by its array of columns. */
const columns = ifNaming.map((column) => column.oid);

export async function walkIfNames(
  target: SnmpTarget,
  group: PollGroup,
): Promise<Result<readonly NamedInterface[], SnmpError>> {
  const walked = await target.walk(columns, { group, table: "ifTable and ifXTable" });
  if (!walked.ok) return walked;
  return ok(
    walked.value.rows.flatMap((index, row) => {
      const [ifIndex, more] = decodeArcs(index, 0, index.length) ?? [];
      return ifIndex === undefined || more !== undefined ? [] : [readNames(ifIndex, walked.value.cells, row)];
    }),
  );
}

/** The interface of a configured name: by ifName, then ifDescr, then ifAlias; undefined where none or several fit. */
export function interfaceNamed(name: string, all: readonly NamedInterface[]): NamedInterface | undefined {
  const place = ifNaming.findIndex((_, i) => all.some(({ names }) => names[i] === name));
  const [only, second] = all.filter(({ names }) => names[place] === name);
  return second === undefined ? only : undefined;
}
