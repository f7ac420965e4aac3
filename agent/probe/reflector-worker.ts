// The reflector's thread, apart from the prober's: no flood of requests can delay a probe.

import { parentPort, workerData } from "node:worker_threads";
import { type Instant, later, monotonicNow } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { Secret } from "../lib/secret.ts";
import { openReflectorSocket } from "../net/reflector-open.ts";
import { type ErrorEstimate, estimateOf } from "../wire/stamp.ts";
import { stampKey } from "../wire/stamp-authenticated.ts";
import type { Loaded, Stop } from "./kept-worker.ts";
import { createStampReflector } from "./reflector.ts";
import {
  type FromReflector,
  type ReflectionOutcome,
  type ReflectorStart,
  reflectionOutcomes,
} from "./reflector-messages.ts";
import { createRefusals } from "./refusals.ts";

const reportEvery = milliseconds(250);
const clockEvery = seconds(1);

async function run(port: NonNullable<typeof parentPort>, start: ReflectorStart): Promise<void> {
  const emit = (message: FromReflector) => port.postMessage(message);
  let stopping = false;
  port.on("message", ({ kind }: Stop) => {
    if (kind === "stop") stopping = true;
  });

  const { socket, clockError, why } = await openReflectorSocket(start.listen, start.sockets);
  port.postMessage("loaded" satisfies Loaded);
  const listening = await socket.open();
  if (!listening.ok) {
    emit({ kind: "cannotListen", message: listening.error });
    port.close();
    return;
  }
  if (why !== "") {
    const message = `the reflector stamps by itself, not by the kernel, and does not know the TTL of requests: ${why}`;
    emit({ kind: "log", level: "warn", fields: {}, message });
  }

  let estimate: ErrorEstimate = estimateOf(clockError());
  const reflector = createStampReflector(
    { now: socket.now, errorEstimate: () => estimate, port: listening.value, refused: createRefusals(emit) },
    { ...start, key: start.key === undefined ? undefined : stampKey(new Secret(start.key)) },
  );
  emit({ kind: "listening", port: listening.value });

  let told: Readonly<Record<ReflectionOutcome, number>> | undefined;
  function report(): void {
    reflector.outcomes.add("overflow", socket.overflowed());
    const all = reflector.outcomes.read();
    const since = reflectionOutcomes.map((outcome) => [outcome, all[outcome] - (told?.[outcome] ?? 0)] as const);
    told = all;
    if (since.some(([, n]) => n > 0)) {
      emit({ kind: "outcomes", outcomes: Object.fromEntries(since) as Record<ReflectionOutcome, number> });
    }
  }

  try {
    let reportAt: Instant = later(monotonicNow(), reportEvery);
    let clockAt: Instant = later(monotonicNow(), clockEvery);
    while (!stopping) {
      await socket.turn(reflector.answer, reflector.sent);
      const now = monotonicNow();
      if (now >= clockAt) {
        estimate = estimateOf(clockError());
        clockAt = later(now, clockEvery);
      }
      if (now >= reportAt) {
        report();
        reportAt = later(now, reportEvery);
      }
    }
    report();
  } finally {
    socket.close();
    port.close();
  }
}

if (parentPort === null) throw new Error("the reflector's worker was started as a program");
await run(parentPort, workerData as ReflectorStart);
