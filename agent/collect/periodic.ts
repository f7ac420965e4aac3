// Work that repeats on the monotonic timeline: base + n x interval, whatever each run takes.

import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { phase } from "../lib/hash.ts";

export interface Periodic {
  start(): void;
  stop(): void;
  /** Runs out of turn: at once, or as soon as the run that is going has ended. */
  now(): void;
  /** Turns that were left out: the run before was still going, or the host was too late for them. */
  overruns(): number;
}

/** `name` gives the place within the interval, so that many spread evenly and each stays where it is over restarts. */
export function periodic(
  clock: Clock,
  { interval, name }: { readonly interval: Duration; readonly name: string },
  run: () => Promise<void>,
): Periodic {
  let base: Instant | undefined;
  let turn = 0;
  let running = false;
  /** The run that is going began out of turn: the next turn is left to it. */
  let outOfTurn = false;
  let again = false;
  let overruns = 0;
  let cancel = () => {};

  function schedule(from: Instant): void {
    cancel = clock.after(elapsed(clock.now(), later(from, milliseconds(turn * interval))), () => {
      if (!running) begin();
      else if (outOfTurn) outOfTurn = false;
      else overruns += 1;
      const missed = Math.floor(elapsed(from, clock.now()) / interval) - turn;
      if (missed > 0) overruns += missed;
      turn += 1 + Math.max(0, missed);
      schedule(from);
    });
  }

  function begin(): void {
    running = true;
    void run().finally(() => {
      running = false;
      outOfTurn = false;
      if (again) beginNow();
    });
  }

  function beginNow(): void {
    again = running && base !== undefined;
    if (running || base === undefined) return;
    outOfTurn = true;
    begin();
  }

  return {
    start() {
      if (base !== undefined) return;
      base = later(clock.now(), milliseconds(phase(name) * interval));
      turn = 0;
      schedule(base);
    },
    stop() {
      cancel();
      base = undefined;
    },
    now: beginNow,
    overruns: () => overruns,
  };
}
