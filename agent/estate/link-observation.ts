// What a router tells of a link beyond its interface and its session: BFD, the neighbour's MAC, light, prefixes.
// It is evidence. A router that has no such table makes no observation, and nothing is judged by that.

import type { Instant } from "../lib/clock.ts";

/** bfdSessState, BFD-STD-MIB (RFC 7331), which counts from 1 where the protocol counts from 0; `failing` is of BFD version 0. */
export const bfdStates = { 1: "adminDown", 2: "down", 3: "init", 4: "up", 5: "failing" } as const;
export type BfdState = (typeof bfdStates)[keyof typeof bfdStates];

/** Diagnostics by their number in the protocol (RFC 5880 section 4.1, RFC 6428 section 3.2). */
export const bfdDiagnostics = {
  0: "noDiagnostic",
  1: "controlDetectionTimeExpired",
  2: "echoFunctionFailed",
  3: "neighborSignaledSessionDown",
  4: "forwardingPlaneReset",
  5: "pathDown",
  6: "concatenatedPathDown",
  7: "administrativelyDown",
  8: "reverseConcatenatedPathDown",
  9: "misConnectivityDefect",
} as const;
export type BfdDiagnostic = (typeof bfdDiagnostics)[keyof typeof bfdDiagnostics];

/** What a router tells of a BFD session beyond its state; undefined where it does not. */
export interface BfdDetail {
  /** Why it last left `up`; sticky. */
  readonly diagnostic: BfdDiagnostic | undefined;
  /** As negotiated, or the router's own where it does not tell that. */
  readonly multiplier: number | undefined;
  /** Seconds: desired minimum transmit, required minimum receive, and what both ends agreed on. */
  readonly transmitInterval: number | undefined;
  readonly receiveInterval: number | undefined;
  readonly negotiatedInterval: number | undefined;
  /** Seconds without a packet after which it goes down. */
  readonly detectionTime: number | undefined;
  /** Times that it came up. */
  readonly upCount: number | undefined;
  /** Seconds since it came up; undefined while it is not up. */
  readonly upSeconds: number | undefined;
  readonly localDiscriminator: number | undefined;
  readonly remoteDiscriminator: number | undefined;
}

/**
 * The BFD session with the far end of a BGP session. `present: false`: the router has BFD sessions, and none with
 * that address, when it was last looked for; many remove theirs while the BGP session is down.
 */
export type BfdObservation = {
  readonly kind: "bfd";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
} & ({ readonly present: false } | ({ readonly present: true; readonly state: BfdState } & BfdDetail));

/** `incomplete`: asked for and not answered. `absent`: no entry, where there was one or must be one. */
export const neighborStates = { 1: "present", 2: "incomplete", 3: "absent" } as const;
export type NeighborState = (typeof neighborStates)[keyof typeof neighborStates];

/** The entry of the far end of a session in the router's ARP or neighbour discovery table. */
export interface NeighborObservation {
  readonly kind: "neighbor";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  readonly state: NeighborState;
  /** `12:34:56:78:9a:bc`; undefined unless present. */
  readonly mac: string | undefined;
  /** The interface that the entry is looked for on: often a subinterface of the link's. */
  readonly ifIndex: number;
}

export const opticalQuantities = ["receivePower", "transmitPower", "biasCurrent", "temperature"] as const;
export type OpticalQuantity = (typeof opticalQuantities)[number];

/** What the transceiver of a link's interface measures. */
export interface OpticsObservation {
  readonly kind: "optics";
  readonly router: string;
  readonly interface: string;
  readonly at: Instant;
  readonly readings: readonly {
    readonly quantity: OpticalQuantity;
    /** From 1. */
    readonly lane: number;
    /** dBm, A, degrees Celsius. Undefined: the sensor cannot tell, or sees no light. */
    readonly value: number | undefined;
  }[];
}

export const prefixFamilies = ["ipv4", "ipv6"] as const;
export type PrefixFamily = (typeof prefixFamilies)[number];

/** The routes that BMP tells, or the router's own count in a statistics report of BMP. */
export type PrefixSource = "bmp" | "bmpGauge";

/** Unicast prefixes of a BGP session, by family. Each count is undefined where the router does not tell it. */
export interface PrefixesObservation {
  readonly kind: "prefixes";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
  readonly families: readonly {
    readonly family: PrefixFamily;
    /** Before policy. */
    readonly received: number | undefined;
    /** After policy. */
    readonly accepted: number | undefined;
    /** Chosen as best path. */
    readonly active: number | undefined;
    readonly advertised: number | undefined;
    /** Who counted those received, and when; absent: SNMP. */
    readonly receivedBy?: { readonly source: PrefixSource; readonly at: Instant };
  }[];
}

export type LinkObservation = BfdObservation | NeighborObservation | OpticsObservation | PrefixesObservation;
