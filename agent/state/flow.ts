// When an interface last carried packets both ways: evidence that whatever is behind it is alive.

import type { InterfaceCounters } from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import type { CounterTrack, TrafficRate } from "./counters.ts";

/** The last two readings in a row between which octets were received and sent. */
export interface Flow extends TrafficRate {
  /** When the earlier of them was asked for: all of the octets came after it. */
  readonly from: Instant;
  readonly to: Instant;
}

/** What has to be known of the reading before, since the track is changed in place. */
export interface FlowMark {
  readonly askedAt: Instant;
  readonly receive: bigint | undefined;
  readonly transmit: bigint | undefined;
  readonly discontinuities: number;
}

export function markFlow({ reading, totals, discontinuities }: CounterTrack): FlowMark {
  const { receiveBytes: receive, transmitBytes: transmit } = totals;
  return { askedAt: reading.source.askedAt, receive, transmit, discontinuities };
}

/** Undefined when not both counters are known to have grown. */
export function flowSince(mark: FlowMark, { reading, totals, discontinuities }: CounterTrack): Flow | undefined {
  const receive = growth(mark.receive, totals, "receiveBytes");
  const transmit = growth(mark.transmit, totals, "transmitBytes");
  const seconds = elapsed(mark.askedAt, reading.at) / 1_000;
  if (receive <= 0 || transmit <= 0 || seconds <= 0 || discontinuities !== mark.discontinuities) return undefined;
  return { from: mark.askedAt, to: reading.at, receive: receive / seconds, transmit: transmit / seconds };
}

/** Bits. */
function growth(before: bigint | undefined, now: InterfaceCounters, counter: "receiveBytes" | "transmitBytes"): number {
  const after = now[counter];
  return before === undefined || after === undefined ? 0 : Number(after - before) * 8;
}
