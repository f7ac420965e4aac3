// The colours of every state, chosen once, so that a state looks the same on every panel. They are the
// palette of Okabe and Ito, which stays apart in the common forms of colour blindness; a colour never
// stands without its word.

import { MappingType, SpecialValueMatch, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import type { FindingKind } from "../../agent/estate/finding.ts";
import type { IsolationCause } from "../../agent/estate/isolation.ts";
import type { Cause, Owner, PathState, Redundancy, Witness } from "../../agent/estate/judgement.ts";
import { pathStates, redundancies } from "../../agent/estate/judgement.ts";
import { type BfdState, bfdStates, type NeighborState, neighborStates } from "../../agent/estate/link-observation.ts";
import {
  type BgpState,
  bgpStates,
  duplexStatuses,
  type IfOperStatus,
  ifAdminStatuses,
  ifOperStatuses,
} from "../../agent/estate/observation.ts";
import type { ServiceCause } from "../../agent/estate/service-judgement.ts";

export const colour = {
  good: "#009E73",
  warning: "#E69F00",
  bad: "#D55E00",
  unknown: "#7F7F7F",
  /** For what does not exist, in a light and in a dark theme. */
  faint: "rgba(127, 127, 127, 0.15)",
} as const;

/** A link keeps its hue on every chart; a peering is a shade of it. */
export const lineColour = {
  azurePrivate: { primary: "#56B4E9", secondary: "#CC79A7" },
  microsoft: { primary: "#0072B2", secondary: "#8F5AA8" },
} as const;

interface Look {
  readonly text: string;
  readonly color?: string;
}

function mapValues(looks: Readonly<Record<string, Look>>): ValueMapping {
  const options = Object.fromEntries(Object.entries(looks).map(([value, look], index) => [value, { ...look, index }]));
  return { type: MappingType.ValueToText, options };
}

function mapNothing(text: string, color: string = colour.unknown): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color, index: 100 } },
  };
}

const redundancyLooks: Readonly<Record<Redundancy, Look>> = {
  unknown: { text: "unknown", color: colour.unknown },
  redundant: { text: "redundant", color: colour.good },
  reduced: { text: "reduced", color: colour.warning },
  lost: { text: "LOST", color: colour.bad },
};

const pathLooks: Readonly<Record<PathState, Look>> = {
  unknown: { text: "unknown", color: colour.unknown },
  up: { text: "up", color: colour.good },
  degraded: { text: "degraded", color: colour.warning },
  down: { text: "down", color: colour.bad },
};

const bgpLooks: Readonly<Record<BgpState, Look>> = {
  idle: { text: "idle", color: colour.bad },
  connect: { text: "connect", color: colour.bad },
  active: { text: "active", color: colour.bad },
  opensent: { text: "opensent", color: colour.warning },
  openconfirm: { text: "openconfirm", color: colour.warning },
  established: { text: "established", color: colour.good },
};

const interfaceLooks: Readonly<Record<IfOperStatus, Look>> = {
  up: { text: "up", color: colour.good },
  down: { text: "down", color: colour.bad },
  testing: { text: "testing", color: colour.warning },
  unknown: { text: "unknown", color: colour.unknown },
  dormant: { text: "dormant", color: colour.warning },
  notPresent: { text: "not present", color: colour.bad },
  lowerLayerDown: { text: "lower layer down", color: colour.bad },
};

const bfdLooks: Readonly<Record<BfdState, Look>> = {
  adminDown: { text: "admin down", color: colour.unknown },
  down: { text: "down", color: colour.bad },
  init: { text: "init", color: colour.warning },
  up: { text: "up", color: colour.good },
  failing: { text: "failing", color: colour.warning },
};

const neighborLooks: Readonly<Record<NeighborState, Look>> = {
  present: { text: "present", color: colour.good },
  incomplete: { text: "incomplete", color: colour.bad },
  absent: { text: "absent", color: colour.bad },
};

