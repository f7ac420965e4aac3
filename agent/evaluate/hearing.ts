// What this agent hears, and whether it could hear at all: of its routers, its probes and its own gateway.

import type { Estate } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import { gatewayAnswers, gatewayName, type HostObservation } from "../estate/host-observation.ts";
import { pollGroups, subject } from "../estate/observation.ts";
import { probedOf } from "../estate/probed.ts";
import type { Instant } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import type { Snapshot } from "../state/state.ts";

/** `unknown`: there is none that ever answered. Many gateways answer no ping, so that says nothing. */
export type GatewayState = "answers" | "silent" | "unknown";

export interface Heard {
  /** When a router or a probe last answered; undefined: never since the agent started. */
  readonly at: Instant | undefined;
  /** Neither for a moment, though probes were answered before. */
  readonly silent: boolean;
  /** Some router's answer still speaks for the present. */
  readonly anyRouter: boolean;
  readonly anyProbe: boolean;
  readonly gateway: GatewayState;
  /** Those that are pinged, for people. */
  readonly gateways: string;
}

/** A prober that reports nothing for this long has asked nothing. */
const proberSilent = milliseconds(2_500);

export function listen(estate: Estate, snapshot: Snapshot, now: Instant): Heard {
  let lastProbe: Instant | undefined;
  let patience = Number.POSITIVE_INFINITY;
  for (const { of, probes, thresholds } of probedOf(estate)) {
    for (const index of probes.keys()) {
      const at = snapshot.probe(of, index)?.last.lastReceivedAt;
      if (at === undefined) continue;
      lastProbe = latest(lastProbe, at);
      patience = Math.min(patience, thresholds.silence / 2);
    }
  }
  let lastPoll: Instant | undefined;
  let anyRouter = false;
  let shortestPoll = Number.POSITIVE_INFINITY;
  for (const router of estate.routers.values()) {
    shortestPoll = Math.min(shortestPoll, router.pollInterval);
    for (const group of pollGroups) {
      const at = snapshot.poll(router.name, group)?.lastOkAt;
      if (at === undefined) continue;
      lastPoll = latest(lastPoll, at);
      anyRouter ||= isFresh(router, at, now);
    }
  }
  // Without probes a silence between two polls is none.
  if (lastProbe === undefined) patience = 2 * shortestPoll;
  const at = latest(lastProbe, lastPoll);
  return {
    at,
    silent: at === undefined || now - at >= patience,
    anyRouter,
    anyProbe: lastProbe !== undefined,
    ...gatewaysOf(snapshot, now),
  };
}

function gatewaysOf(snapshot: Snapshot, now: Instant): Pick<Heard, "gateway" | "gateways"> {
  const names = (snapshot.host()?.egress?.gateways ?? []).map(gatewayName);
  let state: GatewayState = "unknown";
  const answered: string[] = [];
  for (const name of names) {
    const last = snapshot.probe(subject.gateway(name), 0)?.last;
    if (last?.lastReceivedAt === undefined) continue;
    answered.push(name);
    if (gatewayAnswers(last.lastReceivedAt, now)) state = "answers";
    else if (state === "unknown" && now - last.at < proberSilent) state = "silent";
  }
  return { gateway: state, gateways: answered.join(", ") };
}

/** What the host last said of itself, while that still speaks for the present. */
export function freshHost(snapshot: Snapshot, now: Instant): HostObservation | undefined {
  const host = snapshot.host();
  return host !== undefined && now - host.at < hostStale ? host : undefined;
}

const hostStale: Duration = milliseconds(5_000);

export function latest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
