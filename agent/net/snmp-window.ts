// How many requests one socket has in flight. Their answers may all come at once, and what the receive buffer cannot
// hold is lost. A place is held for a moment only: an answer that was not among those of this moment is not among
// those of the next, and a hundred dead or slow routers must not keep every place for a second each.

import { type Clock, elapsed, type Instant } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { createQueue } from "../lib/queue.ts";

export interface WindowLimits {
  /** Requests in flight per socket: 64 lose nothing in the kernel's default receive buffer, 128 do. */
  readonly window: number;
  /** How long a request counts as in flight: longer than most routers take, shorter than they are waited for. */
  readonly hold: Duration;
}

/** What takes a place. */
export interface Holder {
  holdsWindow: boolean;
  startedAt: Instant;
  readonly finished: boolean;
}

export interface Window<T extends Holder> {
  /** From now on places are given; until then all wait. */
  open(): void;
  /** Begins it as soon as there is a place: now, or later in its turn. */
  enter(holder: T): void;
  /** Gives its place, if it has one, to the next. */
  leave(holder: T): void;
  /** Begins no more, and gives back those that wait. */
  close(): readonly T[];
}

export function createWindow<T extends Holder>(
  clock: Clock,
  limits: WindowLimits,
  begin: (holder: T) => void,
): Window<T> {
  const waiting = createQueue<T>();
  /** Oldest first; some have left again. */
  const holding = createQueue<T>();
  let isOpen = false;
  let taken = 0;
  let cancel: (() => void) | undefined;

  function admit(): void {
    while (isOpen && taken < limits.window) {
      const next = waiting.shift();
      if (next === undefined) return;
      if (next.finished) continue;
      taken += 1;
      next.holdsWindow = true;
      next.startedAt = clock.now();
      holding.push(next);
      begin(next);
    }
  }

  function giveUp(holder: T): void {
    if (!holder.holdsWindow) return;
    holder.holdsWindow = false;
    taken -= 1;
  }

  /** Takes the places that were held too long; while others wait, looks again when the next is. */
  function release(): void {
    const now = clock.now();
    for (let oldest = holding.peek(); oldest !== undefined; oldest = holding.peek()) {
      if (oldest.holdsWindow && elapsed(oldest.startedAt, now) < limits.hold) break;
      holding.shift();
      giveUp(oldest);
    }
    admit();
    const oldest = holding.peek();
    if (oldest === undefined || waiting.peek() === undefined) return;
    const left = milliseconds(Math.ceil(limits.hold - elapsed(oldest.startedAt, now)));
    cancel ??= clock.after(left, () => {
      cancel = undefined;
      release();
    });
  }

  return {
    open() {
      isOpen = true;
      release();
    },
    enter(holder) {
      waiting.push(holder);
      if (isOpen) release();
    },
    leave(holder) {
      giveUp(holder);
      admit();
    },
    close() {
      isOpen = false;
      cancel?.();
      cancel = undefined;
      return waiting.drain();
    },
  };
}
