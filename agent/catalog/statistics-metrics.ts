// Metrics of what the probes of a path or pair amount to.

import type { MetricDefinition } from "./definition.ts";

/** Of one subject; `labels` are its own. */
export function probeStatistics(prefix: string, labels: readonly string[]) {
  const technique = [...labels, "technique"];
  const window = [...labels, "window"];
  const percentile = [...window, "percentile"];
  const define = (type: MetricDefinition["type"], name: string, help: string, of: readonly string[]) =>
    ({ name: `${prefix}_${name}`, type, help, labels: of }) satisfies MetricDefinition;
  const delay = (name: string, help: string) =>
    define("gauge", `round_trip_delay_${name}_seconds`, `${help} in the threshold window`, labels);
  return {
    delayMin: delay("min", "Least round-trip delay"),
    delayMedian: delay("median", "Median round-trip delay"),
    delayP95: delay("p95", "95th percentile of the round-trip delay"),
    delayP99: delay("p99", "99th percentile of the round-trip delay"),
    delayMax: delay("max", "Greatest round-trip delay"),
    delays: define(
      "histogram",
      "round_trip_delay_seconds",
      "Round-trip delays of the probes that were answered within the loss threshold, but for those not to be trusted",
      technique,
    ),
    lossBursts: define("counter", "loss_bursts_total", "Loss periods: probes lost in a row (RFC 3357)", technique),
    jitter: define(
      "gauge",
      "round_trip_jitter_seconds",
      "Interarrival jitter of the round trip, smoothed (RFC 3550 section 6.4.1)",
      labels,
    ),
    windowProbes: define(
      "gauge",
      "window_probes",
      "Probes settled in the window: the sample size of all that is said of it",
      window,
    ),
    windowLossRatio: define("gauge", "window_loss_ratio", "Probes lost over those settled in the window (0-1)", window),
    windowLossBursts: define("gauge", "window_loss_bursts", "Loss periods in the window (RFC 3357)", window),
    windowLongestLossBurst: define(
      "gauge",
      "window_longest_loss_burst_probes",
      "Length of the longest loss period in the window, in probes (RFC 3357)",
      window,
    ),
    windowDelay: define(
      "gauge",
      "window_round_trip_delay_seconds",
      "Round-trip delay in the window; percentile 0 is the least, 100 the greatest",
      percentile,
    ),
    windowVariation: define(
      "gauge",
      "window_delay_variation_seconds",
      "Round-trip delay variation from one probe to the next, without its sign, in the window (ipdv, RFC 3393); percentile 100 is the greatest",
      percentile,
    ),
  } as const;
}
