// Each BGP session as polls, BMP and notifications last told of it, and when it dropped.

import type { BmpConnectionObservation, BmpSessionObservation } from "../estate/bmp-observation.ts";
import type { SessionObservation } from "../estate/observation.ts";
import { type SeenSession, seenSession, withNotified } from "../estate/seen-session.ts";
import type { NotificationObservation } from "../estate/session-observation.ts";
import type { Instant } from "../lib/clock.ts";
import { addDrops, type Drops, dropsBetween, dropsTold } from "./flaps.ts";
import { createTable } from "./table.ts";

type Mutable<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;
type MutableSession = Mutable<SessionObservation> & { errorBefore?: SeenSession["errorBefore"] };

interface Notified {
  readonly last: NotificationObservation;
  /** The first since the last poll that did not tell of an established session. */
  readonly leftAt: Instant | undefined;
}

export interface Sessions {
  polled(o: SessionObservation): void;
  told(o: BmpSessionObservation): void;
  notified(o: NotificationObservation): void;
  seen(router: string, remoteAddress: string): SeenSession | undefined;
  /** Undefined where it never did. */
  drops(router: string, remoteAddress: string): Drops | undefined;
}

export function createSessions(bmp: (router: string) => BmpConnectionObservation | undefined): Sessions {
  const polls = createTable<string, MutableSession>();
  const tolds = createTable<string, BmpSessionObservation>();
  const notifications = createTable<string, Notified>();
  const dropped = createTable<string, Drops>();

  function addTo(router: string, remoteAddress: string, more: Drops): void {
    const drops = more.length === 0 ? undefined : addDrops(dropped.get(router, remoteAddress), more);
    if (drops !== undefined) dropped.set(router, remoteAddress, drops);
  }

  return {
    polled(o) {
      const { router, remoteAddress } = o;
      const last = polls.get(router, remoteAddress);
      if (!last?.present || !o.present) {
        polls.set(router, remoteAddress, { ...o });
        return;
      }
      // What BMP tells is counted already.
      const isTold = bmp(router)?.connected === true && tolds.get(router, remoteAddress)?.established !== undefined;
      if (!isTold)
        addTo(router, remoteAddress, dropsBetween(last, o, notifications.get(router, remoteAddress)?.leftAt));
      update(last, o);
    },
    told(o) {
      const { router, remoteAddress } = o;
      addTo(router, remoteAddress, dropsTold(tolds.get(router, remoteAddress), o));
      tolds.set(router, remoteAddress, o);
    },
    notified(o) {
      const { router, remoteAddress } = o;
      const before = notifications.get(router, remoteAddress)?.leftAt;
      const polledAt = polls.get(router, remoteAddress)?.at;
      // A peer that is down may notify at each attempt to connect: the first time is when it went.
      const isFirst = before === undefined || (polledAt !== undefined && before <= polledAt);
      const leftAt = o.state === "established" || !isFirst ? before : o.at;
      notifications.set(router, remoteAddress, { last: o, leftAt });
    },
    seen(router, remoteAddress) {
      const polled = polls.get(router, remoteAddress);
      const seen = seenSession(polled, tolds.get(router, remoteAddress), bmp(router));
      return withNotified(seen, notifications.get(router, remoteAddress)?.last);
    },
    drops: dropped.get,
  };
}

/** It comes at every poll, and is written over what was there: `state.ts` says why. */
function update(
  last: Extract<MutableSession, { readonly present: true }>,
  o: Extract<SessionObservation, { readonly present: true }>,
): void {
  last.at = o.at;
  if (o.state === "established") last.errorBefore = undefined;
  else if (last.state === "established") last.errorBefore = last.lastError;
  last.state = o.state;
  last.adminUp = o.adminUp;
  last.remoteAsn = o.remoteAsn;
  last.establishedTransitions = o.establishedTransitions;
  last.establishedSeconds = o.establishedSeconds;
  last.holdTime = o.holdTime;
  const [code, subcode] = o.lastError;
  if (last.lastError[0] !== code || last.lastError[1] !== subcode) last.lastError = o.lastError;
}
