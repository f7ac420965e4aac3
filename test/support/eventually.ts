/** Milliseconds after which it hangs. */
const within = 60_000;

/** Waits for real events: resolves when `happened` says so, and rejects with `what` when it never does. */
export async function eventually(what: string, happened: () => boolean): Promise<void> {
  const until = performance.now() + within;
  while (!happened()) {
    if (performance.now() > until) throw new Error(`did not happen within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
