// What the agent makes of its observations. `evaluate/` computes it; `export/` and `web/` show it.

import type { Instant } from "../lib/clock.ts";
import type { Community } from "./communities.ts";
import {
  type Circuit,
  type GlobalReachPair,
  type Path,
  type PeeringName,
  type ProbeTechnique,
  probeTechniques,
  type Router,
} from "./estate.ts";
import type { PathFinding } from "./finding.ts";
import type { Isolation } from "./isolation.ts";
import type { PrefixFamily } from "./link-observation.ts";
import type { Spread } from "./probe-figures.ts";
import type { ServiceVerdict } from "./service-judgement.ts";
import type { UnsentReason } from "./unsent.ts";

export const pathStates = ["unknown", "up", "degraded", "down"] as const;
export type PathState = (typeof pathStates)[number];

export const redundancies = ["unknown", "redundant", "reduced", "lost"] as const;
export type Redundancy = (typeof redundancies)[number];

/** What is checked on a path, in the order in which it depends on each other: the first that fails is the cause. */
export const checks = [
  "interface",
  "session",
  "flapping",
  "forwarding",
  "loss",
  "classLoss",
  "delay",
  "drain",
  "prefixes",
  "prefixLimit",
  "prefixCount",
  "communities",
  "declaredReceived",
  "declaredAdvertised",
  "defaultRoute",
  "gatewayLimit",
  "bestPath",
] as const;
export type Check = (typeof checks)[number];

/** Why a path is not `up`. Closed: a metric label, and the word in the page. */
export const causes = [
  "interfaceAdminDown",
  "interfaceDown",
  "interfaceAbsent",
  "interfaceUnknown",
  "sessionAdminDown",
  "sessionDown",
  "sessionAbsent",
  "sessionUnknown",
  "interfaceFlapping",
  "sessionFlapping",
  "probesSilent",
  "probesUnknown",
  "lossHigh",
  "classLossHigh",
  "delayHigh",
  "linkDraining",
  "prefixesMissing",
  "prefixLimitNear",
  "prefixesCollapsed",
  "serviceNotAnnounced",
  "declaredNotReceived",
  "declaredNotAdvertised",
  "defaultRouteAppeared",
  "defaultRouteGone",
  "gatewayLimitNear",
  "runningOnBackup",
  "pathIdle",
  "bestPathElsewhere",
  "agentIsolated",
] as const;
export type Cause = (typeof causes)[number];

/** Whose fault it is, as far as the evidence goes (facts on fault localisation). */
export const owners = [
  "customer",
  "provider",
  "microsoft",
  "customerOrProvider",
  "providerOrMicrosoft",
  "unknown",
] as const;
export type Owner = (typeof owners)[number];

/** One check as judged over time, in Prometheus' words for its life (inactive, pending, firing) plus unknown. */
export interface Condition {
  readonly check: Check;
  readonly state: "inactive" | "pending" | "firing" | "unknown";
  /** When it entered this state. */
  readonly since: Instant;
  /** Last moment at which the check failed; keeps it firing for `keepFiringFor`. */
  readonly lastTrue: Instant | undefined;
  /** What it does to the path while firing or unknown. */
  readonly effect: "down" | "degraded" | "unknown" | "none";
  readonly cause: Cause;
  readonly owner: Owner;
  /** One sentence with the figures: what was seen. */
  readonly evidence: string;
}

export interface Reason {
  readonly cause: Cause;
  readonly owner: Owner;
  readonly evidence: string;
  /** When it was last so; absent while it is. What is no more so, or cannot be seen now, is held for a while. */
  readonly lastSeen?: Instant;
}

/** What was measured over the threshold window; absent figures were not measured. */
export interface Performance {
  /** Which of the subject's streams it was measured by, its place in their list; undefined where none was. */
  readonly stream?: number | undefined;
  /** Probes settled in the window: loss is only stated with its sample size. */
  readonly probes: number;
  readonly lossRatio: number | undefined;
  /** Lost probes of which the way is known; absent until a reflector was known to count for itself. */
  readonly directions?: { readonly forward: number; readonly backward: number } | undefined;
  readonly delay: Spread | undefined;
  /** Median delay of each way and the error of both clocks, in seconds; absent unless both are synchronised. */
  readonly oneWay?: { readonly forward: number; readonly backward: number; readonly error: number } | undefined;
}

/** Over the threshold window: what is lost of one class of service or size, beside the stream that the others are judged by. */
export interface ClassLoss {
  /** Which probes: `stamp probes to 203.0.113.10 (DSCP 46)`. */
  readonly who: string;
  /** Settled in the window. */
  readonly probes: number;
  readonly lossRatio: number;
}

