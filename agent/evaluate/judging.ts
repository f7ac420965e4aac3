// Judges at a steady pace and keeps the latest judgement, which is the memory of the next.

import type { Estate } from "../estate/estate.ts";
import type { Judgement } from "../estate/judgement.ts";
import type { SubjectKey } from "../estate/observation.ts";
import type { Clock } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { inSlices } from "../lib/slices.ts";
import type { Snapshot } from "../state/state.ts";
import { changesBetween } from "./changes.ts";
import { doubtedRouters } from "./doubts.ts";
import { judgeInSteps } from "./judge.ts";
import type { Remembered } from "./usual-memory.ts";
import { worsened } from "./worsened.ts";

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
    /** What was usual before this agent started. */
    readonly remembered?: () => Remembered;
    /** Told of each path or pair that became degraded or down. */
    readonly degraded?: (of: SubjectKey) => void;
    /** Is told of each router whose interfaces would tell more if they were polled now; at every round, as long as it holds. */
    readonly doubt?: (router: string) => void;
  },
  estate: Estate,
): Judging {
  const { clock, log, snapshot, doubt } = deps;
  let latest: Judgement | undefined;
  let cancel: (() => void) | undefined;
  let stopped = false;

  /** A judgement is published when it is whole. */
  async function round(): Promise<void> {
    const next = await inSlices(clock, judgeInSteps(estate, snapshot, latest, clock.now(), deps.remembered?.()));
    if (stopped) return;
    for (const { severity, message, fields } of changesBetween(latest, next)) log[severity](fields, message);
    for (const of of worsened(latest, next)) deps.degraded?.(of);
    latest = next;
    if (doubt !== undefined) for (const router of doubtedRouters(estate, snapshot, next.at)) doubt(router);
    cancel = clock.after(pace, () => void round());
  }

  return {
    start() {
      stopped = false;
      void round();
    },
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
    latest: () => latest,
  };
}
