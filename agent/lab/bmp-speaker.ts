// How a simulated router tells of its sessions and routes by BMP: it looks at the simulation, and says what changed.

import { type BmpNeighbour, initiation, peerDown, peerUp, routeMonitoring } from "./bmp-messages.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import { advertised, asPathOf, received } from "./routes.ts";
import type { Simulation } from "./simulation.ts";

export interface BmpSpeaker {
  /** What to send first on a new connection. */
  opening(): readonly Uint8Array[];
  /** What is new since the last call. */
  news(): readonly Uint8Array[];
}

/** What was said of a session that is up: its AS_PATH, and how many prefixes go out. */
interface Told {
  readonly asPath: readonly number[];
  readonly out: readonly string[];
}

export function createBmpSpeaker(router: RouterPlan, simulation: Simulation): BmpSpeaker {
  // A provider edge has one session with the router, whatever peerings the circuit has behind it.
  const mine = [...new Map(paths.filter((p) => p.router === router.name).map((p) => [p.peerAddress, p])).values()];
  const told = new Map<PathPlan, Told>();

  function newsOf(p: PathPlan): readonly Uint8Array[] {
    const of = neighbour(p, router);
    const { links, paths: health } = simulation.network();
    const { closedWith, leaks } = health.get(p.key) ?? { closedWith: undefined, leaks: false };
    const before = told.get(p);
    if (!simulation.session(p.key).established) return told.delete(p) ? [peerDown(of, closedWith)] : [];
    const asPath = asPathOf(p, links.get(p.linkKey)?.drained === true);
    const out = advertised(p, leaks);
    told.set(p, { asPath, out });
    const messages = before === undefined ? [peerUp(of)] : [];
    if (before?.asPath.length !== asPath.length) {
      const routes = { announced: received(p), withdrawn: [], asPath, nextHop: p.peerAddress };
      messages.push(routeMonitoring(of, { ...routes, isOut: false }));
    }
    if (before?.out.length !== out.length) {
      const withdrawn = (before?.out ?? []).slice(out.length);
      const routes = { announced: out, withdrawn, asPath: [p.peering.customerAsn], nextHop: p.localAddress };
      messages.push(routeMonitoring(of, { ...routes, isOut: true }));
    }
    return messages;
  }

  const news = () => mine.flatMap(newsOf);
  return {
    opening() {
      told.clear();
      return [initiation(router.name, descriptionOf(router)), ...news()];
    },
    news,
  };
}

/** What a router of the lab says of itself, by SNMP and by BMP. */
export function descriptionOf({ name }: RouterPlan): string {
  return `Simulated edge router ${name} of the circuitwatch lab: no such device exists`;
}

function neighbour(p: PathPlan, { loopback }: RouterPlan): BmpNeighbour {
  return {
    address: p.peerAddress,
    asn: p.peerAsn,
    localAddress: p.localAddress,
    localAsn: p.peering.customerAsn,
    localBgpId: loopback,
    holdTime: 180,
  };
}
