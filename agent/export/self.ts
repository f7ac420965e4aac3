// Series of the agent itself and of its host.

import { selfMetrics as to } from "../catalog/self-metrics.ts";
import { gatewayAnswers, gatewayName, loopThreads } from "../estate/host-observation.ts";
import type { Isolation } from "../estate/isolation.ts";
import { subject } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import type { Emit } from "./series.ts";

export function emitIsolation(emit: Emit, { state, cause, count }: Isolation): void {
  if (state === "firing") emit(to.isolationCause, { cause }, 1);
  emit(to.isolations, {}, count);
}

export function emitHost(emit: Emit, snapshot: Snapshot, now: Instant): void {
  for (const thread of loopThreads) {
    const last = snapshot.loop(thread).at(-1);
    if (last !== undefined) emit(to.loopDelay, { thread }, last.late / 1_000);
  }
  const host = snapshot.host();
  if (host === undefined) return;
  emit(to.clockSteps, {}, host.clockSteps);
  emit(to.slept, {}, host.sleptSeconds);
  if (host.receiveBufferErrors !== undefined) emit(to.receiveBufferErrors, {}, host.receiveBufferErrors);
  if (host.cpuWait !== undefined) emit(to.cpuWait, {}, host.cpuWait);
  if (host.cpuPressure !== undefined) emit(to.cpuPressure, {}, host.cpuPressure);
  for (const { name, state, counters } of host.interfaces) {
    const labels = { interface: name };
    if (state !== "unknown") emit(to.interface, labels, state === "up" ? 1 : 0);
    if (counters === undefined) continue;
    emit(to.receiveErrors, labels, counters.receiveErrors);
    emit(to.receiveDrops, labels, counters.receiveDrops);
    emit(to.transmitErrors, labels, counters.transmitErrors);
    emit(to.transmitDrops, labels, counters.transmitDrops);
  }
  for (const gateway of host.egress?.gateways ?? []) {
    const name = gatewayName(gateway);
    const answered = snapshot.probe(subject.gateway(name), 0)?.last.lastReceivedAt;
    if (answered !== undefined) emit(to.gateway, { gateway: name }, gatewayAnswers(answered, now) ? 1 : 0);
  }
}
