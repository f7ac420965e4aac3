// A router that answers SNMP and shows no BGP at all: its BGP daemon may be dead. That proves no session down: the table goes as
// well when the daemon lives and has only lost the SNMP agent. So it stays unknown, with all that the evidence has besides.

import { isFresh } from "../estate/freshness.ts";
import { type Instant, later } from "../lib/clock.ts";
import { milliseconds } from "../lib/duration.ts";
import type { Finding } from "./condition.ts";
import type { PathContext } from "./path-checks.ts";
import { carries } from "./traffic.ts";

/** Its end may be noticed a little before the last poll that still saw the table: both were under way. */
const together = milliseconds(10_000);

/** Undefined unless the router answered so of late. */
export function unseenBgp(context: PathContext): Pick<Finding, "owner" | "evidence"> | undefined {
  const { path, router, snapshot, now } = context;
  const poll = snapshot.poll(router.name, "bgp");
  if (poll?.last.result !== "noSuchTable" || !isFresh(router, poll.last.at, now)) return undefined;
  const { remoteAddress } = path.session;
  // Of one that is known by BMP alone the same is said while BGP4-MIB, which has IPv4 peers only, is well.
  if (remoteAddress.includes(":") && poll.lastOkAt === undefined) return undefined;
  const seen = snapshot.session(router.name, remoteAddress);
  const parts = [poll.last.detail];
  if (seen?.present === true) parts.push(`it was ${seen.state} when it was last seen`);
  parts.push(...bmpWords(context, poll.lastOkAt), ...trafficWords(context));
  return { owner: "customer", evidence: parts.join("; ") };
}

function bmpWords({ router, snapshot }: PathContext, lastOkAt: Instant | undefined): readonly string[] {
  const bmp = snapshot.bmp(router.name);
  if (bmp === undefined) return [];
  if (bmp.connected) return ["its BMP connection stands, so that daemon may live"];
  const isTogether = lastOkAt !== undefined && later(bmp.since, together) >= lastOkAt;
  return isTogether ? ["its BMP connection ended as well, as it does when that daemon ends"] : [];
}

function trafficWords({ path, router, snapshot, now }: PathContext): readonly string[] {
  const seen = snapshot.interface(router.name, path.interface);
  if (seen?.present !== true || !isFresh(router, seen.at, now) || seen.operStatus !== "up") return [];
  const carried = carries(router, snapshot.flow(router.name, path.interface), now);
  return [`${path.interface} is up and ${carried === undefined ? "carries next to nothing" : `still ${carried}`}`];
}
