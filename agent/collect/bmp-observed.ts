// What is known of a monitored peer, as observations.

import type {
  BmpConnectionObservation,
  BmpDownReason,
  BmpPrefixesObservation,
  BmpSessionObservation,
} from "../estate/bmp-observation.ts";
import type { DeclaredPrefixes } from "../estate/declared.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { shutdownReason } from "../wire/bgp/notification.ts";
import { peerTypes } from "../wire/bmp/message.ts";
import { missingOf, type Wanted, wantedOf } from "./bmp-declared.ts";
import { type BmpPeer, distinctPrefixes, type FamilyRoutes, type PeerState } from "./bmp-peer.ts";
import type { BmpSession } from "./bmp-session.ts";

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

/** A family is there once the router said something of it, with zero where it has no routes any more. */
export function prefixesOf(
  router: string,
  peer: BmpPeer,
  declared: DeclaredPrefixes | undefined,
  at: Instant,
): BmpPrefixesObservation {
  const isUp = peer.state().kind === "up";
  const families = prefixFamilies.flatMap((family): BmpPrefixesObservation["families"] => {
    const [received, accepted, advertised] = (["inPre", "inPost", "outPost"] as const).map((name) => {
      const view = peer.view(name);
      return view?.doubt === undefined && view?.[family].isTold === true ? view[family] : undefined;
    });
    const best = received ?? accepted;
    const gauge = peer.gauge("adjRibIn", family);
    if (!isUp || (best ?? advertised ?? gauge) === undefined) return [];
    return [
      {
        family,
        received: received && distinctPrefixes(received).size(),
        accepted: accepted && distinctPrefixes(accepted).size(),
        advertised: advertised && distinctPrefixes(advertised).size(),
        ...(gauge === undefined ? {} : { gauge }),
        hasDefault: best !== undefined && hasDefault(best),
        ...(declared === undefined
          ? {}
          : {
              missing: {
                received: missing(received, wantedOf(declared).received[family]),
                accepted: missing(accepted, wantedOf(declared).received[family]),
                advertised: missing(advertised, wantedOf(declared).advertised[family]),
              },
            }),
        prepends: best === undefined ? [] : [...best.prepends],
        communities: { received: received?.communities.read(), accepted: accepted?.communities.read() },
      },
    ];
  });
  return { kind: "bmpPrefixes", router, remoteAddress: peer.address, at, families };
}

type Families = NonNullable<BmpConnectionObservation["locRibs"]>[number]["families"];

/** The Loc-RIBs of a router (RFC 9069), where it tells of any: counted as routes where they are kept, else by the router itself. */
export function locRibsOf(session: BmpSession | undefined): Pick<BmpConnectionObservation, "locRibs"> {
  const told = (session?.peers() ?? []).filter(({ peerType }) => peerType === peerTypes.locRib);
  if (told.length === 0) return {};
  const locRibs = told.map((peer) => {
    const view = peer.view("locRib");
    const families = prefixFamilies.flatMap((family): Families => {
      const routes = view?.doubt === undefined && view?.[family].isTold === true ? view[family] : undefined;
      const gauge = peer.gauge("locRib", family);
      if (routes !== undefined) return [{ family, count: distinctPrefixes(routes).size(), gaugedAt: undefined }];
      return gauge === undefined ? [] : [{ family, count: gauge.count, gaugedAt: gauge.at }];
    });
    return { table: peer.tableName(), isFiltered: peer.isFiltered(), families };
  });
  return { locRibs };
}

const missing = (routes: FamilyRoutes | undefined, wanted: readonly Wanted[]) =>
  routes && missingOf(distinctPrefixes(routes), wanted);

const noOctets = new Uint8Array(0);
const hasDefault = (routes: FamilyRoutes) => distinctPrefixes(routes).get(noOctets, 0, 0, 0) !== 0;
