// What a run measured: a table for people, a file for machines.

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Outlives the lab: figures of the last run, and the agent's log. Not part of the project. */
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

export function report(rows: readonly Measured[]): string {
  mkdirSync(resultDir, { recursive: true });
  const file = join(resultDir, "failures.json");
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), rows }, undefined, 2)}\n`);
  const head = ["failure", "state", "after", "page", "well again", "resolved", "cause (owner)"];
  const s = (n: number) => `${n.toFixed(1)} s`;
  const body = rows.map((r) => [
    r.failure,
    r.state,
    s(r.stateAfter),
    s(r.pageAfter),
    s(r.wellAfter),
    s(r.resolvedAfter),
    r.cause,
  ]);
  const table = [head, ...body];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const text = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `\n${text.join("\n")}\n(${file})\n`;
}
