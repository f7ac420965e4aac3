// The probes of one stream over the last while, in slices of time: what is added to costs the same however long the while
// is, and what is asked costs by the number of slices and of bins that occur, not of probes.

import type { ProbeObservation } from "../estate/observation.ts";
import type { ProbeFigures } from "../estate/probe-figures.ts";
import type { Duration } from "../lib/duration.ts";
import { Rows } from "./rows.ts";
import { Samples, sampleFields } from "./samples.ts";

/** Fields of a slice. `at`: when its first observation was made. */
const at = 0;
const received = 1;
const lost = 2;
const oneWayError = 3;
const sendErrors = 4;
const delays = 5;
const judgedFields = delays + sampleFields;
/** Those of a slice that is shown. */
const variations = judgedFields;
const late = variations + sampleFields;
const duplicate = late + 1;
const reordered = late + 2;
const discarded = late + 3;
/** Of its probes in the order of sending: how many, loss bursts, the longest, lost ones at its begin and at its end. */
const inOrder = late + 4;
const bursts = late + 5;
const longest = late + 6;
const head = late + 7;
const tail = late + 8;
const shownFields = late + 9;

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
  /** Of each way; they have rows of their own, since few streams have them. */
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
    // One that is open, and one that is about to go.
    this.#slices = new Rows(shown ? shownFields : judgedFields, shown ? most + 2 : 4);
    this.#delays = new Samples(this.#slices, delays, !shown);
    this.#variations = shown ? new Samples(this.#slices, variations, false) : undefined;
  }

  add(o: ProbeObservation): void {
    const slices = this.#slices;
    const row = this.#newest(o.at);
    slices.add(row, received, o.received);
    slices.add(row, lost, o.lost);
    slices.add(row, sendErrors, o.sendErrors);
    for (const delay of o.delays) this.#delays.add(delay);
    if (this.#variations !== undefined) {
      slices.add(row, late, o.late);
      slices.add(row, duplicate, o.duplicate);
      slices.add(row, reordered, o.reordered);
      slices.add(row, discarded, o.discarded);
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
    while (from > 0 && slices.get(from - 1, at) > start) from--;
    let answered = 0;
    let lostOnes = 0;
    let unsent = 0;
    let error = 0;
    const others = { late: 0, duplicate: 0, reordered: 0, discarded: 0 };
    for (let row = from; row < slices.length; row++) {
      answered += slices.get(row, received);
      lostOnes += slices.get(row, lost);
      unsent += slices.get(row, sendErrors);
      error = Math.max(error, slices.get(row, oneWayError));
      if (!shown) continue;
      others.late += slices.get(row, late);
      others.duplicate += slices.get(row, duplicate);
      others.reordered += slices.get(row, reordered);
      others.discarded += slices.get(row, discarded);
      join(all, read(slices, row));
    }
    const forward = this.#oneWay?.forward.spread(from);
    const backward = this.#oneWay?.backward.spread(from);
    return {
      probes: answered + lostOnes,
      lost: lostOnes,
      ...others,
      sendErrors: unsent,
      lossBursts: all.bursts,
      longestLossBurst: all.longest,
      delay: this.#delays.spread(from),
      variation: this.#variations?.spread(from),
      oneWay: forward && backward && { forward, backward, error },
    };
  }

  /** The row of the slice that `now` belongs to. */
  #newest(now: number): number {
    const slices = this.#slices;
    if (slices.length > 0 && now - slices.get(slices.length - 1, at) < this.#width) return slices.length - 1;
    while (slices.length > 0 && slices.get(0, at) <= now - this.#span) {
      this.#delays.drop();
      this.#variations?.drop();
      slices.shift();
      if (this.#oneWay === undefined) continue;
      this.#oneWay.forward.drop();
      this.#oneWay.backward.drop();
      this.#oneWay.slices.shift();
    }
    slices.push();
    this.#oneWay?.slices.push();
    slices.set(slices.length - 1, at, now);
    return slices.length - 1;
  }

  #follow(row: number, runs: readonly number[]): void {
    const so = read(this.#slices, row);
    for (let place = 0; place < runs.length; place++) {
      const length = runs[place] ?? 0;
      const lostOnes = place % 2 === 0 ? length : 0;
      const bursts = lostOnes > 0 ? 1 : 0;
      join(so, { probes: length, bursts, longest: lostOnes, head: lostOnes, tail: lostOnes });
    }
    write(this.#slices, row, so);
  }

  #addOneWay(row: number, oneWay: NonNullable<ProbeObservation["oneWay"]>): void {
    if (this.#oneWay === undefined) {
      const slices = new Rows(2 * sampleFields, this.#slices.length);
      for (let slice = 0; slice < this.#slices.length; slice++) slices.push();
      const [forward, backward] = [new Samples(slices, 0, true), new Samples(slices, sampleFields, true)];
      this.#oneWay = { slices, forward, backward };
    }
    for (const delay of oneWay.forward) this.#oneWay.forward.add(delay);
    for (const delay of oneWay.backward) this.#oneWay.backward.add(delay);
    this.#slices.set(row, oneWayError, Math.max(this.#slices.get(row, oneWayError), oneWay.error));
  }
}

function read(slices: Rows, row: number): Succession {
  return {
    probes: slices.get(row, inOrder),
    bursts: slices.get(row, bursts),
    longest: slices.get(row, longest),
    head: slices.get(row, head),
    tail: slices.get(row, tail),
  };
}

function write(slices: Rows, row: number, so: Succession): void {
  slices.set(row, inOrder, so.probes);
  slices.set(row, bursts, so.bursts);
  slices.set(row, longest, so.longest);
  slices.set(row, head, so.head);
  slices.set(row, tail, so.tail);
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
