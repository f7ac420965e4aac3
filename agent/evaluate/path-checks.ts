// What the control plane says of a path: its interface and its BGP session.

import type { Circuit, Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type { Owner } from "../estate/judgement.ts";
import type { IfOperStatus } from "../estate/observation.ts";
import { dropError, dropErrorText, type SeenSession } from "../estate/seen-session.ts";
import type { Instant } from "../lib/clock.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";
import { unseenBgp } from "./bgp-unseen.ts";
import type { Finding } from "./condition.ts";
import { linkEvidence } from "./link-evidence.ts";
import { whyStale } from "./stale.ts";

export interface PathContext {
  readonly path: Path;
  readonly circuit: Circuit;
  readonly router: Router;
  readonly snapshot: Snapshot;
  readonly now: Instant;
}

/** RFC 2863: only these say that no packet passes; `unknown` and `dormant` say nothing. */
const operDown: readonly IfOperStatus[] = ["down", "testing", "notPresent", "lowerLayerDown"];

export function checkInterface({ path, router, snapshot, now }: PathContext): Finding {
  const seen = snapshot.interface(path.router, path.interface);
  const where = `${path.router} ${path.interface}`;
  if (seen === undefined || !isFresh(router, seen.at, now)) {
    const evidence = `interface ${where} unknown: ${whyStale(router, "interfaces", snapshot, now)}`;
    return { holds: "unknown", cause: "interfaceUnknown", owner: "unknown", effect: "unknown", evidence };
  }
  if (!seen.present) {
    const shown = seen.shown ? `; it shows ${seen.shown}` : "";
    const evidence = `${path.router} has no interface named ${path.interface} (ifName, ifDescr or ifAlias)${shown}`;
    return { holds: "unknown", cause: "interfaceAbsent", owner: "customer", effect: "unknown", evidence };
  }
  if (seen.adminStatus !== "up") {
    const evidence = `interface ${where} was shut on the router (ifAdminStatus ${seen.adminStatus})`;
    return { holds: true, cause: "interfaceAdminDown", owner: "customer", effect: "down", evidence };
  }
  const evidence = `interface ${where} is ${seen.operStatus} (ifOperStatus), admin up`;
  if (operDown.includes(seen.operStatus)) {
    return { holds: true, cause: "interfaceDown", owner: "customerOrProvider", effect: "down", evidence };
  }
  const holds = seen.operStatus === "up" ? false : "unknown";
  return { holds, cause: "interfaceUnknown", owner: "unknown", effect: "unknown", evidence };
}

export const outOfSight = "no BGP table of the router shows it (BGP4-MIB has IPv4 peers only)";

/** An IPv6 session of a router that answered, and has not shown it since this agent started. */
export function isSessionOutOfSight({ router, session: { remoteAddress } }: Path, snapshot: Snapshot): boolean {
  if (!remoteAddress.includes(":") || snapshot.session(router, remoteAddress) !== undefined) return false;
  const result = snapshot.poll(router, "bgp")?.last.result;
  return result === "ok" || result === "noSuchTable";
}

export function checkSession(context: PathContext): Finding {
  const { path, router, snapshot, now } = context;
  const { remoteAddress, remoteAsn } = path.session;
  const seen = snapshot.session(path.router, remoteAddress);
  const who = `BGP session of ${path.router} with ${remoteAddress} (AS ${remoteAsn})`;
  if (isSessionOutOfSight(path, snapshot)) {
    const evidence = `${who} is not covered: ${outOfSight}`;
    return { holds: "unknown", cause: "sessionUnknown", owner: "unknown", effect: "none", evidence };
  }
  if (seen === undefined || !isFresh(router, seen.at, now)) {
    const unseen = unseenBgp(context);
    const evidence = `${who} unknown: ${unseen?.evidence ?? whyStale(router, "bgp", snapshot, now)}`;
    const owner = unseen?.owner ?? "unknown";
    return { holds: "unknown", cause: "sessionUnknown", owner, effect: "unknown", evidence };
  }
  if (!seen.present) {
    const evidence = `${path.router} has no BGP peer ${remoteAddress}`;
    return { holds: "unknown", cause: "sessionAbsent", owner: "customer", effect: "unknown", evidence };
  }
  const since = seen.establishedSeconds < 1 ? "under 1s" : formatDuration(seconds(seen.establishedSeconds));
  if (seen.state === "established") {
    const evidence = `${who} established for ${since}`;
    return { holds: false, cause: "sessionDown", owner: "unknown", effect: "down", evidence };
  }
  if (!seen.adminUp) {
    const evidence = `${who} was shut on the router (bgpPeerAdminStatus stop)`;
    return { holds: true, cause: "sessionAdminDown", owner: "customer", effect: "down", evidence };
  }
  const error = dropErrorText(seen);
  const idle = tooManyPrefixes(seen) ? staysIdle : "";
  // Said once: BMP tells of the drop with the same words.
  const isTold = error !== undefined && seen.toldDown?.includes(error);
  const lastError = error === undefined || isTold ? "" : `, last error ${error}${idle}`;
  const told = seen.toldDown === undefined ? "" : `, by BMP ${seen.toldDown}${isTold ? idle : ""}`;
  const asn = otherAsn(seen, path);
  const wrongAs = asn === undefined ? "" : `, the router has AS ${asn} for it and not AS ${remoteAsn}`;
  const evidence = `${who} is ${seen.state} for ${since}${lastError}${told}${wrongAs}${linkEvidence(context)}`;
  const owner = asn === undefined ? sessionOwner(context, seen) : "customer";
  return { holds: true, cause: "sessionDown", owner, effect: "down", evidence };
}

/** The peer's ASN where the router has another one than is configured. 0 and 23456 (AS_TRANS) are none. */
export function otherAsn(seen: SeenSession, { session }: Path): number | undefined {
  if (!seen.present) return undefined;
  const { remoteAsn } = seen;
  return remoteAsn === session.remoteAsn || remoteAsn === 0 || remoteAsn === 23_456 ? undefined : remoteAsn;
}

/** Cease, Maximum Number of Prefixes Reached (RFC 4486 section 4): no retry of the other end brings that session back. */
function tooManyPrefixes(seen: SeenSession): boolean {
  const [code, subcode] = (seen.present && dropError(seen)) || [0, 0];
  return code === 6 && subcode === 1;
}

const staysIdle = ": the end that closed it stays Idle until somebody clears it, unless restart is configured";

/**
 * The owner as far as the error of the drop tells. Whether the far end answers probes proves nothing here: with the
 * session goes its route back to us.
 */
function sessionOwner({ circuit }: PathContext, seen: SeenSession): Owner {
  const [code, subcode] = (seen.present && dropError(seen)) || [0, 0];
  const badPeerAs = code === 2 && subcode === 2;
  if (tooManyPrefixes(seen) || badPeerAs) return "customer";
  const peerIsProvider = circuit.connectivityModel === "anyToAny";
  if (peerIsProvider) return "provider";
  const closedByHand = code === 6 && (subcode === 2 || subcode === 3 || subcode === 4);
  // SNMP gives the error of either end; BMP says whose it was.
  if (closedByHand && seen.closedBy === "local") return "customer";
  return closedByHand ? "microsoft" : "providerOrMicrosoft";
}