/** Whose word on forwarding counts: a technique of this agent, a probe of the router, or the traffic itself. */
export const witnesses = ["routerSourced", ...probeTechniques, "traffic"] as const;
export type Witness = (typeof witnesses)[number];

/** A stream of probes that does not leave this host. */
export interface UnsentProbes {
  readonly technique: ProbeTechnique;
  readonly reason: UnsentReason;
  readonly evidence: string;
}

export interface Verdict {
  readonly state: PathState;
  readonly since: Instant;
  /** State changes since the agent started. */
  readonly transitions: number;
  /** In order of the stages; the first is the cause. Empty when up. */
  readonly reasons: readonly Reason[];
  /** What is not covered, said plainly ("no MSEE address in this connectivity model"). */
  readonly notCovered: readonly string[];
  readonly conditions: readonly Condition[];
  readonly performance: Performance;
  /** Absent where only one stream asks what it is judged by, or nothing of the others is measured. */
  readonly classes?: readonly ClassLoss[] | undefined;
  /** What was noticed that is no outage, whatever the state. */
  readonly findings: readonly PathFinding[];
  /** Absent when nobody can tell whether anything gets through. */
  readonly witness?: Witness | undefined;
  /** Absent when there are none. */
  readonly unsent?: readonly UnsentProbes[] | undefined;
  /**
   * By the place of each stream of probes: when it was last silent without being believed. What it lost until then is no
   * loss of the path.
   */
  readonly disbelievedAt?: readonly (Instant | undefined)[] | undefined;
}

/** How often the MSEE's ASN usually stands at the beginning of the AS_PATH of a path's prefixes, as learnt. */
export interface UsualPath {
  readonly usual: number;
  /** Since when it stands there more often; undefined while it does not. */
  readonly longerSince: Instant | undefined;
}
export type UsualPaths = Partial<Record<PrefixFamily, UsualPath>>;

/** How many prefixes a session usually receives, as learnt. */
export interface UsualCount {
  readonly usual: number;
  /** Since when it receives fewer than half of that; undefined while it does not. */
  readonly fewerSince: Instant | undefined;
}
export type UsualCounts = Partial<Record<PrefixFamily, UsualCount>>;

/** How many prefixes a session usually receives of each of Microsoft's communities, as learnt. */
export type UsualCommunities = Readonly<Record<Community, UsualCount>>;
/** Whether a default route usually comes over a session, as learnt. */
export interface UsualDefault {
  readonly usual: boolean;
  /** Since when it is otherwise; undefined while it is not. */
  readonly otherSince: Instant | undefined;
}
export type UsualDefaults = Partial<Record<PrefixFamily, UsualDefault>>;

export interface PathVerdict extends Verdict {
  readonly path: Path;
  /** Undefined until BMP told of prefixes. */
  readonly usualPaths?: UsualPaths;
  /** Undefined until the router told of prefixes. */
  readonly usualCounts?: UsualCounts;
  /** Undefined until BMP told of communities. */
  readonly usualCommunities?: UsualCommunities;
  /** Since when the link does not announce what it usually does, or is to. */
  readonly missingSince?: Readonly<Record<Community, Instant>> | undefined;
  /** Undefined until BMP told of prefixes. */
  readonly usualDefaults?: UsualDefaults;
}

export interface PairVerdict extends Verdict {
  readonly pair: GlobalReachPair;
}

export interface RedundancyVerdict {
  readonly circuit: Circuit;
  readonly peering: PeeringName;
  readonly redundancy: Redundancy;
  readonly since: Instant;
  /** The paths that take the redundancy away, in words; empty when redundant. */
  readonly reason: string;
}

export interface RouterVerdict {
  readonly router: Router;
  /** `unknown` until the first poll of the system group has ended. */
  readonly reachable: boolean | "unknown";
  readonly since: Instant;
  readonly reason: string;
}

export interface Judgement {
  readonly at: Instant;
  /** The agent itself is the problem: no circuit is blamed, and nothing else is known. */
  readonly isolated: boolean;
  readonly isolation: Isolation;
  readonly paths: readonly PathVerdict[];
  readonly redundancy: readonly RedundancyVerdict[];
  readonly pairs: readonly PairVerdict[];
  readonly routers: readonly RouterVerdict[];
  /** Services, then internet dependencies. */
  readonly services: readonly ServiceVerdict[];
}