const causeWords: Readonly<Record<Cause, string>> = {
  interfaceAdminDown: "interface shut by an operator",
  interfaceDown: "interface down",
  interfaceAbsent: "interface not found on the router",
  interfaceUnknown: "interface not known: the router does not answer",
  sessionAdminDown: "BGP session shut by an operator",
  sessionDown: "BGP session down",
  sessionAbsent: "BGP session not configured on the router",
  sessionUnknown: "BGP session not known: the router does not answer, or shows no BGP",
  interfaceFlapping: "interface comes and goes",
  sessionFlapping: "BGP session comes and goes",
  probesSilent: "nothing gets through (link and BGP look fine)",
  probesUnknown: "no probe result",
  lossHigh: "loss above its limit",
  classLossHigh: "loss of one class or size above the limit",
  delayHigh: "delay above its limit",
  prefixLimitNear: "near Microsoft's limit on prefixes",
  prefixesCollapsed: "BGP is up, and most or all of its prefixes are gone",
  serviceNotAnnounced: "a Microsoft service that is needed is not announced over the link",
  prefixesMissing: "no prefixes, where the other link has some",
  linkDraining: "Microsoft drains the link, and the traffic is not safe",
  declaredNotReceived: "BGP is up, and declared prefixes are not received",
  declaredNotAdvertised: "BGP is up, and declared prefixes are not announced",
  defaultRouteAppeared: "a default route comes from Azure",
  defaultRouteGone: "the default route from Azure is gone",
  gatewayLimitNear: "near the limit on prefixes of a gateway",
  runningOnBackup: "traffic runs over the backup",
  pathIdle: "no router prefers the path",
  bestPathElsewhere: "the router prefers a way outside of the circuit",
  agentIsolated: "the agent itself is cut off",
};

const findingWords: Readonly<Record<FindingKind, string>> = {
  tracedOverOtherLink: "its packets go over the other link: see routes and preferences here",
  tracedOverInternet: "its packets go through the internet: see routes here",
  pathMtuLow: "large packets do not fit: see the MTU of each hop",
  pathMtuBlackhole: "large packets vanish without a word: see MTU and ICMP filters",
  noFastDetection: "BFD does not watch the session: a failure is seen late",
  peerAsOther: "the session is with another AS than the configuration has",
};

/** A cause that does not degrade its path reads otherwise than one that does. */
const noteWords: Readonly<Partial<Record<Cause, string>>> = {
  linkDraining: "Microsoft drains the link; the other one carries the traffic",
  prefixesMissing: "lacks prefixes that the other link has",
  prefixesCollapsed: "BGP is up, and fewer than half of its prefixes are left",
};

const isolationWords: Readonly<Record<IsolationCause, string>> = {
  interfaceDown: "its interface is down",
  noRoute: "it has no route",
  gatewaySilent: "its gateway is silent",
  hostStarved: "its host has no CPU for it",
  hostSlept: "its host slept",
  nothingAnswers: "nothing answers it any more",
};

const witnessWords: Readonly<Record<Witness, string>> = {
  routerSourced: "the router's own probe",
  stamp: "STAMP probes",
  icmp: "pings",
  traffic: "traffic both ways; no probe confirms it",
};

const serviceCauseWords: Readonly<Record<ServiceCause, string>> = {
  circuitLost: "its circuit is lost",
  internetAccessLost: "every internet dependency fails",
  agentIsolated: "the agent itself is cut off",
  notChecked: "no result of its checks",
  notSent: "the agent's host could not try",
  nameNotFound: "the name does not resolve",
  resolverFailed: "DNS does not answer",
  resolversDiffer: "DNS servers disagree",
  addressNotPrivate: "the name resolves to a public address",
  answerUnexpected: "the name resolves to another address",
  connectionFailed: "no connection",
  tlsFailed: "TLS fails",
  certificateInvalid: "the certificate is not valid",
  answerFailed: "no answer",
  statusUnexpected: "the answer is an error",
  slow: "slow",
  certificateExpires: "a certificate ends soon",
};

const ownerWords: Readonly<Record<Owner, string>> = {
  customer: "us",
  provider: "provider",
  microsoft: "Microsoft",
  customerOrProvider: "us or the provider",
  providerOrMicrosoft: "provider or Microsoft",
  unknown: "not known yet",
};

const words = (of: Readonly<Record<string, string>>) =>
  mapValues(Object.fromEntries(Object.entries(of).map(([value, text]) => [value, { text }])));

/** The exported number of a state is its place in the list. */
const byPlace = <T extends string>(states: readonly T[], looks: Readonly<Record<T, Look>>) =>
  mapValues(Object.fromEntries(states.map((state, number) => [String(number), looks[state]])));

/** The exported number of a state is that of the MIB. */
const byNumber = <T extends string>(states: Readonly<Record<number, T>>, looks: Readonly<Record<T, Look>>) =>
  mapValues(Object.fromEntries(Object.entries(states).map(([number, state]) => [number, looks[state]])));

