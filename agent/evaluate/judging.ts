// Judges at a steady pace and keeps the latest judgement, which is the memory of the next.

import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import type { Clock } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { Snapshot } from "../state/state.ts";
import { changesBetween } from "./changes.ts";
import { doubtedRouters } from "./doubts.ts";
import { judge } from "./judge.ts";

/** Often enough that it adds little to the time to know, seldom enough to cost nothing. */
const pace = milliseconds(500);

export interface Judging {
  start(): void;
  stop(): void;
  /** Undefined until the first round. */
  latest(): Judgement | undefined;
}

export function createJudging(
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly snapshot: Snapshot;
    /** Is told of each router whose interfaces would tell more if they were polled now; at every round, as long as it holds. */
    readonly doubt?: (router: string) => void;
  },
  estate: Estate,
): Judging {
  const { clock, log, snapshot, doubt } = deps;
  let latest: Judgement | undefined;
  let cancel: (() => void) | undefined;

  function round(): void {
    const next = judge(estate, snapshot, latest, clock.now());
    for (const { severity, message, fields } of changesBetween(latest, next)) log[severity](fields, message);
    latest = next;
    if (doubt !== undefined) for (const router of doubtedRouters(estate, snapshot, next.at)) doubt(router);
    cancel = clock.after(pace, round);
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
