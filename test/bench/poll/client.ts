// The side of a measured client: polls when its parent says so, and tells what it cost this process.

import { expected } from "./load.ts";

export interface Order {
  readonly ports: readonly number[];
  readonly polls: number;
}

export interface Cost {
  /** User and system time of the process, microseconds per poll. */
  readonly cpu: number;
  /** Milliseconds per poll, with several in flight. */
  readonly wall: number;
}

/** Numbers of one poll: how many values, and their sum. */
export interface Reading {
  values: number;
  sum: number;
}

export const inFlight = 16;

/** `poll` asks one router; a wrong reading ends the benchmark, for a cheap wrong answer is no answer. */
export function serveOrders(poll: (port: number) => Promise<Reading>): void {
  async function run({ ports, polls }: Order): Promise<Cost> {
    let begun = 0;
    const cpu = process.cpuUsage();
    const start = performance.now();
    const lane = async () => {
      while (begun < polls) {
        const port = ports[begun++ % ports.length] ?? 0;
        const { values, sum } = await poll(port);
        if (values !== expected.values || sum !== expected.sum) {
          throw new Error(`read ${values} values with sum ${sum}, expected ${expected.values} with ${expected.sum}`);
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    const { user, system } = process.cpuUsage(cpu);
    return { cpu: (user + system) / polls, wall: (performance.now() - start) / polls };
  }

  process.on("message", (order) => {
    run(order as Order).then(
      (cost) => process.send?.(cost),
      (error: Error) => {
        process.stderr.write(`${error.message}\n`);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
}
