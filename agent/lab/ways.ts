// What a probe meets on each way through the simulated estate.

import { milliseconds } from "../lib/duration.ts";
import { globalReaches, type PathKey, paths } from "./plan.ts";
import type { Way } from "./reflector.ts";
import type { Simulation } from "./simulation.ts";

const planned = new Map(paths.map((p) => [p.key, p]));

/**
 * The way of a probe over one path. The reflector stands for the MSEE, at the other end of the wire: it answers
 * with BGP down, as one that has another route back to the agent does. Where the far end is the provider's, it stands behind that, and needs the route.
 */
export function pathWay(simulation: Simulation, key: PathKey): Way {
  const plan = planned.get(key);
  if (plan === undefined) throw new Error(`no path "${key}" in the plan of the lab`);
  const health = simulation.network().paths.get(key);
  const carrier = simulation.network().links.get(plan.linkKey)?.carrier === true;
  const reachable = plan.circuit.connectivityModel === "anyToAny" ? simulation.usable(key) : carrier;
  return {
    delay: milliseconds(plan.delay + (health?.extraDelay ?? 0)),
    loss: reachable ? (health?.loss ?? 0) : 1,
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
