// What a run measured: a table for people, a file for machines.

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Outlives the lab: figures of the last run, and the agents' logs. Not part of the project. */
export const resultDir = join(tmpdir(), "circuitwatch-routers");

/** Seconds; from the injection, or from the undoing for the last two. */
export interface Measured {
  readonly failure: string;
  /** State that was awaited, and when /metrics showed it. */
  readonly state: string;
  readonly stateAfter: number;
  readonly pageAfter: number;
  readonly wellAfter: number;
  readonly resolvedAfter: number;
  /** What the agent said in the end. */
  readonly cause: string;
  /** What the page said, which went out earlier. */
  readonly summary: string;
}

/** A session that went down; seconds from FRR's own change until an agent that hears of it in that way only said so. */
export interface Detected {
  readonly failure: string;
  /** Seconds from the injection to FRR's change, and FRR's words for it. */
  readonly frrAfter: number;
  readonly frrWhy: string;
  readonly session: Readonly<Record<string, number>>;
  /** Until the path was judged down. */
  readonly path: Readonly<Record<string, number>>;
}

const s = (n: number, digits: number) => `${n.toFixed(digits)} s`;

export function report(rows: readonly Measured[]): string {
  const head = ["failure", "state", "after", "page", "well again", "resolved", "cause (owner)"];
  const body = rows.map((r) => [
    r.failure,
    r.state,
    ...[r.stateAfter, r.pageAfter, r.wellAfter, r.resolvedAfter].map((n) => s(n, 1)),
    r.cause,
  ]);
  return keep("failures.json", rows, [head, ...body]);
}

export function reportDetections(rows: readonly Detected[], ways: readonly string[]): string {
  const head = ["failure", "FRR after", ...ways.map((way) => `${way}: session, path down`), "FRR says"];
  const body = rows.map((r) => [
    r.failure,
    s(r.frrAfter, 2),
    ...ways.map((way) => `${s(r.session[way] ?? Number.NaN, 2)}, ${s(r.path[way] ?? Number.NaN, 2)}`),
    r.frrWhy,
  ]);
  return keep("detections.json", rows, [head, ...body]);
}

function keep(name: string, rows: readonly unknown[], table: readonly (readonly string[])[]): string {
  mkdirSync(resultDir, { recursive: true });
  const file = join(resultDir, name);
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), rows }, undefined, 2)}\n`);
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const text = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `\n${text.join("\n")}\n(${file})\n`;
}
