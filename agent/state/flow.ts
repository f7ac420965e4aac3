// When an interface last carried packets both ways: evidence that whatever is behind it is alive.

import { elapsed, type Instant } from "../lib/clock.ts";
import { type CounterTrack, type TrafficRate, totalOf } from "./counters.ts";

/** The last two readings in a row between which octets were received and sent. */
export interface Flow extends TrafficRate {
  /** All of the octets came after it. */
  readonly from: Instant;
  readonly to: Instant;
}

/** What is kept of an interface, and changed in place. */
export interface FlowTrack {
  last: Flow | undefined;
  /** What it was if the counters turn out to be taken seldom; undefined: nobody knows since when. */
  ifItStands: Flow | undefined;
  /** The last two readings between which a counter rose: when the first was asked for, and when the second was read. */
  roseFrom: Instant | undefined;
  roseAt: Instant | undefined;
  /** No counter rose between the last two readings. */
  stands: boolean;
}

/** What has to be known of the reading before, since the track is changed in place. */
export interface FlowMark {
  readonly askedAt: Instant;
  readonly receive: number | undefined;
  readonly transmit: number | undefined;
  readonly discontinuities: number;
}

export function trackFlow(): FlowTrack {
  return { last: undefined, ifItStands: undefined, roseFrom: undefined, roseAt: undefined, stands: false };
}

export function markFlow(track: CounterTrack): FlowMark {
  return {
    askedAt: track.last.askedAt,
    receive: totalOf(track, "receiveBytes"),
    transmit: totalOf(track, "transmitBytes"),
    discontinuities: track.discontinuities,
  };
}

/** After the reading that follows `mark`. */
export function addFlow(flow: FlowTrack, mark: FlowMark, track: CounterTrack): void {
  const receive = growth(mark.receive, totalOf(track, "receiveBytes"));
  const transmit = growth(mark.transmit, totalOf(track, "transmitBytes"));
  const { at } = track.last;
  // Routers take counters from their line cards every few seconds (net-snmp: up to 15). One that stood was not taken, and
  // what it rises by at last came since it was taken before: not since the reading before. That it rose at two readings in a
  // row may have been chance, which shows when it then stands for as long.
  if (receive <= 0 && transmit <= 0) {
    const { last } = flow;
    if (last !== undefined && elapsed(mark.askedAt, at) >= elapsed(last.from, last.to) / 2) flow.last = flow.ifItStands;
    flow.stands = true;
    return;
  }
  const slow = flowed(flow.roseFrom, flow.roseAt);
  const now = flow.stands ? slow : flowed(mark.askedAt, mark.askedAt);
  flow.stands = false;
  flow.roseFrom = mark.askedAt;
  flow.roseAt = at;
  const isFlow = receive > 0 && transmit > 0 && track.discontinuities === mark.discontinuities && now !== undefined;
  if (isFlow) flow.last = now;
  // What rises again was taken again.
  flow.ifItStands = isFlow ? slow : flow.last;

  function flowed(from: Instant | undefined, since: Instant | undefined): Flow | undefined {
    const seconds = since === undefined ? 0 : elapsed(since, at) / 1_000;
    if (from === undefined || seconds <= 0) return undefined;
    return { from, to: at, receive: receive / seconds, transmit: transmit / seconds };
  }
}

/** Bits. */
function growth(before: number | undefined, after: number | undefined): number {
  return before === undefined || after === undefined ? 0 : (after - before) * 8;
}
