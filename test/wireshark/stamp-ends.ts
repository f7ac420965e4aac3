// Both ends of a STAMP session, ours, on loopback: what is tested has somebody else in between, or at the other end.

import { parseSubnet } from "../../agent/estate/address.ts";
import { type ProbeObservation, subject } from "../../agent/estate/observation.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createProbing } from "../../agent/probe/probing.ts";
import { createReflecting, type Reflecting } from "../../agent/probe/reflecting.ts";

const log: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A stateful Session-Reflector that answers whoever is on loopback. */
export async function startReflector(): Promise<Reflecting> {
  const subnet = parseSubnet("127.0.0.0/8");
  const reflecting = createReflecting(
    { clock: systemClock, log },
    {
      listen: { host: "127.0.0.1", port: 0 },
      senders: subnet.ok ? [subnet.value] : [],
      key: undefined,
      stateful: true,
      senderRate: 1_000,
      totalRate: 1_000,
    },
  );
  const started = await reflecting.start();
  if (!started.ok) throw new Error(started.error);
  return reflecting;
}

/** A Session-Sender of one stream to a port on loopback; `interval` and `timeout` in milliseconds. */
export function startProber(port: number, interval: number, timeout: number) {
  const observed: ProbeObservation[] = [];
  const of = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });
  const target = {
    technique: "stamp",
    address: "127.0.0.1",
    port,
    source: undefined,
    interval: milliseconds(interval),
    timeout: milliseconds(timeout),
  } as const;
  const probing = createProbing(
    { clock: systemClock, log, observe: (o) => void (o.kind === "probe" && observed.push(o)) },
    [{ of, index: 0, target }],
  );
  probing.start();
  return { observed, stop: probing.stop };
}
