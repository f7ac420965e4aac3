// Times what the agent does with each datagram that a socket hands to it, and tells its own work from collections of
// garbage and from other processes: only processor time of this thread counts, without the collections in it.

import { Socket } from "node:dgram";
import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/** Milliseconds. */
interface Span {
  readonly start: number;
  readonly wall: number;
  readonly cpu: number;
  readonly bytes: Uint8Array;
}

export interface Block {
  /** Milliseconds from the datagram's arrival to the end of its handler. */
  readonly wall: number;
  /** Of those, what our own work took. */
  readonly work: number;
  readonly bytes: Uint8Array;
}

export interface Stopwatch {
  /** The datagram handled now is handled by the test. */
  mine(): void;
  /** What was timed since it was called last. */
  taken(): { readonly milliseconds: number; readonly slowest: readonly Block[] };
  /** Collections, the longest of them, and the longest delay of the event loop with all that the test does in it. */
  stop(): { readonly collections: number; readonly longestCollection: number; readonly longestLoopDelay: number };
}

const kept = 8;

export function startStopwatch(): Stopwatch {
  const collections: { readonly start: number; readonly duration: number }[] = [];
  const note = (entries: readonly PerformanceEntry[]) => {
    for (const entry of entries) {
      const { startTime: start, duration, detail } = entry as PerformanceEntry & { detail: { readonly flags: number } };
      if ((detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) collections.push({ start, duration });
    }
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();

  let slowest: Span[] = [];
  let milliseconds = 0;
  let isMine = false;
  const { emit } = Socket.prototype;
  Socket.prototype.emit = function timed(this: Socket, ...args: Parameters<typeof emit>) {
    const [name, bytes] = args as readonly unknown[];
    if (name !== "message" || !(bytes instanceof Uint8Array)) return emit.apply(this, args);
    isMine = false;
    const before = process.threadCpuUsage();
    const start = performance.now();
    const handled = emit.apply(this, args);
    const wall = performance.now() - start;
    if (isMine) return handled;
    milliseconds += wall;
    if (wall > (slowest.at(-1)?.wall ?? 0) || slowest.length < kept) {
      const used = process.threadCpuUsage(before);
      slowest.push({ start, wall, cpu: (used.user + used.system) / 1_000, bytes });
      slowest = slowest.sort((a, b) => b.wall - a.wall).slice(0, kept);
    }
    return handled;
  } as typeof emit;

  function blockOf({ start, wall, cpu, bytes }: Span): Block {
    const collected = collections
      .filter((of) => of.start < start + wall && of.start + of.duration > start)
      .reduce((sum, { duration }) => sum + duration, 0);
    return { wall, work: Math.max(0, Math.min(wall, cpu) - collected), bytes };
  }

  return {
    mine: () => {
      isMine = true;
    },
    taken() {
      note(observer.takeRecords());
      const taken = { milliseconds, slowest: slowest.map(blockOf) };
      milliseconds = 0;
      slowest = [];
      return taken;
    },
    stop() {
      Socket.prototype.emit = emit;
      observer.disconnect();
      delay.disable();
      return {
        collections: collections.length,
        longestCollection: collections.reduce((most, { duration }) => Math.max(most, duration), 0),
        longestLoopDelay: delay.max / 1e6,
      };
    },
  };
}
