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
  troubleCounters,
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
}

/** The record of one interface and what its next reading is compared with: changed in place, since all are at every poll. */
export interface CounterTrack extends CounterRecord {
  totals: Record<InterfaceCounter, bigint | undefined>;
  rate: TrafficRate | undefined;
  discontinuities: number;
  reading: CounterReading;
  /** As read, or higher where a counter has since stepped back a little. Undefined when the interface was absent. */
  base: InterfaceCounters | undefined;
  /** No value of `base` was true before; its router may have counted for so long without showing it. */
  since: Instant;
  /** Readings in a row that told of a discontinuity by ifCounterDiscontinuityTime. */
  announced: number;
  /** Readings in a row that grew faster than the interface's speed. */
  tooFast: number;
  /** Where the rate is counted from. */
  mark: RateMark;
}

interface RateMark {
  readonly at: Instant;
  readonly receive: bigint;
  readonly transmit: bigint;
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

export function trackCounters(reading: CounterReading): CounterTrack {
  const track: CounterTrack = {
    totals: { ...noCounters },
    rate: undefined,
    discontinuities: 0,
    reading,
    base: reading.counters,
    since: reading.source.askedAt,
    announced: 0,
    tooFast: 0,
    mark: { at: reading.source.askedAt, receive: 0n, transmit: 0n },
  };
  meet(track, reading.counters);
  return track;
}

const noCounters = Object.fromEntries(interfaceCounters.map((name) => [name, undefined])) as InterfaceCounters;

/** A counter is known from its first reading on. */
function meet({ totals }: CounterTrack, counters: InterfaceCounters): void {
  for (const name of interfaceCounters) if (counters[name] !== undefined) totals[name] ??= 0n;
}

/** The interface is gone: if one of its name comes back, its counters are others. */
export function loseCounters(track: CounterTrack): void {
  track.base = undefined;
  track.rate = undefined;
}

/** A reading that is no newer than the last changes nothing. */
export function addReading(track: CounterTrack, reading: CounterReading): void {
  const { reading: before, base } = track;
  if (reading.at <= before.at) return;
  track.reading = reading;
  if (reading.speed !== before.speed) track.tooFast = 0;
  const told = hear(track, before, reading);
  const isAnother = base === undefined || reading.ifIndex !== before.ifIndex;
  const growth = told || isAnother ? "broken" : compare(base, track, before);
  if (growth === "broken" || growth === "tooFast") {
    if (growth === "tooFast") track.tooFast += 1;
    beginAnew(track);
    return;
  }
  if (!isDoubted(track)) track.tooFast = 0;
  if (growth === "moved") track.since = reading.source.askedAt;
  rate(track, growth);
}

/** Takes the reading as what the next is compared with, and counts nothing. */
function beginAnew(track: CounterTrack): void {
  const { counters, source } = track.reading;
  meet(track, counters);
  track.rate = undefined;
  track.discontinuities += 1;
  track.base = counters;
  track.since = source.askedAt;
  track.mark = markOf(track);
}

function markOf({ reading, totals }: CounterTrack): RateMark {
  return { at: reading.source.askedAt, receive: totals.receiveBytes ?? 0n, transmit: totals.transmitBytes ?? 0n };
}

/** True when a discontinuity is told, and not so often that it means nothing. */
function hear(track: CounterTrack, before: CounterReading, { source }: CounterReading): boolean {
  if (source.discontinuityTime === before.source.discontinuityTime) {
    track.announced = 0;
    return false;
  }
  if (!isAnnounced(before, track.reading)) return false;
  track.announced += 1;
  return track.announced <= believed;
}

/** An interface that is faster than its speed again and again has another speed than is told. */
function isDoubted({ tooFast }: CounterTrack): boolean {
  return tooFast >= believed;
}

function isAnnounced({ source: before }: CounterReading, { source: now }: CounterReading): boolean {
  if (before.discontinuityTime === undefined || now.discontinuityTime === undefined) return false;
  if (now.discontinuityTime === before.discontinuityTime) return false;
  // At a restart of the SNMP agent it goes back to zero without a word on the counters.
  return now.restarts === before.restarts || now.discontinuityTime !== 0;
}

interface CounterKind {
  readonly name: InterfaceCounter;
  readonly countsTraffic: boolean;
  /** What one of it takes on the wire, at least. */
  readonly octetsEach: number;
  bits(source: CounterSource): 32 | 64;
}

const trafficKinds: readonly CounterKind[] = trafficCounters.map((name) => ({
  name,
  countsTraffic: true,
  octetsEach: name.endsWith("Bytes") ? 1 : shortestPacket,
  bits: ({ trafficBits }) => trafficBits,
}));
const trouble = { countsTraffic: false, octetsEach: shortestPacket } as const;
const ifKinds: readonly CounterKind[] = [
  ...trafficKinds,
  ...troubleCounters.map((name): CounterKind => ({ name, ...trouble, bits: () => 32 })),
];
const allKinds: readonly CounterKind[] = [
  ...ifKinds,
  ...ethernetCounters.map(
    (name): CounterKind => ({
      name,
      ...trouble,
      bits: ({ ethernetBits }) => (name === "lateCollisions" ? 32 : (ethernetBits ?? 32)),
    }),
  ),
];

/**
 * `moved`: counters of traffic did, and all stand as read. `held`: some have stepped back. `broken`, `tooFast`: they
 * cannot have run on, and nothing was counted.
 */
type Growth = "moved" | "still" | "held" | "broken" | "tooFast";

/**
 * Counts what the counters grew by. All of an interface stand or fall together: one that was set anew says that all
 * were. One that is back by little is an older copy (of a line card, of a cache) and waits until it is further than it
 * was; that a restarted agent does not give.
 */
function compare(base: InterfaceCounters, track: CounterTrack, before: CounterReading): Growth {
  const { source, counters, at, speed } = track.reading;
  const restarted = source.restarts !== before.source.restarts;
  const octetsPerSecond = (speed > 0 && !isDoubted(track) ? speed : fastest) / 8;
  const seconds = elapsed(track.since, at) / 1_000 + refresh;

  let increments: Partial<Record<InterfaceCounter, bigint>> | undefined;
  let held: Partial<Record<InterfaceCounter, bigint>> | undefined;
  let moved = false;
  let appeared = false;
  for (const { name, countsTraffic, octetsEach, bits } of source.ethernetBits === undefined ? ifKinds : allKinds) {
    const from = base[name];
    const to = counters[name];
    if (from === to) continue;
    if (from === undefined || to === undefined) {
      appeared ||= to !== undefined;
      continue;
    }
    if (from === 0n && isUnread(name, base, counters)) continue;
    const width = bits(source);
    if (width !== bits(before.source)) return "broken";
    const size = range[width];
    const fell = to < from;
    const forward = fell ? to - from + size : to - from;
    const isPlausible = forward <= (octetsPerSecond * seconds) / octetsEach;
    if (!restarted && (fell || !isPlausible)) {
      const back = size - forward;
      const isLittle = back <= (octetsPerSecond * refresh) / octetsEach && back <= size / 16n;
      if (isLittle && (!fell || back <= from / 8n)) {
        held ??= {};
        held[name] = from;
        continue;
      }
    }
    const isPossible = fell ? isPlausible && !restarted : forward <= ((fastest / 8) * seconds) / octetsEach;
    if (!isPossible) return "broken";
    if (countsTraffic && !isPlausible) return "tooFast";
    increments ??= {};
    increments[name] = forward;
    moved ||= countsTraffic;
  }
  if (appeared) meet(track, counters);
  track.base = held === undefined ? counters : { ...counters, ...held };
  for (const name in increments) add(track, name as InterfaceCounter, increments[name as InterfaceCounter]);
  return held !== undefined ? "held" : moved ? "moved" : "still";
}

/**
 * An agent that has just begun may say 0 before it has read a counter (net-snmp: ifHCInUcastPkts): then it leaves 0 with
 * more packets than the octets beside them can hold.
 */
function isUnread(name: InterfaceCounter, base: InterfaceCounters, counters: InterfaceCounters): boolean {
  const beside = name === "receivePackets" ? "receiveBytes" : name === "transmitPackets" ? "transmitBytes" : undefined;
  if (beside === undefined) return false;
  const from = base[beside];
  const to = counters[beside];
  if (from === undefined || to === undefined || to < from) return false;
  return (counters[name] ?? 0n) * BigInt(shortestPacket) > to - from;
}

function add({ totals }: CounterTrack, name: InterfaceCounter, by: bigint | undefined): void {
  totals[name] = (totals[name] ?? 0n) + (by ?? 0n);
}

/** From one reading that moved to another, so that the router's own rhythm of counting makes no spikes. */
function rate(track: CounterTrack, growth: "moved" | "still" | "held"): void {
  const { reading, totals, mark } = track;
  const { receiveBytes: receive, transmitBytes: transmit } = totals;
  const seconds = elapsed(mark.at, reading.at) / 1_000;
  if (receive === undefined || transmit === undefined) return;
  if (seconds < (growth === "moved" ? rateWindow : stillness)) return;
  switch (growth) {
    case "moved": {
      const most = reading.speed > 0 && !isDoubted(track) ? reading.speed : fastest;
      const over = (from: bigint, to: bigint) => Math.min(most, (Number(to - from) * 8) / seconds);
      track.rate = { receive: over(mark.receive, receive), transmit: over(mark.transmit, transmit) };
      track.mark = markOf(track);
      return;
    }
    case "still":
      track.rate = noTraffic;
      if (seconds >= longestRefresh) track.mark = markOf(track);
      return;
    case "held":
      track.rate = undefined;
      return;
  }
}

const noTraffic: TrafficRate = { receive: 0, transmit: 0 };
