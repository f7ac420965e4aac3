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
import {
  copyWord,
  createWords,
  difference,
  doubleOf,
  growWord,
  isKnown,
  isLess,
  isSame,
  setWord,
  type Words,
} from "./words.ts";

/** One reading of the counters. */
export type CounterReading = Extract<InterfaceObservation, { readonly present: true }>;

/** Bits per second. */
export interface TrafficRate {
  readonly receive: number;
  readonly transmit: number;
}

export interface CounterRecord {
  /** What each counter grew by since the agent started, in the order of `interfaceCounters`; unknown for one that was never seen. */
  readonly totals: Words;
  /** Over the last `rateWindow` or more; undefined until there is one, and after a discontinuity. */
  readonly rate: TrafficRate | undefined;
  /** Intervals that counted nothing because a counter did not run on. */
  readonly discontinuities: number;
}

/** The record of one interface and what its next reading is compared with: changed in place, since all are at every poll. */
export interface CounterTrack extends CounterRecord {
  rate: TrafficRate | undefined;
  discontinuities: number;
  /** What the last reading said beside its counters. */
  readonly last: LastReading;
  /** As read, or higher where a counter has since stepped back a little. */
  readonly base: Words;
  /** It was absent when last asked for: what `base` holds is of another time. */
  isAbsent: boolean;
  /** No value of `base` was true before; its router may have counted for so long without showing it. */
  since: Instant;
  /** Readings in a row that told of a discontinuity by ifCounterDiscontinuityTime. */
  announced: number;
  /** Readings in a row that grew faster than the interface's speed. */
  tooFast: number;
  /** Where the rate is counted from. */
  readonly mark: RateMark;
}

interface LastReading extends CounterSource {
  at: Instant;
  ifIndex: number;
  speed: number;
  trafficBits: 32 | 64;
  ethernetBits: 32 | 64 | undefined;
  discontinuityTime: number | undefined;
  restarts: number;
  askedAt: Instant;
}

