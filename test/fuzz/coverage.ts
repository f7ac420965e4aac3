// Which lines, branches and functions of the agent a thread has run, by the engine's own count.

import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { stripTypeScriptTypes } from "node:module";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const agent = resolve(import.meta.dirname, "../../agent");

/** By place in the file: true where it was run. */
export interface FileCoverage {
  readonly lines: Record<number, boolean>;
  readonly branches: Record<string, boolean>;
  readonly functions: Record<string, boolean>;
}
/** By path below `agent/`. */
export type CoverageByFile = Record<string, FileCoverage>;

export interface Recorder {
  /** Ends the recording. `folders` of `agent/` that are of interest. */
  stop(folders: readonly string[]): Promise<CoverageByFile>;
}

/** Counts what is loaded from now on: import the code under test afterwards. */
export async function recordCoverage(): Promise<Recorder> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return {
    async stop(folders) {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      session.disconnect();
      const files: CoverageByFile = {};
      for (const { url, functions } of result) {
        if (!url.startsWith("file:")) continue;
        const path = fileURLToPath(url);
        const name = relative(agent, path);
        if (!folders.some((folder) => name.startsWith(`${folder}/`))) continue;
        files[name] = coverageOf(path, functions);
      }
      return files;
    },
  };
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Counted {
  readonly functionName: string;
  readonly isBlockCoverage: boolean;
  readonly ranges: readonly Range[];
}

function coverageOf(path: string, counted: readonly Counted[]): FileCoverage {
  // What the engine ran: types are blanked, so that places stay.
  const source = stripTypeScriptTypes(readFileSync(path, "utf8"));
  const run = new Uint8Array(source.length).fill(1);
  const branches: Record<string, boolean> = {};
  const functions: Record<string, boolean> = {};
  for (const { functionName, isBlockCoverage, ranges } of counted) {
    ranges.forEach(({ startOffset, endOffset, count }, i) => {
      // Outer ranges come first, so that inner ones have the last word.
      run.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      if (i > 0 && isBlockCoverage) branches[`${startOffset}-${endOffset}`] = count > 0;
      if (i === 0 && functionName !== "") functions[functionName] = functions[functionName] === true || count > 0;
    });
  }
  const lines: Record<number, boolean> = {};
  let at = 0;
  source.split("\n").forEach((line, i) => {
    const code = line.search(/[^\s{}()[\],;]/);
    const isComment = /^\s*(\/\/|\/\*|\*)/.test(line);
    if (code >= 0 && !isComment) lines[i + 1] = run[at + code] === 1;
    at += line.length + 1;
  });
  return { lines, branches, functions };
}

/** Run in either. */
export function mergeCoverage(all: readonly (CoverageByFile | undefined)[]): CoverageByFile {
  const merged: CoverageByFile = {};
  for (const coverage of all) {
    for (const [file, { lines, branches, functions }] of Object.entries(coverage ?? {})) {
      merged[file] ??= { lines: {}, branches: {}, functions: {} };
      const into = merged[file];
      either(into.lines, lines);
      either(into.branches, branches);
      either(into.functions, functions);
    }
  }
  return merged;
}

function either(into: Record<string, boolean>, from: Record<string, boolean>): void {
  for (const [place, run] of Object.entries(from)) into[place] = into[place] === true || run;
}
