// Series of BGP sessions, and of drops.

import type { MetricDefinition } from "../catalog/definition.ts";
import { metrics } from "../catalog/metrics.ts";
import type { Estate, Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import { bgpStates, type SessionObservation } from "../estate/observation.ts";
import { sourcesOf } from "../estate/seen-session.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import { type Drops, dropsWithin, flapWindows } from "../state/flaps.ts";
import type { Snapshot } from "../state/state.ts";
import { pathLabels } from "./paths.ts";
import { type Emit, type LabelText, labelText, labelTexts, numbersOf } from "./series.ts";

const bgpNumbers = numbersOf(bgpStates);
const windows = Object.keys(flapWindows) as (keyof typeof flapWindows)[];
const windowLabels = labelTexts("window", windows);

type SessionUp = Extract<SessionObservation, { readonly present: true }>;

/** The labels of the far end, which hardly ever change. */
const farKnown = new WeakMap<
  Path,
  { readonly asn: number; readonly error: SessionUp["lastError"]; readonly text: LabelText }
>();

function farLabels(path: Path, { remoteAddress, remoteAsn, lastError }: SessionUp): LabelText {
  const known = farKnown.get(path);
  if (known?.asn === remoteAsn && known.error === lastError) return known.text;
  const text = labelText({
    remote_address: remoteAddress,
    remote_asn: String(remoteAsn),
    last_error: lastError.join("/"),
  });
  farKnown.set(path, { asn: remoteAsn, error: lastError, text });
  return text;
}

export function emitSession(
  emit: Emit,
  path: Path,
  router: Router,
  snapshot: Snapshot,
  clock: Clock,
  now: Instant,
): void {
  const labels = pathLabels(path);
  const to = metrics.session;
  emitDrops(emit, to.drops, labels, snapshot.sessionDrops(path.router, path.session.remoteAddress), now);
  const seen = snapshot.session(path.router, path.session.remoteAddress);
  if (seen === undefined || !seen.present || !isFresh(router, seen.at, now)) return;
  const established = seen.state === "established";
  emit(to.state, labels, bgpNumbers[seen.state]);
  emit(to.up, labels, established ? 1 : 0);
  emit(to.adminUp, labels, seen.adminUp ? 1 : 0);
  emit(to.transitions, labels, seen.establishedTransitions);
  if (established) emit(to.established, labels, Math.round(clock.toEpoch(seen.at) / 1_000 - seen.establishedSeconds));
  emit(to.info, labels, 1, farLabels(path, seen));
  if (established && seen.holdTime !== undefined) emit(metrics.bmp.sessionHoldTime, labels, seen.holdTime);
  for (const { source, at } of sourcesOf(seen))
    emit(metrics.bmp.sessionSource, labels, clock.toEpoch(at) / 1_000, { source });
}

export function emitDrops(
  emit: Emit,
  to: MetricDefinition,
  labels: LabelText,
  drops: Drops | undefined,
  now: Instant,
): void {
  if (drops === undefined) return;
  for (const window of windows) emit(to, labels, dropsWithin(drops, flapWindows[window], now), windowLabels[window]);
}

/** Once somebody could tell. */
export function emitUnconfigured(emit: Emit, labels: LabelText, { name }: Router, snapshot: Snapshot): void {
  const isTold = snapshot.poll(name, "bgp")?.lastOkAt !== undefined || snapshot.bmp(name)?.connected === true;
  if (isTold) emit(metrics.session.unconfigured, labels, snapshot.unconfigured(name).length);
}

export function emitSessionRules(emit: Emit, { sessions }: Estate): void {
  if (sessions === undefined) return;
  const to = metrics.session;
  emit(to.slowestDetection, {}, sessions.slowestDetection / 1_000);
  emit(to.flappingDrops, {}, sessions.flapping.drops);
  emit(to.flappingWindow, {}, sessions.flapping.within / 1_000);
  emit(to.flappingQuiet, {}, sessions.flapping.quiet / 1_000);
}
