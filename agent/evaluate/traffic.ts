// Whether a path's own interface shows that packets come and go: what its MSEE's silence is weighed against.

import { type Estate, type Path, pathsOf, type Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Instant } from "../lib/clock.ts";
import type { Flow } from "../state/flow.ts";
import type { Snapshot } from "../state/state.ts";

/**
 * Bits per second, each way. BFD three times a second, BGP and our own probes come to a tenth of this: what is more is
 * other people's traffic.
 */
const leastTraffic = 50_000;

/** Milliseconds for which it is believed. Routers take their counters from the line cards every few seconds. */
const believedFor = 15_000;

/** Polls, where the router is polled more seldom than that. */
const believedPolls = 3;

/**
 * What the counters of the path's interface say; undefined when they do not show that it carried traffic both ways since
 * `since`, with its BGP session established. An interface that carries several paths tells nothing of one of them.
 */
export function trafficSince(
  { estate, path, router }: { readonly estate: Estate; readonly path: Path; readonly router: Router },
  snapshot: Snapshot,
  since: Instant | undefined,
  now: Instant,
): string | undefined {
  const flow = snapshot.flow(router.name, path.interface);
  const session = snapshot.session(router.name, path.session.remoteAddress);
  if (flow === undefined || session === undefined || !session.present) return undefined;
  if (session.state !== "established" || !isFresh(router, session.at, now)) return undefined;
  if (since !== undefined && flow.from < since) return undefined;
  const carried = isShared(estate, path) ? undefined : carries(router, flow, now);
  return carried && `${router.name} ${path.interface} ${carried}, with BGP established`;
}

/** What an interface receives and sends, in words; undefined when it was not seen of late to carry other people's traffic both ways. */
export function carries(router: Router, flow: Flow | undefined, now: Instant): string | undefined {
  if (flow === undefined || Math.min(flow.receive, flow.transmit) < leastTraffic) return undefined;
  if (now - flow.to > Math.max(believedFor, believedPolls * router.pollInterval)) return undefined;
  const rate = (bits: number) =>
    bits < 1e6 ? `${Math.round(bits / 1e3)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`;
  return `receives ${rate(flow.receive)} and sends ${rate(flow.transmit)}`;
}

const shared = new WeakMap<Estate, ReadonlySet<string>>();

/** Several paths of the estate are on its interface. */
export function isShared(estate: Estate, path: Path): boolean {
  let known = shared.get(estate);
  if (known === undefined) {
    const paths = Map.groupBy(pathsOf(estate), interfaceOf);
    known = new Set([...paths].filter(([, of]) => of.length > 1).map(([name]) => name));
    shared.set(estate, known);
  }
  return known.has(interfaceOf(path));
}

const interfaceOf = (path: Path) => `${path.router} ${path.interface}`;
