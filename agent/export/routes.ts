// Series of the prefixes that are declared of a path, and the ways that the router takes to them.

import { metrics } from "../catalog/metrics.ts";
import { exits, knownWays } from "../estate/best-path.ts";
import type { BmpConnectionObservation } from "../estate/bmp-observation.ts";
import type { Estate } from "../estate/estate.ts";
import type { PathVerdict } from "../estate/judgement.ts";
import { prefixFamilies } from "../estate/link-observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import type { Emit, Labels, LabelText } from "./series.ts";

export function emitRoutes(
  emit: Emit,
  labels: LabelText,
  { path }: PathVerdict,
  estate: Estate,
  snapshot: Snapshot,
  now: Instant,
): void {
  const to = metrics.routes;
  const { declared } = path;
  if (declared === undefined) return;
  for (const direction of ["received", "advertised"] as const) {
    emit(to.declared, labels, declared[direction].length, { direction });
  }
  for (const { family, missing } of snapshot.bmpPrefixes(path.router, path.session.remoteAddress)?.families ?? []) {
    const received = missing?.accepted ?? missing?.received;
    if (received !== undefined) emit(to.declaredMissing, labels, received.length, { direction: "received", family });
    const advertised = missing?.advertised;
    if (advertised !== undefined)
      emit(to.declaredMissing, labels, advertised.length, { direction: "advertised", family });
  }
  const known = knownWays(estate, path, snapshot.bestPaths, now);
  if (known === undefined) return;
  for (const way of exits) {
    const count = known.ways.filter(({ exit }) => exit === way).length;
    emit(to.bestPath, labels, count, { way, source: known.seen.source });
  }
}

export function emitLocRibs(emit: Emit, labels: Labels, { locRibs = [] }: BmpConnectionObservation): void {
  for (const family of prefixFamilies) {
    for (const source of ["bmp", "bmpGauge"] as const) {
      const counts = locRibs
        .flatMap(({ families }) => families)
        .filter((of) => of.family === family && (of.gaugedAt === undefined) === (source === "bmp"));
      if (counts.length === 0) continue;
      const sum = counts.reduce((all, { count }) => all + count, 0);
      emit(metrics.routes.locRib, labels, sum, { family, source });
    }
  }
}
