// What was seen, never what it means. A failed poll makes no observation of its subject:
// the last one ages out, and only a PollObservation says that the asking failed.

import type { Instant } from "../lib/clock.ts";
import type { BestPathsObservation } from "./best-path.ts";
import type { BmpObservation } from "./bmp-observation.ts";
import type { ProbeTechnique } from "./estate.ts";
import type { HostObservation, LoopObservation } from "./host-observation.ts";
import type { LinkObservation } from "./link-observation.ts";
import type { RouterProbeObservation } from "./router-probe.ts";
import type { CheckObservation } from "./service-observation.ts";
import type { NotificationObservation, PeersObservation } from "./session-observation.ts";
import type { TracingObservation } from "./tracing.ts";
import type { Unsent } from "./unsent.ts";

/** Key of a thing that observations are about; unique within an estate, never shown to people. */
export type SubjectKey = string & { readonly __subject: true };

export const subject = {
  router: (router: string) => `router ${router}` as SubjectKey,
  path: (p: { readonly circuit: string; readonly peering: string; readonly link: string }) =>
    `path ${p.circuit} ${p.peering} ${p.link}` as SubjectKey,
  redundancy: (circuit: string, peering: string) => `redundancy ${circuit} ${peering}` as SubjectKey,
  pair: (p: { readonly globalReach: string; readonly fromSite: string; readonly toSite: string }) =>
    `pair ${p.globalReach} ${p.fromSite} ${p.toSite}` as SubjectKey,
  gateway: (gateway: string) => `gateway ${gateway}` as SubjectKey,
  watched: (w: { readonly is: string; readonly name: string }) => `${w.is} ${w.name}` as SubjectKey,
};

/** What is asked of a router in requests of their own, so that a hung bgpd cannot hide the interfaces. */
export const pollGroups = [
  "system",
  "interfaces",
  "bgp",
  "bfd",
  "neighbors",
  "optics",
  "prefixes",
  "routerProbes",
  "routes",
] as const;
export type PollGroup = (typeof pollGroups)[number];

/** Groups of tables that many routers lack: what is not there is no trouble, and is not asked for at every turn. */
export const optionalGroups: readonly PollGroup[] = [
  "bfd",
  "neighbors",
  "optics",
  "prefixes",
  "routerProbes",
  "routes",
];

/** Why a poll gave nothing. Closed: each is a metric label. */
export const pollFailures = ["timeout", "unreachable", "refused", "malformed", "incomplete", "noSuchTable"] as const;
export type PollFailure = (typeof pollFailures)[number];

/** How one poll of one group went. */
export interface PollObservation {
  readonly kind: "poll";
  readonly router: string;
  readonly group: PollGroup;
  readonly at: Instant;
  readonly result: "ok" | PollFailure;
  /** What, why and what to do, for people; empty when ok, unless part of what was asked for cannot be seen. */
  readonly detail: string;
  /** Seconds from the first request to the last answer, retries included. */
  readonly seconds: number;
}

/** SNMPv2-MIB system group. */
export interface RouterObservation {
  readonly kind: "router";
  readonly router: string;
  readonly at: Instant;
  readonly sysName: string;
  readonly sysDescr: string;
  readonly sysObjectId: string;
  /** sysUpTime in seconds: of the SNMP agent, not of the router. With its wraps where snmpEngineTime tells them. */
  readonly sysUpTime: number;
}

/** ifAdminStatus, IF-MIB. */
export const ifAdminStatuses = { 1: "up", 2: "down", 3: "testing" } as const;
export type IfAdminStatus = (typeof ifAdminStatuses)[keyof typeof ifAdminStatuses];

/** ifOperStatus, IF-MIB. */
export const ifOperStatuses = {
  1: "up",
  2: "down",
  3: "testing",
  4: "unknown",
  5: "dormant",
  6: "notPresent",
  7: "lowerLayerDown",
} as const;
export type IfOperStatus = (typeof ifOperStatuses)[keyof typeof ifOperStatuses];

/** dot3StatsDuplexStatus, EtherLike-MIB (RFC 3635). */
export const duplexStatuses = { 1: "unknown", 2: "halfDuplex", 3: "fullDuplex" } as const;
export type DuplexStatus = (typeof duplexStatuses)[keyof typeof duplexStatuses];

/** IF-MIB's counters of one interface. */
export const trafficCounters = ["receiveBytes", "transmitBytes", "receivePackets", "transmitPackets"] as const;
export const troubleCounters = ["receiveErrors", "transmitErrors", "receiveDiscards", "transmitDiscards"] as const;
/** EtherLike-MIB's, of an interface that is Ethernet. */
export const ethernetCounters = [
  "alignmentErrors",
  "fcsErrors",
  "macTransmitErrors",
  "framesTooLong",
  "macReceiveErrors",
  "symbolErrors",
  "lateCollisions",
] as const;
export const interfaceCounters = [...trafficCounters, ...troubleCounters, ...ethernetCounters] as const;
export type InterfaceCounter = (typeof interfaceCounters)[number];

/** A Counter32 or Counter64, exact: a number below 2^53, which costs less, and a bigint from there on. */
export type Counter = number | bigint;

/** By counter; undefined where the router has no such object. */
export type InterfaceCounters = Readonly<Record<InterfaceCounter, Counter | undefined>>;

