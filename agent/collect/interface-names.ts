// The names of a router's interfaces, and which of them the configured names mean.

import type { PollGroup } from "../estate/observation.ts";
import { ok, type Result } from "../lib/result.ts";
import { type IfNames, type IfNaming, ifNaming, readNames } from "../mib/if-mib.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { decodeArcs } from "../wire/snmp/oid.ts";

/** An interface and the column that has its configured name. */
export interface NamedInterface {
  readonly name: string;
  readonly ifIndex: number;
  readonly by: IfNaming;
}

export interface NamesFound {
  readonly known: readonly NamedInterface[];
  readonly absent: readonly string[];
  /** Names that the router shows, where one is absent; else empty. */
  readonly shown: string;
  /** One sentence for each name that fits more than one interface. */
  readonly ambiguous: readonly string[];
}

/** What people call the tables that names come from. */
export const namedTables = "ifTable and ifXTable";

/** Made once: the client keeps the plan of a walk by its array of columns. */
const columns = ifNaming.map((column) => column.oid);

/** All interfaces that the router shows. */
export async function walkIfNames(
  target: SnmpTarget,
  group: PollGroup,
): Promise<Result<readonly IfNames[], SnmpError>> {
  const walked = await target.walk(columns, { group, table: namedTables });
  if (!walked.ok) return walked;
  return ok(
    walked.value.rows.flatMap((index, row) => {
      const [ifIndex, more] = decodeArcs(index, 0, index.length) ?? [];
      return ifIndex === undefined || more !== undefined ? [] : [readNames(ifIndex, walked.value.cells, row)];
    }),
  );
}

/** Exact ifName first, then ifDescr, then ifAlias: the first column that any interface has the name in. */
function fittingName(
  name: string,
  rows: readonly IfNames[],
): { readonly by: IfNaming | undefined; readonly fitting: readonly IfNames[] } {
  const place = ifNaming.findIndex((_, i) => rows.some((row) => row.names[i] === name));
  return { by: ifNaming[place], fitting: rows.filter((row) => row.names[place] === name) };
}

/** The interface of a configured name; undefined where none or several fit. */
export function interfaceNamed(name: string, all: readonly IfNames[]): IfNames | undefined {
  const [only, second] = fittingName(name, all).fitting;
  return second === undefined ? only : undefined;
}

/** Which interface each configured name means. */
export function matchNames(router: string, names: readonly string[], rows: readonly IfNames[]): NamesFound {
  const known: NamedInterface[] = [];
  const absent: string[] = [];
  const ambiguous: string[] = [];
  for (const name of names) {
    const { by, fitting } = fittingName(name, rows);
    const [only, second] = fitting;
    if (by === undefined || only === undefined) {
      absent.push(name);
    } else if (second === undefined) {
      known.push({ name, ifIndex: only.ifIndex, by });
    } else {
      const where = fitting.map((row) => `${row.ifIndex} (${row.names.find((text) => text) ?? "no name"})`).join(", ");
      ambiguous.push(
        `${router}: "${name}" is the ${by.name} of several interfaces, ifIndex ${where}; configure the ifName of the one meant`,
      );
    }
  }
  return { known, absent, ambiguous, shown: absent.length === 0 ? "" : shownNames(absent, rows) };
}

const mostShown = 8;

/** For whoever wrote a name that is not there: names that end in the same numbers come first. */
function shownNames(absent: readonly string[], rows: readonly IfNames[]): string {
  const numbersOf = (name: string) => /\d[\d/.:]*$/.exec(name)?.[0];
  const wanted = new Set(absent.map(numbersOf));
  const names = rows.flatMap(({ names }) => names.find((name) => name) ?? []);
  const alike = names.filter((name) => wanted.has(numbersOf(name)));
  const shown = [...new Set([...alike, ...names])];
  const more = shown.length - mostShown;
  const list = shown.slice(0, mostShown).map((name) => name.slice(0, 40));
  return list.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
