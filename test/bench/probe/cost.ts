// What a probe costs, beside the other probers: each in turn at the same rate to as many targets, and that in several rounds, so
// that what else the machine does meets all of them. Start-up is counted of nobody.

import { setTimeout as sleep } from "node:timers/promises";
import type { OtherOrder } from "./others.ts";
import type { ProberResult } from "./prober.ts";
import { type Bench, runOther, startProber, targetOf } from "./runs.ts";
import type { Family } from "./wire.ts";

/**
 * Milliseconds after which V8 has compiled what is hot at 2,000 probes a second, and collected what was needed for the start:
 * what runs for months costs what comes after.
 */
const compiled = 20_000;
const interval = 100;

interface Cost {
  readonly perSecond: number;
  readonly cpuPerThousand: number;
  readonly lost: number;
  readonly skipped: number;
}

export interface CostRow extends Cost {
  readonly prober: string;
  readonly family: Family;
  /** Of each round; the other figures are medians, and sums of what was lost and skipped. */
  readonly rounds: readonly number[];
}

interface Contestant {
  readonly prober: string;
  readonly family: Family;
  run(): Promise<Cost>;
}

/** `addresses` every 100 ms, on a link without a relay; blackbox_exporter asks 4 of them as fast as it can. */
export async function costRun(
  bench: Bench,
  addresses: (family: Family) => readonly string[],
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
): Promise<readonly CostRow[]> {
  const own = (technique: "icmp" | "stamp", family: Family): Contestant => ({
    prober: `${technique === "icmp" ? "ICMP" : "STAMP"} v${family}`,
    family,
    async run() {
      const targets = addresses(family).map((address) => targetOf(technique, address, interval));
      const prober = await startProber(bench, { targets, busyMs: 0, countsOnly: true });
      await sleep(compiled);
      await prober.ask("mark");
      await sleep(seconds * 1_000);
      const { cpu, probes, streams, skipped } = await prober.ask<ProberResult>("end");
      const lost = streams.reduce((sum, stream) => sum + stream.lost, 0);
      return { perSecond: probes / seconds, cpuPerThousand: (cpu / probes) * 1_000, lost, skipped };
    },
  });
  const other = (prober: string, family: Family, order: Pick<OtherOrder, "name" | "atOnce">): Contestant => ({
    prober,
    family,
    async run() {
      const asked = order.name === "blackbox_exporter" ? addresses(family).slice(0, 4) : addresses(family);
      const common = { family, interval, seconds, countsOnly: true };
      const { cpu, probes, lost } = await runOther(bench, { ...order, ...common, addresses: asked });
      return { perSecond: probes / seconds, cpuPerThousand: (cpu / probes) * 1_000, lost, skipped: 0 };
    },
  });
  const contestants = [
    own("icmp", 4),
    other("fping v4", 4, { name: "fping" }),
    own("icmp", 6),
    other("fping v6", 6, { name: "fping" }),
    own("stamp", 4),
    other("fping v4, all at once", 4, { name: "fping", atOnce: true }),
    own("stamp", 6),
    other("fping v6, all at once", 6, { name: "fping", atOnce: true }),
    other("smokeping_prober", 4, { name: "smokeping_prober" }),
    other("blackbox_exporter", 4, { name: "blackbox_exporter" }),
  ];
  const costs = contestants.map((): Cost[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) costs[i]?.push(await contestant.run());
  }
  return contestants.map(({ prober, family }, i) => {
    const all = costs[i] ?? [];
    const sum = (of: "lost" | "skipped") => all.reduce((total, cost) => total + cost[of], 0);
    return {
      prober,
      family,
      perSecond: medianOf(all.map(({ perSecond }) => perSecond)),
      cpuPerThousand: medianOf(all.map(({ cpuPerThousand }) => cpuPerThousand)),
      lost: sum("lost"),
      skipped: sum("skipped"),
      rounds: all.map(({ cpuPerThousand }) => cpuPerThousand),
    };
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[Math.floor(i)] ?? Number.NaN;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}
