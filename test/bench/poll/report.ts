// From the costs of all rounds to the table, and to what it says about the targets.

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

export function tableOf(all: readonly Measured[]) {
  return all.map((measured) => {
    const { contender, costs, datagrams, near, far } = measured;
    const cpu = costs.map((cost) => cost.cpu);
    const opponent = opponentOf(contender, all);
    const sent = median(datagrams);
    return {
      contender: contender.name,
      cpu: Math.round(median(cpu)),
      least: Math.round(Math.min(...cpu)),
      most: Math.round(Math.max(...cpu)),
      timesCheaper: opponent && rounded(median(opponent) / median(cpu), 1),
      timesCheaperByRound: opponent && rounded(median(opponent.map((cost, i) => cost / (cpu[i] ?? Number.NaN))), 1),
      values: rounded(median(costs.map((cost) => cost.values)), 0),
      datagrams: rounded(sent, 2),
      timesFewest: isSamePoll(contender)
        ? rounded(sent / fewestDatagrams(contender.version, bindingOctets), 2)
        : undefined,
      wallNear: rounded(median(near), 2),
      wallFar: rounded(median(far), 1),
      roundTrips: rounded(median(far) / roundTrip, 2),
    };
  });
}

/** The agent asks for other columns, so that the fewest datagrams of this poll are not its own. */
const isSamePoll = ({ role }: Contender) => role !== "pipeline" && role !== "metrics";

/** The cheaper exporter of the same version, in each round. */
function opponentOf({ version }: Contender, all: readonly Measured[]): readonly number[] | undefined {
  return all
    .filter(({ contender }) => contender.role === "exporter" && contender.version === version)
    .map(({ costs }) => costs.map((cost) => cost.cpu))
    .sort((a, b) => median(a) - median(b))[0];
}

/** What must hold, and what was measured; `holds` is undefined where no exporter ran to compare with. */
export function judge(all: readonly Measured[]) {
  const table = tableOf(all);
  return all.flatMap(({ contender }, i) => {
    const { version, role, known } = contender;
    const row = table[i];
    if (row === undefined || role === "exporter" || role === "other") return [];
    const claim = (what: string, measured: number | undefined, limit: string, holds: boolean) => ({
      contender: row.contender,
      what,
      limit,
      measured,
      holds: measured === undefined ? undefined : holds,
    });
    const cheaper = role === "client" ? (version === "2c" ? 25 : 5) : 15;
    const { timesCheaper = Number.NaN, timesFewest = Number.NaN } = row;
    return [
      claim("times cheaper than snmp_exporter", row.timesCheaper, `>= ${cheaper}`, timesCheaper >= cheaper),
      ...(isSamePoll(contender)
        ? [claim("datagrams, times the fewest", row.timesFewest, "<= 1.1", timesFewest <= 1.1)]
        : []),
      ...(known ? [claim(`round trips of ${roundTrip} ms`, row.roundTrips, "about 1", row.roundTrips < 1.5)] : []),
    ];
  });
}

const rounded = (n: number, digits: number) => Number(n.toFixed(digits));

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const above = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? above : ((sorted[half - 1] ?? Number.NaN) + above) / 2;
}
