// What is known of a monitored peer, as observations.

import type { BmpDownReason, BmpPrefixesObservation, BmpSessionObservation } from "../estate/bmp-observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { shutdownReason } from "../wire/bgp/notification.ts";
import type { BmpPeer, FamilyRoutes, PeerState } from "./bmp-peer.ts";

/** What a router tells this soon after it connected is what was so before. */
const openingLasts = seconds(5);

/** Undefined while the router has not told. */
export function sessionOf(router: string, peer: BmpPeer, connectedAt: Instant): BmpSessionObservation | undefined {
  const state = peer.state();
  if (state.kind === "unknown") return undefined;
  const of = {
    kind: "bmpSession",
    router,
    remoteAddress: peer.address,
    at: state.at,
    isOld: elapsed(connectedAt, state.at) < openingLasts,
    ups: peer.ups(),
  } as const;
  if (state.kind === "up") {
    return { ...of, established: true, remoteAsn: peer.peerAs(), localAsn: state.localAsn, holdTime: state.holdTime };
  }
  // The router stopped telling of this peer, which says nothing of the session (section 4.9).
  if (state.down.reason === "deconfigured") return { ...of, established: undefined };
  return { ...of, established: false, ...downOf(state) };
}

function downOf({ down }: Extract<PeerState, { kind: "down" }>) {
  const { reason, notification, fsmEvent } = down;
  const known: BmpDownReason = reason === undefined || reason === "deconfigured" ? "unknown" : reason;
  return {
    reason: known,
    notification: notification && ([notification.code, notification.subcode] as const),
    message: notification && shutdownReason(notification),
    fsmEvent,
  };
}

export function prefixesOf(router: string, peer: BmpPeer, at: Instant): BmpPrefixesObservation {
  const isUp = peer.state().kind === "up";
  const [pre, post, out] = [peer.view("inPre"), peer.view("inPost"), peer.view("outPost")];
  const families = (["ipv4", "ipv6"] as const).flatMap((family) => {
    const views = [pre, post, out].map((view) => (view?.doubt === undefined ? view?.[family] : undefined));
    const [received, accepted, advertised] = views;
    if (!isUp || views.every((view) => (view?.table.size() ?? 0) === 0)) return [];
    const best = received ?? accepted;
    return [
      {
        family,
        received: received?.table.size(),
        accepted: accepted?.table.size(),
        advertised: advertised?.table.size(),
        hasDefault: best !== undefined && hasDefault(best),
        prepends: best === undefined ? [] : [...best.prepends],
      },
    ];
  });
  return { kind: "bmpPrefixes", router, remoteAddress: peer.address, at, families };
}

const noOctets = new Uint8Array(0);
const hasDefault = ({ table }: FamilyRoutes) => table.get(noOctets, 0, 0, 0) !== 0;
