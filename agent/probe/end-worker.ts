import type { Worker } from "node:worker_threads";
import type { Clock } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { ToWorker } from "./messages.ts";

/** Workers nap for 50 ms at most, so one is stuck by then. */
const endWithin = seconds(1);

/** Asks a worker to end, and ends it where it does not; resolves when it has. `whose`: for people, "the prober's". */
export async function endWorker(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  worker: Worker,
  whose: string,
): Promise<void> {
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.postMessage({ kind: "stop" } satisfies ToWorker);
  const cancel = clock.after(endWithin, () => {
    worker.terminate().catch((cause: unknown) => log.error({ error: String(cause) }, `${whose} worker does not end`));
  });
  await ended;
  cancel();
}
