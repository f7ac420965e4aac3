// The side of a measured client: polls when its parent says so, and tells what it cost this process.

import { expected } from "./load.ts";

export interface Order {
  readonly ports: readonly number[];
  readonly polls: number;
  /** Polls at a time. */
  readonly inFlight: number;
}

export interface Cost {
  /** User and system time of the process, microseconds per poll. */
  readonly cpu: number;
  /** Milliseconds per poll, with `inFlight` at a time. */
  readonly wall: number;
  /** Variable bindings that one poll asks for. */
  readonly values: number;
  /** Series of one router in a scrape; absent where nothing is scraped. */
  readonly series?: number;
}

/** Numbers of one poll: how many values, and their sum. */
export interface Reading {
  values: number;
  sum: number;
}

/** A wrong reading ends the benchmark, for a cheap wrong answer is no answer. */
export function verify({ values, sum }: Reading): void {
  if (values !== expected.values || sum !== expected.sum) {
    throw new Error(`read ${values} values with sum ${sum}, expected ${expected.values} with ${expected.sum}`);
  }
}

/** Polls one router after the other. */
export async function pollAll({ ports, polls, inFlight }: Order, poll: (port: number) => Promise<void>): Promise<void> {
  let begun = 0;
  const lane = async () => {
    while (begun < polls) await poll(ports[begun++ % ports.length] ?? 0);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** What `work` takes: `cpuNow` gives microseconds. */
export async function measure(polls: number, cpuNow: () => number, work: () => Promise<void>): Promise<Cost> {
  const cpu = cpuNow();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  return { cpu: (cpuNow() - cpu) / polls, wall: wall / polls, values: expected.values };
}

export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** `poll` asks one router. */
export function servePolls(poll: (port: number) => Promise<Reading>): void {
  serveOrders((order) => measure(order.polls, ownCpu, () => pollAll(order, async (port) => verify(await poll(port)))));
}

export function serveOrders(run: (order: Order) => Promise<Cost>): void {
  process.on("message", (order) => {
    run(order as Order).then(
      (cost) => process.send?.(cost),
      (error: Error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
}
