// Starts workers that use koffi and ends them, some hundreds of times and with next to no patience, and says what became of
// them. It is a program of its own, because what it looks for would end the process.

import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createKeptWorker } from "../../agent/probe/kept-worker.ts";

/** What a worker of ours does when it has loaded. */
const ways = ["obedient", "stuck", "dying"] as const;
const atOnce = 4;
const cycles = 67;

const worker = (way: (typeof ways)[number]) => `
  import { parentPort as port } from "node:worker_threads";
  import koffi from ${JSON.stringify(import.meta.resolve("koffi"))};
  const close = koffi.load(null).func("int close(int)");
  port.postMessage("loaded");
  let stopping = false;
  port.on("message", () => { stopping = true; });
  while (!stopping) {
    for (let i = 0; i < 100; i++) close(-1);
    if ("${way}" === "dying") process.exit(3);
    if ("${way}" !== "stuck") await new Promise((resolve) => setImmediate(resolve));
  }
  port.close();`;

/** Those of the agent, each with nothing to do. */
const ours = {
  "worker.ts": { streams: [], keys: [], sockets: "kernel", lastReceivedAt: [] },
  "reflector-worker.ts": {
    sockets: "kernel",
    listen: { host: "127.0.0.1", octets: Uint8Array.of(127, 0, 0, 1), port: 0 },
    senders: [],
    stateful: false,
    senderRate: 1,
    totalRate: 1,
  },
  "tracer-worker.ts": { targets: [], packetRate: 1 },
  "check-worker.ts": [],
};

const errors = new Map<string, number>();
const log: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: (_, message) => void errors.set(message, (errors.get(message) ?? 0) + 1),
};
const exits: Record<string, number> = {};
let whileLoading = 0;

/** Starts one, and stops it after `delay` ms. */
async function cycle(what: string, file: URL, data: unknown, delay: number): Promise<void> {
  let stopping = false;
  let patience = 0;
  const clock: typeof systemClock = {
    ...systemClock,
    after(_, fn) {
      if (stopping) patience++;
      return systemClock.after(milliseconds(5), fn);
    },
  };
  const kept = createKeptWorker<never, object>(
    { clock, log },
    {
      file,
      name: what,
      whose: what,
      standstill: "nothing is done",
      pause: { shortest: milliseconds(1), longest: milliseconds(1) },
      data: () => data,
      take: () => undefined,
      ended: (code) => {
        exits[`${what} ${code}`] = (exits[`${what} ${code}`] ?? 0) + 1;
      },
    },
  );
  kept.start();
  await new Promise((resolve) => setTimeout(resolve, delay));
  stopping = true;
  await kept.stop();
  // It was not loaded when the patience with it was at its end for the first time.
  if (patience > 1) whileLoading++;
}

async function few(first: number): Promise<void> {
  for (let n = first; n < cycles * ways.length; n += atOnce) {
    const way = ways[n % ways.length] ?? "obedient";
    await cycle(way, new URL(`data:text/javascript,${encodeURIComponent(worker(way))}`), undefined, (n * 7) % 60);
  }
}

await Promise.all(Array.from({ length: atOnce }, (_, first) => few(first)));
for (const delay of [0, 100, 300]) {
  const all = Object.entries(ours).map(([name, data]) =>
    cycle(name, new URL(`../../agent/probe/${name}`, import.meta.url), data, delay),
  );
  await Promise.all(all);
}
process.stdout.write(JSON.stringify({ exits, whileLoading, errors: Object.fromEntries(errors) }));
