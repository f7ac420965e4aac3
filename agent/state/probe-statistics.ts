// What is kept of one stream of probes: tallies for good, its last while for judging, and the windows that are shown.

import type { ProbeCounts, ProbeObservation } from "../estate/observation.ts";
import type { ProbeFigures } from "../estate/probe-figures.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { ProbeSlices } from "./probe-slices.ts";

/** Sums over the life of the agent. */
export interface ProbeTotals
  extends Pick<ProbeCounts, "lost" | "late" | "duplicate" | "reordered" | "discarded" | "sendErrors"> {
  readonly settled: number;
  /** Loss periods (RFC 3357); one that lasts is counted from its first lost probe on. */
  readonly lossBursts: number;
  /** Losses of each way; undefined until a reflector was known to count for itself. */
  readonly directions?: ProbeCounts["directions"];
}

/** Round-trip delays over the life of the agent: those of all probes that were answered in time and are to be trusted. */
export interface DelayHistogram {
  /** By bucket, not added up; one more than there are limits. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

export interface ProbeRecord {
  readonly last: ProbeObservation;
  readonly totals: ProbeTotals;
  readonly histogram: DelayHistogram;
  /** Interarrival jitter in seconds (RFC 3550 section 6.4.1), of round trips; undefined before the second answer. */
  readonly jitter: number | undefined;
  /** What came after `start`, within the time that the stream is kept for judging. */
  since(start: number): ProbeFigures;
  /** Over each of the windows that are shown, up to `now`, in their order. */
  windows(now: Instant): readonly ProbeFigures[];
}

export interface ProbeKeeping {
  /** The windows that are shown. */
  readonly windows: readonly Duration[];
  /** Upper limits of the histogram's buckets in seconds, ascending. */
  readonly buckets: readonly number[];
}

/** Slices for judging: with a window of a minute each holds one report of the prober, and nothing is coarser than that. */
const judgedSlices = 256;
/** Slices of a window that is shown: it ends now, and is up to a twelfth shorter than it says. */
const shownSlices = 12;

/** Before the first probe has settled. */
export const noProbes: ProbeTotals = {
  settled: 0,
  lost: 0,
  late: 0,
  duplicate: 0,
  reordered: 0,
  discarded: 0,
  sendErrors: 0,
  lossBursts: 0,
};

export interface ProbeTrack extends ProbeRecord {
  add(observation: ProbeObservation): void;
}

/** `keep`: how far back it can be judged. */
export function trackProbes(first: ProbeObservation, keep: Duration, keeping: ProbeKeeping): ProbeTrack {
  return new Track(first, keep, keeping);
}

class Track implements ProbeTrack {
  last: ProbeObservation;
  totals = noProbes;
  jitter: number | undefined;
  readonly #judged: ProbeSlices;
  readonly #shown: readonly ProbeSlices[];
  readonly #keeping: ProbeKeeping;
  readonly #counts: number[];
  #sum = 0;
  #inBurst = false;
  #delayBefore: number | undefined;

  constructor(first: ProbeObservation, keep: Duration, keeping: ProbeKeeping) {
    this.last = first;
    this.#judged = new ProbeSlices(keep, judgedSlices, "judged");
    this.#shown = keeping.windows.map((span) => new ProbeSlices(span, shownSlices, "shown"));
    this.#keeping = keeping;
    this.#counts = Array.from({ length: keeping.buckets.length + 1 }, () => 0);
    this.add(first);
  }

  get histogram(): DelayHistogram {
    return { counts: this.#counts, sum: this.#sum };
  }

  add(o: ProbeObservation): void {
    this.last = o;
    this.totals = plus(this.totals, o, this.#burstsBegun(o));
    for (const delay of o.delays) this.#take(delay);
    this.#judged.add(o);
    for (const slices of this.#shown) slices.add(o);
  }

  since(start: number): ProbeFigures {
    return this.#judged.after(start);
  }

  windows(now: Instant): readonly ProbeFigures[] {
    return this.#shown.map((slices, i) => slices.after(now - (this.#keeping.windows[i] ?? 0)));
  }

  #take(delay: number): void {
    const { buckets } = this.#keeping;
    let bucket = 0;
    while (bucket < buckets.length && delay > (buckets[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += delay;
    if (this.#delayBefore !== undefined) {
      this.jitter ??= 0;
      this.jitter += (Math.abs(delay - this.#delayBefore) - this.jitter) / 16;
    }
    this.#delayBefore = delay;
  }

  #burstsBegun({ runs = [] }: ProbeObservation): number {
    let begun = 0;
    for (let place = 0; place < runs.length; place += 2) if ((runs[place] ?? 0) > 0) begun++;
    if (this.#inBurst && (runs[0] ?? 0) > 0) begun--;
    if (runs.length > 0) this.#inBurst = runs.length % 2 === 1;
    return begun;
  }
}

function plus(totals: ProbeTotals, o: ProbeObservation, lossBursts: number): ProbeTotals {
  return {
    settled: totals.settled + o.received + o.lost,
    lost: totals.lost + o.lost,
    late: totals.late + o.late,
    duplicate: totals.duplicate + o.duplicate,
    reordered: totals.reordered + o.reordered,
    discarded: totals.discarded + o.discarded,
    sendErrors: totals.sendErrors + o.sendErrors,
    lossBursts: totals.lossBursts + lossBursts,
    directions:
      o.directions === undefined
        ? totals.directions
        : {
            forward: o.directions.forward + (totals.directions?.forward ?? 0),
            backward: o.directions.backward + (totals.directions?.backward ?? 0),
          },
  };
}