interface RateMark {
  at: Instant;
  /** The totals of then. */
  receive: number;
  transmit: number;
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

const size = { 32: 2 ** 32, 64: 2 ** 64 } as const;
const count = interfaceCounters.length;

/** What a reading says, and what its counters grew by: used for one reading at a time. */
const seen = createWords(count);
const growth = new Float64Array(count);

const places = Object.fromEntries(interfaceCounters.map((name, i) => [name, i])) as Record<InterfaceCounter, number>;

/** What a counter grew by, as near as a double comes; undefined when it was never seen. */
export function totalOf({ totals }: CounterRecord, name: InterfaceCounter): number | undefined {
  return doubleOf(totals, places[name]);
}

export function trackCounters(reading: CounterReading): CounterTrack {
  const { source } = reading;
  const track: CounterTrack = {
    totals: createWords(count),
    rate: undefined,
    discontinuities: 0,
    last: lastOf(reading),
    base: createWords(count),
    isAbsent: false,
    since: source.askedAt,
    announced: 0,
    tooFast: 0,
    mark: { at: source.askedAt, receive: 0, transmit: 0 },
  };
  take(reading.counters, true);
  meet(track);
  track.base.set(seen);
  return track;
}

function lastOf({ at, ifIndex, speed, source }: CounterReading): LastReading {
  const { trafficBits, ethernetBits, discontinuityTime, restarts, askedAt } = source;
  return { at, ifIndex, speed, trafficBits, ethernetBits, discontinuityTime, restarts, askedAt };
}

/** Puts what was read where it is compared. */
function take(of: InterfaceCounters, hasEthernet: boolean): void {
  setWord(seen, places.receiveBytes, of.receiveBytes);
  setWord(seen, places.transmitBytes, of.transmitBytes);
  setWord(seen, places.receivePackets, of.receivePackets);
  setWord(seen, places.transmitPackets, of.transmitPackets);
  setWord(seen, places.receiveErrors, of.receiveErrors);
  setWord(seen, places.transmitErrors, of.transmitErrors);
  setWord(seen, places.receiveDiscards, of.receiveDiscards);
  setWord(seen, places.transmitDiscards, of.transmitDiscards);
  for (const name of ethernetCounters) setWord(seen, places[name], hasEthernet ? of[name] : undefined);
}

/** A counter is known from its first reading on. */
function meet({ totals }: CounterTrack): void {
  for (let i = 0; i < count; i++) if (isKnown(seen, i) && !isKnown(totals, i)) setWord(totals, i, 0);
}

/** The interface is gone: if one of its name comes back, its counters are others. */
export function loseCounters(track: CounterTrack): void {
  track.isAbsent = true;
  track.rate = undefined;
}

/** A reading that is no newer than the last changes nothing. */
export function addReading(track: CounterTrack, reading: CounterReading): void {
  const { last } = track;
  if (reading.at <= last.at) return;
  take(reading.counters, reading.source.ethernetBits !== undefined);
  if (reading.speed !== last.speed) track.tooFast = 0;
  const told = hear(track, reading);
  const isAnother = track.isAbsent || reading.ifIndex !== last.ifIndex;
  const grew = told || isAnother ? "broken" : compare(track, reading);
  keep(last, reading);
  if (grew === "broken" || grew === "tooFast") {
    if (grew === "tooFast") track.tooFast += 1;
    beginAnew(track, reading.source.askedAt);
    return;
  }
  if (!isDoubted(track)) track.tooFast = 0;
  if (grew === "moved") track.since = reading.source.askedAt;
  rate(track, reading, grew);
}

function keep(last: LastReading, { at, ifIndex, speed, source }: CounterReading): void {
  last.at = at;
  last.ifIndex = ifIndex;
  last.speed = speed;
  last.trafficBits = source.trafficBits;
  last.ethernetBits = source.ethernetBits;
  last.discontinuityTime = source.discontinuityTime;
  last.restarts = source.restarts;
  last.askedAt = source.askedAt;
}

/** Takes the reading as what the next is compared with, and counts nothing. */
function beginAnew(track: CounterTrack, askedAt: Instant): void {
  meet(track);
  track.rate = undefined;
  track.discontinuities += 1;
  track.base.set(seen);
  track.isAbsent = false;
  track.since = askedAt;
  setMark(track, askedAt);
}

const { receiveBytes, transmitBytes } = places;

function setMark({ mark, totals }: CounterTrack, askedAt: Instant): void {
  mark.at = askedAt;
  mark.receive = doubleOf(totals, receiveBytes) ?? 0;
  mark.transmit = doubleOf(totals, transmitBytes) ?? 0;
}

/** True when a discontinuity is told, and not so often that it means nothing. */
function hear(track: CounterTrack, { source }: CounterReading): boolean {
  const { last } = track;
  if (source.discontinuityTime === last.discontinuityTime) {
    track.announced = 0;
    return false;
  }
  if (source.discontinuityTime === undefined || last.discontinuityTime === undefined) return false;
  // At a restart of the SNMP agent it goes back to zero without a word on the counters.
  if (source.restarts !== last.restarts && source.discontinuityTime === 0) return false;
  track.announced += 1;
  return track.announced <= believed;
}

/** An interface that is faster than its speed again and again has another speed than is told. */
function isDoubted({ tooFast }: CounterTrack): boolean {
  return tooFast >= believed;
}

interface CounterKind {
  readonly countsTraffic: boolean;
  /** What one of it takes on the wire, at least. */
  readonly octetsEach: number;
  /** The octets that packets are made of, where both are counted. */
  readonly beside: number | undefined;
  bits(source: Pick<CounterSource, "trafficBits" | "ethernetBits">): 32 | 64;
}

const kinds: readonly CounterKind[] = interfaceCounters.map((name): CounterKind => {
  const isOctets = name === "receiveBytes" || name === "transmitBytes";
  const octetsEach = isOctets ? 1 : shortestPacket;
  const beside = name === "receivePackets" ? receiveBytes : name === "transmitPackets" ? transmitBytes : undefined;
  if (has(trafficCounters, name)) return { countsTraffic: true, octetsEach, beside, bits: (of) => of.trafficBits };
  const only32 = has(troubleCounters, name) || name === "lateCollisions";
  return { countsTraffic: false, octetsEach, beside, bits: only32 ? () => 32 : (of) => of.ethernetBits ?? 32 };
});

function has(names: readonly InterfaceCounter[], name: InterfaceCounter): boolean {
  return names.includes(name);
}

const unknownKind: CounterKind = {
  countsTraffic: false,
  octetsEach: shortestPacket,
  beside: undefined,
  bits: () => 32,
};

/** Those of Ethernet come last. */
const withoutEthernet = count - ethernetCounters.length;

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
function compare(track: CounterTrack, reading: CounterReading): Growth {
  const { base, last, totals } = track;
  const { source, at, speed } = reading;
  const octetsPerSecond = (speed > 0 && !isDoubted(track) ? speed : fastest) / 8;
  const seconds = elapsed(track.since, at) / 1_000 + refresh;
  const most = octetsPerSecond * seconds;
  const isSameSource =
    source.restarts === last.restarts &&
    source.trafficBits === last.trafficBits &&
    source.ethernetBits === last.ethernetBits;
  const upTo = source.ethernetBits === undefined ? withoutEthernet : count;

  let moved = false;
  let isHeld = false;
  let appeared = false;
  for (let i = 0; i < upTo; i++) {
    const { countsTraffic, octetsEach } = kinds[i] ?? unknownKind;
    const low = base[count + i] ?? 0;
    const usual = (seen[count + i] ?? 0) - low;
    growth[i] = 0;
    // Nearly every counter of nearly every reading: it has grown by what its link carries, and did not begin at 0.
    const isUsual = base[i] === seen[i] && usual >= 0 && usual * octetsEach <= most && (low > 0 || usual === 0);
    if (isUsual && isSameSource) {
      growth[i] = usual;
    } else if (isKnown(base, i) && isKnown(seen, i)) {
      const by = compareOne(track, i, reading, octetsPerSecond, seconds);
      if (typeof by === "string") return by;
      growth[i] = by;
      isHeld ||= by === held;
    } else {
      appeared ||= isKnown(seen, i);
    }
    moved ||= countsTraffic && (growth[i] ?? 0) > 0;
  }
  for (let i = 0; i < upTo; i++) {
    const by = growth[i] ?? 0;
    if (by > 0) growWord(totals, i, by);
    if (by === held) copyWord(seen, i, base);
  }
  base.set(seen);
  if (appeared) meet(track);
  return isHeld ? "held" : moved ? "moved" : "still";
}

/** What one counter grew by, or `held`. */
function compareOne(
  { base, last: before }: CounterTrack,
  i: number,
  { source }: CounterReading,
  octetsPerSecond: number,
  seconds: number,
): number | "broken" | "tooFast" {
  const kind = kinds[i] ?? unknownKind;
  const { octetsEach } = kind;
  const restarted = source.restarts !== before.restarts;
  if (isSame(base, seen, i) || isUnread(kind, base, i)) return 0;
  const width = kind.bits(source);
  if (width !== kind.bits(before)) return "broken";
  const fell = isLess(seen, base, i);
  const forward = difference(base, seen, i, width);
  const isPlausible = forward <= (octetsPerSecond * seconds) / octetsEach;
  if (!restarted && (fell || !isPlausible)) {
    const back = difference(seen, base, i, width);
    const isLittle = back <= (octetsPerSecond * refresh) / octetsEach && back <= size[width] / 16;
    if (isLittle && (!fell || back <= (doubleOf(base, i) ?? 0) / 8)) return held;
  }
  const isPossible = fell ? isPlausible && !restarted : forward <= ((fastest / 8) * seconds) / octetsEach;
  if (!isPossible) return "broken";
  return kind.countsTraffic && !isPlausible ? "tooFast" : forward;
}

/** In place of a growth: what was read is not taken. */
const held = -1;

/**
 * An agent that has just begun may say 0 before it has read a counter (net-snmp: ifHCInUcastPkts): then it leaves 0 with
 * more packets than the octets beside them can hold.
 */
function isUnread({ beside }: CounterKind, base: Words, i: number): boolean {
  if (beside === undefined || doubleOf(base, i) !== 0) return false;
  if (!isKnown(base, beside) || !isKnown(seen, beside) || isLess(seen, base, beside)) return false;
  return (doubleOf(seen, i) ?? 0) * shortestPacket > difference(base, seen, beside, 64);
}

/** From one reading that moved to another, so that the router's own rhythm of counting makes no spikes. */
function rate(track: CounterTrack, { at, speed, source }: CounterReading, grew: "moved" | "still" | "held"): void {
  const { totals, mark } = track;
  const seconds = elapsed(mark.at, at) / 1_000;
  if (seconds < (grew === "moved" ? rateWindow : stillness)) return;
  const receive = doubleOf(totals, receiveBytes);
  const transmit = doubleOf(totals, transmitBytes);
  if (receive === undefined || transmit === undefined) return;
  switch (grew) {
    case "moved": {
      const most = speed > 0 && !isDoubted(track) ? speed : fastest;
      const over = (from: number, to: number) => Math.min(most, ((to - from) * 8) / seconds);
      track.rate = { receive: over(mark.receive, receive), transmit: over(mark.transmit, transmit) };
      setMark(track, source.askedAt);
      return;
    }
    case "still":
      track.rate = noTraffic;
      if (seconds >= longestRefresh) setMark(track, source.askedAt);
      return;
    case "held":
      track.rate = undefined;
      return;
  }
}

const noTraffic: TrafficRate = { receive: 0, transmit: 0 };
