// How much traffic there is, and which link carries it.

import { linkNames } from "../estate/estate.ts";
import { phase } from "../lib/hash.ts";
import type { Network } from "./network.ts";
import { type CircuitPlan, linkKey, type PathKey, type PeeringPlan, pathKey } from "./plan.ts";

/** Bits per second, in the router's direction. */
export interface Rate {
  readonly receive: number;
  readonly transmit: number;
}

/** A day of the simulated estate, in seconds: a tide that can be seen within a few minutes of looking. */
const daySeconds = 1_800;

/** What a link carries without any user: ARP, LLDP, BGP keepalives. */
const background: Rate = { receive: 1_200, transmit: 1_100 };

/** Share of the busy hour's traffic at a time, 0.2 to 1: the tide of a day with smaller waves on it. */
export function demandAt(name: string, atSeconds: number): number {
  const wave = (period: number, salt: string) =>
    Math.sin(2 * Math.PI * (atSeconds / period + phase(`${name} ${salt}`)));
  return 0.6 + 0.25 * wave(daySeconds, "day") + 0.09 * wave(97, "minute") + 0.06 * wave(13, "second");
}

/** Flows are balanced by hash, never quite evenly. */
function primaryShare(circuit: string, peering: string): number {
  return 0.46 + 0.08 * phase(`${circuit} ${peering}`);
}

/**
 * The rate on both paths of a peering. Routing knows only carrier, session and prepended routes:
 * a path that silently loses packets keeps its share, and the flows on it suffer.
 */
export function ratesOf(
  circuit: CircuitPlan,
  peering: PeeringPlan,
  network: Network,
  established: (path: PathKey) => boolean,
  atSeconds: number,
): ReadonlyMap<PathKey, Rate> {
  const states = linkNames.map((link) => {
    const key = pathKey(circuit.name, peering.name, link);
    const health = network.links.get(linkKey(circuit.name, link));
    const carrier = health?.carrier === true;
    return { link, key, carrier, usable: carrier && established(key), drained: health?.drained === true };
  });
  const usable = states.filter((s) => s.usable);
  const preferred = usable.filter((s) => !s.drained);
  const carrying = preferred.length > 0 ? preferred : usable;

  const demand = demandAt(`${circuit.name} ${peering.name}`, atSeconds);
  const share = primaryShare(circuit.name, peering.name);
  return new Map(
    states.map((s) => {
      if (!s.carrier) return [s.key, { receive: 0, transmit: 0 }];
      const even = s.link === "primary" ? share : 1 - share;
      const part = carrying.includes(s) ? (carrying.length === 1 ? 1 : even) : 0;
      const loss = network.paths.get(s.key)?.loss ?? 0;
      return [
        s.key,
        {
          receive: background.receive + peering.peak.receive * demand * part * (1 - loss),
          // Senders back off, but what they still try leaves the router.
          transmit: background.transmit + peering.peak.transmit * demand * part * (1 - 0.9 * loss),
        },
      ];
    }),
  );
}
