// A session or an interface that comes and goes: one incident from its Nth drop on, until it has been quiet, and none for each drop.

import type { Circuit, Path } from "../estate/estate.ts";
import type { Condition } from "../estate/judgement.ts";
import type { SessionRules } from "../estate/session-rules.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { type Drops, dropsWithin } from "../state/flaps.ts";
import type { Snapshot } from "../state/state.ts";
import type { Finding } from "./condition.ts";

interface FlapScene {
  readonly path: Path;
  readonly circuit: Circuit;
  readonly rules: SessionRules;
  readonly snapshot: Snapshot;
  readonly now: Instant;
}

export function checkFlapping(scene: FlapScene, before: Condition | undefined): Finding {
  const { path, circuit, snapshot } = scene;
  const { router, session } = path;
  // The interface comes first: what it does, the session does after it.
  const ofInterface = flapping(scene, snapshot.interfaceDrops(router, path.interface), before, "interfaceFlapping");
  if (ofInterface !== undefined) {
    const evidence = `interface ${router} ${path.interface} ${ofInterface}`;
    return { holds: true, cause: "interfaceFlapping", owner: "customerOrProvider", effect: "degraded", evidence };
  }
  const of = {
    cause: "sessionFlapping",
    owner: circuit.connectivityModel === "anyToAny" ? "provider" : "providerOrMicrosoft",
    effect: "degraded",
  } as const;
  const who = `BGP session of ${router} with ${session.remoteAddress} (AS ${session.remoteAsn})`;
  const ofSession = flapping(scene, snapshot.sessionDrops(router, session.remoteAddress), before, "sessionFlapping");
  if (ofSession === undefined) return { ...of, holds: false, evidence: `${who} does not flap` };
  return { ...of, holds: true, evidence: `${who} ${ofSession}` };
}

/** What it did, in words; undefined when it does not flap. */
function flapping(
  { rules: { flapping }, now }: FlapScene,
  drops: Drops | undefined,
  before: Condition | undefined,
  cause: Condition["cause"],
): string | undefined {
  const last = drops?.at(-1);
  if (last === undefined || elapsed(last, now) >= flapping.quiet) return undefined;
  const within = dropsWithin(drops, flapping.within, now);
  const lasts = before?.state === "firing" && before.cause === cause;
  if (within < flapping.drops && !lasts) return undefined;
  const quiet = `it is steady after ${formatDuration(flapping.quiet)} without a drop`;
  if (within < flapping.drops) return `was flapping, and ${quiet}`;
  return `dropped ${within} times in ${formatDuration(flapping.within)}; ${quiet}`;
}
