// From what was measured to tables, and to what it says about the promises of the prober.

import type { AgentOrder, AgentResult } from "./agent.ts";
import type { CostRow } from "./cost.ts";
import type { CountRow, DisorderResult, ErrorRow, LossResult } from "./runs.ts";

export interface ProbeResults {
  readonly error?: readonly ErrorRow[];
  readonly loss?: readonly LossResult[];
  readonly disorder?: DisorderResult;
  readonly cost?: readonly CostRow[];
  readonly agent?: readonly (AgentOrder & AgentResult)[];
}

export interface Promised {
  readonly promise: string;
  readonly limit: string;
  readonly measured: string;
  readonly holds: boolean;
}

/** `ofFping`: our CPU in that of fping, at most: ahead by more than one run differs from the next. */
const limits = { median: 30, p99: 100, cpuPerThousand: 0.15, ofFping: 0.8, megabytes: 150 };

const isOwn = ({ prober }: { readonly prober: string }) => /^(ICMP|STAMP) v[46]$/.test(prober);
const digits = (value: number, count: number) => Number(value.toFixed(count));

export function tablesOf({ error = [], loss = [], disorder, cost = [], agent = [] }: ProbeResults) {
  const counts = ({ prober, reported, wire }: CountRow) => ({
    prober,
    ...Object.fromEntries(Object.entries(wire).map(([kind, n]) => [kind, `${reported[kind]} / ${n}`])),
    exact: isExact({ reported, wire }),
  });
  return {
    "error in µs: reported minus wire round trip (20 ms)": error.map((row) => ({
      ...{ prober: row.prober, load: row.load, ...row.error, discarded: row.discarded },
      // Ours when busy is that of the work that keeps it busy.
      "CPU s/1,000": Number.isNaN(row.cpuPerThousand) ? "" : digits(row.cpuPerThousand, 3),
    })),
    "lost: reported / on the wire": loss.flatMap(({ share, rows }) =>
      rows.map((row) => ({ share: `${share * 100} %`, ...counts(row) })),
    ),
    "loss, copies, late and overtaken answers: reported / on the wire": disorder?.rows.map(counts) ?? [],
    "cost of the prober alone, as it is deployed: medians": cost.map((row) => ({
      ...{ prober: row.prober, perSecond: Math.round(row.perSecond), lost: row.lost, skipped: row.skipped },
      "CPU s/1,000": digits(row.cpuPerThousand, 4),
      "of fping's": digits(row.cpuPerThousand / fpingOf(row, cost), 2),
      rounds: row.rounds.map((one) => one.toFixed(4)).join(" "),
    })),
    "the whole agent": agent.map(({ technique, family, targets, interval, form, wire, ...row }) => ({
      run: `${technique} v${family}, ${targets} x ${1_000 / interval}/s`,
      ...{ form, settled: row.settled, lost: row.lost, discarded: row.discarded, skipped: row.skipped },
      ...{ sent: wire.sent, answered: wire.answered, perSecond: Math.round(row.probesPerSecond) },
      "CPU s/1,000": digits(row.cpuPerThousand, 3),
      MB: `${Math.round(row.megabytes)}, at the end ${Math.round(row.megabytesAtEnd)}`,
    })),
  };
}

function isExact({ reported, wire }: Pick<CountRow, "reported" | "wire">): boolean {
  return Object.entries(wire).every(([kind, n]) => reported[kind] === n);
}

/** What fping costs to the same targets, sending in its usual way; of STAMP's as well, which it does not speak. */
function fpingOf({ family }: CostRow, cost: readonly CostRow[]): number {
  return cost.find(({ prober }) => prober === `fping v${family}`)?.cpuPerThousand ?? Number.NaN;
}

function promise(what: string, limit: string, measured: string, holds: boolean): Promised {
  return { promise: what, limit, measured, holds };
}

