// The probes of one stream over the last while, in slices of time: what is added to costs the same however long the while
// is, and what is asked costs by the number of slices and of bins that occur, not of probes.

import type { ProbeObservation } from "../estate/observation.ts";
import type { ProbeFigures } from "../estate/probe-figures.ts";
import type { Duration } from "../lib/duration.ts";
import { Rows } from "./rows.ts";
import { Samples, sampleCounts, sampleTimes } from "./samples.ts";

/** Times of a slice. `at`: when its first observation was made. */
const at = 0;
const delayTimes = 1;
/** Only of one that is judged. */
const oneWayError = delayTimes + sampleTimes;
const judgedTimes = oneWayError + 1;
/** Only of one that is shown. */
const variationTimes = delayTimes + sampleTimes;
const shownTimes = variationTimes + sampleTimes;

/** Counts of a slice. */
const received = 0;
const lost = 1;
const sendErrors = 2;
const delayCounts = 3;
const judgedCounts = delayCounts + sampleCounts;
/** Those of a slice that is shown. `inOrder`: its probes in the order of sending. */
const variationCounts = judgedCounts;
const inOrder = variationCounts + sampleCounts;
const shownCounts = inOrder + 1;

/** What a stream without trouble has none of; such a stream has no rows for it. */
const late = 0;
const duplicate = 1;
const reordered = 2;
const discarded = 3;
/** Of its probes in the order of sending: loss bursts, the longest, lost ones at its begin and at its end. */
const bursts = 4;
const longest = 5;
const head = 6;
const tail = 7;
const troubleCounts = 8;

/** Losses of each way. */
const forward = 0;
const backward = 1;

/** Probes in the order of sending, so that what follows can be added: a burst may go on over the seam. */
interface Succession {
  probes: number;
  bursts: number;
  longest: number;
  head: number;
  tail: number;
}

export class ProbeSlices {
  readonly #span: number;
  readonly #width: number;
  readonly #use: "judged" | "shown";
  readonly #slices: Rows;
  readonly #delays: Samples;
  readonly #variations: Samples | undefined;
  /** Beside the slices, from the first trouble on. */
  #troubles: Rows | undefined;
  /** Of each way; they have rows of their own, since few streams have them. */
  #directions: Rows | undefined;
  #oneWay: { readonly slices: Rows; readonly forward: Samples; readonly backward: Samples } | undefined;

  /**
   * `most`: slices of the span. What is `judged` needs delays and losses only, and its few samples are described exactly;
   * what is `shown` is long, and in bins, and has all the figures.
   */
  constructor(span: Duration, most: number, use: "judged" | "shown") {
    this.#span = span;
    this.#width = span / most;
    this.#use = use;
    const shown = use === "shown";
    // One besides, that is about to go.
    this.#slices = shown ? new Rows(shownTimes, shownCounts, most + 1) : new Rows(judgedTimes, judgedCounts, 4);
    this.#delays = new Samples(this.#slices, delayTimes, delayCounts, !shown);
    this.#variations = shown ? new Samples(this.#slices, variationTimes, variationCounts, false) : undefined;
  }

  add(o: ProbeObservation): void {
    const slices = this.#slices;
    const row = this.#newest(o.at);
    slices.add(row, received, o.received);
    slices.add(row, lost, o.lost);
    slices.add(row, sendErrors, o.sendErrors);
    for (const delay of o.delays) this.#delays.add(delay);
    if (o.directions !== undefined) {
      this.#directions ??= this.#beside(2);
      this.#directions.add(row, forward, o.directions.forward);
      this.#directions.add(row, backward, o.directions.backward);
    }
    if (this.#variations !== undefined) {
      if (o.late + o.duplicate + o.reordered + o.discarded > 0) {
        const troubles = this.#withTroubles();
        troubles.add(row, late, o.late);
        troubles.add(row, duplicate, o.duplicate);
        troubles.add(row, reordered, o.reordered);
        troubles.add(row, discarded, o.discarded);
      }
      if (o.variations !== undefined) for (const signed of o.variations) this.#variations.add(Math.abs(signed));
      if (o.runs !== undefined) this.#follow(row, o.runs);
    } else if (o.oneWay !== undefined) this.#addOneWay(row, o.oneWay);
  }

