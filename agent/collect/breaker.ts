// The circuit breakers of the polling, one for each router. A router that answers nothing is not asked for everything
// again and again: one small request, sent once, asks whether it is back. Its groups go on telling, each at its own
// pace, that it does not answer.

import type { PollGroup } from "../estate/observation.ts";
import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { createDeadlines, type Waiting } from "../lib/deadlines.ts";
import { formatDuration, milliseconds, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { nothing, type Poll } from "./collector.ts";

/** `halfOpen`: the small request was answered, and what is asked since then must show whether the router is back. */
type BreakerState = "closed" | "open" | "halfOpen";

/** How the small request ended. `aborted` as in `Poll`. */
export type Sign = "heard" | "silent" | "aborted";

/** Of one router. Plain data, for there are many. What it waits for is its next small request. */
export interface Breaker extends Waiting {
  readonly router: BrokenRouter;
  state: BreakerState;
  heardAt: Instant | undefined;
  silences: Map<PollGroup, Silence> | undefined;
  /** The small request is under way. */
  isKnocking: boolean;
  /** It is to be sent once more if it is not answered. */
  again: boolean;
}

export interface Breakers {
  of(router: BrokenRouter): Breaker;
  /** What a poll gives without asking; undefined when the router is to be asked. */
  instead(breaker: Breaker, group: PollGroup): Poll | undefined;
  /** Takes how a poll that did ask ended. */
  took(breaker: Breaker, group: PollGroup, poll: Poll): void;
  /** Sends the small request at once, for something says that the router may be back; false when it is not open. */
  knockNow(breaker: Breaker): boolean;
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
  const knocks = createDeadlines<Breaker>(clock, (breaker) => void knock(breaker));
  let notClosed = 0;

  function heard(breaker: Breaker): void {
    breaker.heardAt = clock.now();
    breaker.silences = undefined;
    if (breaker.state === "closed") return;
    breaker.state = "closed";
    knocks.clear(breaker);
    notClosed -= 1;
    log.info({ router: breaker.router.name }, "it answers again, so everything is asked of it again");
  }

  function silent(breaker: Breaker, group: PollGroup, detail: string): void {
    const { router, state } = breaker;
    const silences = breaker.silences ?? new Map<PollGroup, Silence>();
    breaker.silences = silences;
    silences.set(group, { times: (silences.get(group)?.times ?? 0) + 1, detail });
    const enough = state === "closed" ? silencesUntilOpen : 1;
    const isDead = router.groups.every((one) => (silences.get(one)?.times ?? 0) >= enough);
    if (state === "open" || !isDead) return;
    if (state === "closed") {
      notClosed += 1;
      log.warn({ router: router.name }, "it answers nothing, so it is only asked for sysUpTime until it answers");
    }
    // One that answers the small request and nothing else is not asked for everything more often than before.
    knocks.set(breaker, milliseconds(state === "closed" ? restBetweenKnocks(router) : router.pollInterval));
    breaker.state = "open";
  }

  function restBetweenKnocks({ pollInterval }: BrokenRouter): number {
    return Math.max(Math.min(pause, pollInterval), (notClosed / mostKnocksPerSecond) * 1_000);
  }

  async function knock(breaker: Breaker): Promise<void> {
    const { router } = breaker;
    const began = clock.now();
    breaker.isKnocking = true;
    breaker.again = false;
    const sign = await router.knock();
    breaker.isKnocking = false;
    if (sign === "aborted" || breaker.state === "closed") return;
    if (sign === "silent") {
      const next = later(began, milliseconds(restBetweenKnocks(router)));
      knocks.set(breaker, breaker.again ? milliseconds(0) : elapsed(clock.now(), next));
      return;
    }
    breaker.heardAt = clock.now();
    breaker.state = "halfOpen";
    breaker.silences = undefined;
    router.askAll();
  }

  return {
    of: (router) => ({
      router,
      state: "closed",
      heardAt: undefined,
      silences: undefined,
      isKnocking: false,
      again: false,
      deadline: clock.now(),
      heapPlace: -1,
    }),
    instead({ router, state, heardAt, silences }, group) {
      if (state !== "open") return undefined;
      const since =
        heardAt === undefined
          ? "has not answered since this agent started"
          : `last answered ${formatDuration(elapsed(heardAt, clock.now()))} ago`;
      const before = silences?.get(group)?.detail ?? "";
      return nothing(
        "timeout",
        `${router.name} ${since}, so it is only asked for sysUpTime until it answers; when it was last asked for this: ${before}`,
      );
    },
    took(breaker, group, { result, detail }) {
      if (result === "timeout") silent(breaker, group, detail);
      else if (result !== "unreachable" && result !== "aborted" && result !== "notAsked") heard(breaker);
    },
    knockNow(breaker) {
      if (breaker.state !== "open") return false;
      // What is under way may have been sent before the router was back.
      breaker.again = breaker.isKnocking;
      if (breaker.isKnocking) return true;
      knocks.clear(breaker);
      void knock(breaker);
      return true;
    },
    open: () => notClosed,
    stop: knocks.stop,
  };
}
