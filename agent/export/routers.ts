// Series of what the routers said: descriptions, interfaces, sessions. Only what is fresh is said.

import { metrics } from "../catalog/metrics.ts";
import { type Estate, linkNames, type Path, pathsOf, type Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import {
  duplexStatuses,
  ifAdminStatuses,
  ifOperStatuses,
  interfaceCounters,
  optionalGroups,
  type PollGroup,
  pollFailures,
  pollGroups,
} from "../estate/observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import { isStep } from "../lib/slices.ts";
import type { CounterRecord } from "../state/counters.ts";
import type { InterfaceSeen, Snapshot } from "../state/state.ts";
import { doubleOf } from "../state/words.ts";
import { emitEvidence, emitOptics } from "./evidence.ts";
import { emitRouterProbes } from "./router-probes.ts";
import { type Emit, type LabelText, labelsOf, labelTexts, numbersOf } from "./series.ts";
import { emitDrops, emitSession, emitUnconfigured } from "./sessions.ts";

const pollResults = ["ok", ...pollFailures] as const;
const resultLabels = labelTexts("result", pollResults);
const routerLabels = labelsOf(({ name, site }: Router) => ({ router: name, site }));
const groupLabels = Object.fromEntries(
  pollGroups.map((group) => [group, labelsOf(({ name, site }: Router) => ({ router: name, site, group }))]),
) as Readonly<Record<PollGroup, (router: Router) => LabelText>>;
/** Of the interface that the link of a path stands on, whatever the peering. */
const linkLabels = labelsOf(({ circuit, link, router, site, interface: iface }: Path) => ({
  circuit,
  link,
  router,
  site,
  interface: iface,
}));
/** In the order of the totals. */
const counterMetrics = interfaceCounters.map((name) => metrics.interface[name]);
const adminNumbers = numbersOf(ifAdminStatuses);
const operNumbers = numbersOf(ifOperStatuses);
const duplexNumbers = numbersOf(duplexStatuses);

export function* emitRouters(emit: Emit, estate: Estate, snapshot: Snapshot, clock: Clock): Generator<void> {
  const now = clock.now();
  for (const router of estate.routers.values()) {
    yield;
    emitPolls(emit, router, snapshot, clock);
    emitSystem(emit, router, snapshot, clock, now);
    emitUnconfigured(emit, routerLabels(router), router, snapshot);
  }
  for (const [i, path] of pathsOf(estate).entries()) {
    if (isStep(i)) yield;
    const router = estate.routers.get(path.router);
    if (router === undefined) continue;
    emitSession(emit, path, router, snapshot, clock, now);
    emitEvidence(emit, path, router, snapshot, clock);
    emitRouterProbes(emit, path, router, snapshot, clock);
  }
  for (const circuit of estate.circuits.values()) {
    yield;
    for (const link of linkNames) {
      const path = circuit.peerings[0]?.paths[link];
      const router = path && estate.routers.get(path.router);
      if (path === undefined || router === undefined) continue;
      const labels = linkLabels(path);
      const seen = snapshot.interface(path.router, path.interface);
      if (seen !== undefined && isFresh(router, seen.at, now)) {
        emitInterface(emit, labels, seen, snapshot.counters(path.router, path.interface));
        emitDrops(
          emit,
          metrics.session.interfaceDrops,
          labels,
          snapshot.interfaceDrops(path.router, path.interface),
          now,
        );
      }
      emitOptics(emit, labels, router, snapshot.optics(router.name, path.interface), now);
    }
  }
}

function emitPolls(emit: Emit, router: Router, snapshot: Snapshot, clock: Clock): void {
  for (const group of pollGroups) {
    const labels = groupLabels[group](router);
    const poll = snapshot.poll(router.name, group);
    for (const result of pollResults) {
      const times = poll?.results[result] ?? 0;
      // From zero on, so that the first failure is an increase; but what a router may lack is mostly lacked.
      if (times > 0 || !optionalGroups.includes(group)) emit(metrics.agent.polls, labels, times, resultLabels[result]);
    }
    if (poll === undefined) continue;
    emit(metrics.agent.pollSeconds, labels, poll.last.seconds);
    if (poll.lastOkAt !== undefined) emit(metrics.router.lastPoll, labels, clock.toEpoch(poll.lastOkAt) / 1_000);
  }
}

function emitSystem(emit: Emit, router: Router, snapshot: Snapshot, clock: Clock, now: Instant): void {
  const seen = snapshot.router(router.name);
  if (seen === undefined || !isFresh(router, seen.at, now)) return;
  const labels = routerLabels(router);
  const { sysName, sysDescr, sysObjectId } = seen;
  emit(metrics.router.info, labels, 1, { sys_name: sysName, sys_descr: sysDescr, sys_object_id: sysObjectId });
  // Whole seconds: a start time that wanders by microseconds would be a new value at every scrape.
  emit(metrics.router.agentStart, labels, Math.round(clock.toEpoch(seen.at) / 1_000 - seen.sysUpTime));
}

function emitInterface(emit: Emit, labels: LabelText, seen: InterfaceSeen, counted: CounterRecord | undefined): void {
  if (!seen.present) return;
  const to = metrics.interface;
  emit(to.admin, labels, adminNumbers[seen.adminStatus]);
  emit(to.oper, labels, operNumbers[seen.operStatus]);
  if (seen.speed > 0) emit(to.speed, labels, seen.speed / 8);
  if (seen.duplex !== undefined) emit(to.duplex, labels, duplexNumbers[seen.duplex]);
  if (counted === undefined) return;
  emit(to.discontinuities, labels, counted.discontinuities);
  for (let i = 0; i < counterMetrics.length; i++) {
    const [metric, total] = [counterMetrics[i], doubleOf(counted.totals, i)];
    if (metric !== undefined && total !== undefined) emit(metric, labels, total);
  }
}
