// The result of a run as tables for people and as JSON.

import type { CoverageByFile, FileCoverage } from "./coverage.ts";
import type { Failure, Tally, TargetTally } from "./tally.ts";

const share = (places: Readonly<Record<string, boolean>>) => {
  const all = Object.values(places);
  return { run: all.filter((run) => run).length, of: all.length };
};

const percent = ({ run, of }: { readonly run: number; readonly of: number }) =>
  of === 0 ? "-" : `${((100 * run) / of).toFixed(1)} % (${run}/${of})`;

/** `12-14, 20`. */
function lineText({ lines }: FileCoverage): string {
  const missing = Object.entries(lines)
    .filter(([, run]) => !run)
    .map(([line]) => Number(line));
  const ranges: [number, number][] = [];
  for (const line of missing) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

export function coverageTable(coverage: CoverageByFile): readonly Record<string, string>[] {
  return Object.entries(coverage)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([file, of]) => ({
      file,
      lines: percent(share(of.lines)),
      branches: percent(share(of.branches)),
      functions: percent(share(of.functions)),
      "lines not run": lineText(of),
    }));
}

export function targetTable(targets: readonly TargetTally[]): readonly Record<string, string | number>[] {
  return targets.map(({ name, messages, timed, octets, milliseconds, outcomes, longest, slowest }) => {
    const [again] = [...slowest].sort((a, b) => b.again - a.again);
    return {
      decoder: name,
      messages,
      "% accepted": Number(((100 * (outcomes.accepted ?? 0)) / Math.max(1, messages)).toFixed(1)),
      outcomes: Object.keys(outcomes).length,
      "octets/message": Math.round(octets / Math.max(1, timed)),
      "µs/message": Number(((1_000 * milliseconds) / Math.max(1, timed)).toFixed(2)),
      "ns/octet": Number(((1e6 * milliseconds) / Math.max(1, octets)).toFixed(1)),
      "longest, ms": Number(longest.toFixed(2)),
      "slowest, ms": Number((again?.again ?? 0).toFixed(3)),
      "of octets": again?.octets ?? 0,
    };
  });
}

export function classTable(targets: readonly TargetTally[]): readonly Record<string, string | number>[] {
  const counts = new Map<string, { messages: number; decoders: number }>();
  for (const { classes } of targets) {
    for (const [name, n] of Object.entries(classes)) {
      const of = counts.get(name) ?? { messages: 0, decoders: 0 };
      counts.set(name, { messages: of.messages + n, decoders: of.decoders + (n > 0 ? 1 : 0) });
    }
  }
  return [...counts].map(([name, of]) => ({ class: name, ...of }));
}

const longestHex = 3_000;

export function failureText({ kind, target, index, mutation, what, hex }: Failure, seed: number): string {
  const shown = hex.length > longestHex ? `${hex.slice(0, longestHex)}… (${hex.length / 2} octets)` : hex;
  return [
    `${kind}: ${target}, case ${index} (${mutation}): ${what}`,
    `  hex: ${shown}`,
    `  again: npm run fuzz -- --seed ${seed} --at ${index}`,
  ].join("\n");
}

/** Two tallies of the same targets; how slow they are is known of the second, which was not disturbed. */
export function added(a: Tally, b: Tally): Tally {
  const sum = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>) =>
    Object.fromEntries([...new Set([...Object.keys(x), ...Object.keys(y)])].map((k) => [k, (x[k] ?? 0) + (y[k] ?? 0)]));
  return {
    targets: a.targets.map((of, i) => {
      const more = b.targets[i];
      if (more === undefined) return of;
      return {
        name: of.name,
        messages: of.messages + more.messages,
        timed: more.timed,
        octets: more.octets,
        milliseconds: more.milliseconds,
        outcomes: sum(of.outcomes, more.outcomes),
        classes: sum(of.classes, more.classes),
        longest: more.longest,
        slowest: more.slowest,
      };
    }),
    failures: [...a.failures, ...b.failures],
    heap: b.heap,
    collections: a.collections + b.collections,
    longestCollection: Math.max(a.longestCollection, b.longestCollection),
    longestLoopDelay: Math.max(a.longestLoopDelay, b.longestLoopDelay),
    coverage: a.coverage ?? b.coverage,
  };
}
