// When each check takes its turn. Checks are spread over their interval by the hash of their name, none runs twice at a
// time, and those whose far end hangs cannot take the places of the others.

import type { CheckResult } from "../estate/service-observation.ts";
import { type Clock, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { phase } from "../lib/hash.ts";
import { createQueue } from "../lib/queue.ts";

export interface Turn {
  /** Decides the place in the interval. */
  readonly name: string;
  readonly interval: Duration;
}

export interface CheckTurns {
  start(): void;
  /** No turn begins any more; those in flight end by themselves. */
  stop(): void;
  inFlight(): number;
  /** Turns that fell out because the one before had not ended. */
  skipped(): number;
}

/** Each holds a descriptor and a few kilobytes. */
const mostInFlight = 256;
/** Of these for checks that last timed out, and will likely do so again. */
const mostHanging = 128;

export function createCheckTurns(
  deps: {
    readonly clock: Clock;
    /** Runs the check of that place. */
    readonly run: (index: number) => Promise<CheckResult>;
    readonly done: (index: number, result: CheckResult) => void;
    readonly limits?: { readonly inFlight: number; readonly hanging: number };
  },
  turns: readonly Turn[],
): CheckTurns {
  const { clock, run, done, limits = { inFlight: mostInFlight, hanging: mostHanging } } = deps;
  const cancels = turns.map(() => (): void => undefined);
  const busy = turns.map(() => false);
  const hangs = turns.map(() => false);
  const prompt = createQueue<number>();
  const hanging = createQueue<number>();
  let promptInFlight = 0;
  let hangingInFlight = 0;
  let skipped = 0;
  let stopped = true;

  function plan(index: number, interval: Duration, due: Instant): void {
    cancels[index] = clock.after(milliseconds(due - clock.now()), () => {
      // A host that was asleep makes up for nothing.
      const missed = Math.max(0, Math.floor((clock.now() - due) / interval));
      skipped += missed;
      plan(index, interval, later(due, milliseconds((missed + 1) * interval)));
      take(index);
    });
  }

  function take(index: number): void {
    if (busy[index]) {
      skipped++;
      return;
    }
    busy[index] = true;
    (hangs[index] ? hanging : prompt).push(index);
    launch();
  }

  function launch(): void {
    while (!stopped && promptInFlight + hangingInFlight < limits.inFlight) {
      const next = prompt.shift();
      if (next !== undefined) {
        promptInFlight++;
        begin(next, () => promptInFlight--);
        continue;
      }
      const patient = hangingInFlight < limits.hanging ? hanging.shift() : undefined;
      if (patient === undefined) return;
      hangingInFlight++;
      begin(patient, () => hangingInFlight--);
    }
  }

  async function begin(index: number, ended: () => void): Promise<void> {
    const result = await run(index);
    ended();
    busy[index] = false;
    hangs[index] = result.failure?.reason === "timeout";
    if (!stopped) done(index, result);
    launch();
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      const now = clock.now();
      turns.forEach(({ name, interval }, index) => {
        plan(index, interval, later(now, milliseconds(phase(name) * interval)));
      });
    },
    stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
    },
    inFlight: () => promptInFlight + hangingInFlight,
    skipped: () => skipped,
  };
}
