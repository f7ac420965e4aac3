// Five minutes in which a Global Reach pair, a service and an internet dependency are down: history for a Prometheus, since the simulated estate takes
// longer than a test may to come to that chapter. Names and labels are the catalog's.

import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Cause, type Owner, pathStates } from "../../agent/estate/judgement.ts";
import type { ServiceCause } from "../../agent/estate/service-judgement.ts";

const labels: Readonly<Record<string, string>> = {
  global_reach: "ams-sin",
  from_site: "ams",
  to_site: "sin",
  cause: "probesSilent" satisfies Cause,
  owner: "microsoft" satisfies Owner,
  service: "orders",
  circuit: "ams-1",
  peering: "azurePrivate",
  dependency: "revocation",
  kind: "certificateRevocation",
  check: "http",
  technique: "http",
  resolver: "",
};

function family(
  metric: MetricDefinition,
  times: readonly number[],
  value: number,
  more: Readonly<Record<string, string>> = {},
): readonly string[] {
  const set = metric.labels.map((name) => {
    const label = more[name] ?? labels[name];
    if (label === undefined) throw new Error(`${metric.name} has a label that the story lacks: ${name}`);
    return `${name}="${label}"`;
  });
  return [
    `# HELP ${metric.name} ${metric.help}`,
    `# TYPE ${metric.name} ${metric.type}`,
    ...times.map((time) => `${metric.name}{${set.join(",")}} ${value} ${time}`),
  ];
}

/** OpenMetrics text; they are down since `from` (Unix seconds), and seen every 15 seconds for five minutes. */
export function brokenPair(from: number): string {
  const times = Array.from({ length: 20 }, (_, index) => from + index * 15);
  return [
    ...family(metrics.pair.state, times, pathStates.indexOf("down")),
    ...family(metrics.pair.since, times, from),
    ...family(metrics.pair.cause, times, 1),
    ...[metrics.service, metrics.dependency].flatMap(({ state, since, cause, certificateExpiry }) => [
      ...family(state, times, pathStates.indexOf("down")),
      ...family(since, times, from),
      ...family(cause, times, 1, { cause: "certificateInvalid" satisfies ServiceCause }),
      ...family(certificateExpiry, times, from - 86_400),
    ]),
    "# EOF\n",
  ].join("\n");
}
