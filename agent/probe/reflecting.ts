// The reflector as the main thread sees it: starts its worker, adds up what it answered, and starts it again when it dies.

import { parseAddress } from "../estate/address.ts";
import type { Reflector } from "../estate/estate.ts";
import type { Clock } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { SocketKind } from "../net/probe-open.ts";
import { createKeptWorker } from "./kept-worker.ts";
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
  const address = config === undefined ? undefined : parseAddress(config.listen.host);
  let port = 0;
  /** Until it listens, an end is an answer to the caller and no reason to try again. */
  let began = false;
  let listening: (outcome: Result<void, string>) => void = () => undefined;

  function dataOf({ listen, senders, key, stateful, senderRate, totalRate }: Reflector): ReflectorStart {
    const { host } = listen;
    const octets = address === undefined ? new Uint8Array() : octetsOf(address.family, address.value);
    return {
      sockets,
      // The port that was chosen at first stays.
      listen: { host, octets, port: port === 0 ? listen.port : port },
      senders,
      key: key?.reveal(),
      stateful,
      senderRate,
      totalRate,
    };
  }

  const worker = createKeptWorker<never, FromReflector>(
    { clock, log },
    {
      file,
      name: "reflecting",
      whose: "the reflector's",
      standstill: "nothing is reflected",
      pause: { shortest: pause, longest: pause },
      data: () => config && dataOf(config),
      take(message) {
        if (message.kind === "log") log[message.level](message.fields, message.message);
        else if (message.kind === "outcomes") {
          for (const outcome of reflectionOutcomes) outcomes.add(outcome, message.outcomes[outcome]);
        } else if (message.kind === "cannotListen") listening(err(message.message));
        else {
          port = message.port;
          listening(ok(undefined));
        }
      },
      ended: (code) => listening(err(`reflector: its worker ended with code ${code}`)),
      lasting: () => began,
    },
  );

  return {
    async start() {
      if (config === undefined || began) return ok(undefined);
      const { host } = config.listen;
      if (address === undefined) return err(`reflector: ${host} is not an address`);
      const outcome = await new Promise<Result<void, string>>((resolve) => {
        listening = resolve;
        worker.start();
      });
      if (!outcome.ok) {
        await worker.stop();
        return outcome;
      }
      began = true;
      listening = (again) => {
        if (again.ok) log.info({ port }, "reflecting again");
      };
      log.info({ host, port, stateful: config.stateful, authenticated: config.key !== undefined }, "reflecting STAMP");
      return outcome;
    },
    async stop() {
      began = false;
      await worker.stop();
    },
    port: () => (worker.running() ? port : 0),
    outcomes: () => (config === undefined ? undefined : outcomes.read()),
    restarts: worker.restarts,
  };
}
