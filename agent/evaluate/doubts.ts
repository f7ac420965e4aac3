// Whose counters are worth a look right now: a far end that has just fallen silent may be broken, or limit its answers, and
// two readings that begin in the silence tell which, before anybody is paged.

import { type Estate, pathsOf } from "../estate/estate.ts";
import { subject } from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { isShared } from "./traffic.ts";

/** Of the silence that makes a path down: early enough for two readings a second apart within the usual two. */
const begins = 0.4;

/** After so many silences it is known what they say, at the pace of the polls. */
const ends = 3;

/** Routers to ask for their interfaces at once. */
export function doubtedRouters(estate: Estate, snapshot: Snapshot, now: Instant): ReadonlySet<string> {
  const routers = new Set<string>();
  for (const path of pathsOf(estate)) {
    for (const [index, { technique, address, interval }] of path.probes.entries()) {
      if (technique !== "icmp" || address !== path.session.remoteAddress) continue;
      const answeredAt = snapshot.probe(subject.path(path), index)?.last.lastReceivedAt;
      if (answeredAt === undefined) continue;
      const quiet = elapsed(answeredAt, now);
      const { silence } = path.thresholds;
      const isDoubted = quiet >= Math.max(begins * silence, 2 * interval) && quiet < ends * silence;
      if (isDoubted && !isShared(estate, path)) routers.add(path.router);
    }
  }
  return routers;
}
