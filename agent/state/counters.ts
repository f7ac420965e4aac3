// The counters of one interface over many readings: what they grew by, and nothing that they did not.
// A counter that runs on is counted exactly, wraps included; where it may have been set anew (RFC 2863 section
// 3.1.5) the interval counts nothing, for traffic that nobody counted is no traffic of a known size.

import {
  type CounterSource,
  ethernetCounters,
  type InterfaceCounter,
  type InterfaceCounters,
  type InterfaceObservation,
  interfaceCounters,
  trafficCounters,
} from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";

/** One reading of the counters. */
export type CounterReading = Extract<InterfaceObservation, { readonly present: true }>;

/** Bits per second. */
export interface TrafficRate {
  readonly receive: number;
  readonly transmit: number;
}

export interface CounterRecord {
  /** What each counter grew by since the agent started; undefined for one that was never seen. */
  readonly totals: InterfaceCounters;
  /** Over the last `rateWindow` or more; undefined until there is one, and after a discontinuity. */
  readonly rate: TrafficRate | undefined;
  /** Intervals that counted nothing because a counter did not run on. */
  readonly discontinuities: number;
  /** What the next reading is compared with. */
  readonly last: LastReading;
}

interface LastReading {
  readonly reading: CounterReading;
  /** As read, or higher where a counter has since stepped back a little. Undefined when the interface was absent. */
  readonly base: InterfaceCounters | undefined;
  /** No value of `base` was true before; its router may have counted for so long without showing it. */
  readonly since: Instant;
  /** Readings in a row that told of a discontinuity by ifCounterDiscontinuityTime. */
  readonly announced: number;
  /** Readings in a row that grew faster than the interface's speed. */
  readonly tooFast: number;
  /** Where the rate is counted from. */
  readonly mark: { readonly at: Instant; readonly receive: bigint; readonly transmit: bigint };
}

/** Routers take their counters from the line cards every few seconds: a rise may be older than it seems by so long. */
const refresh = 15;

/** Seconds, at least, over which a rate is said. */
const rateWindow = 10;

/** Seconds after which counters that do not move say that nothing flows, rather than that they were not refreshed. */
const stillness = 30;

/** Seconds after which no router refreshes its counters for the first time. */
const longestRefresh = 300;

/** More in a row than this is an agent that gives ifCounterDiscontinuityTime no meaning (or a speed that is not so). */
const believed = 2;

/** Bits per second that no interface has. */
const fastest = 3.2e12;

/** Octets of the shortest packet that is counted: an IPv4 header. */
const shortestPacket = 20;

const range = { 32: 1n << 32n, 64: 1n << 64n } as const;

export function firstCount(reading: CounterReading): CounterRecord {
  return restartCount(reading, undefined, 0);
}

/** The interface is gone: if one of its name comes back, its counters are others. */
export function absentCount(record: CounterRecord): CounterRecord {
  return record.last.base === undefined
    ? record
    : { ...record, rate: undefined, last: { ...record.last, base: undefined } };
}

/** A reading that is no newer than the last changes nothing. */
export function nextCount(record: CounterRecord, reading: CounterReading): CounterRecord {
  const { last, totals } = record;
  const before = last.reading;
  if (reading.at <= before.at) return record;
  const moved = reading.source.discontinuityTime !== before.source.discontinuityTime;
  const announced = isAnnounced(before, reading) ? last.announced + 1 : moved ? last.announced : 0;
  const sameSpeed = reading.speed === before.speed;
  const counted = { ...last, announced, tooFast: sameSpeed ? last.tooFast : 0 };
  const isNew = last.base === undefined || reading.ifIndex !== before.ifIndex;
  if (isNew || (announced > last.announced && announced <= believed)) {
    return restartCount(reading, { ...record, last: counted }, 1);
  }
  const grown = compare(last.base, counted, reading);
  if (grown.kind !== "on") {
    const tooFast = grown.kind === "tooFast" ? counted.tooFast + 1 : counted.tooFast;
    return restartCount(reading, { ...record, last: { ...counted, tooFast } }, 1);
  }
  const since = grown.motion === "moved" ? reading.source.askedAt : last.since;
  const tooFast = isDoubted(counted) ? counted.tooFast : 0;
  const latest = { ...counted, reading, base: grown.base, since, tooFast };
  return withRate({ ...record, totals: plus(totals, grown.increments, reading.counters), last: latest }, grown.motion);
}

/** An interface that is faster than its speed again and again has another speed than is told. */
function isDoubted({ tooFast }: LastReading): boolean {
  return tooFast >= believed;
}

/** Takes the reading as the new base. */
function restartCount(
  reading: CounterReading,
  record: CounterRecord | undefined,
  discontinuities: 0 | 1,
): CounterRecord {
  const { counters, source } = reading;
  const totals = plus(record?.totals ?? noCounters, noCounters, counters);
  const { receiveBytes: receive = 0n, transmitBytes: transmit = 0n } = totals;
  return {
    totals,
    rate: undefined,
    discontinuities: (record?.discontinuities ?? 0) + discontinuities,
    last: {
      reading,
      base: counters,
      since: source.askedAt,
      announced: record?.last.announced ?? 0,
      tooFast: record?.last.tooFast ?? 0,
      mark: { at: source.askedAt, receive, transmit },
    },
  };
}

