// Traces, path MTU and findings in lines for people.

import type { FindingKind } from "../estate/finding.ts";
import type { MtuResult, TraceEnd } from "../estate/tracing.ts";
import type { FindingStatus, TracedStatus, TraceStatus } from "./trace-status.ts";
import { ms, ticketOwnerWords } from "./words.ts";

type Line = readonly [label: string, words: string];

export const findingWords: Readonly<Record<FindingKind, string>> = {
  tracedOverOtherLink: "traced over another link",
  tracedOverInternet: "traced over the internet",
  pathMtuLow: "path MTU smaller than expected",
  pathMtuBlackhole: "large packets vanish",
  noFastDetection: "a failure would be seen late",
  peerAsOther: "BGP peer has another AS",
};

const endWords: Readonly<Record<TraceEnd, string>> = {
  reached: "reached",
  unreachable: "unreachable",
  silent: "not reached, the last hops answer nothing",
  tooLong: "not reached within the hops looked for",
  unheard: "broken off, this host dropped what may have been answers",
  unsent: "could not be sent",
};

const mtuWords: Readonly<Record<MtuResult, string>> = {
  whole: "as expected",
  limited: "a hop takes no more",
  ownInterface: "this host's interface takes no more",
  blackHole: "larger packets vanish without a message",
  lossy: "too much loss to tell",
  unanswered: "the target does not answer",
  unheard: "this host dropped what may have been answers",
  unsent: "could not be sent",
};

/** `traced to 172.16.0.2 by icmp: reached, at 2026-03-08T03:12:44Z`. */
export function traceTitle({ technique, target, end, detail, at, why }: TraceStatus): string {
  const more = detail === "" ? "" : ` (${detail})`;
  return `${technique} to ${target}: ${endWords[end]}${more}, at ${at}${why === "degraded" ? ", when the state got worse" : ""}`;
}

/** A line for each hop, in the form of traceroute: `2  172.16.0.2  1.92 ms`. */
export function hopLines({ hops }: TraceStatus): readonly string[] {
  return hops.map(({ ttl, address, delay, tries }) => {
    const place = String(ttl).padStart(2);
    if (address === null) return `${place}  *  (${tries} tries)`;
    const asked = tries === 1 ? "" : `  (${tries} tries)`;
    return `${place}  ${address}${delay === null ? "" : `  ${ms(delay)}`}${asked}`;
  });
}

export function mtuText({ mtu }: Pick<TracedStatus, "mtu">): string | undefined {
  if (mtu === null) return undefined;
  return mtu.bytes === null ? `not known: ${mtuWords[mtu.result]}` : `${mtu.bytes} octets, ${mtuWords[mtu.result]}`;
}

/** For a ticket: what was noticed, the MTU, and the hops. */
export function tracedLines({ findings, trace, traceBefore, mtu }: TracedStatus): readonly Line[] {
  const size = mtuText({ mtu });
  return [
    ...findings.map((finding): Line => ["Noticed", findingText(finding)]),
    ...(size === undefined || mtu === null ? [] : [["Path MTU", `${size} (to ${mtu.target}, at ${mtu.at})`] as const]),
    ...(trace === null ? [] : hopsOf("Trace", trace)),
    ...(traceBefore === null ? [] : hopsOf("Earlier", traceBefore)),
  ];
}

function findingText({ kind, since, owner, evidence }: FindingStatus): string {
  return `${findingWords[kind]} since ${since}, with ${ticketOwnerWords[owner]}: ${evidence}`;
}

function hopsOf(label: string, trace: TraceStatus): readonly Line[] {
  return [[label, traceTitle(trace)], ...hopLines(trace).map((line): Line => ["", line])];
}
