// What is kept of one stream of probes: tallies for good, its last while for judging, and the windows that are shown.

import type { ProbeCounts, ProbeObservation } from "../estate/observation.ts";
import type { ProbeFigures } from "../estate/probe-figures.ts";
import type { Unsent } from "../estate/unsent.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { ProbeSlices } from "./probe-slices.ts";

/** Sums over the life of the agent. */
export interface ProbeTotals
  extends Pick<ProbeCounts, "lost" | "late" | "duplicate" | "reordered" | "discarded" | "sendErrors"> {
  readonly settled: number;
  /** Of these nobody knows whether they were answered. */
  readonly unheard: number;
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
  /** Of the last observation. */
  readonly last: Pick<ProbeObservation, "index" | "at" | "lossRun" | "lastReceivedAt" | "unheard">;
  /** Since when nothing that was to be sent has left this host, and why; undefined while it does. */
  readonly unsent: (Unsent & { readonly since: Instant }) | undefined;
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
  unheard: 0,
  lossBursts: 0,
};

export interface ProbeTrack extends ProbeRecord {
  add(observation: ProbeObservation): void;
}

/** `keep`: how far back it can be judged. */
export function trackProbes(first: ProbeObservation, keep: Duration, keeping: ProbeKeeping): ProbeTrack {
  return new Track(first, keep, keeping);
}

type Written<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Nothing of an observation is kept, and what is kept is written over: else all that comes would live until the next comes,
 * a second later, and would be garbage among what is old.
 */
class Track implements ProbeTrack {
  readonly last: Written<ProbeRecord["last"]>;
  readonly totals: Written<ProbeTotals> = { ...noProbes };
  unsent: ProbeRecord["unsent"];
  readonly #judged: ProbeSlices;
  readonly #shown: readonly ProbeSlices[];
  readonly #keeping: ProbeKeeping;
  readonly #counts: number[];
  #sum = 0;
  #inBurst = false;
  /** NaN before the first. */
  #delayBefore = Number.NaN;
  /** NaN before the second delay. */
  #jitter = Number.NaN;

  constructor(first: ProbeObservation, keep: Duration, keeping: ProbeKeeping) {
    const { index, at, lossRun, lastReceivedAt, unheard = 0 } = first;
    this.last = { index, at, lossRun, lastReceivedAt, unheard };
    this.#judged = new ProbeSlices(keep, judgedSlices, "judged");
    this.#shown = keeping.windows.map((span) => new ProbeSlices(span, shownSlices, "shown"));
    this.#keeping = keeping;
    this.#counts = Array.from({ length: keeping.buckets.length + 1 }, () => 0);
    this.add(first);
  }

  get histogram(): DelayHistogram {
    return { counts: this.#counts, sum: this.#sum };
  }

  get jitter(): number | undefined {
    return Number.isNaN(this.#jitter) ? undefined : this.#jitter;
  }

  add(o: ProbeObservation): void {
    const { last } = this;
    last.at = o.at;
    last.lossRun = o.lossRun;
    last.lastReceivedAt = o.lastReceivedAt;
    last.unheard = o.unheard ?? 0;
    if (o.received + o.lost + last.unheard > 0) this.unsent = undefined;
    else if (o.unsent !== undefined) this.unsent = { ...o.unsent, since: this.unsent?.since ?? o.at };
    addTo(this.totals, o, this.#burstsBegun(o));
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
    if (!Number.isNaN(this.#delayBefore)) {
      const before = this.jitter ?? 0;
      this.#jitter = before + (Math.abs(delay - this.#delayBefore) - before) / 16;
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

function addTo(totals: Written<ProbeTotals>, o: ProbeObservation, lossBursts: number): void {
  totals.settled += o.received + o.lost;
  totals.lost += o.lost;
  totals.late += o.late;
  totals.duplicate += o.duplicate;
  totals.reordered += o.reordered;
  totals.discarded += o.discarded;
  totals.sendErrors += o.sendErrors;
  totals.unheard += o.unheard ?? 0;
  totals.lossBursts += lossBursts;
  if (o.directions === undefined) return;
  const { forward, backward } = totals.directions ?? { forward: 0, backward: 0 };
  totals.directions = { forward: forward + o.directions.forward, backward: backward + o.directions.backward };
}
