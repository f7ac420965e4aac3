// When an interface last carried packets both ways: evidence that whatever is behind it is alive.

import { elapsed, type Instant } from "../lib/clock.ts";
import { type CounterTrack, type TrafficRate, totalOf } from "./counters.ts";

/** The last two readings in a row between which octets were received and sent. */
export interface Flow extends TrafficRate {
  /** When the earlier of them was asked for: all of the octets came after it. */
  readonly from: Instant;
  readonly to: Instant;
}

/** What has to be known of the reading before, since the track is changed in place. */
export interface FlowMark {
  readonly askedAt: Instant;
  readonly receive: number | undefined;
  readonly transmit: number | undefined;
  readonly discontinuities: number;
}

export function markFlow(track: CounterTrack): FlowMark {
  return {
    askedAt: track.last.askedAt,
    receive: totalOf(track, "receiveBytes"),
    transmit: totalOf(track, "transmitBytes"),
    discontinuities: track.discontinuities,
  };
}

/** Undefined when not both counters are known to have grown. */
export function flowSince(mark: FlowMark, track: CounterTrack): Flow | undefined {
  const receive = growth(mark.receive, totalOf(track, "receiveBytes"));
  const transmit = growth(mark.transmit, totalOf(track, "transmitBytes"));
  const { at } = track.last;
  const seconds = elapsed(mark.askedAt, at) / 1_000;
  if (receive <= 0 || transmit <= 0 || seconds <= 0 || track.discontinuities !== mark.discontinuities) return undefined;
  return { from: mark.askedAt, to: at, receive: receive / seconds, transmit: transmit / seconds };
}

/** Bits. */
function growth(before: number | undefined, after: number | undefined): number {
  return before === undefined || after === undefined ? 0 : (after - before) * 8;
}
