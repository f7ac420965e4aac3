// Series of what a router tells of a link beyond its interface and session. Only what is fresh is said.

import { metrics } from "../catalog/metrics.ts";
import type { Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import { bfdStates, neighborStates, type OpticsObservation } from "../estate/link-observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { pathLabels } from "./paths.ts";
import { type Emit, type LabelText, numbersOf } from "./series.ts";

const bfdNumbers = numbersOf(bfdStates);
const neighborNumbers = numbersOf(neighborStates);

export function emitEvidence(emit: Emit, path: Path, router: Router, snapshot: Snapshot, clock: Clock): void {
  const now = clock.now();
  const labels = pathLabels(path);
  const { remoteAddress } = path.session;
  const bfd = snapshot.bfd(router.name, remoteAddress);
  if (bfd?.present === true && isFresh(router, bfd.at, now, "bfd")) {
    const to = metrics.bfd;
    emit(to.state, labels, bfdNumbers[bfd.state]);
    emit(to.up, labels, bfd.state === "up" ? 1 : 0);
    if (bfd.upCount !== undefined) emit(to.transitions, labels, bfd.upCount);
    if (bfd.negotiatedInterval !== undefined) emit(to.negotiated, labels, bfd.negotiatedInterval);
    if (bfd.detectionTime !== undefined) emit(to.detection, labels, bfd.detectionTime);
    emit(to.info, labels, 1, { diagnostic: bfd.diagnostic ?? "" });
  }
  const neighbor = snapshot.neighbor(router.name, remoteAddress);
  if (neighbor !== undefined && isFresh(router, neighbor.at, now, "neighbors")) {
    emit(metrics.neighbor.state, labels, neighborNumbers[neighbor.state]);
    if (neighbor.mac !== undefined) emit(metrics.neighbor.info, labels, 1, { mac: neighbor.mac });
  }
  const prefixes = snapshot.prefixes(router.name, remoteAddress);
  if (prefixes === undefined || !isFresh(router, prefixes.at, now, "prefixes")) return;
  for (const { family, receivedBy, ...counts } of prefixes.families) {
    if (receivedBy !== undefined) {
      const { source, at } = receivedBy;
      emit(metrics.routes.countedAt, labels, clock.toEpoch(at) / 1_000, { family, source });
    }
    for (const [name, count] of Object.entries(counts) as [keyof typeof counts, number | undefined][]) {
      if (count !== undefined) emit(metrics.prefixes[name], labels, count, { family });
    }
  }
}

export function emitOptics(
  emit: Emit,
  labels: LabelText,
  router: Router,
  seen: OpticsObservation | undefined,
  now: Instant,
): void {
  if (seen === undefined || !isFresh(router, seen.at, now, "optics")) return;
  for (const { quantity, lane, value } of seen.readings) {
    if (value !== undefined) emit(metrics.optics[quantity], labels, value, { lane: String(lane) });
  }
}
