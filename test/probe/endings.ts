// Starts workers that use koffi and ends them, some hundreds of times and with next to no patience, and says what became of
// them. It is a program of its own, because what it looks for would end the process.

import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createKeptWorker } from "../../agent/probe/kept-worker.ts";

/** `loading`: it is stopped while it loads koffi. The others do this when they have. */
const ways = ["loading", "obedient", "stuck", "dying"] as const;
type Way = (typeof ways)[number];
const atOnce = 4;
const cycles = 50;

const worker = (way: Way) => `
  import { parentPort as port } from "node:worker_threads";
  const way = "${way}";
  const { dlopen } = process;
  process.dlopen = (...file) => {
    if (way === "loading") port.postMessage({});
    return dlopen.apply(process, file);
  };
  const { default: koffi } = await import(${JSON.stringify(import.meta.resolve("koffi"))});
  const close = koffi.load(null).func("int close(int)");
  port.postMessage("loaded");
  if (way !== "loading") port.postMessage({});
  let stopping = false;
  port.on("message", () => { stopping = true; });
  while (!stopping) {
    for (let i = 0; i < 100; i++) close(-1);
    if (way === "dying") process.exit(3);
    if (way !== "stuck") await new Promise((resolve) => setImmediate(resolve));
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
  "check-worker.ts": { streams: [], authorizations: [] },
};

const errors = new Map<string, number>();
const log: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: (_, message) => void errors.set(message, (errors.get(message) ?? 0) + 1),
};
const exits: Record<string, number> = {};
let whileLoading = 0;

/**
 * Starts one, stops it `delay` ms after its first word (if it is `silent`: after its start), and has next to no patience
 * with it, unless it is obedient.
 */
async function cycle(what: string, file: URL, data: unknown, delay: number, silent = false): Promise<void> {
  let stopping = false;
  let patience = 0;
  let said: () => void = () => undefined;
  const firstWord = silent
    ? Promise.resolve()
    : new Promise<void>((resolve) => {
        said = resolve;
      });
  const clock: typeof systemClock = {
    ...systemClock,
    after(delay, fn) {
      if (stopping) patience++;
      return systemClock.after(what === "obedient" ? delay : milliseconds(1), fn);
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
      take: () => said(),
      ended: (code) => {
        exits[`${what} ${code}`] = (exits[`${what} ${code}`] ?? 0) + 1;
      },
    },
  );
  kept.start();
  await firstWord;
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  stopping = true;
  await kept.stop();
  // It had not loaded when the patience with it was at its end for the first time.
  if (patience > 1) whileLoading++;
}

async function few(first: number): Promise<void> {
  for (let n = first; n < cycles * ways.length; n += atOnce) {
    const way = ways[(n >> 2) % ways.length] ?? "loading";
    const file = new URL(`data:text/javascript,${encodeURIComponent(worker(way))}`);
    await cycle(way, file, undefined, way === "loading" ? 0 : n % 20);
  }
}

await Promise.all(Array.from({ length: atOnce }, (_, first) => few(first)));
for (const delay of [0, 100, 300]) {
  const all = Object.entries(ours).map(([name, data]) =>
    cycle(name, new URL(`../../agent/probe/${name}`, import.meta.url), data, delay, true),
  );
  await Promise.all(all);
}
process.stdout.write(JSON.stringify({ exits, whileLoading, errors: Object.fromEntries(errors) }));
