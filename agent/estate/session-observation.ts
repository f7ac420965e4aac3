// What is told of BGP sessions besides their state at a poll: by notifications, and by the list of a router's peers.

import type { Instant } from "../lib/clock.ts";
import type { BgpState } from "./observation.ts";

/** A notification about a configured session: when it arrived and what it said. It is never believed, only confirmed. */
export interface NotificationObservation {
  readonly kind: "notification";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  /** As its MIB names it. */
  readonly name: string;
  readonly state: BgpState | undefined;
  readonly lastError: readonly [code: number, subcode: number] | undefined;
}

/** The peers of a router, when its tables were last walked. */
export interface PeersObservation {
  readonly kind: "peers";
  readonly router: string;
  readonly at: Instant;
  /** Those with Microsoft's ASN that no path of the estate has. */
  readonly unconfigured: readonly { readonly remoteAddress: string; readonly state: BgpState | undefined }[];
}
