// IP SLA: CISCO-RTTMON-MIB, with the ICMP jitter operation of CISCO-RTTMON-ICMP-MIB. Operations are numbered, and every
// table has that number as its index.

import { type RttResponseSense, rttResponseSenses } from "../estate/router-probe.ts";
import { type Cells, isAbsent, numberAt, textAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import { inetAddressAt } from "./inet-address.ts";
import {
  countOf,
  delayOf,
  type FoundProbe,
  microseconds,
  milliseconds,
  type ProbeIdentity,
  type ProbeReading,
  type ProbeRun,
  type ProbeTable,
  tagsOf,
} from "./router-probes.ts";
import { columnsOf, instance, named } from "./table.ts";

const root = "1.3.6.1.4.1.9.9.42.1";

const control = columnsOf(`${root}.2.1.1`, {
  rttMonCtrlAdminTag: 3,
  rttMonCtrlAdminRttType: 4,
  rttMonCtrlAdminFrequency: 6,
  rttMonCtrlAdminLongTag: 12,
});
const echo = columnsOf(`${root}.2.2.1`, {
  rttMonEchoAdminTargetAddress: 2,
  rttMonEchoAdminSourceAddress: 6,
  rttMonEchoAdminNumPackets: 18,
  rttMonEchoAdminPrecision: 37,
});
const operation = columnsOf(`${root}.2.9.1`, { rttMonCtrlOperState: 10 });
const latest = columnsOf(`${root}.2.10.1`, {
  rttMonLatestRttOperCompletionTime: 1,
  rttMonLatestRttOperSense: 2,
  rttMonLatestRttOperTime: 5,
});
const jitter = columnsOf(`${root}.5.2.1`, {
  rttMonLatestJitterOperNumOfRTT: 1,
  rttMonLatestJitterOperRTTSum: 2,
  rttMonLatestJitterOperRTTMin: 4,
  rttMonLatestJitterOperRTTMax: 5,
  rttMonLatestJitterOperPacketLossSD: 26,
  rttMonLatestJitterOperPacketLossDS: 27,
  rttMonLatestJitterOperPacketMIA: 29,
  rttMonLatestJitterOperPacketLateArrival: 30,
  rttMonLatestJitterOperSense: 31,
  rttMonLatestJitterOperAvgJitter: 46,
});
const icmpJitter = columnsOf(`${root}.5.4.1`, {
  rttMonLatestIcmpJitterNumRTT: 1,
  rttMonLatestIcmpJitterRTTSum: 2,
  rttMonLatestIcmpJitterRTTMin: 4,
  rttMonLatestIcmpJitterRTTMax: 5,
  rttMonLatestIcmpJitterPktLoss: 26,
  rttMonLatestIcmpJitterSense: 31,
  rttMonLatestIcmpJitterPktLateA: 32,
  rttMonLatestIcmpJitterAvgJitter: 44,
});

const oidsOf = (columns: Readonly<Record<string, { readonly oid: Oid }>>) => Object.values(columns).map((c) => c.oid);
const identity = [...oidsOf(control), ...oidsOf(echo)];

/** RttMonRttType, of those that send packets to the target and time their return. */
const echoTypes: readonly number[] = [1, 5, 6];
const jitterType = 9;
const icmpJitterType = 16;

/** rttMonCtrlOperState. */
const active = 6;
/** rttMonEchoAdminPrecision: milliseconds(1), microseconds(2). */
const precise = 2;

/** The target answered. */
const answers: readonly RttResponseSense[] = ["ok", "overThreshold"];
/** It did not, or could not be reached. All others say nothing of the way: the operation was not made, or was misread. */
const losses: readonly RttResponseSense[] = [
  "disconnected",
  "timeout",
  "notConnected",
  "dnsServerTimeout",
  "tcpConnectTimeout",
  "httpTransactionTimeout",
  "mplsLspUnreachable",
  "enableNoConnect",
];

export const rttMonTable: ProbeTable = {
  mib: "CISCO-RTTMON-MIB",
  table: "rttMonCtrlAdminTable",
  identity,
  find(index, cells, at) {
    const [number] = index;
    const type = numberAt(cells, at + 1);
    if (number === undefined || index.length !== 1 || type === undefined) return undefined;
    const kind = type === jitterType ? jitterKind : type === icmpJitterType ? icmpJitterKind : echoKind;
    const inMicroseconds = kind === jitterKind && numberAt(cells, at + 7) === precise;
    const packets = kind === echoKind ? 1 : (countOf(numberAt(cells, at + 6)) ?? 0);
    const frequency = numberAt(cells, at + 2);
    const who: ProbeIdentity = {
      number,
      owner: undefined,
      test: undefined,
      tags: tagsOf(textAt(cells, at), textAt(cells, at + 3)),
      target: inetAddressAt(cells, undefined, at + 4),
      source: inetAddressAt(cells, undefined, at + 5),
      frequency: frequency !== undefined && frequency > 0 ? frequency : undefined,
      measuresPath: kind !== echoKind || echoTypes.includes(type),
    };
    return found(who, index, kind, packets, inMicroseconds ? microseconds : milliseconds);
  },
};

/** How the packets of a train are told. */
interface Kind {
  readonly columns: readonly Oid[];
  /** `at`: the first of its columns. */
  read(cells: Cells, at: number): Packets;
}

interface Packets {
  readonly sense: number | undefined;
  readonly received: number;
  readonly lost: number;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly directions: ProbeRun["directions"];
  readonly jitter: number | undefined;
}

const echoKind: Kind = {
  columns: [],
  read: () => ({
    sense: undefined,
    received: 0,
    lost: 0,
    sum: undefined,
    min: undefined,
    max: undefined,
    directions: undefined,
    jitter: undefined,
  }),
};

const jitterKind: Kind = {
  columns: oidsOf(jitter),
  read(cells, at) {
    const [received = 0, sum, min, max, forward = 0, backward = 0, missing = 0, late = 0] = Array.from(
      { length: 8 },
      (_, i) => countOf(numberAt(cells, at + i)),
    );
    return {
      sense: numberAt(cells, at + 8),
      received,
      // Missing in action: lost in a direction that the responder could not tell.
      lost: forward + backward + missing + late,
      sum,
      min,
      max,
      directions: { forward, backward },
      jitter: countOf(numberAt(cells, at + 9)),
    };
  },
};

const icmpJitterKind: Kind = {
  columns: oidsOf(icmpJitter),
  read(cells, at) {
    const [received = 0, sum, min, max, lost = 0] = Array.from({ length: 5 }, (_, i) =>
      countOf(numberAt(cells, at + i)),
    );
    return {
      sense: numberAt(cells, at + 5),
      received,
      lost: lost + (countOf(numberAt(cells, at + 6)) ?? 0),
      sum,
      min,
      max,
      directions: undefined,
      jitter: countOf(numberAt(cells, at + 7)),
    };
  },
};

const common = [operation.rttMonCtrlOperState, ...Object.values(latest)];

function found(who: ProbeIdentity, index: readonly number[], kind: Kind, packets: number, unit: number): FoundProbe {
  return {
    identity: who,
    oids: [...common.map((column) => instance(column, index)), ...kind.columns.map((oid) => [...oid, ...index])],
    read(cells, at) {
      if (isAbsent(cells, at)) return "gone";
      const state = numberAt(cells, at);
      if (state === undefined) return undefined;
      const run = readRun(cells, at + 1, kind, packets, unit);
      return { running: state === active, run } satisfies ProbeReading;
    },
  };
}

/** `at`: rttMonLatestRttOperCompletionTime. */
function readRun(cells: Cells, at: number, kind: Kind, packets: number, unit: number): ProbeRun | undefined {
  const train = kind.read(cells, at + common.length - 1);
  const time = numberAt(cells, at + 2);
  const sense = named(rttResponseSenses, (kind === echoKind ? undefined : train.sense) ?? numberAt(cells, at + 1));
  // TimeStamp: 0 when it never ran.
  if (time === undefined || time <= 0 || sense === undefined || sense === "other") return undefined;
  const run = { mark: String(time), completedAgo: ago(time, numberAt(cells, 0)), sense, complete: true };
  const nothing = { sent: 0, received: 0, delay: undefined, directions: undefined, jitter: undefined };
  const answered = answers.includes(sense);
  if (!answered && !losses.includes(sense)) return { ...run, ...nothing };
  if (kind === echoKind || (train.received === 0 && train.lost === 0)) {
    // A train that failed as a whole may leave its counts at 0: the packets are those that it was to send.
    const received = answered ? packets : 0;
    const completion = countOf(numberAt(cells, at));
    const delay = answered ? delayOf(completion, completion, completion, unit) : undefined;
    return { ...run, ...nothing, sent: packets, received, delay };
  }
  const { received, lost, sum, min, max, directions } = train;
  const mean = sum === undefined || received === 0 ? undefined : sum / received;
  // The sum has 32 bits, and may have wrapped.
  const isPossible = mean !== undefined && mean >= (min ?? 0) && mean <= (max ?? Number.POSITIVE_INFINITY);
  return {
    ...run,
    sent: received + lost,
    received,
    delay: received === 0 ? undefined : delayOf(min, isPossible ? mean : undefined, max, unit),
    directions,
    jitter: train.jitter === undefined || received === 0 ? undefined : train.jitter / unit,
  };
}

/** Seconds since a TimeStamp. Undefined when it is of before the agent last started: then it is ahead of sysUpTime. */
function ago(time: number, now: number | undefined): number | undefined {
  if (now === undefined) return undefined;
  const ticks = (now - time) >>> 0;
  return ticks < 2 ** 31 ? ticks / 100 : undefined;
}