  /** Of the slices that began after `start`: up to a slice less than the time since then, never a part of a slice. */
  after(start: number): ProbeFigures {
    const slices = this.#slices;
    const shown = this.#use === "shown";
    const all: Succession = { probes: 0, bursts: 0, longest: 0, head: 0, tail: 0 };
    let from = slices.length;
    while (from > 0 && slices.time(from - 1, at) > start) from--;
    let answered = 0;
    let lostOnes = 0;
    let unsent = 0;
    let error = 0;
    const directions = this.#directions && { forward: 0, backward: 0 };
    const others = { late: 0, duplicate: 0, reordered: 0, discarded: 0 };
    for (let row = from; row < slices.length; row++) {
      answered += slices.count(row, received);
      lostOnes += slices.count(row, lost);
      unsent += slices.count(row, sendErrors);
      if (directions !== undefined) {
        directions.forward += this.#directions?.count(row, forward) ?? 0;
        directions.backward += this.#directions?.count(row, backward) ?? 0;
      }
      if (!shown) {
        error = Math.max(error, slices.time(row, oneWayError));
        continue;
      }
      if (this.#troubles !== undefined) {
        others.late += this.#troubles.count(row, late);
        others.duplicate += this.#troubles.count(row, duplicate);
        others.reordered += this.#troubles.count(row, reordered);
        others.discarded += this.#troubles.count(row, discarded);
      }
      join(all, this.#succession(row));
    }
    const there = this.#oneWay?.forward.spread(from);
    const back = this.#oneWay?.backward.spread(from);
    return {
      probes: answered + lostOnes,
      lost: lostOnes,
      directions,
      ...others,
      sendErrors: unsent,
      lossBursts: all.bursts,
      longestLossBurst: all.longest,
      delay: this.#delays.spread(from),
      variation: this.#variations?.spread(from),
      oneWay: there && back && { forward: there, backward: back, error },
    };
  }

  /** The row of the slice that `now` belongs to. */
  #newest(now: number): number {
    const slices = this.#slices;
    if (slices.length > 0 && now - slices.time(slices.length - 1, at) < this.#width) return slices.length - 1;
    while (slices.length > 0 && slices.time(0, at) <= now - this.#span) {
      this.#delays.drop();
      this.#variations?.drop();
      slices.shift();
      this.#troubles?.shift();
      this.#directions?.shift();
      if (this.#oneWay === undefined) continue;
      this.#oneWay.forward.drop();
      this.#oneWay.backward.drop();
      this.#oneWay.slices.shift();
    }
    slices.push();
    this.#troubles?.push();
    this.#directions?.push();
    this.#oneWay?.slices.push();
    slices.setTime(slices.length - 1, at, now);
    return slices.length - 1;
  }

  #follow(row: number, runs: readonly number[]): void {
    const so = this.#succession(row);
    for (let place = 0; place < runs.length; place++) {
      const length = runs[place] ?? 0;
      const lostOnes = place % 2 === 0 ? length : 0;
      const bursts = lostOnes > 0 ? 1 : 0;
      join(so, { probes: length, bursts, longest: lostOnes, head: lostOnes, tail: lostOnes });
    }
    this.#slices.setCount(row, inOrder, so.probes);
    if (so.bursts === 0) return;
    const troubles = this.#withTroubles();
    troubles.setCount(row, bursts, so.bursts);
    troubles.setCount(row, longest, so.longest);
    troubles.setCount(row, head, so.head);
    troubles.setCount(row, tail, so.tail);
  }

  #succession(row: number): Succession {
    const probes = this.#slices.count(row, inOrder);
    const troubles = this.#troubles;
    if (troubles === undefined) return { probes, bursts: 0, longest: 0, head: 0, tail: 0 };
    return {
      probes,
      bursts: troubles.count(row, bursts),
      longest: troubles.count(row, longest),
      head: troubles.count(row, head),
      tail: troubles.count(row, tail),
    };
  }

  #withTroubles(): Rows {
    this.#troubles ??= this.#beside(troubleCounts);
    return this.#troubles;
  }

  /** Rows of counts beside the slices. */
  #beside(counts: number): Rows {
    const rows = new Rows(0, counts, this.#slices.length);
    for (let slice = 0; slice < this.#slices.length; slice++) rows.push();
    return rows;
  }

  #addOneWay(row: number, oneWay: NonNullable<ProbeObservation["oneWay"]>): void {
    if (this.#oneWay === undefined) {
      const slices = new Rows(2 * sampleTimes, 2 * sampleCounts, this.#slices.length);
      for (let slice = 0; slice < this.#slices.length; slice++) slices.push();
      const forward = new Samples(slices, 0, 0, true);
      const backward = new Samples(slices, sampleTimes, sampleCounts, true);
      this.#oneWay = { slices, forward, backward };
    }
    for (const delay of oneWay.forward) this.#oneWay.forward.add(delay);
    for (const delay of oneWay.backward) this.#oneWay.backward.add(delay);
    this.#slices.setTime(row, oneWayError, Math.max(this.#slices.time(row, oneWayError), oneWay.error));
  }
}

/** Adds to `all` what was sent after it. */
function join(all: Succession, next: Succession): void {
  const seam = all.tail + next.head;
  all.bursts += next.bursts - (all.tail > 0 && next.head > 0 ? 1 : 0);
  all.longest = Math.max(all.longest, next.longest, seam);
  if (all.head === all.probes) all.head += next.head;
  all.tail = next.tail === next.probes ? all.tail + next.probes : next.tail;
  all.probes += next.probes;
}
