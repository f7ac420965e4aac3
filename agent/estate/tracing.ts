// Which way the packets of a path take, hop by hop, and how large they may be: what is to be looked for, and what was seen.

import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import type { Subnet } from "./address.ts";
import type { SubjectKey } from "./observation.ts";

/** `udp`: STAMP test packets, so that a Session-Reflector answers them as it answers probes. */
export const traceTechniques = ["icmp", "udp"] as const;
export type TraceTechnique = (typeof traceTechniques)[number];

/** The flow that speaks for a path or a Global Reach pair. */
export interface Traced {
  readonly of: SubjectKey;
  readonly technique: TraceTechnique;
  readonly address: string;
  /** UDP port; 0 for `icmp`. */
  readonly port: number;
  readonly source: string | undefined;
  readonly interface: string | undefined;
  readonly dscp: number;
  /** Octets of an IP packet that must get through whole. */
  readonly mtu: number;
}

export interface Tracing {
  readonly interval: Duration;
  /** At least this long between two traces of one subject that a degradation asks for. */
  readonly pause: Duration;
  readonly mtuInterval: Duration;
  /** Packets per second, of all that is traced and searched. */
  readonly packetRate: number;
  /** Public prefixes of our own: a hop in them is not on the internet. */
  readonly ownPrefixes: readonly Subnet[];
  readonly targets: readonly Traced[];
}

/** Why a trace was made. */
export type TraceReason = "scheduled" | "degraded";

/**
 * How a trace ended. `unreachable`: a hop said so. `silent`: too many hops in a row said nothing. `tooLong`: more hops
 * than are looked for. Of the path the others say nothing, `unheard` but for the hops that it has: this host dropped what may
 * have been the answer of the next, `unsent`: it could not send.
 */
export const traceEnds = ["reached", "unreachable", "silent", "tooLong", "unheard", "unsent"] as const;
export type TraceEnd = (typeof traceEnds)[number];

export interface TraceHop {
  /** TTL or hop limit that the probe left with. */
  readonly ttl: number;
  /** Who answered; undefined: nobody within all tries, which routers that limit their ICMP do too. It is no loss. */
  readonly address: string | undefined;
  /** Round trip in seconds, of the try that was answered. */
  readonly delay: number | undefined;
  /** Probes sent with this TTL. */
  readonly tries: number;
}

/** One trace (TTL-limited probes of one flow). */
export interface TraceObservation {
  readonly kind: "trace";
  readonly of: SubjectKey;
  /** When it ended. */
  readonly at: Instant;
  readonly why: TraceReason;
  readonly technique: TraceTechnique;
  readonly target: string;
  readonly hops: readonly TraceHop[];
  readonly end: TraceEnd;
  /** What the hop that ended it said ("host unreachable"), or why nothing could be sent; empty else. */
  readonly detail: string;
}

/**
 * What a search for the path MTU ended with. `whole`: what must get through does. `limited`: a hop said that it is too
 * large. `ownInterface`: this host's interface is smaller. `blackHole`: what is larger vanishes without a word, while small
 * probes are answered. `lossy`: too many small ones were lost to tell. `unanswered`: the target answers nothing. `unheard`:
 * this host dropped what may have been answers. `unsent`: it could not send.
 */
export const mtuResults = [
  "whole",
  "limited",
  "ownInterface",
  "blackHole",
  "lossy",
  "unanswered",
  "unheard",
  "unsent",
] as const;
export type MtuResult = (typeof mtuResults)[number];

export interface MtuObservation {
  readonly kind: "mtu";
  readonly of: SubjectKey;
  readonly at: Instant;
  readonly technique: TraceTechnique;
  readonly target: string;
  readonly result: MtuResult;
  /** Octets of the largest IP packet that was answered, no more than what was asked for; undefined where none can be told. */
  readonly mtu: number | undefined;
  /** The hop that named a smaller MTU; undefined unless `limited`. */
  readonly by: string | undefined;
}

export type TracingObservation = TraceObservation | MtuObservation;
