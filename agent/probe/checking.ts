// The checks of services and internet dependencies as the main thread sees them: starts their worker, hands on what it
// reports, and starts it again when it dies.

import type { Observe } from "../estate/observation.ts";
import type { ServiceCheck } from "../estate/service.ts";
import type { Clock } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import type { Logger } from "../lib/log.ts";
import type { CheckReport, CheckStart, CheckStream } from "./check-messages.ts";
import { createKeptWorker } from "./kept-worker.ts";

export interface CheckingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observe: Observe;
  /** The worker's file, where it is not the one beside this file. */
  readonly worker?: URL;
}

export interface Checking {
  start(): void;
  /** Resolves when the worker has ended. */
  stop(): Promise<void>;
  /** As of the last report. */
  inFlight(): number;
  /** Turns that fell out because the one before had not ended. */
  skipped(): number;
  /** Workers started anew because one died. */
  restarts(): number;
}

/** Before a worker that died is started again; every check takes its own turn then, so there is no burst to fear. */
const pause = seconds(5);

export function createChecking(
  { clock, log, observe, worker: file = new URL("./check-worker.ts", import.meta.url) }: CheckingDeps,
  streams: readonly CheckStream[],
): Checking {
  let inFlight = 0;
  let skipped = 0;
  const worker = createKeptWorker<never, CheckReport>(
    { clock, log },
    {
      file,
      name: "checks",
      whose: "the checks'",
      standstill: "no service is checked",
      pause: { shortest: pause, longest: pause },
      data: (): CheckStart => ({
        streams: streams.map((stream) => ({ ...stream, check: withoutCredentials(stream.check) })),
        authorizations: streams.map(({ check }) => authorizationOf(check)),
      }),
      take(report) {
        inFlight = report.inFlight;
        skipped += report.skipped;
        observe(report.observation);
      },
    },
  );

  return {
    start() {
      if (streams.length > 0) worker.start();
    },
    stop: worker.stop,
    inFlight: () => inFlight,
    skipped: () => skipped,
    restarts: worker.restarts,
  };
}

function withoutCredentials(check: ServiceCheck): ServiceCheck {
  if (check.technique !== "http" || check.proxy === undefined) return check;
  return { ...check, proxy: { ...check.proxy, credentials: undefined } };
}

/** Basic (RFC 7617), whose user and password are UTF-8 here. */
function authorizationOf(check: ServiceCheck): string | undefined {
  if (check.technique !== "http" || check.proxy?.credentials === undefined) return undefined;
  const { user, password } = check.proxy.credentials;
  return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString("base64")}`;
}
