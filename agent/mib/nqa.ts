// Huawei's NQA-MIB. The results of each run are rows of their own, numbered: nqaScheduleLastFinishIndex says which is the
// latest, so that a reading takes two GETs.

import { type Cells, isAbsent, numberAt, textAt } from "../wire/snmp/cells.ts";
import { inetAddressAt } from "./inet-address.ts";
import {
  countOf,
  delayOf,
  type FoundProbe,
  type FurtherReading,
  microseconds,
  milliseconds,
  ownerAndTest,
  type ProbeReading,
  type ProbeRun,
  type ProbeTable,
  tagsOf,
} from "./router-probes.ts";
import { columnsOf, instance, named } from "./table.ts";

const root = "1.3.6.1.4.1.2011.5.25.111";

const control = columnsOf(`${root}.2.1.1`, {
  nqaAdminCtrlTag: 3,
  nqaAdminCtrlType: 4,
  nqaAdminCtrlFrequency: 5,
});
const parameters = columnsOf(`${root}.2.2.1`, {
  nqaAdminParaTargetAddressType: 1,
  nqaAdminParaTargetAddress: 2,
  nqaAdminParaSourceAddressType: 4,
  nqaAdminParaSourceAddress: 5,
  nqaAdminParaTimeUnit: 83,
});
const schedule = columnsOf(`${root}.2.3.1`, { nqaScheduleLastFinishIndex: 8, nqaScheduleOperStatus: 9 });
const results = columnsOf(`${root}.4.1.1`, {
  nqaResultsCompletions: 3,
  nqaResultsCompletionTimeMin: 11,
  nqaResultsCompletionTimeMax: 12,
  nqaResultsProbeResponses: 21,
  nqaResultsSentProbes: 22,
  nqaResultsRttAvg: 26,
});
const jitter = columnsOf(`${root}.4.3.1`, {
  nqaJitterStatsCompletions: 2,
  nqaJitterStatsRTTMin: 8,
  nqaJitterStatsRTTMax: 9,
  nqaJitterStatsProbeResponses: 40,
  nqaJitterStatsSentProbes: 41,
  nqaJitterStatsRTTAvg: 46,
  nqaJitterStatsPacketLossSD: 34,
  nqaJitterStatsPacketLossDS: 35,
  nqaJitterStatsAvgJitter: 48,
  nqaJitterStatsTimeUnit: 67,
});

/** NqaType, of those that send packets to the target and time their return. */
const pathTypes: readonly number[] = [1, 2, 5, 6, 22];
const jitterTypes: readonly number[] = [5, 22];

/** nqaScheduleOperStatus. */
const active = 4;
/** nqaAdminParaTimeUnit and nqaJitterStatsTimeUnit: us(1), ms(2). The sums of nqaResultsTable are said to be of milliseconds. */
const units: Readonly<Record<number, number>> = { 1: microseconds, 2: milliseconds };
const completions = { 0: "noResult", 1: "success", 2: "failure" } as const;

/** A ping has one hop. */
const onlyHop = 1;

export const nqaTable: ProbeTable = {
  mib: "NQA-MIB",
  table: "nqaAdminCtrlTable",
  identity: [...Object.values(control), ...Object.values(parameters)].map(({ oid }) => oid),
  find(index, cells, at): FoundProbe | undefined {
    const name = ownerAndTest(index);
    const type = numberAt(cells, at + 1);
    if (name === undefined || name.rest.length > 0 || type === undefined) return undefined;
    const { owner, test } = name;
    const frequency = numberAt(cells, at + 2);
    const unit = units[numberAt(cells, at + 7) ?? 0] ?? milliseconds;
    return {
      identity: {
        number: undefined,
        owner,
        test,
        tags: tagsOf(textAt(cells, at)),
        target: inetAddressAt(cells, at + 3, at + 4),
        source: inetAddressAt(cells, at + 5, at + 6),
        frequency: frequency !== undefined && frequency > 0 ? frequency : undefined,
        measuresPath: pathTypes.includes(type),
      },
      oids: Object.values(schedule).map((column) => instance(column, index)),
      read(from, cell): ProbeReading | FurtherReading | "gone" {
        if (isAbsent(from, cell) && isAbsent(from, cell + 1)) return "gone";
        const finished = countOf(numberAt(from, cell));
        const running = numberAt(from, cell + 1) === active;
        if (finished === undefined || finished === 0) return { running, run: undefined };
        return lastRun(index, finished, running, jitterTypes.includes(type) ? unit : undefined);
      },
    };
  },
};

/** `jitterUnit`: undefined for a run whose results are not of a train. */
function lastRun(
  index: readonly number[],
  finished: number,
  running: boolean,
  jitterUnit: number | undefined,
): FurtherReading {
  const isTrain = jitterUnit !== undefined;
  const row = isTrain ? [...index, finished] : [...index, finished, onlyHop];
  return {
    oids: Object.values(isTrain ? jitter : results).map((column) => instance(column, row)),
    read: (cells, at) => ({ running, run: readRun(cells, at, String(finished), jitterUnit) }),
  };
}

function readRun(cells: Cells, at: number, mark: string, jitterUnit: number | undefined): ProbeRun | undefined {
  const sense = named(completions, numberAt(cells, at));
  const [min, max, received = 0, sent = 0, average] = Array.from({ length: 5 }, (_, i) =>
    countOf(numberAt(cells, at + 1 + i)),
  );
  if (sense === undefined || sense === "noResult") return undefined;
  const isTrain = jitterUnit !== undefined;
  const unit = isTrain ? (units[numberAt(cells, at + 9) ?? 0] ?? jitterUnit) : milliseconds;
  const [forward, backward, variation] = isTrain
    ? [6, 7, 8].map((i) => countOf(numberAt(cells, at + i)))
    : [undefined, undefined, undefined];
  return {
    mark,
    completedAgo: undefined,
    sense,
    sent,
    received: Math.min(received, sent),
    complete: true,
    delay: received > 0 ? delayOf(min, average, max, unit) : undefined,
    directions: forward === undefined || backward === undefined ? undefined : { forward, backward },
    jitter: variation === undefined || received === 0 ? undefined : variation / unit,
  };
}
