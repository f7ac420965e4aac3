// What was traced, and what was noticed: of paths and pairs, and the tracer's own counters.

import type { MetricDefinition } from "./definition.ts";

/** `prefix`, `of` and `labels` as the other metrics of a path or pair have them. */
export function traced(prefix: string, of: string, labels: readonly string[]) {
  const gauge = (name: string, help: string, more: readonly string[] = []): MetricDefinition => ({
    name: `${prefix}_${name}`,
    type: "gauge",
    help,
    labels: [...labels, ...more],
  });
  return {
    finding: gauge("finding", `1 for each thing noticed of the ${of} that is no outage; absent when it is gone`, [
      "kind",
    ]),
    hops: gauge(
      "trace_hops",
      `TTL of the last hop that answered the last trace of the ${of}; absent when none did or it could not be sent`,
    ),
    traced: gauge("trace_timestamp_seconds", `Unix time of the last trace of the ${of}`),
    mtu: gauge(
      "mtu_bytes",
      "Largest IP packet that got through whole when it was last looked for, no more than what is expected; absent when unknown",
    ),
    mtuExpected: gauge("mtu_expected_bytes", `Configured: the IP packet that must get through the ${of} whole`),
  };
}

const counter = (name: string, help: string, labels: readonly string[]): MetricDefinition => ({
  name: `expressroute_agent_${name}`,
  type: "counter",
  help,
  labels,
});

export const tracerMetrics = {
  traces: counter("traces_total", "Traces by how they ended", ["end"]),
  searches: counter("path_mtu_searches_total", "Searches for a path's MTU by what they found", ["result"]),
  packets: counter("trace_packets_total", "Packets that traces and searches sent", []),
  dropped: counter(
    "trace_datagrams_dropped_total",
    "Datagrams and ICMP errors received by the tracer and not used, by kind",
    ["kind"],
  ),
} as const;
