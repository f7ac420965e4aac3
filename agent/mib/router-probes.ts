// What the MIBs of routers' own probes have in common: who a probe is, and what its latest run gave. Each MIB is one
// `ProbeTable` (rttmon.ts, ping-mib.ts, nqa.ts).

import type { ProbeSense, RouterProbeDelay, RouterProbeMib } from "../estate/router-probe.ts";
import type { Cells } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";

/** One row of a walk over `identity`. */
export interface ProbeIdentity {
  /** rttMonCtrlAdminIndex; undefined where probes are not numbered. */
  readonly number: number | undefined;
  readonly owner: string | undefined;
  readonly test: string | undefined;
  readonly tags: readonly string[];
  /** Canonical text; undefined when it is no IP address. */
  readonly target: string | undefined;
  readonly source: string | undefined;
  /** Seconds between two runs; undefined where it is not told, or does not repeat. */
  readonly frequency: number | undefined;
  /** False for one that measures something else than the way to its target and back (a DNS query, a download). */
  readonly measuresPath: boolean;
}

/** A latest run; `completedAgo` in seconds. */
export interface ProbeRun {
  readonly mark: string;
  readonly completedAgo: number | undefined;
  readonly sense: ProbeSense;
  readonly sent: number;
  readonly received: number;
  readonly complete: boolean;
  readonly delay: RouterProbeDelay | undefined;
  readonly directions: { readonly forward: number; readonly backward: number } | undefined;
  readonly jitter: number | undefined;
}

export interface ProbeReading {
  readonly running: boolean;
  /** Undefined: none yet. */
  readonly run: ProbeRun | undefined;
}

/** Rows that move on with each run: what to GET next, and how to read it. */
export interface FurtherReading {
  readonly oids: readonly Oid[];
  read(cells: Cells, at: number): ProbeReading | undefined;
}

/** A probe that was found, and how its results are read. */
export interface FoundProbe {
  readonly identity: ProbeIdentity;
  /** Instances of its results. */
  readonly oids: readonly Oid[];
  /** From the cell `at` on; cell 0 is sysUpTime. `gone`: there is no such probe any more. Undefined: not readable. */
  read(cells: Cells, at: number): ProbeReading | FurtherReading | "gone" | undefined;
}

export interface ProbeTable {
  readonly mib: RouterProbeMib;
  /** The walked table, for errors. */
  readonly table: string;
  /** Columns that say who the probes are: one walk. */
  readonly identity: readonly Oid[];
  /** Undefined for what is no row of a probe. */
  find(index: readonly number[], cells: Cells, at: number): FoundProbe | undefined;
}

/** `10`, or `owner/test`. */
export function nameOf({ number, owner, test }: ProbeIdentity): string {
  return number === undefined ? `${owner ?? ""}/${test ?? ""}` : String(number);
}

const utf8 = new TextDecoder();

/**
 * Owner and test of an index: two SnmpAdminStrings, each behind its length (RFC 2578 section 7.7), and what is left of
 * the index behind them.
 */
export function ownerAndTest(
  arcs: readonly number[],
): { readonly owner: string; readonly test: string; readonly rest: readonly number[] } | undefined {
  const owner = stringAt(arcs, 0);
  const test = owner && stringAt(arcs, owner.next);
  return test && owner && { owner: owner.text, test: test.text, rest: arcs.slice(test.next) };
}

/** SnmpAdminString (RFC 3411) has at most 255 octets, an object identifier 128 arcs: the rest is checked by what is there. */
function stringAt(arcs: readonly number[], from: number): { readonly text: string; readonly next: number } | undefined {
  const length = arcs[from];
  if (length === undefined || from + 1 + length > arcs.length) return undefined;
  const octets = arcs.slice(from + 1, from + 1 + length);
  if (octets.some((octet) => octet > 255)) return undefined;
  return { text: utf8.decode(Uint8Array.from(octets)), next: from + 1 + length };
}

/** Those that say something. */
export function tagsOf(...texts: readonly (string | undefined)[]): readonly string[] {
  return texts.flatMap((text) => (text === undefined || text === "" ? [] : [text]));
}

/** A count of packets; undefined for what cannot be one. */
export function countOf(value: number | undefined): number | undefined {
  return value === undefined || value < 0 || !Number.isInteger(value) ? undefined : value;
}

/** Undefined unless at least one of the three is there; 0 is a delay below the unit. `unit`: so many are a second. */
export function delayOf(
  min: number | undefined,
  average: number | undefined,
  max: number | undefined,
  unit: number,
): RouterProbeDelay | undefined {
  const scaled = (value: number | undefined) => (value === undefined || value < 0 ? undefined : value / unit);
  const delay = { min: scaled(min), average: scaled(average), max: scaled(max) };
  return delay.min === undefined && delay.average === undefined && delay.max === undefined ? undefined : delay;
}

export const milliseconds = 1e3;
export const microseconds = 1e6;