/** Each list covers every value that its metric can have, and the absence of a value. */
export const mappings = {
  redundancy: [byPlace(redundancies, redundancyLooks), mapNothing("no data")],
  pathState: [byPlace(pathStates, pathLooks), mapNothing("no data")],
  /** As `pathState`, in a matrix, where an empty cell is a pair that does not exist. */
  pairState: [byPlace(pathStates, pathLooks), mapNothing("–", colour.faint)],
  bgpState: [byNumber(bgpStates, bgpLooks), mapNothing("no data")],
  interfaceState: [byNumber(ifOperStatuses, interfaceLooks), mapNothing("no data")],
  answers: [
    mapValues({ 0: { text: "silent", color: colour.warning }, 1: { text: "answers", color: colour.good } }),
    mapNothing("no data"),
  ],
  simulated: [
    mapValues({ 0: { text: "real", color: colour.unknown }, 1: { text: "SIMULATED", color: "#8F5AA8" } }),
    mapNothing("no data"),
  ],
  isolated: [
    mapValues({ 0: { text: "connected", color: colour.good }, 1: { text: "CUT OFF", color: colour.bad } }),
    mapNothing("no data"),
  ],
  bfdState: [byNumber(bfdStates, bfdLooks), mapNothing("no data")],
  neighborState: [byNumber(neighborStates, neighborLooks), mapNothing("no data")],
  draining: [
    mapValues({ 0: { text: "not drained", color: colour.good }, 1: { text: "DRAINED", color: colour.warning } }),
    mapNothing("no data"),
  ],
  connected: [
    mapValues({ 0: { text: "not connected", color: colour.warning }, 1: { text: "connected", color: colour.good } }),
    mapNothing("no data"),
  ],
  // In tables of many columns what is well stays pale, so that what is not stands out.
  /** Of the peer, as an operator of ours left it on the router. */
  shut: [
    mapValues({ 0: { text: "SHUT", color: colour.warning }, 1: { text: "open", color: colour.faint } }),
    mapNothing("no data"),
  ],
  adminStatus: [
    byNumber(ifAdminStatuses, {
      up: { text: "up", color: colour.faint },
      down: { text: "down", color: colour.warning },
      testing: { text: "testing", color: colour.warning },
    }),
    mapNothing("no data"),
  ],
  duplex: [
    byNumber(duplexStatuses, {
      unknown: { text: "unknown", color: colour.unknown },
      halfDuplex: { text: "HALF DUPLEX", color: colour.bad },
      fullDuplex: { text: "full duplex", color: colour.faint },
    }),
    mapNothing("–", colour.faint),
  ],
  /** Of a default route: right or wrong is for the agent to say. */
  present: [mapValues({ 0: { text: "no" }, 1: { text: "yes" } }), mapNothing("–", colour.faint)],
  /** Of what is counted, and zero is wrong. */
  gone: [mapValues({ 0: { text: "GONE", color: colour.bad } }), mapNothing("–", colour.faint)],
  running: [
    mapValues({ 0: { text: "STOPPED", color: colour.warning }, 1: { text: "runs", color: colour.faint } }),
    mapNothing("no data"),
  ],
  answered: [
    mapValues({ 0: { text: "no answer", color: colour.warning }, 1: { text: "answered", color: colour.faint } }),
    mapNothing("not measured"),
  ],
  checked: [
    mapValues({ 0: { text: "FAILS", color: colour.bad }, 1: { text: "good", color: colour.faint } }),
    mapNothing("no data"),
  ],
  hostParts: [
    mapValues({ 0: { text: "down or silent", color: colour.bad }, 1: { text: "up", color: colour.good } }),
    mapNothing("no data"),
  ],
  /** Of what is noticed and is no outage. */
  noticed: [words({ ...causeWords, ...noteWords, ...findingWords })],
  isolationCause: [words(isolationWords)],
  witness: [words(witnessWords)],
  cause: [words(causeWords)],
  /** Of paths, and of services and dependencies. */
  anyCause: [words({ ...causeWords, ...serviceCauseWords })],
  owner: [words(ownerWords)],
  /** A cell of a matrix where no such pair exists. */
  noPair: [mapNothing("–", colour.faint)],
} as const satisfies Readonly<Record<string, readonly ValueMapping[]>>;
