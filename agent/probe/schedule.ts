// When each stream sends. Streams of one interval take their turns evenly within it, so that the
// host, the routers and the reflectors never see them all at once.

import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";

export interface Schedule {
  /** When the next probe is due; infinity without streams. */
  next(): Instant;
  /**
   * The streams due by `now`, in order, each with a turn taken, and with them those that are due a moment later: woken up
   * once, many are sent. Turns that lie a whole interval back are skipped.
   */
  due(now: Instant): readonly number[];
  /** Turns skipped because this host did not get to them in time. */
  skipped(): number;
}

/**
 * How much sooner than due a probe is sent in company: a tenth of its interval, and 10 ms at most. After a pause the caches are
 * cold, so that a wake-up costs as much as the probes that it sends (decision 42).
 */
const companyShare = 1 / 10;
const longestCompany = 10;

interface Round {
  readonly interval: Duration;
  readonly streams: readonly number[];
  /** Turns taken since the start: turn k belongs to stream k mod n, and is due at start + k * interval / n. */
  turn: number;
}

/** `intervals[i]` is that of stream i. */
export function createSchedule(intervals: readonly Duration[], start: Instant): Schedule {
  const byInterval = Map.groupBy(intervals.keys(), (stream) => intervals[stream] as Duration);
  const rounds: readonly Round[] = [...byInterval].map(([interval, streams]) => ({ interval, streams, turn: 0 }));
  let skipped = 0;

  const dueAt = (round: Round) => start + (round.turn * round.interval) / round.streams.length;
  const next = () => rounds.reduce((first, round) => Math.min(first, dueAt(round)), Infinity) as Instant;

  return {
    next,
    due(now) {
      const streams: number[] = [];
      if (next() > now) return streams;
      for (const round of rounds) {
        const n = round.streams.length;
        const passed = Math.floor(((now - start) / round.interval) * n);
        // A burst after a pause would measure the burst: at most one turn of each stream is made up for.
        const oldest = passed - n + 1;
        if (round.turn < oldest) {
          skipped += oldest - round.turn;
          round.turn = oldest;
        }
        const until = now + Math.min(round.interval * companyShare, longestCompany);
        for (; dueAt(round) <= until; round.turn++) {
          const stream = round.streams[round.turn % n];
          if (stream !== undefined) streams.push(stream);
        }
      }
      return streams;
    },
    skipped: () => skipped,
  };
}
