// One trace: which TTL to send next, and when enough is known. No I/O and no clock of its own.

import type { TraceEnd, TraceHop } from "../estate/tracing.ts";
import { elapsed, type Instant, later } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { mostUnheard, type Overflow } from "./overflow.ts";

/** As traceroute has it; a way through a cloud's backbone is shorter. */
export const mostHops = 30;
export const mostTries = 3;
/** TTLs that may be on their way at once: each other's answers come from other routers, so it spares time and no router. */
const window = 3;
/** So many hops in a row that answer nothing, and what is behind them is not looked for. */
const silentHops = 5;
export const tryTimeout = seconds(1);

/** What a hop said: it took the TTL for spent, it is the target, or it will not pass the probe on. */
export type HopAnswer =
  | { readonly kind: "passing"; readonly from: string }
  | { readonly kind: "target"; readonly from: string }
  | { readonly kind: "refusing"; readonly from: string; readonly says: string };

export interface RouteTrace {
  /** The TTL of a probe to be sent now; undefined while there is nothing to do but wait. */
  due(now: Instant): number | undefined;
  sent(ttl: number, now: Instant): void;
  /** `sentAt`: when the probe left that is answered. */
  answered(ttl: number, answer: HopAnswer, sentAt: Instant, now: Instant): void;
  /** When waiting may end; infinity while nothing is under way. */
  wakeAt(): Instant;
  /** Undefined while it goes on. */
  outcome(): { readonly end: TraceEnd; readonly detail: string } | undefined;
  hops(): readonly TraceHop[];
}

interface Hop {
  tries: number;
  /** Those of which this host may have dropped the answer. */
  unheard: number;
  /** The last is neither answered nor given up. */
  waiting: boolean;
  lastSent: Instant;
  address: string | undefined;
  delay: number | undefined;
}

export function createRouteTrace(mayBeUnheard: Overflow["mayHaveTaken"]): RouteTrace {
  const hops: Hop[] = [];
  /** The hop behind which there is nothing to look for. */
  let last = mostHops;
  let end: TraceEnd = "tooLong";
  let detail = "";
  let unheard = 0;

  const hopOf = (ttl: number): Hop => {
    for (let n = hops.length; n < ttl; n++) {
      const lastSent = 0 as Instant;
      hops.push({ tries: 0, unheard: 0, waiting: false, lastSent, address: undefined, delay: undefined });
    }
    return hops[ttl - 1] as Hop;
  };
  const settled = (hop: Hop | undefined) =>
    hop !== undefined && (hop.address !== undefined || (hop.tries - hop.unheard >= mostTries && !hop.waiting));

  /** Gives up the tries that were not answered in time. */
  function expire(now: Instant): void {
    for (const hop of hops.slice(0, last)) {
      if (!hop.waiting || elapsed(hop.lastSent, now) < tryTimeout) continue;
      hop.waiting = false;
      if (!mayBeUnheard(hop.lastSent, later(hop.lastSent, tryTimeout))) continue;
      hop.unheard++;
      unheard++;
    }
  }

  /** The first TTL of which more may be learnt; behind `last` when nothing may. */
  function frontier(): number {
    let ttl = 1;
    let silent = 0;
    for (; ttl <= last && settled(hops[ttl - 1]); ttl++) {
      silent = hops[ttl - 1]?.address === undefined ? silent + 1 : 0;
      // Not while somebody further on has answered already.
      if (silent === silentHops && !hops.slice(ttl).some(({ address }) => address !== undefined)) {
        last = ttl;
        [end, detail] = ["silent", ""];
      }
    }
    return ttl;
  }

  return {
    due(now) {
      expire(now);
      const first = frontier();
      // What was heard behind it would be taken for what is right behind the hop before.
      if (unheard > mostUnheard && first <= last) [last, end, detail] = [first - 1, "unheard", ""];
      const heard = hops.findLastIndex(({ address }) => address !== undefined) + 1;
      for (let ttl = first; ttl <= Math.min(last, first + window - 1, heard + silentHops); ttl++) {
        const hop = hopOf(ttl);
        if (!settled(hop) && !hop.waiting) return ttl;
      }
      return undefined;
    },
    sent(ttl, now) {
      const hop = hopOf(ttl);
      hop.tries++;
      hop.waiting = true;
      hop.lastSent = now;
    },
    answered(ttl, answer, sentAt, now) {
      const hop = hopOf(ttl);
      if (hop.address !== undefined || ttl > last) return;
      hop.waiting = false;
      hop.address = answer.from;
      hop.delay = elapsed(sentAt, now) / 1_000;
      if (answer.kind === "passing") return;
      // The target answers to every TTL from its own on: the least of them is its place.
      last = ttl;
      [end, detail] = answer.kind === "target" ? ["reached", ""] : ["unreachable", `${answer.from}: ${answer.says}`];
    },
    wakeAt() {
      const open = hops.slice(0, last).filter(({ waiting }) => waiting);
      return Math.min(...open.map(({ lastSent }) => later(lastSent, tryTimeout)), Infinity) as Instant;
    },
    outcome: () => (frontier() > last ? { end, detail } : undefined),
    hops: () =>
      hops
        .slice(0, last)
        .map(({ address, delay, tries }, i) => ({ ttl: i + 1, address, delay, tries }))
        .filter(({ tries }) => tries > 0),
  };
}
