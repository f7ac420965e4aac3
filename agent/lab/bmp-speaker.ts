// How a simulated router tells of its sessions and routes by BMP: it looks at the simulation, and says what changed.

import type { Community } from "../estate/communities.ts";
import { type BmpNeighbour, initiation, peerDown, peerUp, routeMonitoring } from "./bmp-messages.ts";
import { type PathPlan, paths, type RouterPlan } from "./plan.ts";
import { advertised, asPathOf, type MarkedRoutes, marked } from "./routes.ts";
import type { Simulation } from "./simulation.ts";

export interface BmpSpeaker {
  /** What to send first on a new connection. */
  opening(): readonly Uint8Array[];
  /** What is new since the last call. */
  news(): readonly Uint8Array[];
}

/** What was said of a session that is up: its AS_PATH, the service that is withheld, and the prefixes that go out. */
interface Told {
  readonly asPath: readonly number[];
  readonly withheld: Community | undefined;
  readonly out: readonly string[];
}

export function createBmpSpeaker(router: RouterPlan, simulation: Simulation): BmpSpeaker {
  // A provider edge has one session with the router, whatever peerings the circuit has behind it.
  const mine = [...new Map(paths.filter((p) => p.router === router.name).map((p) => [p.peerAddress, p])).values()];
  const told = new Map<PathPlan, Told>();

  function newsOf(p: PathPlan): readonly Uint8Array[] {
    const of = neighbour(p, router);
    const { links, paths: health } = simulation.network();
    const { closedWith, leaks, withheld } = health.get(p.key) ?? well;
    const before = told.get(p);
    if (!simulation.session(p.key).established) return told.delete(p) ? [peerDown(of, closedWith)] : [];
    const asPath = asPathOf(p, links.get(p.linkKey)?.drained === true);
    const out = advertised(p, leaks);
    told.set(p, { asPath, withheld, out });
    const messages = before === undefined ? [peerUp(of)] : [];
    if (before?.asPath.length !== asPath.length || before.withheld !== withheld) {
      messages.push(...marked(p).flatMap((routes) => received(p, of, { routes, asPath, withheld })));
    }
    if (before?.out.length !== out.length) {
      const withdrawn = (before?.out ?? []).slice(out.length);
      const routes = { announced: out, withdrawn, asPath: [p.peering.customerAsn], nextHop: p.localAddress };
      messages.push(routeMonitoring(of, { ...routes, view: "advertised", communities: [] }));
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

const well = { closedWith: undefined, leaks: false, withheld: undefined };

/** Routes as the peer sent them, and as the router's policy let them in: all of them. */
function received(
  { peerAddress }: PathPlan,
  of: BmpNeighbour,
  is: { readonly routes: MarkedRoutes; readonly asPath: readonly number[]; readonly withheld: Community | undefined },
): readonly Uint8Array[] {
  const { prefixes, community } = is.routes;
  const isGone = community !== undefined && community === is.withheld;
  const routes = {
    announced: isGone ? [] : prefixes,
    withdrawn: isGone ? prefixes : [],
    asPath: is.asPath,
    nextHop: peerAddress,
    communities: community === undefined ? [] : [community],
  };
  return (["received", "accepted"] as const).map((view) => routeMonitoring(of, { ...routes, view }));
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
