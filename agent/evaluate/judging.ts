// Judges at a steady pace and keeps the latest judgement, which is the memory of the next.

import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import { type Clock, elapsed } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { Snapshot } from "../state/state.ts";
import { changesBetween } from "./changes.ts";
import { judgeInSteps } from "./judge.ts";

/** Often enough that it adds little to the time to know, seldom enough to cost nothing. */
const pace = milliseconds(500);

/** Of judging at a time: polls and answers do not wait longer for a judgement of thousands of circuits. */
const slice = milliseconds(4);
const atOnce = milliseconds(0);

export interface Judging {
  start(): void;
  stop(): void;
  /** Undefined until the first round. */
  latest(): Judgement | undefined;
}

export function createJudging(
  deps: { readonly clock: Clock; readonly log: Logger; readonly snapshot: Snapshot },
  estate: Estate,
): Judging {
  const { clock, log, snapshot } = deps;
  let latest: Judgement | undefined;
  let cancel: (() => void) | undefined;

  function round(): void {
    goOn(judgeInSteps(estate, snapshot, latest, clock.now()));
  }

  /** A judgement is published when it is whole. */
  function goOn(steps: Generator<void, Judgement>): void {
    const from = clock.now();
    do {
      const step = steps.next();
      if (step.done) {
        publish(step.value);
        cancel = clock.after(pace, round);
        return;
      }
    } while (elapsed(from, clock.now()) < slice);
    cancel = clock.after(atOnce, () => goOn(steps));
  }

  function publish(next: Judgement): void {
    for (const { severity, message, fields } of changesBetween(latest, next)) log[severity](fields, message);
    latest = next;
  }

  return {
    start: round,
    stop() {
      cancel?.();
      cancel = undefined;
    },
    latest: () => latest,
  };
}
