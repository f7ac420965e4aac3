// What the probes say of a path or a Global Reach pair: whether anything gets through, how much, how fast.

import type { Limit, ProbeTarget, Thresholds } from "../estate/estate.ts";
import type { Cause, Condition, Owner, Verdict } from "../estate/judgement.ts";
import type { SubjectKey } from "../estate/observation.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { type Duration, formatDuration, milliseconds } from "../lib/duration.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";
import type { Snapshot } from "../state/state.ts";
import { settledFrom } from "./blind.ts";
import type { Finding } from "./condition.ts";
import { latest } from "./hearing.ts";
import { type Measured, measure, notMeasured, outageEnd } from "./probe-window.ts";

/** The stream of probes that speaks for a subject, and what it measured. */
export interface ProbeView {
  readonly target: ProbeTarget;
  readonly record: ProbeRecord | undefined;
  readonly measured: Measured;
}

/** Whether a probe was ever answered since this agent started; until then nothing is known of what is behind it. */
export function wasAnswered(view: Pick<ProbeView, "record"> | undefined): boolean {
  return view?.record?.last.lastReceivedAt !== undefined;
}

/** Probes are reported as they settle; this long without any and the prober itself is stuck. */
function probingStalled({ interval, timeout }: ProbeTarget): Duration {
  return milliseconds(Math.max(5_000, 3 * interval + timeout));
}

/**
 * Of several streams the first speaks (the configuration lists the strongest first), unless it was
 * never answered and a later one was.
 */
export function speakingProbe(
  of: SubjectKey,
  probes: readonly ProbeTarget[],
  thresholds: Thresholds,
  snapshot: Snapshot,
  was: Verdict | undefined,
  now: Instant,
  blindUntil?: Instant,
): ProbeView | undefined {
  const outage = outageEnd(was, thresholds, now);
  const views = probes.map((target, index) => {
    const record = snapshot.probe(of, index);
    const end = latest(outage, settledFrom(blindUntil, target));
    const measured = record === undefined ? notMeasured : measure(record, thresholds, end, now);
    return { target, record, measured };
  });
  return views.find(wasAnswered) ?? views[0];
}

export interface ProbeContext {
  readonly view: ProbeView | undefined;
  readonly thresholds: Thresholds;
  readonly now: Instant;
  /** Who is asked first when packets vanish between two ends that are up. */
  readonly owner: Owner;
}

export function checkForwarding({ view, thresholds, now, owner }: ProbeContext): Finding {
  const silent = { cause: "probesSilent", owner, effect: "down" } as const;
  const unknown = { holds: "unknown", cause: "probesUnknown", owner: "unknown", effect: "unknown" } as const;
  if (view === undefined) return { ...unknown, effect: "none", evidence: "no probe is configured" };
  const to = `${view.target.technique} probes to ${view.target.address}`;
  if (view.record === undefined) return { ...unknown, evidence: `${to} have not been sent yet` };
  const { last } = view.record;
  if (now - last.at > probingStalled(view.target)) {
    return { ...unknown, evidence: `${to} stopped ${formatDuration(elapsed(last.at, now))} ago: the prober is stuck` };
  }
  if (last.lastReceivedAt === undefined) {
    const evidence = `${to} were never answered since this agent started: forwarding is not confirmed`;
    return { ...unknown, effect: "none", evidence };
  }
  const quiet = elapsed(last.lastReceivedAt, now);
  // A host that cannot send says nothing of the path; only probes that went out and stayed unanswered do.
  const sentInVain = last.lossRun * view.target.interval >= thresholds.silence / 2;
  if (quiet < thresholds.silence || !sentInVain) {
    return { ...silent, holds: false, evidence: `${to} are answered` };
  }
  return {
    ...silent,
    holds: true,
    evidence: `${to}: no answer for ${formatDuration(quiet)}, ${last.lossRun} lost in a row`,
  };
}

export function checkLoss(context: ProbeContext, before: Condition | undefined): Finding {
  const { probes, lossRatio } = (context.view?.measured ?? notMeasured).afterOutage;
  const { loss } = context.thresholds;
  // With fewer probes than this a single lost one would be above the limit.
  const enough = probes >= Math.ceil(1 / loss.raise);
  const value = enough && wasAnswered(context.view) ? lossRatio : undefined;
  const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;
  return checkLimit(context, before, loss, "lossHigh", value, (v) => `${percent(v)} of ${probes} probes lost`, percent);
}

export function checkDelay(context: ProbeContext, before: Condition | undefined): Finding {
  const { delay, probes } = (context.view?.measured ?? notMeasured).afterOutage;
  const ms = (s: number) => `${(s * 1_000).toFixed(1)} ms`;
  const enough = probes >= minDelaySamples;
  return checkLimit(
    context,
    before,
    context.thresholds.delay,
    "delayHigh",
    enough ? delay?.median : undefined,
    (v) => `median round-trip delay ${ms(v)}`,
    ms,
  );
}

/** A median of fewer delays than this is chance. */
const minDelaySamples = 5;

function checkLimit(
  { owner }: ProbeContext,
  before: Condition | undefined,
  limit: Limit,
  cause: Cause,
  value: number | undefined,
  say: (value: number) => string,
  unit: (value: number) => string,
): Finding {
  const what = { cause, owner, effect: "degraded" } as const;
  if (value === undefined) return { ...what, holds: "unknown", effect: "none", evidence: "not enough probes to tell" };
  const firing = before?.state === "firing";
  const holds = firing ? value >= limit.clear : value >= limit.raise;
  const rule = firing ? `clears below ${unit(limit.clear)}` : `limit ${unit(limit.raise)}`;
  return { ...what, holds, evidence: `${say(value)} (${rule})` };
}
