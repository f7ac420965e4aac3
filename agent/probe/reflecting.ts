// The reflector as the main thread sees it: starts its worker, adds up what it answered, and starts it again when it dies.

import { Worker } from "node:worker_threads";
import { parseAddress } from "../estate/address.ts";
import type { Reflector } from "../estate/estate.ts";
import type { Clock } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { SocketKind } from "../net/probe-open.ts";
import { endWorker } from "./end-worker.ts";
import {
  type FromReflector,
  type ReflectionOutcome,
  type ReflectorStart,
  reflectionOutcomes,
} from "./reflector-messages.ts";
import { octetsOf } from "./senders.ts";

export interface ReflectingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** `portable` does without libc even where it could be had. */
  readonly sockets?: SocketKind;
  /** The worker's file, where it is not the one beside this file. */
  readonly worker?: URL;
}

export interface Reflecting {
  /** The error is one line for people. Does nothing where no reflector is configured. */
  start(): Promise<Result<void, string>>;
  /** Resolves when the worker has ended and its socket is closed. */
  stop(): Promise<void>;
  /** The bound port; 0 when nothing is reflected. */
  port(): number;
  /** What became of the datagrams; undefined where no reflector is configured. */
  outcomes(): Readonly<Record<ReflectionOutcome, number>> | undefined;
  /** Workers started anew because one died. */
  restarts(): number;
}

/** Before a worker that died is started again. */
const pause = seconds(1);

export function createReflecting(
  { clock, log, sockets = "kernel", worker: file = new URL("./reflector-worker.ts", import.meta.url) }: ReflectingDeps,
  config: Reflector | undefined,
): Reflecting {
  const outcomes = createCounters(reflectionOutcomes);
  let worker: Worker | undefined;
  let cancelRestart: () => void = () => undefined;
  let stopped = true;
  let port = 0;
  let restarts = 0;

  function launch(of: Reflector, listening: (outcome: Result<void, string>) => void): void {
    const { host } = of.listen;
    const address = parseAddress(host);
    if (address === undefined) {
      listening(err(`reflector: ${host} is not an address`));
      return;
    }
    const data: ReflectorStart = {
      sockets,
      // The port that was chosen at first stays.
      listen: { host, octets: octetsOf(address.family, address.value), port: port === 0 ? of.listen.port : port },
      senders: of.senders,
      key: of.key?.reveal(),
      stateful: of.stateful,
      senderRate: of.senderRate,
      totalRate: of.totalRate,
    };
    const launched = new Worker(file, { workerData: data, name: "reflecting" });
    worker = launched;
    launched.on("message", (message: FromReflector) => {
      if (message.kind === "log") log[message.level](message.fields, message.message);
      else if (message.kind === "outcomes") {
        for (const outcome of reflectionOutcomes) outcomes.add(outcome, message.outcomes[outcome]);
      } else if (message.kind === "cannotListen") listening(err(message.message));
      else {
        port = message.port;
        listening(ok(undefined));
      }
    });
    launched.on("error", (cause) => log.error({ error: String(cause) }, "the reflector's worker failed"));
    launched.on("exit", (code) => {
      if (worker === launched) worker = undefined;
      listening(err(`reflector: its worker ended with code ${code}`));
      if (stopped) return;
      log.error({ code, againInMs: pause }, "the reflector's worker ended; nothing is reflected until it is back");
      cancelRestart = clock.after(pause, () => {
        restarts++;
        launch(of, (result) => {
          if (result.ok) log.info({ port }, "reflecting again");
        });
      });
    });
  }

  async function stop(): Promise<void> {
    stopped = true;
    cancelRestart();
    if (worker !== undefined) await endWorker({ clock, log }, worker, "the reflector's");
  }

  return {
    async start() {
      if (config === undefined || !stopped) return ok(undefined);
      // Until it listens, an end is an answer to the caller and no reason to try again.
      const listening = await new Promise<Result<void, string>>((resolve) => launch(config, resolve));
      if (!listening.ok) return listening;
      stopped = false;
      const { host } = config.listen;
      log.info({ host, port, stateful: config.stateful, authenticated: config.key !== undefined }, "reflecting STAMP");
      return listening;
    },
    stop,
    port: () => (worker === undefined ? 0 : port),
    outcomes: () => (config === undefined ? undefined : outcomes.read()),
    restarts: () => restarts,
  };
}
