import { setTimeout as sleep } from "node:timers/promises";

export interface Waiting {
  /** Milliseconds until it is given up. */
  readonly within: number;
  /** Milliseconds between two looks; default 100. */
  readonly every?: number;
}

type Look<T> = () => T | Promise<T>;

/**
 * Looks until what is seen is truthy, and gives it. On the deadline it throws what was awaited and,
 * where `seen` says so, what was there instead.
 */
export async function until<T>(
  what: string,
  look: Look<T>,
  { within, every = 100 }: Waiting,
  seen?: Look<unknown>,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() >= deadline) {
      const instead = seen === undefined ? "" : `; instead: ${JSON.stringify(await seen())}`;
      throw new Error(`not within ${within / 1_000} s: ${what}${instead}`);
    }
    await sleep(every);
  }
}
