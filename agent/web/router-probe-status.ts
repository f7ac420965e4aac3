// The probes that a path's router sends itself, as JSON and in words. Delays are seconds; null: not known.

import type { Path, Router } from "../estate/estate.ts";
import { isFreshProbe } from "../estate/freshness.ts";
import { subject } from "../estate/observation.ts";
import type { ProbeSense, RouterProbeMib } from "../estate/router-probe.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { formatDuration, seconds } from "../lib/duration.ts";
import type { RouterProbeRecord } from "../state/router-probes.ts";
import type { Snapshot } from "../state/state.ts";
import { ms } from "./words.ts";

export interface RouterProbeStatus {
  readonly mib: RouterProbeMib;
  /** What the router calls it: untrusted text. */
  readonly name: string;
  readonly target: string | null;
  readonly source: string | null;
  readonly running: boolean;
  /** The latest result; null while none is known. */
  readonly result: {
    readonly ageSeconds: number;
    readonly sense: ProbeSense;
    readonly sent: number;
    readonly received: number;
    readonly delay: {
      readonly min: number | null;
      readonly average: number | null;
      readonly max: number | null;
    } | null;
    readonly jitter: number | null;
  } | null;
}

/** Null where none is known, or none was read lately. */
export function routerProbeStatuses(
  path: Path,
  router: Router,
  snapshot: Snapshot,
  now: Instant,
): readonly RouterProbeStatus[] | null {
  const records = snapshot.routerProbes(subject.path(path)).filter(({ last }) => isFreshProbe(router, last, now));
  return records.length === 0 ? null : records.map((record) => routerProbeStatus(record, now));
}

function routerProbeStatus({ last, resultAt }: RouterProbeRecord, now: Instant): RouterProbeStatus {
  const { mib, name, target = null, source = null, running, result } = last;
  const common = { mib, name, target, source, running };
  if (result === undefined || resultAt === undefined) return { ...common, result: null };
  const { sense, sent, received, delay, jitter = null } = result;
  const { min = null, average = null, max = null } = delay ?? {};
  const ageSeconds = elapsed(resultAt, now) / 1_000;
  return {
    ...common,
    result: { ageSeconds, sense, sent, received, delay: delay === undefined ? null : { min, average, max }, jitter },
  };
}

/** `7 (CISCO-RTTMON-MIB) to 172.16.0.2: ok, 10 of 10 packets, average 2.1 ms, 4s ago`. */
export function routerProbeWords({ mib, name, target, running, result }: RouterProbeStatus): string {
  const who = `${name} (${mib})${target === null ? "" : ` to ${target}`}`;
  if (!running) return `${who}: not running`;
  if (result === null) return `${who}: no result yet`;
  const { sense, sent, received, delay, ageSeconds } = result;
  const packets = sent === 0 ? "not measured" : `${received} of ${sent} ${sent === 1 ? "packet" : "packets"}`;
  const average = delay === null || delay.average === null ? "" : `, average ${ms(delay.average)}`;
  return `${who}: ${sense}, ${packets}${average}, ${formatDuration(seconds(ageSeconds))} ago`;
}
