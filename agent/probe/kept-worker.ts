// A worker as the main thread keeps it: started, started again after a pause when it died, and ended in order.

import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { type Clock, elapsed, later } from "../lib/clock.ts";
import { type Duration, seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";

/** Every worker says it once: the native library is loaded, so that it may be terminated (decision 32). */
export type Loaded = "loaded";
/** Every worker ends when it is told this. */
export interface Stop {
  readonly kind: "stop";
}

export interface Keeping<To extends object, From extends object> {
  /** The worker's file. */
  readonly file: URL;
  /** Of the thread. */
  readonly name: string;
  /** For people: "the prober's". */
  readonly whose: string;
  /** What stands still without it, for people: "nothing is measured". */
  readonly standstill: string;
  /** Before one that died is started again: twice as long after each death that followed soon. */
  readonly pause: { readonly shortest: Duration; readonly longest: Duration };
  /** `workerData`, for each one anew. */
  data(): unknown;
  /** What each one is told first. */
  greeting?(): To | undefined;
  take(message: From): void;
  ended?(code: number): void;
  /** Whether one that ended by itself is started again; left out: always. */
  lasting?(): boolean;
}

export interface KeptWorker<To extends object> {
  start(): void;
  /** Does nothing while there is none. */
  tell(message: To): void;
  running(): boolean;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
  /** Workers started anew because one died. */
  restarts(): number;
}

/** Workers nap for 50 ms at most, so one is stuck by then. */
const endWithin = seconds(1);
/** One that has not loaded by then is stuck in that. */
const loadWithin = seconds(30);
/** A worker that lived this long did not die of its start. */
const healthyAfter = seconds(60);

export function createKeptWorker<To extends object, From extends object>(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  keeping: Keeping<To, From>,
): KeptWorker<To> {
  const { file, name, whose, standstill, pause } = keeping;
  let worker: Worker | undefined;
  /** The last one that said so. */
  let loaded: Worker | undefined;
  let cancelRestart: () => void = () => undefined;
  let nextPause = pause.shortest;
  let restarts = 0;
  let stopped = true;

  function launch(): void {
    keepWrappersGeneric();
    const startedAt = clock.now();
    const launched = new Worker(file, { workerData: keeping.data(), name });
    worker = launched;
    const greeting = keeping.greeting?.();
    if (greeting !== undefined) launched.postMessage(greeting);
    launched.on("message", (message: From | Loaded) => {
      if (message === "loaded") loaded = launched;
      else keeping.take(message);
    });
    launched.on("error", (cause) => log.error({ error: String(cause) }, `${whose} worker failed`));
    launched.on("exit", (code) => {
      // One that was left behind concerns nobody any more.
      if (worker !== launched) return;
      worker = undefined;
      keeping.ended?.(code);
      if (stopped || keeping.lasting?.() === false) return;
      if (elapsed(startedAt, clock.now()) >= healthyAfter) nextPause = pause.shortest;
      log.error({ code, againInMs: nextPause }, `${whose} worker ended; ${standstill} until it is back`);
      cancelRestart = clock.after(nextPause, () => {
        restarts++;
        launch();
      });
      nextPause = Math.min(nextPause * 2, pause.longest) as Duration;
    });
  }

  /** Asks it to end, and ends it where it does not. */
  async function end(ending: Worker): Promise<void> {
    const until = later(clock.now(), loadWithin);
    let cancel: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      const wait = () => {
        cancel = clock.after(endWithin, () => {
          if (loaded === ending) {
            ending.terminate().catch((cause: unknown) => {
              log.error({ error: String(cause) }, `${whose} worker does not end`);
            });
          } else if (clock.now() < until) {
            // Terminated in the middle of loading koffi, it would take the whole process with it (decision 32).
            wait();
          } else {
            log.error({}, `${whose} worker has not even started; it is left behind`);
            ending.unref();
            resolve();
          }
        });
      };
      ending.once("exit", () => resolve());
      ending.postMessage({ kind: "stop" } satisfies Stop);
      wait();
    });
    cancel();
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      launch();
    },
    tell: (message) => worker?.postMessage(message),
    running: () => worker !== undefined,
    async stop() {
      stopped = true;
      cancelRestart();
      if (worker !== undefined) await end(worker);
    },
    restarts: () => restarts,
  };
}

/**
 * Each thread that loads TypeScript strips it by WebAssembly, and V8 can free a wrapper that it compiled for a call out of
 * there while another thread takes it up again: the process dies (decision 32). Without a budget it compiles none.
 */
function keepWrappersGeneric(): void {
  setFlagsFromString("--wasm-wrapper-tiering-budget=2147483647");
}
