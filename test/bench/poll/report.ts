// From the costs of all rounds to the table, and to what it says about the promises of a poll.

import type { Cost } from "./client.ts";
import type { Contender } from "./contenders.ts";
import { bindingOctets } from "./load.ts";
import { fewestDatagrams } from "./security.ts";

/** What was measured of one contender: its costs and requests per poll in each round, and single polls. */
export interface Measured {
  readonly contender: Contender;
  readonly costs: readonly Cost[];
  readonly datagrams: readonly number[];
  /** Milliseconds of a poll alone, at no distance and at `roundTrip`. */
  readonly near: readonly number[];
  readonly far: readonly number[];
}

/** Milliseconds. */
export const roundTrip = 20;

export const columns = {
  cpu: "user + system time of the contender's process, microseconds per poll: median, least and most of the rounds",
  cheaper: "times cheaper than the cheaper snmp_exporter of the same version (ratio of medians)",
  byRound: "the same, as the median of the ratios of the rounds",
  values: "variable bindings asked for in one poll; the agent has columns of its own",
  series: "of one router in a scrape; rendering them is in the cost",
  datagrams: "requests per poll, counted where they arrive",
  fewest: `datagrams as a multiple of the fewest that hold ${bindingOctets} octets of bindings: ${fewestDatagrams("2c", bindingOctets)} by v2c, ${fewestDatagrams("3", bindingOctets)} by v3`,
  near: "milliseconds of a poll alone, at no distance",
  far: `the same at ${roundTrip} ms round-trip time`,
  roundTrips: "the same in round-trip times",
};

export function tableOf(all: readonly Measured[]) {
  return all.map(({ contender, costs, datagrams, near, far }) => {
    const cpu = cpuOf(costs);
    const opponent = opponentOf(contender, all);
    const sent = median(datagrams);
    const series = costs[0]?.series;
    return {
      contender: contender.name,
      cpu: Math.round(median(cpu)),
      least: Math.round(Math.min(...cpu)),
      most: Math.round(Math.max(...cpu)),
      cheaper: opponent && rounded(median(opponent) / median(cpu), 1),
      byRound: opponent && rounded(median(opponent.map((cost, i) => cost / (cpu[i] ?? Number.NaN))), 1),
      values: rounded(median(costs.map((cost) => cost.values)), 0),
      series: series && Math.round(series),
      datagrams: rounded(sent, 2),
      fewest: isSamePoll(contender) ? rounded(sent / fewestDatagrams(contender.version, bindingOctets), 2) : undefined,
      near: rounded(median(near), 2),
      far: rounded(median(far), 1),
      roundTrips: rounded(median(far) / roundTrip, 2),
    };
  });
}

const cpuOf = (costs: readonly Cost[]) => costs.map((cost) => cost.cpu);

/** The agent asks for other columns, so that the fewest datagrams of this poll are not its own. */
const isSamePoll = ({ role }: Contender) => role !== "pipeline" && role !== "metrics" && role !== "everyPoll";

/** The cheaper exporter of the same version, in each round. */
function opponentOf({ version }: Contender, all: readonly Measured[]): readonly number[] | undefined {
  return all
    .filter(({ contender }) => contender.role === "exporter" && contender.version === version)
    .map(({ costs }) => cpuOf(costs))
    .sort((a, b) => median(a) - median(b))[0];
}

/** Of the CPU of a poll; polls are compared with those of the same version. */
function timesPromised({ role, version }: Contender): number | undefined {
  if (role === "client") return version === "2c" ? 25 : 5;
  return role === "pipeline" || role === "metrics" ? 15 : undefined;
}

/** What must hold, and what was measured: no promise where there was no exporter to compare with. */
export function promises(all: readonly Measured[]) {
  const table = tableOf(all);
  return all.flatMap(({ contender }, i) => {
    const row = table[i];
    const times = timesPromised(contender);
    if (row === undefined || times === undefined) return [];
    const promise = (what: string, limit: string, measured: number | undefined, holds: (of: number) => boolean) =>
      measured === undefined ? [] : [{ contender: contender.name, what, limit, measured, holds: holds(measured) }];
    return [
      ...promise("times cheaper than snmp_exporter", `>= ${times}`, row.cheaper, (of) => of >= times),
      ...promise("datagrams, times the fewest", "<= 1.1", row.fewest, (of) => of <= 1.1),
      ...(contender.known ? promise("round-trip times", "about 1", row.roundTrips, (of) => of < 1.5) : []),
    ];
  });
}

const rounded = (n: number, digits: number) => Number(n.toFixed(digits));

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const above = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? above : ((sorted[half - 1] ?? Number.NaN) + above) / 2;
}
