// What is noticed of a session that is up: that it is not the configured one, and that its failure would be seen late.

import type { Path, Router } from "../estate/estate.ts";
import type { PathFinding } from "../estate/finding.ts";
import { isFresh } from "../estate/freshness.ts";
import type { SeenSession } from "../estate/seen-session.ts";
import { type SessionRules, usualHoldTime } from "../estate/session-rules.ts";
import type { Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { otherAsn } from "./path-checks.ts";

interface SessionScene {
  readonly path: Path;
  readonly router: Router;
  /** Undefined: how fast a failure is seen is of no concern. */
  readonly rules: SessionRules | undefined;
  readonly snapshot: Snapshot;
  readonly now: Instant;
}

type Noticed = Omit<PathFinding, "since">;
/** Nearly every session, at every judgement. */
const nothing: readonly Noticed[] = [];

type Established = Extract<SeenSession, { readonly present: true }>;

/** Undefined while it is not known whether the session is up: only evidence ends a finding. */
export function sessionFindings({ path, router, rules, snapshot, now }: SessionScene): readonly Noticed[] | undefined {
  const { remoteAddress, remoteAsn } = path.session;
  const seen = snapshot.session(path.router, remoteAddress);
  if (seen === undefined || !isFresh(router, seen.at, now)) return undefined;
  if (!seen.present || seen.state !== "established") return nothing;
  const asn = otherAsn(seen, path);
  const slow = rules && slowDetection(path, router, seen, rules, snapshot, now);
  if (asn === undefined && slow === undefined) return nothing;
  const found: Noticed[] = [];
  if (asn !== undefined) {
    const evidence = `BGP session of ${path.router} with ${remoteAddress} is established with AS ${asn}, and the configuration has AS ${remoteAsn}${path.msee === undefined ? "" : ", which is every MSEE's"}: it leads elsewhere, or the configuration is wrong`;
    found.push({ kind: "peerAsOther", owner: "customer", evidence });
  }
  if (slow !== undefined) found.push(slow);
  return found;
}

/** BFD is watched where the router told of it; a router that shows none at all says nothing of it. */
function slowDetection(
  path: Path,
  router: Router,
  session: Established,
  { slowestDetection }: SessionRules,
  snapshot: Snapshot,
  now: Instant,
): Noticed | undefined {
  const { remoteAddress } = path.session;
  const bfd = snapshot.bfd(path.router, remoteAddress);
  if (bfd === undefined || (bfd.present && (bfd.state === "up" || !isFresh(router, bfd.at, now, "bfd")))) {
    return undefined;
  }
  const holdTime = session.holdTime ?? usualHoldTime;
  if (holdTime > 0 && seconds(holdTime) <= slowestDetection) return undefined;
  const missing = bfd.present
    ? `the BFD session of ${path.router} with ${remoteAddress} is ${bfd.state} while BGP is established`
    : `${path.router} has BFD sessions, and none with ${remoteAddress}`;
  // What nobody shut and is down beside a session that is up, loses packets on its way, or has nobody at its far end.
  const isLost = bfd.present && bfd.state !== "adminDown";
  const owner = !isLost ? "customer" : path.msee === undefined ? "provider" : "providerOrMicrosoft";
  return { kind: "noFastDetection", owner, evidence: `${missing}: ${slowestWords(session.holdTime)}` };
}

function slowestWords(holdTime: number | undefined): string {
  if (holdTime === 0) return "with a hold time of 0 BGP never sees a failure here";
  const why = holdTime === undefined ? "unless the hold time is set lower" : "(hold time)";
  return `a failure here takes up to ${holdTime ?? usualHoldTime} s to be seen ${why}`;
}

/** What is not covered where the router shows no BFD at all, as a line for people; undefined where it shows some. */
export function uncoveredDetection(path: Path, snapshot: Snapshot): string | undefined {
  const { router, session } = path;
  const isAsked = snapshot.poll(router, "bfd")?.last.result === "noSuchTable";
  if (!isAsked || snapshot.bfd(router, session.remoteAddress) !== undefined) return undefined;
  const seen = snapshot.session(router, session.remoteAddress);
  const holdTime = seen?.present && seen.state === "established" ? seen.holdTime : undefined;
  const said = uncovered.get(path);
  if (said !== undefined && said.holdTime === holdTime) return said.text;
  const text = `BFD: ${router} shows none by SNMP, so whether it watches the link is not known; without it ${slowestWords(holdTime)}`;
  uncovered.set(path, { holdTime, text });
  return text;
}

/** It is said of each path of such a router at every judgement, and hardly ever changes. */
const uncovered = new WeakMap<Path, { readonly holdTime: number | undefined; readonly text: string }>();
