// What monitored routers told the agent's BMP station (RFC 7854). The router sends each change by itself, and nothing while
// nothing changes: what it told holds as long as its connection stands. That a connection is lost says nothing of a session.

import type { Instant } from "../lib/clock.ts";
import type { Community } from "./communities.ts";
import type { LinkName, PeeringName } from "./estate.ts";
import type { PrefixFamily } from "./link-observation.ts";

/** Made when a connection begins and ends, and at every poll interval while it stands. */
export interface BmpConnectionObservation {
  readonly kind: "bmpConnection";
  readonly router: string;
  readonly at: Instant;
  readonly connected: boolean;
  /** When it began, or ended. */
  readonly since: Instant;
  /** For people: the system that sends, or why the connection ended. */
  readonly detail: string;
  /** Sessions with Microsoft's ASN that no path of the estate has. */
  readonly unconfigured: readonly string[];
  /** What the router tells of its Loc-RIBs (RFC 9069); absent where it tells of none. */
  readonly locRibs?: readonly {
    /** VRF or table, as the router names it: untrusted text. */
    readonly table: string;
    /** Not all of its routes are told. */
    readonly isFiltered: boolean;
    readonly families: readonly {
      readonly family: PrefixFamily;
      readonly count: number;
      /** When the router said that count itself; undefined: its routes are counted here. */
      readonly gaugedAt: Instant | undefined;
    }[];
  }[];
}

export const bmpDownReasons = [
  "localNotification",
  "localFsmEvent",
  "remoteNotification",
  "remoteNoNotification",
  "localTlv",
  "unknown",
] as const;
export type BmpDownReason = (typeof bmpDownReasons)[number];

/** Peer Up (section 4.10) or Peer Down (section 4.9) of a configured session, when it arrived. */
export type BmpSessionObservation = {
  readonly kind: "bmpSession";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  /** The router told it right after it connected: the session changed some time before. */
  readonly isOld: boolean;
  /** Times that this connection told of it coming up. */
  readonly ups: number;
} & (
  | {
      readonly established: true;
      readonly remoteAsn: number;
      /** Undefined where the router does not have the OPENs any more. */
      readonly localAsn: number | undefined;
      /** Seconds, as negotiated. */
      readonly holdTime: number | undefined;
    }
  | {
      readonly established: false;
      readonly reason: BmpDownReason;
      /** Code and subcode of the NOTIFICATION. */
      readonly notification: readonly [code: number, subcode: number] | undefined;
      /** What whoever shut the session wrote (RFC 9003). */
      readonly message: string | undefined;
      /** RFC 4271 section 8.1; 0 where the router does not say. */
      readonly fsmEvent: number | undefined;
    }
  /** The router tells no more of this session, or connected and has not told of it yet. */
  | { readonly established: undefined }
);

/** Routes by the communities that Microsoft gave them; a route with two of them counts for both. */
export interface CommunityRoutes {
  /** Only those that a route has. */
  readonly routes: ReadonlyMap<Community, number>;
  /** Routes with Microsoft's communities that were too many to be told apart. */
  readonly unnumbered: number;
  /** Routes of which nobody knows what communities they have. */
  readonly unread: number;
}

/** Prefixes of a configured session, counted as a set: one with several paths once. Undefined: this view is not sent, or cannot be counted. */
export interface BmpPrefixesObservation {
  readonly kind: "bmpPrefixes";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  readonly families: readonly {
    readonly family: PrefixFamily;
    /** Adj-RIB-In before policy, and after it. */
    readonly received: number | undefined;
    readonly accepted: number | undefined;
    /** Adj-RIB-Out after policy (RFC 8671). */
    readonly advertised: number | undefined;
    /** How many routes the router says it has in Adj-RIB-In, and when it said so; absent where it does not. */
    readonly gauge?: { readonly count: number; readonly at: Instant };
    /** The default route is among those received. */
    readonly hasDefault: boolean;
    /** Declared prefixes that are not there, as text; undefined where the view is not told. Absent: none is declared. */
    readonly missing?: {
      readonly received: readonly string[] | undefined;
      readonly accepted: readonly string[] | undefined;
      readonly advertised: readonly string[] | undefined;
    };
    /** Received routes by how often the neighbour's own ASN stands in a row where it put it; index 0: nowhere. */
    readonly prepends: readonly number[];
    /** Absent as the count of that view is. */
    readonly communities?: {
      readonly received: CommunityRoutes | undefined;
      readonly accepted: CommunityRoutes | undefined;
    };
  }[];
}

/**
 * Received prefixes of the two paths of a peering, compared as sets while both sessions are up by BMP. A family is left out
 * where a side is not told.
 */
export interface BmpSetsObservation {
  readonly kind: "bmpSets";
  readonly circuit: string;
  readonly peering: PeeringName;
  readonly at: Instant;
  /** After policy: then it may be the router's own that makes the difference. */
  readonly isPostPolicy: boolean;
  readonly families: readonly {
    readonly family: PrefixFamily;
    /** Prefixes of each path. */
    readonly received: Readonly<Record<LinkName, number>>;
    /** Prefixes that the path does not have, and the other has. */
    readonly missing: Readonly<Record<LinkName, number>>;
    /** Some of them, as text. */
    readonly examples: Readonly<Record<LinkName, readonly string[]>>;
  }[];
}

export type BmpObservation =
  | BmpConnectionObservation
  | BmpSessionObservation
  | BmpPrefixesObservation
  | BmpSetsObservation;
