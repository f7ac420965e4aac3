// What the closed kinds are called before people, and how times and figures are written for them.

import type { Cause, Owner, PathState, Reason, Redundancy } from "../estate/judgement.ts";
import { lossWays } from "../estate/probe-figures.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { SessionStatus } from "./session-status.ts";
import type { InterfaceStatus, Measured, PathStatus, ReasonStatus } from "./status.ts";

export const ownerWords: Readonly<Record<Owner, string>> = {
  customer: "you (router side)",
  provider: "the provider",
  microsoft: "Microsoft",
  customerOrProvider: "you or the provider",
  providerOrMicrosoft: "the provider or Microsoft",
  unknown: "not known yet",
};

/** Of a service: its far end, DNS, the proxy and the firewalls are ours as well as the routers are. */
export const serviceOwnerWords: Readonly<Record<Owner, string>> = { ...ownerWords, customer: "you" };

/** In a ticket the reader is the provider or Microsoft, so "you" would mean them. */
export const ticketOwnerWords: Readonly<Record<Owner, string>> = {
  ...ownerWords,
  customer: "our side (router)",
  customerOrProvider: "our side or the provider",
};

export const causeWords: Readonly<Record<Cause, string>> = {
  interfaceAdminDown: "interface shut on the router",
  interfaceDown: "interface down",
  interfaceAbsent: "no such interface",
  interfaceUnknown: "interface not seen",
  sessionAdminDown: "BGP session shut on the router",
  sessionDown: "BGP session down",
  sessionAbsent: "no such BGP peer",
  sessionUnknown: "BGP session not seen",
  interfaceFlapping: "interface comes and goes",
  sessionFlapping: "BGP session comes and goes",
  probesSilent: "nothing gets through",
  probesUnknown: "not probed",
  lossHigh: "packets are lost",
  classLossHigh: "packets of one class or size are lost",
  delayHigh: "delay too high",
  linkDraining: "Microsoft is draining the link",
  prefixLimitNear: "near Microsoft's limit on prefixes",
  prefixesCollapsed: "most prefixes are gone",
  serviceNotAnnounced: "a service is not announced",
  prefixesMissing: "prefixes are missing",
  declaredNotReceived: "declared prefixes are not received",
  declaredNotAdvertised: "declared prefixes are not announced",
  defaultRouteAppeared: "a default route appeared",
  defaultRouteGone: "the default route is gone",
  gatewayLimitNear: "near the limit on prefixes of a gateway",
  runningOnBackup: "running on the backup",
  pathIdle: "no router prefers the path",
  bestPathElsewhere: "the router prefers another way",
  agentIsolated: "the agent is cut off",
};

export const redundancyWords: Readonly<Record<Redundancy, string>> = {
  redundant: "redundant",
  reduced: "reduced",
  lost: "lost",
  unknown: "unknown",
};

/** How loud a state is shown. */
export type Tone = "good" | "warn" | "bad" | "unknown" | "neutral";

export const pathTones: Readonly<Record<PathState, Tone>> = {
  up: "good",
  degraded: "warn",
  down: "bad",
  unknown: "unknown",
};

export const redundancyTones: Readonly<Record<Redundancy, Tone>> = {
  redundant: "good",
  reduced: "warn",
  lost: "bad",
  unknown: "unknown",
};

const notSeen = { notAsked: "no answer yet", stale: "no fresh answer" } as const;

export function interfaceWords({ state, adminStatus }: Omit<InterfaceStatus, "drops">): string {
  if (state === "notAsked" || state === "stale") return notSeen[state];
  if (state === "absent") return "absent on the router";
  return adminStatus === null || adminStatus === "up" ? state : `${state}, admin ${adminStatus}`;
}

export function sessionWords({ state, adminUp, seconds: span }: Omit<SessionStatus, "drops">): string {
  if (state === "notAsked" || state === "stale") return notSeen[state];
  if (state === "absent") return "absent on the router";
  const lasting = span === null ? "" : ` for ${formatDuration(seconds(span))}`;
  return `${state}${lasting}${adminUp === false ? ", shut on the router" : ""}`;
}

/**
 * `12.0 % of 50 probes`: loss is never said without its sample size. The window leaves a silence out, so
 * during one there is no ratio; that nothing gets through is then the figure.
 */
