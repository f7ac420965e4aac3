// Many things that wait for a moment of their own each, with one timer for all: a binary heap, the next on top. A timer
// for each of the requests in flight is an object, a list, and two functions, all of which live just long enough to
// be kept among what is old; here a thing that waits costs nothing but its place.

import { type Clock, elapsed, type Instant, later } from "./clock.ts";
import { type Duration, milliseconds } from "./duration.ts";

/** What can wait, in one `Deadlines` at a time. */
export interface Waiting {
  deadline: Instant;
  /** Where it stands; -1 while it does not wait. Kept by `Deadlines`. */
  heapPlace: number;
}

export interface Deadlines<T extends Waiting> {
  /** From now on, or anew, it waits for so long. */
  set(thing: T, delay: Duration): void;
  /** It waits no more, if it did. */
  clear(thing: T): void;
  /** How many wait. */
  size(): number;
  /** None waits any more. */
  stop(): void;
}

/** `expired` is called once for each whose moment has come, in the order of their moments; it waits no more then. */
export function createDeadlines<T extends Waiting>(clock: Clock, expired: (thing: T) => void): Deadlines<T> {
  let heap: T[] = [];
  let cancel: (() => void) | undefined;
  /** When the timer fires; it may be for one that waits no more. */
  let armedFor = Number.POSITIVE_INFINITY;

  function put(thing: T, place: number): void {
    heap[place] = thing;
    thing.heapPlace = place;
  }

  function rise(thing: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above];
      if (other === undefined || other.deadline <= thing.deadline) break;
      put(other, place);
      place = above;
    }
    put(thing, place);
  }

  function sink(thing: T, from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      const sooner = a !== undefined && b !== undefined && b.deadline < a.deadline ? b : a;
      if (sooner === undefined || thing.deadline <= sooner.deadline) break;
      const below = sooner.heapPlace;
      put(sooner, place);
      place = below;
    }
    put(thing, place);
  }

  function remove(thing: T): void {
    const { heapPlace: place } = thing;
    if (place < 0) return;
    thing.heapPlace = -1;
    const last = heap.pop();
    if (last === undefined || last === thing) return;
    const above = heap[(place - 1) >> 1];
    if (place > 0 && above !== undefined && last.deadline < above.deadline) rise(last, place);
    else sink(last, place);
  }

  function arm(now: Instant): void {
    const [next] = heap;
    if (next === undefined || next.deadline >= armedFor) return;
    cancel?.();
    armedFor = next.deadline;
    // Timers count whole milliseconds, and would fire too early.
    cancel = clock.after(milliseconds(Math.max(0, Math.ceil(elapsed(now, next.deadline)))), fire);
  }

  function fire(): void {
    // The timer has the last word on what has come.
    const until = Math.max(clock.now(), armedFor);
    armedFor = Number.POSITIVE_INFINITY;
    cancel = undefined;
    for (let [next] = heap; next !== undefined && next.deadline <= until; [next] = heap) {
      remove(next);
      expired(next);
    }
    arm(clock.now());
  }

  return {
    set(thing, delay) {
      remove(thing);
      const now = clock.now();
      thing.deadline = later(now, delay);
      rise(thing, heap.length);
      arm(now);
    },
    clear: remove,
    size: () => heap.length,
    stop() {
      cancel?.();
      cancel = undefined;
      armedFor = Number.POSITIVE_INFINITY;
      for (const thing of heap) thing.heapPlace = -1;
      heap = [];
    },
  };
}
