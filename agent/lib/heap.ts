// How V8 is to treat the heap of an agent, measured with 10,000 routers: of three groups 990 MB of memory become 373.

import { setFlagsFromString } from "node:v8";
import type { Clock } from "./clock.ts";
import { seconds } from "./duration.ts";

/** From here on what lives long is so much that a heap of twice its size is too large. */
const manyRouters = 1_000;

/** Up to here probes and pages are most of what the agent does, and memory is what it could save. */
export const fewRouters = 32;

/**
 * At the very start. On a host with much memory V8 would let the garbage of reading the configuration lie, and all that
 * comes after: with 2,000 probes the agent would take 335 MB where 190 do. It collects more often for it.
 */
export function startSmall(): void {
  setFlagsFromString("--optimize-for-size");
  // Of the threads to come. Each would get a copy of V8's own code, 2 MB, near its compiled code.
  setFlagsFromString("--no-short-builtin-calls");
  // They make little garbage, and of it nothing lives: the space for what is new need not grow, to 4 to 8 MB in each.
  setFlagsFromString("--max-semi-space-size=1");
  // The last of V8's compilers takes 8 MB, its own code among them, and probes cost the same with the one before (Maglev).
  setFlagsFromString("--no-turbofan");
  // V8 lets each thread's heap grow by 8 MB between two full collections, and no flag changes that; but it can begin to mark
  // when a quarter of them is taken, and collects when it has marked.
  setFlagsFromString("--incremental-marking-soft-trigger=25");
  setFlagsFromString("--incremental-marking-hard-trigger=75");
}

/** To be called before anything that allocates much. */
export function keepHeapSmall(routers: number): void {
  // V8 learns in the first minute, when every router is looked over and much waits, which allocations live long, and
  // from then on puts all of their kind among the old: there each poll's garbage stays, with all that it refers to,
  // until a full collection.
  setFlagsFromString("--no-allocation-site-pretenuring");
  if (routers <= fewRouters) setFlagsFromString("--semi-space-growth-factor=1");
  else {
    // A poll would cost three quarters more.
    setFlagsFromString("--no-optimize-for-size");
    setFlagsFromString("--turbofan");
    setFlagsFromString("--incremental-marking-soft-trigger=0");
    setFlagsFromString("--incremental-marking-hard-trigger=0");
  }
  if (routers < manyRouters) return;
  setRoom("little");
}

const rooms = {
  // The space for what is new stays as small as it began: of a poll nearly nothing lives to see the next collection,
  // so that one takes 2 ms and not 30, and 60 MB are saved. Of few routers it is 20 MB, and a poll costs 6 % more.
  // Of many routers what lives long is four fifths of the heap and changes little: a full collection each minute costs
  // nothing that can be measured, and V8's own choice is to let the heap double between two. The small heap of few
  // routers would be collected all the time.
  little: ["--semi-space-growth-factor=1", "--heap-growing-percent=20"],
  // Where a fifth of the routers answers late, what their polls hold outlives that small space: it dies old, 8 MB a second, and
  // is collected every 6 s, for which V8 holds up the main thread most of a second.
  much: ["--semi-space-growth-factor=2", "--heap-growing-percent=40"],
} as const;

function setRoom(room: keyof typeof rooms): void {
  for (const flag of rooms[room]) setFlagsFromString(flag);
}

/** Of the routers: so many requests wait when answers take a second, or do not come. With 100 ms it is half of that. */
const waitingShare = 1 / 25;
const between = seconds(5);

/** Lets the heap of many routers grow while many requests wait; the returned function ends it. */
export function growWhileManyWait(clock: Clock, routers: number, waiting: () => number): () => void {
  if (routers < manyRouters) return () => undefined;
  const look = () => {
    setRoom(waiting() > routers * waitingShare ? "much" : "little");
    cancel = clock.after(between, look);
  };
  let cancel = clock.after(between, look);
  return () => cancel();
}