export function lossWords(of: Figures): string {
  const { ratio, probes } = of.loss;
  if (ratio !== null) return `${percent(ratio)} of ${probes} probes${lossWays(of.loss)}`;
  return isSilent(of) ? "no probe is answered" : "not measured";
}

/** Who says that packets get through, or that they do not. */
export function witnessWords({ witness, reasons }: Pick<PathStatus, "witness" | "reasons">): string {
  if (witness === null) return "not confirmed";
  if (witness === "traffic") return "traffic both ways; not confirmed by a probe";
  const who = witness === "routerSourced" ? "the router's own probe" : `${witness} probes`;
  const isDark = reasons.some(({ cause, lastSeen }) => cause === "probesSilent" && lastSeen === null);
  return `${isDark ? "nothing gets through, says" : "confirmed by"} ${who}`;
}

/** What was measured, with the reasons beside it. */
type Figures = Pick<Measured, "loss" | "delay" | "oneWay"> & { readonly reasons: readonly Pick<Reason, "cause">[] };

function isSilent({ reasons }: Figures): boolean {
  return reasons.some(({ cause }) => cause === "probesSilent");
}

export function percent(ratio: number): string {
  const value = ratio * 100;
  // 1 lost of 5,000 is not "0.0 %", and 4,999 of 5,000 are not all.
  if (value > 0 && value < 0.05) return "< 0.1 %";
  if (value < 100 && value > 99.95) return "> 99.9 %";
  return `${value === 0 || value === 100 ? value : value.toFixed(1)} %`;
}

export function delayWords(of: Figures): string {
  const { delay, loss, oneWay } = of;
  if (delay === null) return loss.probes > 0 || isSilent(of) ? "no answer" : "not measured";
  // A delay of one way is no more than the clocks allow.
  const ways =
    oneWay === null
      ? ""
      : `; one way: there ${ms(oneWay.forward)}, back ${ms(oneWay.backward)}, each ± ${ms(oneWay.error)}`;
  return `median ${ms(delay.median)}, p95 ${ms(delay.p95)}, p99 ${ms(delay.p99)}${ways}`;
}

/** Three figures, so that a fast link shows its microseconds and a slow one no noise. */
export function ms(delay: number): string {
  return `${inMilliseconds(delay)} ms`;
}

export function inMilliseconds(delay: number): string {
  const value = delay * 1_000;
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : String(Math.round(value));
}

const bitUnits = [
  ["Tbit/s", 1e12],
  ["Gbit/s", 1e9],
  ["Mbit/s", 1e6],
  ["kbit/s", 1e3],
] as const;

export function bitRate(bitsPerSecond: number): string {
  const [unit, size] = bitUnits.find(([, size]) => bitsPerSecond >= size) ?? (["bit/s", 1] as const);
  return `${Number((bitsPerSecond / size).toFixed(2))} ${unit}`;
}

/** Routers count late: for a while the rate of an interface that is down is that of before. */
export function trafficWords({
  traffic,
  interfaceStatus: { state },
}: Pick<PathStatus, "traffic" | "interfaceStatus">): string {
  if (traffic === null) return "not measured";
  const isPast = (state === "down" || state === "lowerLayerDown") && traffic.receive + traffic.transmit > 0;
  return `${isPast ? "before it went down: " : ""}receive ${bitRate(traffic.receive)}, transmit ${bitRate(traffic.transmit)}`;
}

/** Time from one ISO moment to another, as a person says it. */
export function span(from: string, toEpoch: number): string {
  return formatDuration(seconds(Math.max(0, Math.floor((toEpoch - Date.parse(from)) / 1_000))));
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Of what is held: it may be over, or cannot be seen now. */
export function heldWords({ lastSeen }: Pick<ReasonStatus, "lastSeen">, toEpoch: number): string {
  return lastSeen === null ? "" : ` (last seen ${span(lastSeen, toEpoch)} ago, and held)`;
}

/** `03:12:44 UTC`, with the date when that was not today. */
export function clockTime(iso: string, nowEpoch: number): string {
  const [date = "", time = ""] = iso.replace("Z", "").split("T");
  const today = new Date(nowEpoch).toISOString().startsWith(date);
  return `${today ? "" : `${date} `}${time} UTC`;
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(items: readonly string[], atMost = 4): string {
  const shown = items.length > atMost ? [...items.slice(0, atMost - 1), `${items.length - atMost + 1} more`] : items;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
