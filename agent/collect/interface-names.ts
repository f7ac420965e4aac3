// Which of a router's interfaces the configured names mean.

import { type IfNames, type IfNaming, ifNaming } from "../mib/if-mib.ts";

/** An interface and the column that has its configured name. */
export interface NamedInterface {
  readonly name: string;
  readonly ifIndex: number;
  readonly by: IfNaming;
}

export interface NamesFound {
  readonly known: readonly NamedInterface[];
  readonly absent: readonly string[];
  /** One sentence for each name that fits more than one interface. */
  readonly ambiguous: readonly string[];
}

/** Exact ifName first, then ifDescr, then ifAlias. */
export function matchNames(router: string, names: readonly string[], rows: readonly IfNames[]): NamesFound {
  const known: NamedInterface[] = [];
  const absent: string[] = [];
  const ambiguous: string[] = [];
  for (const name of names) {
    const place = ifNaming.findIndex((_, i) => rows.some((row) => row.names[i] === name));
    const by = ifNaming[place];
    const fitting = rows.filter((row) => row.names[place] === name);
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
  return { known, absent, ambiguous };
}
