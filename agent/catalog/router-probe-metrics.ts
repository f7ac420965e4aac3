// Metrics of the probes that routers send themselves, and of whose word on a path's forwarding counts. Several probes of a
// path are one series: their tallies add up, and the delay is that of the first that has a result.

import type { MetricDefinition } from "./definition.ts";

const path = ["circuit", "peering", "link", "router", "site"] as const;
const prefix = "expressroute_path_router_probe";

const gauge = (name: string, help: string, more: readonly string[] = []): MetricDefinition => ({
  name: `${prefix}_${name}`,
  type: "gauge",
  help,
  labels: [...path, ...more],
});

const counter = (name: string, help: string, more: readonly string[] = []): MetricDefinition => ({
  name: `${prefix}_${name}`,
  type: "counter",
  help,
  labels: [...path, ...more],
});

export const routerProbeMetrics = {
  running: gauge(
    "running",
    "1 while a probe of the router runs for this path, 0 when all are stopped; absent when stale",
  ),
  answered: gauge(
    "answered",
    "1 when the latest result of the router's probe has an answer, 0 when it has none; absent when it is stale or not running",
  ),
  resultAt: gauge("result_timestamp_seconds", "Unix time of the latest result, as far as the router tells it"),
  delayMin: gauge("round_trip_delay_min_seconds", "Least round-trip delay in the latest result"),
  delayAverage: gauge("round_trip_delay_average_seconds", "Average round-trip delay in the latest result"),
  delayMax: gauge("round_trip_delay_max_seconds", "Greatest round-trip delay in the latest result"),
  jitter: gauge("jitter_seconds", "Mean difference between successive delays in the latest result"),
  results: counter("results_total", "Results of the router's probes that were read, each counted once"),
  packets: counter("packets_total", "Packets of those results"),
  lost: counter("packets_lost_total", "Packets of those results that were lost"),
  lostOneWay: counter(
    "packets_lost_one_way_total",
    "Packets lost on the way there (forward) or back (backward), where the far end counts",
    ["direction"],
  ),
  info: gauge("info", "1 for each probe of the router that belongs to the path, and what its latest result says", [
    "mib",
    "probe",
    "target",
    "source",
    "sense",
  ]),
  witness: {
    name: "expressroute_path_forwarding_witness_info",
    type: "gauge",
    help: "1 for whose word on forwarding counts now: routerSourced, a technique of this agent, or traffic; absent when nobody can tell",
    labels: [...path, "witness"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
