// Probes of routers as agents tell of them, made by hand after the MIBs: CISCO-RTTMON-MIB (2016-04-14) and
// CISCO-RTTMON-ICMP-MIB (2005-08-09), JUNIPER-RPM-MIB (2007-03-01), DISMAN-PING-MIB (RFC 4560), NQA-MIB (2006-01-09).
// That RPM's allTests counts on, and that a test has rows for three collections, is as a published recording of an SRX
// shows it; no values are from there. Addresses are those of RFC 5737.

import type { Value } from "../../agent/wire/snmp/value.ts";
import { counter, gauge, integer, text } from "./cells.ts";
import { type Instances, inet } from "./link-mibs.ts";

const octets = (...bytes: readonly number[]): Value => ({ type: "octets", value: Uint8Array.from(bytes) });
const ticks = (value: number): Value => ({ type: "timeTicks", value });

const address = (of: string | undefined): Value => (of === undefined ? octets() : octets(...inet(of).slice(2)));

function rows(root: string, index: string | number, cells: Readonly<Record<string, Value | undefined>>): Instances {
  return Object.fromEntries(
    Object.entries(cells).flatMap(([column, value]) =>
      value === undefined ? [] : [[`${root}.${column}.${index}`, value] as const],
    ),
  );
}

export interface IpSlaFixture {
  readonly number: number;
  readonly target: string;
  readonly source?: string;
  readonly tag?: string;
  readonly longTag?: string;
  /** RttMonRttType: 1 echo (the default), 9 jitter, 16 icmpJitter. */
  readonly type?: number;
  /** Seconds. */
  readonly frequency?: number;
  readonly microseconds?: boolean;
  /** rttMonCtrlOperState; 6 is active. */
  readonly state?: number;
  readonly sense?: number;
  /** rttMonLatestRttOperTime, hundredths of a second of sysUpTime; 0 when it never ran. */
  readonly time?: number;
  readonly completion?: number;
  /** Of a train: answered, lost there, lost back, lost in no known direction, late. */
  readonly packets?: readonly [answered: number, there: number, back: number, missing: number, late: number];
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly jitter?: number;
}

const rttMon = "1.3.6.1.4.1.9.9.42.1";

export function ipSla(of: IpSlaFixture): Instances {
  const { number, type = 1, sense = 1, time = 9_000, completion = 0, packets = [0, 0, 0, 0, 0] } = of;
  const [answered, there, back, missing, late] = packets;
  const { sum = 0, min = 0, max = 0, jitter = 0 } = of;
  return {
    ...rows(`${rttMon}.2.1.1`, number, {
      3: text(of.tag ?? ""),
      4: integer(type),
      6: integer(of.frequency ?? 10),
      9: integer(1),
      12: text(of.longTag ?? ""),
    }),
    ...rows(`${rttMon}.2.2.1`, number, {
      2: address(of.target),
      6: address(of.source),
      18: integer(10),
      37: integer(of.microseconds === true ? 2 : 1),
    }),
    ...rows(`${rttMon}.2.9.1`, number, { 10: integer(of.state ?? 6) }),
    ...rows(`${rttMon}.2.10.1`, number, { 1: gauge(completion), 2: integer(sense), 5: ticks(time) }),
    ...(type === 9
      ? rows(`${rttMon}.5.2.1`, number, {
          1: gauge(answered),
          2: gauge(sum),
          4: gauge(min),
          5: gauge(max),
          26: gauge(there),
          27: gauge(back),
          29: gauge(missing),
          30: gauge(late),
          31: integer(sense),
          46: gauge(jitter),
        })
      : {}),
    ...(type === 16
      ? rows(`${rttMon}.5.4.1`, number, {
          1: gauge(answered),
          2: gauge(sum),
          4: gauge(min),
          5: gauge(max),
          26: gauge(there + back + missing),
          31: integer(sense),
          32: gauge(late),
          44: gauge(jitter),
        })
      : {}),
  };
}

/** Two strings, each behind its length. */
export function named(owner: string, test: string): string {
  return [owner, test].flatMap((word) => [Buffer.byteLength(word), ...Buffer.from(word)]).join(".");
}

/** DateAndTime of a second in March. */
const date = (second: number) => octets(7, 228, 3, 1, 10, 12, second, 0, 43, 0, 0);

export interface PingFixture {
  readonly owner: string;
  readonly test: string;
  readonly target: string;
  readonly source?: string;
  readonly description?: string;
  readonly frequency?: number;
  readonly probeCount?: number;
  /** pingCtlAdminStatus: 1 enabled. */
  readonly admin?: number;
  /** pingResultsOperStatus: 1 going on, 3 completed. */
  readonly oper?: number;
  readonly sent?: number;
  readonly received?: number;
  readonly lastGood?: number;
  /** Milliseconds: min, max, average. */
  readonly delays?: readonly [number, number, number];
}

