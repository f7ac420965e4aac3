// Series of what the routers said: descriptions, interfaces, sessions. Only what is fresh is said.

import { metrics } from "../catalog/metrics.ts";
import { type Estate, linkNames, type Path, pathsOf, type Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import {
  bgpStates,
  duplexStatuses,
  type InterfaceObservation,
  ifAdminStatuses,
  ifOperStatuses,
  interfaceCounters,
  optionalGroups,
  pollFailures,
  pollGroups,
} from "../estate/observation.ts";
import type { Clock, Instant } from "../lib/clock.ts";
import type { CounterRecord } from "../state/counters.ts";
import type { Snapshot } from "../state/state.ts";
import { emitEvidence, emitOptics } from "./evidence.ts";
import { pathLabels } from "./paths.ts";
import { emitRouterProbes } from "./router-probes.ts";
import { type Emit, type Labels, numberOf } from "./series.ts";

export function emitRouters(emit: Emit, estate: Estate, snapshot: Snapshot, clock: Clock): void {
  const now = clock.now();
  for (const router of estate.routers.values()) {
    emitPolls(emit, router, snapshot, clock);
    emitSystem(emit, router, snapshot, clock, now);
  }
  for (const path of pathsOf(estate)) {
    const router = estate.routers.get(path.router);
    if (router === undefined) continue;
    emitSession(emit, path, router, snapshot, clock, now);
    emitEvidence(emit, path, router, snapshot, now);
    emitRouterProbes(emit, path, router, snapshot, clock);
  }
  for (const circuit of estate.circuits.values()) {
    for (const link of linkNames) {
      const path = circuit.peerings[0]?.paths[link];
      const router = path && estate.routers.get(path.router);
      if (path === undefined || router === undefined) continue;
      const { circuit: name, site, interface: iface } = path;
      const labels = { circuit: name, link, router: router.name, site, interface: iface };
      const seen = snapshot.interface(path.router, path.interface);
      if (seen !== undefined && isFresh(router, seen.at, now)) {
        emitInterface(emit, labels, seen, snapshot.counters(path.router, path.interface));
      }
      emitOptics(emit, labels, router, snapshot.optics(router.name, iface), now);
    }
  }
}

function emitPolls(emit: Emit, { name, site }: Router, snapshot: Snapshot, clock: Clock): void {
  for (const group of pollGroups) {
    const labels = { router: name, site, group };
    const poll = snapshot.poll(name, group);
    for (const result of ["ok", ...pollFailures] as const) {
      const times = poll?.results[result] ?? 0;
      // From zero on, so that the first failure is an increase; but what a router may lack is mostly lacked.
      if (times > 0 || !optionalGroups.includes(group)) emit(metrics.agent.polls, labels, times, { result });
    }
    if (poll === undefined) continue;
    emit(metrics.agent.pollSeconds, labels, poll.last.seconds);
    if (poll.lastOkAt !== undefined) emit(metrics.router.lastPoll, labels, clock.toEpoch(poll.lastOkAt) / 1_000);
  }
}

function emitSystem(emit: Emit, router: Router, snapshot: Snapshot, clock: Clock, now: Instant): void {
  const seen = snapshot.router(router.name);
  if (seen === undefined || !isFresh(router, seen.at, now)) return;
  const labels = { router: router.name, site: router.site };
  const { sysName, sysDescr, sysObjectId } = seen;
  emit(metrics.router.info, { ...labels, sys_name: sysName, sys_descr: sysDescr, sys_object_id: sysObjectId }, 1);
  // Whole seconds: a start time that wanders by microseconds would be a new value at every scrape.
  emit(metrics.router.agentStart, labels, Math.round(clock.toEpoch(seen.at) / 1_000 - seen.sysUpTime));
}

function emitInterface(
  emit: Emit,
  labels: Labels,
  seen: InterfaceObservation,
  counted: CounterRecord | undefined,
): void {
  if (!seen.present) return;
  const to = metrics.interface;
  emit(to.admin, labels, numberOf(ifAdminStatuses, seen.adminStatus));
  emit(to.oper, labels, numberOf(ifOperStatuses, seen.operStatus));
  if (seen.speed > 0) emit(to.speed, labels, seen.speed / 8);
  if (seen.duplex !== undefined) emit(to.duplex, labels, numberOf(duplexStatuses, seen.duplex));
  if (counted === undefined) return;
  emit(to.discontinuities, labels, counted.discontinuities);
  for (const name of interfaceCounters) {
    const total = counted.totals[name];
    if (total !== undefined) emit(to[name], labels, Number(total));
  }
}

function emitSession(emit: Emit, path: Path, router: Router, snapshot: Snapshot, clock: Clock, now: Instant): void {
  const seen = snapshot.session(path.router, path.session.remoteAddress);
  if (seen === undefined || !seen.present || !isFresh(router, seen.at, now)) return;
  const labels = pathLabels(path);
  const to = metrics.session;
  const established = seen.state === "established";
  emit(to.state, labels, numberOf(bgpStates, seen.state));
  emit(to.up, labels, established ? 1 : 0);
  emit(to.adminUp, labels, seen.adminUp ? 1 : 0);
  emit(to.transitions, labels, seen.establishedTransitions);
  if (established) emit(to.established, labels, Math.round(clock.toEpoch(seen.at) / 1_000 - seen.establishedSeconds));
  const far = { remote_address: seen.remoteAddress, remote_asn: String(seen.remoteAsn) };
  emit(to.info, labels, 1, { ...far, last_error: seen.lastError.join("/") });
}