/** What tells whether the counters of one reading run on from those of the one before. */
export interface CounterSource {
  /** Bits of `trafficCounters`: they are read from other objects where the router has no 64-bit ones. */
  readonly trafficBits: 32 | 64;
  /** Bits of `ethernetCounters`, but for `lateCollisions`, which has 32; undefined where there are none. */
  readonly ethernetBits: 32 | 64 | undefined;
  /** ifCounterDiscontinuityTime: sysUpTime when a counter last lost its continuity; undefined where it is not told. */
  readonly discontinuityTime: number | undefined;
  /** How often the router's SNMP agent was seen to start again. */
  readonly restarts: number;
  /** When the reading was asked for: its values are from between then and `at`. */
  readonly askedAt: Instant;
}

/** The interface of a link, by its configured name. `absent`: the router answers and has none of that name. */
export type InterfaceObservation = {
  readonly kind: "interface";
  readonly router: string;
  readonly interface: string;
  readonly at: Instant;
} & (
  | {
      readonly present: false;
      /** Names of those that the router has, for whoever mistook one: untrusted text. */
      readonly shown?: string;
    }
  | {
      readonly present: true;
      readonly ifIndex: number;
      readonly adminStatus: IfAdminStatus;
      readonly operStatus: IfOperStatus;
      /** Bits per second; 0 when the router does not say. */
      readonly speed: number;
      readonly duplex: DuplexStatus | undefined;
      /** Raw Counter32 and Counter64 values as the router gives them: `state/` says what they grew by. */
      readonly counters: InterfaceCounters;
      readonly source: CounterSource;
    }
);

/** bgpPeerState, BGP4-MIB; the numbers are those of the MIB and of the exported metric. */
export const bgpStates = {
  1: "idle",
  2: "connect",
  3: "active",
  4: "opensent",
  5: "openconfirm",
  6: "established",
} as const;
export type BgpState = (typeof bgpStates)[keyof typeof bgpStates];

/** A configured session. `present: false`: the router answers and has no such peer, which is not `idle`. */
export type SessionObservation = {
  readonly kind: "session";
  readonly router: string;
  readonly remoteAddress: string;
  readonly at: Instant;
} & (
  | { readonly present: false }
  | {
      readonly present: true;
      readonly state: BgpState;
      /** False when an operator shut the peer on the router (bgpPeerAdminStatus stop). */
      readonly adminUp: boolean;
      /** As the router gives it; 0 and 23456 mean it cannot say (`facts`: old agents and 32-bit ASNs). */
      readonly remoteAsn: number;
      /** bgpPeerFsmEstablishedTransitions. */
      readonly establishedTransitions: number;
      /** bgpPeerFsmEstablishedTime: since established, or since the drop. */
      readonly establishedSeconds: number;
      /** bgpPeerLastError, code and subcode. Sticky: alone it is no cause. */
      readonly lastError: readonly [code: number, subcode: number];
      /** Seconds, as both ends agreed (bgpPeerHoldTime); absent where the router does not tell it. */
      readonly holdTime?: number | undefined;
    }
);

export interface OneWayDelays {
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  readonly error: number;
}

/** What one stream of probes gave since the time before: only probes that are settled (answered or expired). */
export interface ProbeCounts {
  /** Settled = received + lost. */
  readonly received: number;
  /** Not answered within the loss threshold; an answer that came later is here and in `late`. */
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Answered, but the delay is not to be trusted (preempted send, clock step): not in `delays`. */
  readonly discarded: number;
  /** We could not send (no route, no buffer, no permission): says nothing about the path. */
  readonly sendErrors: number;
  /** Not answered, but this host dropped what its full receive buffer had no room for meanwhile. Left out: none. */
  readonly unheard?: number;
  /** Round-trip delays in seconds, in order of arrival. */
  readonly delays: readonly number[];
  /**
   * Lost on the way there, and on the way back (or late); absent unless a reflector is known to count for itself. A loss
   * that cannot be told apart is in neither.
   */
  readonly directions?: { readonly forward: number; readonly backward: number } | undefined;
  /** Delays of each way in seconds, and the greatest error of both clocks together; absent unless both are synchronised. */
  readonly oneWay?: OneWayDelays | undefined;
  /**
   * What came of the probes in the order of sending: how many were lost, then answered, then lost, and so on (RFC 3357). A
   * probe is here once all before it are settled; what was not sent is left out. Absent when there are none.
   */
  readonly runs?: readonly number[] | undefined;
  /**
   * Inter-packet delay variation (RFC 3393) of the round trip in seconds: the delay of a probe minus that of the one sent
   * before it, where both were answered in time and are to be trusted. Absent when there are none.
   */
  readonly variations?: readonly number[] | undefined;
  /** Probes lost in a row up to now (RFC 3357 loss run). */
  readonly lossRun: number;
  /** When an answer last arrived in time; undefined until the first. */
  readonly lastReceivedAt: Instant | undefined;
}

export interface ProbeObservation extends ProbeCounts {
  readonly kind: "probe";
  /** The path or pair, and the stream's place in its list. */
  readonly of: SubjectKey;
  readonly index: number;
  readonly technique: ProbeTechnique;
  readonly at: Instant;
  /** Why the last of the `sendErrors` could not be sent. */
  readonly unsent?: Unsent | undefined;
}

export type Observation =
  | PollObservation
  | RouterObservation
  | InterfaceObservation
  | SessionObservation
  | NotificationObservation
  | PeersObservation
  | LinkObservation
  | ProbeObservation
  | HostObservation
  | LoopObservation
  | CheckObservation
  | TracingObservation
  | BmpObservation
  | BestPathsObservation
  | RouterProbeObservation;

/** Takes observations in; `state/` is the one behind it. */
export type Observe = (observation: Observation) => void;