const noCounters = Object.fromEntries(interfaceCounters.map((name) => [name, undefined])) as InterfaceCounters;

function isAnnounced({ source: before }: CounterReading, { source: now }: CounterReading): boolean {
  if (before.discontinuityTime === undefined || now.discontinuityTime === undefined) return false;
  if (now.discontinuityTime === before.discontinuityTime) return false;
  // At a restart of the SNMP agent it goes back to zero without a word on the counters.
  return now.restarts === before.restarts || now.discontinuityTime !== 0;
}

const traffic: ReadonlySet<InterfaceCounter> = new Set(trafficCounters);
const octets: ReadonlySet<InterfaceCounter> = new Set(["receiveBytes", "transmitBytes"] as const);
const wideEthernet: ReadonlySet<InterfaceCounter> = new Set(
  ethernetCounters.filter((name) => name !== "lateCollisions"),
);

type Growth =
  | {
      readonly kind: "on";
      readonly increments: Partial<InterfaceCounters>;
      readonly base: InterfaceCounters;
      /** `moved`: some that count traffic did, and all stand as read. `held`: some have stepped back. */
      readonly motion: "moved" | "still" | "held";
    }
  | { readonly kind: "broken" | "tooFast" };

/**
 * All counters of an interface stand or fall together: one that was set anew says that all were. One that is back by
 * little is an older copy (of a line card, of a cache) and waits until it is further than it was; that a restarted
 * agent does not give.
 */
function compare(base: InterfaceCounters, last: LastReading, reading: CounterReading): Growth {
  const { source, counters, at, speed } = reading;
  const { source: before } = last.reading;
  const restarted = source.restarts !== before.restarts;
  const seconds = elapsed(last.since, at) / 1_000 + refresh;
  const told = speed > 0 && !isDoubted(last) ? speed : fastest;

  const increments: Partial<Record<InterfaceCounter, bigint>> = {};
  let held: Partial<Record<InterfaceCounter, bigint>> | undefined;
  let moved = false;
  for (const name of interfaceCounters) {
    const from = base[name];
    const to = counters[name];
    if (from === undefined || to === undefined || from === to) continue;
    const bits = bitsOf(name, source);
    if (bits !== bitsOf(name, before)) return { kind: "broken" };
    const each = octets.has(name) ? 1 : shortestPacket;
    const most = (bitsPerSecond: number, within: number) => (bitsPerSecond * within) / 8 / each;
    const size = range[bits];
    const fell = to < from;
    const forward = fell ? to - from + size : to - from;
    const back = size - forward;
    const isPlausible = forward <= most(told, seconds);
    const isLittleBack = back <= most(told, refresh) && back <= size / 16n && (fell ? back <= from / 8n : !isPlausible);
    if (isLittleBack && !restarted) {
      held ??= {};
      held[name] = from;
      continue;
    }
    if (fell ? restarted || !isPlausible : forward > most(fastest, seconds)) return { kind: "broken" };
    const countsTraffic = traffic.has(name);
    if (countsTraffic && !isPlausible) return { kind: "tooFast" };
    increments[name] = forward;
    moved ||= countsTraffic;
  }
  if (held !== undefined) return { kind: "on", increments, base: { ...counters, ...held }, motion: "held" };
  return { kind: "on", increments, base: counters, motion: moved ? "moved" : "still" };
}

function bitsOf(name: InterfaceCounter, source: CounterSource): 32 | 64 {
  if (traffic.has(name)) return source.trafficBits;
  return wideEthernet.has(name) ? source.ethernetBits : 32;
}

/** A counter is known from its first reading on. */
function plus(
  totals: InterfaceCounters,
  increments: Partial<InterfaceCounters>,
  counters: InterfaceCounters,
): InterfaceCounters {
  let sums: Record<InterfaceCounter, bigint | undefined> | undefined;
  for (const name of interfaceCounters) {
    const by = increments[name] ?? (totals[name] === undefined && counters[name] !== undefined ? 0n : undefined);
    if (by === undefined) continue;
    sums ??= { ...totals };
    sums[name] = (totals[name] ?? 0n) + by;
  }
  return sums ?? totals;
}

/** From one reading that moved to another, so that the router's own rhythm of counting makes no spikes. */
function withRate(record: CounterRecord, motion: "moved" | "still" | "held"): CounterRecord {
  const { last, totals } = record;
  const { mark, reading } = last;
  const { receiveBytes: receive, transmitBytes: transmit } = totals;
  const seconds = elapsed(mark.at, reading.at) / 1_000;
  if (receive === undefined || transmit === undefined) return record;
  if (seconds < (motion === "moved" ? rateWindow : stillness)) return record;
  const next = { ...last, mark: { at: reading.source.askedAt, receive, transmit } };
  switch (motion) {
    case "moved": {
      const most = reading.speed > 0 && !isDoubted(last) ? reading.speed : fastest;
      const over = (from: bigint, to: bigint) => Math.min(most, (Number(to - from) * 8) / seconds);
      return {
        ...record,
        rate: { receive: over(mark.receive, receive), transmit: over(mark.transmit, transmit) },
        last: next,
      };
    }
    case "still":
      return { ...record, rate: noTraffic, last: seconds < longestRefresh ? last : next };
    case "held":
      return { ...record, rate: undefined };
  }
}

const noTraffic: TrafficRate = { receive: 0, transmit: 0 };