export function ping(of: PingFixture): Instances {
  const index = named(of.owner, of.test);
  const [min, max, average] = of.delays ?? [2, 5, 3];
  const inetCells = (value: string | undefined): readonly [Value, Value] =>
    value === undefined ? [integer(0), octets()] : [integer(inet(value)[0] ?? 0), address(value)];
  const [targetType, target] = inetCells(of.target);
  const [sourceType, source] = inetCells(of.source);
  return {
    ...rows("1.3.6.1.2.1.80.1.2.1", index, {
      3: targetType,
      4: target,
      7: gauge(of.probeCount ?? 5),
      8: integer(of.admin ?? 1),
      10: gauge(of.frequency ?? 10),
      17: text(of.description ?? ""),
      18: sourceType,
      19: source,
    }),
    ...rows("1.3.6.1.2.1.80.1.3.1", index, {
      1: integer(of.oper ?? 3),
      4: gauge(min),
      5: gauge(max),
      6: gauge(average),
      7: gauge(of.received ?? 5),
      8: gauge(of.sent ?? 5),
      10: date(of.lastGood ?? 1),
    }),
  };
}

export interface RpmFixture {
  readonly owner: string;
  readonly test: string;
  /** Of the last completed test: sent, received, and the second of its end. */
  readonly completed?: readonly [sent: number, received: number, second: number];
  /** Microseconds: min, max, average. */
  readonly delays?: readonly [number, number, number];
}

export function rpm({ owner, test, completed, delays = [1_900, 4_200, 2_345] }: RpmFixture): Instances {
  const index = named(owner, test);
  const [min, max, average] = delays;
  const summary = (collection: number, sent: number, received: number, second: number) =>
    rows("1.3.6.1.4.1.2636.3.50.1.2.1", `${index}.${collection}`, {
      2: gauge(sent),
      3: gauge(received),
      4: gauge(0),
      5: date(second),
    });
  return {
    ...summary(1, 3, 3, 59),
    ...summary(4, 41_653, 41_650, 59),
    ...(completed === undefined ? {} : summary(2, ...completed)),
    ...(completed === undefined || completed[1] === 0
      ? {}
      : rows("1.3.6.1.4.1.2636.3.50.1.3.1", `${index}.2.1`, { 3: gauge(min), 4: gauge(max), 5: gauge(average) })),
  };
}

export interface NqaFixture {
  readonly owner: string;
  readonly test: string;
  readonly target: string;
  readonly tag?: string;
  /** NqaType: 6 icmp (the default), 5 jitter. */
  readonly type?: number;
  readonly frequency?: number;
  /** nqaScheduleOperStatus: 4 active. */
  readonly status?: number;
  /** nqaAdminParaTimeUnit, and of the row itself: 1 us, 2 ms. */
  readonly unit?: number;
  readonly rowUnit?: number;
  /** Number of the latest finished run; 0: none. */
  readonly finished?: number;
  /** 1 success, 2 failure. */
  readonly completion?: number;
  readonly sent?: number;
  readonly received?: number;
  /** min, max, average. */
  readonly delays?: readonly [number, number, number];
  readonly lost?: readonly [there: number, back: number];
}

const nqaRoot = "1.3.6.1.4.1.2011.5.25.111";

export function nqa(of: NqaFixture): Instances {
  const index = named(of.owner, of.test);
  const { type = 6, finished = 186_177, completion = 1, sent = 3, received = 3 } = of;
  const [min, max, average] = of.delays ?? [1, 4, 2];
  const [there, back] = of.lost ?? [0, 0];
  return {
    ...rows(`${nqaRoot}.2.1.1`, index, { 3: text(of.tag ?? ""), 4: integer(type), 5: integer(of.frequency ?? 10) }),
    ...rows(`${nqaRoot}.2.2.1`, index, {
      1: integer(1),
      2: address(of.target),
      4: integer(0),
      5: octets(),
      83: of.unit === undefined ? undefined : integer(of.unit),
    }),
    ...rows(`${nqaRoot}.2.3.1`, index, { 8: integer(finished), 9: integer(of.status ?? 4) }),
    ...(type === 5
      ? rows(`${nqaRoot}.4.3.1`, `${index}.${finished}`, {
          2: integer(completion),
          8: gauge(min),
          9: gauge(max),
          34: counter(there),
          35: counter(back),
          40: counter(received),
          41: counter(sent),
          46: gauge(average),
          48: gauge(1),
          67: of.rowUnit === undefined ? undefined : integer(of.rowUnit),
        })
      : rows(`${nqaRoot}.4.1.1`, `${index}.${finished}.1`, {
          3: integer(completion),
          11: gauge(min),
          12: gauge(max),
          21: counter(received),
          22: counter(sent),
          26: gauge(average),
        })),
  };
}
