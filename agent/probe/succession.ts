// What follows on what in the order of sending: runs of lost and of answered probes (RFC 3357), and the variation of the
// delay from one probe to the next (RFC 3393). The order of arrival has no part in either. No I/O and no clock.

import type { ProbeCounts } from "../estate/observation.ts";

/** Told what came of each probe that was sent, in the order of sending, once nothing more can come of it but what is late. */
export class Succession {
  /** Of the probe before; negative or NaN where it gives no pair. */
  #before = Number.NaN;
  /** Lost ones at even places, answered ones at odd places. */
  #runs: number[] | undefined;
  #variations: number[] | undefined;

  /** Seconds of an answer in time; negative where it is not to be trusted; NaN when the probe is lost. */
  settled(delay: number): void {
    this.#count(Number.isNaN(delay) ? 0 : 1);
    if (delay >= 0 && this.#before >= 0) {
      this.#variations ??= [];
      // What is below a nanosecond is the rounding of the subtraction.
      this.#variations.push(Math.round((delay - this.#before) * 1e9) / 1e9);
    }
    this.#before = delay;
  }

  /** Nobody knows what came of a probe: the next delay has none before it. */
  unheard(): void {
    this.#before = Number.NaN;
  }

  /** Since the time before. */
  drain(): Pick<ProbeCounts, "runs" | "variations"> {
    const drained = { runs: this.#runs, variations: this.#variations };
    this.#runs = undefined;
    this.#variations = undefined;
    return drained;
  }

  #count(place: 0 | 1): void {
    this.#runs ??= place === 0 ? [] : [0];
    const runs = this.#runs;
    if (runs.length % 2 === place) runs.push(1);
    else runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
  }
}
