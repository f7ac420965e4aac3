// Series of what the probes of a path or pair amount to over the windows that are shown, and of all its delays.

import type { metrics } from "../catalog/metrics.ts";
import type { StatisticsConfig } from "../estate/estate.ts";
import type { ProbeFigures, Spread } from "../estate/probe-figures.ts";
import type { Instant } from "../lib/clock.ts";
import type { ProbeRecord } from "../state/probe-statistics.ts";
import { type Emit, type Labels, type LabelText, labelText } from "./series.ts";

type StatisticsMetrics = typeof metrics.path | typeof metrics.pair;

/** `record`: of the stream by which the subject is judged. */
export function emitStatistics(
  emit: Emit,
  to: StatisticsMetrics,
  labels: LabelText,
  record: ProbeRecord,
  { windows }: StatisticsConfig,
  now: Instant,
): void {
  const figures = record.windows(now);
  for (const [i, { name }] of windows.entries()) {
    const of = figures[i];
    if (of !== undefined) emitWindow(emit, to, labels, name, of);
  }
  if (record.jitter !== undefined) emit(to.jitter, labels, record.jitter);
}

/** Texts of labels, made once for each set of values. */
function memory(of: (...values: readonly string[]) => Labels): (...values: readonly string[]) => LabelText {
  const known = new Map<string, LabelText>();
  return (...values) => {
    const key = values.join(" ");
    let text = known.get(key);
    if (text === undefined) {
      text = labelText(of(...values));
      known.set(key, text);
    }
    return text;
  };
}

const windowLabels = memory((window = "") => ({ window }));
const percentileLabels = memory((window = "", percentile = "") => ({ window, percentile }));
const techniqueLabels = memory((technique = "") => ({ technique }));
const bucketLabels = memory((technique = "", le = "") => ({ technique, le }));

function emitWindow(emit: Emit, to: StatisticsMetrics, labels: LabelText, window: string, of: ProbeFigures): void {
  emit(to.windowProbes, labels, of.probes, windowLabels(window));
  if (of.probes > 0) {
    emit(to.windowLossRatio, labels, of.lost / of.probes, windowLabels(window));
    emit(to.windowLossBursts, labels, of.lossBursts, windowLabels(window));
    emit(to.windowLongestLossBurst, labels, of.longestLossBurst, windowLabels(window));
  }
  if (of.delay !== undefined) emit(to.windowDelay, labels, of.delay.min, percentileLabels(window, "0"));
  for (const [percentile, name] of percentiles) {
    if (of.delay !== undefined) emit(to.windowDelay, labels, of.delay[name], percentileLabels(window, percentile));
    // The least of it says nothing: two delays in a row are alike now and then.
    if (of.variation !== undefined)
      emit(to.windowVariation, labels, of.variation[name], percentileLabels(window, percentile));
  }
}

const percentiles: readonly (readonly [string, keyof Spread])[] = [
  ["50", "median"],
  ["95", "p95"],
  ["99", "p99"],
  ["100", "max"],
];

/** Streams of one technique are one series: their delays add up. */
export function emitHistogram(
  emit: Emit,
  to: StatisticsMetrics,
  labels: LabelText,
  technique: string,
  records: readonly (ProbeRecord | undefined)[],
  { buckets }: StatisticsConfig,
): void {
  if (buckets.length === 0) return;
  let count = 0;
  let sum = 0;
  for (const record of records) sum += record?.histogram.sum ?? 0;
  for (const [i, limit] of [...buckets, Number.POSITIVE_INFINITY].entries()) {
    for (const record of records) count += record?.histogram.counts[i] ?? 0;
    emit(
      to.delays,
      labels,
      count,
      bucketLabels(technique, limit === Number.POSITIVE_INFINITY ? "+Inf" : String(limit)),
      "_bucket",
    );
  }
  emit(to.delays, labels, sum, techniqueLabels(technique), "_sum");
  emit(to.delays, labels, count, techniqueLabels(technique), "_count");
}
