// Series of the probes that a path's router sends itself. Only what is fresh is said of the latest result.

import { metrics } from "../catalog/metrics.ts";
import type { Path, Router } from "../estate/estate.ts";
import { isFreshProbe } from "../estate/freshness.ts";
import type { Clock } from "../lib/clock.ts";
import type { RouterProbeRecord } from "../state/router-probes.ts";
import type { Snapshot } from "../state/state.ts";
import { keyOf, pathLabels } from "./paths.ts";
import type { Emit } from "./series.ts";

export function emitRouterProbes(emit: Emit, path: Path, router: Router, snapshot: Snapshot, clock: Clock): void {
  const records = snapshot.routerProbes(keyOf(path));
  if (records.length === 0) return;
  const labels = pathLabels(path);
  const to = metrics.routerProbe;
  const sum = (tally: keyof RouterProbeRecord["totals"]) => records.reduce((all, { totals }) => all + totals[tally], 0);
  emit(to.results, labels, sum("results"));
  emit(to.packets, labels, sum("sent"));
  emit(to.lost, labels, sum("lost"));
  if (records.some(({ last }) => last.result?.directions !== undefined)) {
    emit(to.lostOneWay, labels, sum("forward"), { direction: "forward" });
    emit(to.lostOneWay, labels, sum("backward"), { direction: "backward" });
  }
  const fresh = records.filter(({ last }) => isFreshProbe(router, last, clock.now()));
  for (const { last } of fresh) {
    const { mib, name: probe, target = "", source = "", result } = last;
    emit(to.info, labels, 1, { mib, probe, target, source, sense: result?.sense ?? "" });
  }
  if (fresh.length === 0) return;
  const running = fresh.filter(({ last }) => last.running);
  emit(to.running, labels, running.length > 0 ? 1 : 0);
  const latest = running.find(({ last, resultAt }) => resultAt !== undefined && (last.result?.sent ?? 0) > 0);
  const result = latest?.last.result;
  if (latest?.resultAt === undefined || result === undefined) return;
  emit(to.answered, labels, result.received > 0 ? 1 : 0);
  emit(to.resultAt, labels, Math.round(clock.toEpoch(latest.resultAt) / 1_000));
  const { delay, jitter } = result;
  if (delay?.min !== undefined) emit(to.delayMin, labels, delay.min);
  if (delay?.average !== undefined) emit(to.delayAverage, labels, delay.average);
  if (delay?.max !== undefined) emit(to.delayMax, labels, delay.max);
  if (jitter !== undefined) emit(to.jitter, labels, jitter);
}
