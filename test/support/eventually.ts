/** Waits for real events with a bound: resolves when `happened` says so, rejects with `what` after `within` ms. */
export async function eventually(what: string, happened: () => boolean, within = 10_000): Promise<void> {
  const until = performance.now() + within;
  while (!happened()) {
    if (performance.now() > until) throw new Error(`did not happen within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
