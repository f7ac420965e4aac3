// Probes that a router sends itself and tells of by SNMP: IP SLA, RPM, DISMAN-PING-MIB, NQA. Their source is the link's
// own address, so both directions are those of the link.

import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import type { SubjectKey } from "./observation.ts";

/** The MIBs that tell of them. */
export const routerProbeMibs = ["CISCO-RTTMON-MIB", "JUNIPER-RPM-MIB", "DISMAN-PING-MIB", "NQA-MIB"] as const;
export type RouterProbeMib = (typeof routerProbeMibs)[number];

/** How the configuration names a probe of a router: each way one that its MIB has. */
export type RouterProbeName =
  /** rttMonCtrlAdminIndex. */
  | { readonly index: number }
  /** rttMonCtrlAdminTag, rttMonCtrlAdminLongTag, nqaAdminCtrlTag or pingCtlDescr. */
  | { readonly tag: string }
  /** The owner and the name of the test: pingCtlOwnerIndex and pingCtlTestName, or NQA's. */
  | { readonly owner: string; readonly test: string };

/** RttResponseSense, CISCO-RTTMON-TC-MIB, in its words. */
export const rttResponseSenses = {
  0: "other",
  1: "ok",
  2: "disconnected",
  3: "overThreshold",
  4: "timeout",
  5: "busy",
  6: "notConnected",
  7: "dropped",
  8: "sequenceError",
  9: "verifyError",
  10: "applicationSpecific",
  11: "dnsServerTimeout",
  12: "tcpConnectTimeout",
  13: "httpTransactionTimeout",
  14: "dnsQueryError",
  15: "httpError",
  16: "error",
  17: "mplsLspEchoTxError",
  18: "mplsLspUnreachable",
  19: "mplsLspMalformedReq",
  20: "mplsLspReachButNotFEC",
  21: "enableOk",
  22: "enableNoConnect",
  23: "enableVersionFail",
  24: "enableInternalError",
  25: "enableAbort",
  26: "enableFail",
  27: "enableAuthFail",
  28: "enableFormatError",
  29: "enablePortInUse",
  30: "statsRetrieveOk",
  31: "statsRetrieveNoConnect",
  32: "statsRetrieveVersionFail",
  33: "statsRetrieveInternalError",
  34: "statsRetrieveAbort",
  35: "statsRetrieveFail",
  36: "statsRetrieveAuthFail",
  37: "statsRetrieveFormatError",
  38: "statsRetrievePortInUse",
} as const;
export type RttResponseSense = (typeof rttResponseSenses)[keyof typeof rttResponseSenses];

/** What MIBs without sense codes tell by their counts, or by nqaResultsCompletions. */
export type ProbeSense = RttResponseSense | "success" | "failure" | "noResult";

/** Seconds; each undefined where the router does not tell it. */
export interface RouterProbeDelay {
  readonly min: number | undefined;
  readonly average: number | undefined;
  readonly max: number | undefined;
}

/** One run of a probe: a packet, or a train of them. */
export interface RouterProbeResult {
  /** Two readings with the same mark are the same result, read twice. */
  readonly mark: string;
  /** By the router's sysUpTime; undefined where the MIB tells no time that can be compared with ours. */
  readonly completedAt: Instant | undefined;
  readonly sense: ProbeSense;
  /** Packets; none when the probe could not be made, which says nothing of the path. */
  readonly sent: number;
  readonly received: number;
  /** False while the run is going on: what is missing may still come. */
  readonly complete: boolean;
  /** Round-trip delay; undefined when nothing came back. */
  readonly delay: RouterProbeDelay | undefined;
  /** Packets lost on the way there and back, where the far end counts. */
  readonly directions: { readonly forward: number; readonly backward: number } | undefined;
  /** Mean difference between successive delays, in seconds. */
  readonly jitter: number | undefined;
}

/** A probe of a router that belongs to a path. */
export interface RouterProbeObservation {
  readonly kind: "routerProbe";
  readonly router: string;
  readonly of: SubjectKey;
  readonly at: Instant;
  readonly mib: RouterProbeMib;
  /** `10`, or `owner/test`: untrusted text. */
  readonly name: string;
  readonly target: string | undefined;
  readonly source: string | undefined;
  /** Between two of its results; undefined where the router does not tell it. */
  readonly frequency: Duration | undefined;
  /** False: scheduled for later, stopped or switched off. Then its last result is of the past. */
  readonly running: boolean;
  /** The latest; undefined: none yet. */
  readonly result: RouterProbeResult | undefined;
}
