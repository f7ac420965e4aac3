// Five minutes in which a Global Reach pair is down: history for a Prometheus, since the simulated estate takes
// longer than a test may to come to that chapter. Names and labels are the catalog's.

import { type MetricDefinition, metrics } from "../../agent/catalog/metrics.ts";
import { type Cause, type Owner, pathStates } from "../../agent/estate/judgement.ts";

const labels: Readonly<Record<string, string>> = {
  global_reach: "ams-sin",
  from_site: "ams",
  to_site: "sin",
  cause: "probesSilent" satisfies Cause,
  owner: "microsoft" satisfies Owner,
};

function family(metric: MetricDefinition, times: readonly number[], value: number): readonly string[] {
  const set = metric.labels.map((name) => {
    const label = labels[name];
    if (label === undefined) throw new Error(`${metric.name} has a label that the story lacks: ${name}`);
    return `${name}="${label}"`;
  });
  return [
    `# HELP ${metric.name} ${metric.help}`,
    `# TYPE ${metric.name} ${metric.type}`,
    ...times.map((time) => `${metric.name}{${set.join(",")}} ${value} ${time}`),
  ];
}

/** OpenMetrics text; the pair is down since `from` (Unix seconds), and seen every 15 seconds for five minutes. */
export function brokenPair(from: number): string {
  const times = Array.from({ length: 20 }, (_, index) => from + index * 15);
  return [
    ...family(metrics.pair.state, times, pathStates.indexOf("down")),
    ...family(metrics.pair.since, times, from),
    ...family(metrics.pair.cause, times, 1),
    "# EOF\n",
  ].join("\n");
}
