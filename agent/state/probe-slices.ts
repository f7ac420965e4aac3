// The probes of one stream over the last while, in slices of time: what is added to costs the same however long the while
// is, and what is asked costs by the number of slices, not of probes.

import type { ProbeObservation } from "../estate/observation.ts";
import type { ProbeFigures, Spread } from "../estate/probe-figures.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import { createRows } from "./rows.ts";
import { createSamples, type Samples } from "./samples.ts";

export interface ProbeSlices {
  add(observation: ProbeObservation): void;
  /** Of the slices that began after `start`: up to a slice less than the time since then, never a part of a slice. */
  after(start: number): ProbeFigures;
}

/** Fields of a slice. `at`: when its first observation was made. */
const at = 0;
const received = 1;
const lost = 2;
const late = 3;
const duplicate = 4;
const reordered = 5;
const discarded = 6;
const oneWayError = 7;
/** Of its probes in the order of sending: how many, loss bursts, the longest, lost ones at its begin and at its end. */
const inOrder = 8;
const bursts = 9;
const longest = 10;
const head = 11;
const tail = 12;
const fields = 13;

/** Probes in the order of sending, so that what follows can be added: a burst may go on over the seam. */
interface Succession {
  probes: number;
  bursts: number;
  longest: number;
  head: number;
  tail: number;
}

/**
 * `most`: slices of the span. What is `judged` needs no variation of the delay, and its few samples are described exactly;
 * what is `shown` is long, and in bins.
 */
export function createProbeSlices(span: Duration, most: number, use: "judged" | "shown"): ProbeSlices {
  const width = span / most;
  const slices = createRows(fields);
  const exact = use === "judged";
  const delays = createSamples({ exact });
  const samples: Samples[] = [delays];
  const variation = use === "shown" ? begun() : undefined;
  let forward: Samples | undefined;
  let backward: Samples | undefined;

  /** Of what is seen for the first time now: the slices before have none. */
  function begun(): Samples {
    const created = createSamples({ exact });
    for (let slice = 0; slice < slices.length(); slice++) created.open();
    samples.push(created);
    return created;
  }

  function newest(now: Instant): number {
    const length = slices.length();
    if (length > 0 && now - slices.get(length - 1, at) < width) return length - 1;
    while (slices.length() > 0 && slices.get(0, at) <= now - span) {
      slices.shift();
      for (const each of samples) each.drop();
    }
    slices.push();
    for (const each of samples) each.open();
    const row = slices.length() - 1;
    slices.set(row, at, now);
    return row;
  }

  function count(row: number, field: number, by: number): void {
    if (by !== 0) slices.set(row, field, slices.get(row, field) + by);
  }

  return {
    add(o) {
      const row = newest(o.at);
      count(row, received, o.received);
      count(row, lost, o.lost);
      count(row, late, o.late);
      count(row, duplicate, o.duplicate);
      count(row, reordered, o.reordered);
      count(row, discarded, o.discarded);
      for (const delay of o.delays) delays.add(delay);
      if (variation !== undefined) for (const signed of o.variations ?? []) variation.add(Math.abs(signed));
      if (o.runs !== undefined) {
        const so = read(row);
        o.runs.forEach((length, place) => {
          join(so, run(length, place % 2 === 0));
        });
        write(row, so);
      }
      if (o.oneWay === undefined) return;
      forward ??= begun();
      backward ??= begun();
      for (const delay of o.oneWay.forward) forward.add(delay);
      for (const delay of o.oneWay.backward) backward.add(delay);
      slices.set(row, oneWayError, Math.max(slices.get(row, oneWayError), o.oneWay.error));
    },
    after(start) {
      let from = slices.length();
      while (from > 0 && slices.get(from - 1, at) > start) from--;
      const sum = (field: number) => {
        let all = 0;
        for (let row = from; row < slices.length(); row++) all += slices.get(row, field);
        return all;
      };
      const all: Succession = { probes: 0, bursts: 0, longest: 0, head: 0, tail: 0 };
      let error = 0;
      for (let row = from; row < slices.length(); row++) {
        join(all, read(row));
        error = Math.max(error, slices.get(row, oneWayError));
      }
      const lostOnes = sum(lost);
      return {
        probes: sum(received) + lostOnes,
        lost: lostOnes,
        late: sum(late),
        duplicate: sum(duplicate),
        reordered: sum(reordered),
        discarded: sum(discarded),
        lossBursts: all.bursts,
        longestLossBurst: all.longest,
        delay: delays.spread(from),
        variation: variation?.spread(from),
        oneWay: bothWays(forward?.spread(from), backward?.spread(from), error),
      };
    },
  };

  function read(row: number): Succession {
    return {
      probes: slices.get(row, inOrder),
      bursts: slices.get(row, bursts),
      longest: slices.get(row, longest),
      head: slices.get(row, head),
      tail: slices.get(row, tail),
    };
  }

  function write(row: number, so: Succession): void {
    slices.set(row, inOrder, so.probes);
    slices.set(row, bursts, so.bursts);
    slices.set(row, longest, so.longest);
    slices.set(row, head, so.head);
    slices.set(row, tail, so.tail);
  }
}

function bothWays(forward: Spread | undefined, backward: Spread | undefined, error: number): ProbeFigures["oneWay"] {
  return forward && backward && { forward, backward, error };
}

function run(length: number, isLost: boolean): Succession {
  const lostOnes = isLost ? length : 0;
  return { probes: length, bursts: isLost && length > 0 ? 1 : 0, longest: lostOnes, head: lostOnes, tail: lostOnes };
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
