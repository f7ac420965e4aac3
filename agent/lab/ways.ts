// What a probe meets on each way through the simulated estate.

import { milliseconds } from "../lib/duration.ts";
import { globalReaches, type PathKey, paths } from "./plan.ts";
import type { Way } from "./reflector.ts";
import type { Simulation } from "./simulation.ts";

/** The way of a probe over one path: without carrier or route there is none. */
export function pathWay(simulation: Simulation, key: PathKey): Way {
  const health = simulation.network().paths.get(key);
  const delay = paths.find((p) => p.key === key)?.delay ?? 0;
  return {
    delay: milliseconds(delay + (health?.extraDelay ?? 0)),
    loss: simulation.usable(key) ? (health?.loss ?? 0) : 1,
  };
}

/** Global Reach goes over whichever link of each circuit is left; it is dark only when one has none. */
export function reachWay(simulation: Simulation, name: string): Way {
  const plan = globalReaches.find((g) => g.name === name);
  const health = simulation.network().globalReach.get(name);
  const reachable = (plan?.circuits ?? []).every((circuit) =>
    paths.some((p) => p.circuit.name === circuit && p.peering.name === "azurePrivate" && simulation.usable(p.key)),
  );
  return {
    delay: milliseconds((plan?.delay ?? 0) + (health?.extraDelay ?? 0)),
    loss: reachable ? (health?.loss ?? 0) : 1,
  };
}
