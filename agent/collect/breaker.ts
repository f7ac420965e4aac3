// The circuit breakers of the polling, one for each router. A router that answers nothing is not asked for everything
// again and again: one small request, sent once, asks whether it is back. Its groups go on telling, each at its own
// pace, that it does not answer.

import type { PollGroup } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { formatDuration, milliseconds, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { nothing, type Poll } from "./collector.ts";

/** `halfOpen`: the small request was answered, and what is asked since then must show whether the router is back. */
export type BreakerState = "closed" | "open" | "halfOpen";

/** How the small request ended. `aborted` as in `Poll`. */
export type Sign = "heard" | "silent" | "aborted";

export interface Breaker {
  /** What a poll gives without asking; undefined when the router is to be asked. */
  instead(group: PollGroup): Poll | undefined;
  /** Takes how a poll that did ask ended. */
  took(group: PollGroup, poll: Poll): void;
  /** Sends the small request at once, for something says that the router may be back; false when it is not open. */
  knockNow(): boolean;
}

export interface Breakers {
  of(router: BrokenRouter): Breaker;
  /** How many are not closed. */
  open(): number;
  stop(): void;
}

/** A router as its breaker sees it. */
export interface BrokenRouter {
  readonly name: string;
  readonly pollInterval: number;
  /** Those whose silence opens it. */
  readonly groups: readonly PollGroup[];
  /** Sends the small request. */
  readonly knock: () => Promise<Sign>;
  /** Has every group polled now. */
  readonly askAll: () => void;
}

/** As many polls without an answer, in every group, as make what was seen stale. */
const silencesUntilOpen = 3;

/** How often the small request is sent: this often, or less where so many routers are dead that it would be too much. */
const pause = seconds(2);
const mostKnocksPerSecond = 400;

/** The polls of one group that were not answered, since the last that was. */
interface Silence {
  times: number;
  /** What was said of the last. */
  detail: string;
}

export function createBreakers({ clock, log }: { readonly clock: Clock; readonly log: Logger }): Breakers {
  const notClosed = new Map<BrokenRouter, () => void>();

  function breakerOf(router: BrokenRouter): Breaker {
    const { name, groups, pollInterval } = router;
    let state: BreakerState = "closed";
    let heardAt: Instant | undefined;
    let silences: Map<PollGroup, Silence> | undefined;
    let isKnocking = false;
    let again = false;

    function heard(): void {
      heardAt = clock.now();
      silences = undefined;
      if (state === "closed") return;
      state = "closed";
      notClosed.get(router)?.();
      notClosed.delete(router);
      log.info({ router: name }, "it answers again, so everything is asked of it again");
    }

    function silent(group: PollGroup, detail: string): void {
      silences ??= new Map();
      silences.set(group, { times: (silences.get(group)?.times ?? 0) + 1, detail });
      const enough = state === "closed" ? silencesUntilOpen : 1;
      const isDead = groups.every((one) => (silences?.get(one)?.times ?? 0) >= enough);
      if (state === "open" || !isDead) return;
      if (state === "closed") {
        log.warn({ router: name }, "it answers nothing, so it is only asked for sysUpTime until it answers");
      }
      // One that answers the small request and nothing else is not asked for everything more often than before.
      knockAfter(state === "closed" ? restBetweenKnocks() : pollInterval);
      state = "open";
    }

    function restBetweenKnocks(): number {
      return Math.max(Math.min(pause, pollInterval), ((notClosed.size + 1) / mostKnocksPerSecond) * 1_000);
    }

    function knockAfter(ms: number): void {
      notClosed.set(
        router,
        clock.after(milliseconds(ms), () => void knock()),
      );
    }

    async function knock(): Promise<void> {
      const began = clock.now();
      isKnocking = true;
      again = false;
      const sign = await router.knock();
      isKnocking = false;
      if (sign === "aborted" || !notClosed.has(router)) return;
      if (sign === "silent") {
        const next = later(began, milliseconds(restBetweenKnocks()));
        knockAfter(again ? 0 : Math.max(0, elapsed(clock.now(), next)));
        return;
      }
      heardAt = clock.now();
      state = "halfOpen";
      silences = undefined;
      router.askAll();
    }

    return {
      instead(group) {
        if (state !== "open") return undefined;
        const since =
          heardAt === undefined
            ? "has not answered since this agent started"
            : `last answered ${formatDuration(elapsed(heardAt, clock.now()))} ago`;
        const before = silences?.get(group)?.detail ?? "";
        return nothing(
          "timeout",
          `${name} ${since}, so it is only asked for sysUpTime until it answers; when it was last asked for this: ${before}`,
        );
      },
      took(group, { result, detail }) {
        if (result === "timeout") silent(group, detail);
        else if (result !== "unreachable" && result !== "aborted" && result !== "notAsked") heard();
      },
      knockNow() {
        if (state !== "open") return false;
        // What is under way may have been sent before the router was back.
        again = isKnocking;
        if (isKnocking) return true;
        notClosed.get(router)?.();
        void knock();
        return true;
      },
    };
  }

  return {
    of: breakerOf,
    open: () => notClosed.size,
    stop() {
      for (const cancel of notClosed.values()) cancel();
    },
  };
}