export function promisesOf(results: ProbeResults): readonly Promised[] {
  const { error = [], loss = [], disorder, cost = [], agent = [] } = results;
  const mine = error.filter(isOwn);
  const busyOthers = error.filter((row) => !isOwn(row) && row.load === "busy");
  const busyMine = mine.filter(({ load }) => load === "busy");
  const worst = (rows: readonly ErrorRow[], of: "p50" | "p99") => Math.max(...rows.map((row) => row.error[of]));
  const ownCost = cost.filter(isOwn);
  const dearest = Math.max(...ownCost.map(({ cpuPerThousand }) => cpuPerThousand));
  return [
    ...mine.flatMap(({ prober, load, error: { median, p99 } }) => [
      promise(`${prober}, ${load}: median error`, "30 µs", `${median} µs`, Math.abs(median) <= limits.median),
      promise(`${prober}, ${load}: p99 of the error`, "100 µs", `${p99} µs`, p99 <= limits.p99),
    ]),
    ...busyOthers.flatMap(({ prober, error: { p50, p99 } }) => [
      promise(
        `error under load ahead of ${prober}`,
        `${p50} / ${p99} µs`,
        `${worst(busyMine, "p50")} / ${worst(busyMine, "p99")} µs`,
        worst(busyMine, "p50") < p50 && worst(busyMine, "p99") < p99,
      ),
    ]),
    ...loss.flatMap(({ share, relay, wireLost, rows }) => [
      promise(
        `loss at ${share * 100} %: the relay dropped it`,
        `${relay.dropped}`,
        `${wireLost}`,
        relay.dropped > 0 && relay.dropped === wireLost,
      ),
      ...rows.filter(isOwn).map((row) => {
        const { reported, wire } = row;
        return promise(`loss at ${share * 100} %, ${row.prober}`, `${wire.lost}`, `${reported.lost}`, isExact(row));
      }),
    ]),
    ...(disorder?.rows ?? []).map((row) =>
      promise(
        `each count under disorder, ${row.prober}`,
        JSON.stringify(row.wire),
        JSON.stringify(row.reported),
        isExact(row),
      ),
    ),
    ...ownCost.map((row) => {
      const share = row.cpuPerThousand / fpingOf(row, cost);
      const limit = `${limits.ofFping} of fping v${row.family}`;
      return promise(`${row.prober}: CPU per 1,000`, limit, share.toFixed(2), share <= limits.ofFping);
    }),
    ...cost
      .filter(({ prober }) => !isOwn({ prober }) && !/^fping/.test(prober))
      .map(({ prober, cpuPerThousand }) =>
        promise(
          `CPU s per 1,000 probes ahead of ${prober}`,
          cpuPerThousand.toFixed(4),
          dearest.toFixed(4),
          dearest < cpuPerThousand,
        ),
      ),
    ...agent.flatMap(({ technique, family, targets, interval, form, ...row }) => {
      if (form === "sources") return [];
      const name = `${technique} v${family}, ${targets} x ${1_000 / interval}/s`;
      const whole = row.lost === 0 && row.skipped === 0 && row.dropped === 0 && row.sendErrors === 0;
      return [
        promise(
          `${name}: no self-inflicted loss`,
          "0 lost, skipped, dropped, not sent",
          `${row.lost}, ${row.skipped}, ${row.dropped}, ${row.sendErrors}; ${row.wire.sent} sent, ${row.wire.answered} answered`,
          whole && row.settled > 0 && row.wire.sent === row.wire.answered,
        ),
        promise(
          `${name}: CPU of the whole agent per 1,000`,
          `${limits.cpuPerThousand} s`,
          `${row.cpuPerThousand.toFixed(3)} s`,
          row.cpuPerThousand < limits.cpuPerThousand,
        ),
        promise(
          `${name}: RSS of the whole agent`,
          `${limits.megabytes} MB`,
          `${Math.round(row.megabytes)} MB`,
          row.megabytes < limits.megabytes,
        ),
      ];
    }),
  ];
}

/** What does not depend on who else runs on the machine: counts. */
export function countsHold(results: ProbeResults): boolean {
  return promisesOf(results)
    .filter(({ promise: what }) => /loss at|each count/.test(what))
    .every(({ holds }) => holds);
}
