// Five minutes in which a Global Reach pair, a service and an internet dependency are down, a link is drained, packets take
// another way, and an agent is cut off: history for a Prometheus, since the simulated estate takes longer than a test may to come
// to that chapter, or has none. Names and labels are the catalog's.

import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import type { FindingKind } from "../../agent/estate/finding.ts";
import type { IsolationCause } from "../../agent/estate/isolation.ts";
import { type Cause, type Check, type Owner, pathStates } from "../../agent/estate/judgement.ts";
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
  link: "secondary",
  router: "ams-ce2",
  site: "ams",
  direction: "forward",
  probes: "stamp probes to 203.0.113.10 (DSCP 46)",
  gateway: "192.0.2.1",
  interface: "eth0",
  reason: "sourceNotAllowed",
  outcome: "reflected",
};

/** As the scrape would add them. */
const scraped = ['instance="127.0.0.1:9580"', 'job="circuitwatch"'];

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
    ...times.map((time) => `${metric.name}{${[...set, ...scraped].join(",")}} ${value} ${time}`),
  ];
}

/** OpenMetrics text; they are down since `from` (Unix seconds), and seen every 15 seconds for five minutes. */
export function brokenPair(from: number): string {
  const times = Array.from({ length: 20 }, (_, index) => from + index * 15);
  return [
    ...family(metrics.pair.state, times, pathStates.indexOf("down")),
    ...family(metrics.pair.since, times, from),
    ...family(metrics.pair.cause, times, 1),
    ...[metrics.service, metrics.dependency].flatMap(
      ({ state, since, cause, certificateExpiry, certificateThreshold }) => [
        ...family(state, times, pathStates.indexOf("down")),
        ...family(since, times, from),
        ...family(cause, times, 1, { cause: "certificateInvalid" satisfies ServiceCause }),
        ...family(certificateExpiry, times, from - 86_400),
        ...family(certificateThreshold, times, 14 * 86_400),
      ],
    ),
    ...family(metrics.note.path, times, from, {
      check: "drain" satisfies Check,
      cause: "linkDraining" satisfies Cause,
    }),
    ...[metrics.path.finding, metrics.pair.finding].flatMap((finding) =>
      family(finding, times, 1, { kind: "tracedOverInternet" satisfies FindingKind }),
    ),
    ...family(metrics.self.isolationCause, times, 1, { cause: "gatewaySilent" satisfies IsolationCause }),
    ...[metrics.path, metrics.pair].flatMap(
      ({ classLossRatio, probesLostOneWay, oneWayDelayMedian, oneWayDelayError }) => [
        ...family(classLossRatio, times, 0.2),
        ...family(oneWayDelayError, times, 0.0004),
        ...family(probesLostOneWay, times, 3),
        ...family(oneWayDelayMedian, times, 0.002),
      ],
    ),
    ...[metrics.self.gateway, metrics.self.interface].flatMap((metric) => family(metric, times, 0)),
    ...[
      metrics.self.receiveErrors,
      metrics.self.receiveDrops,
      metrics.self.transmitErrors,
      metrics.self.transmitDrops,
      metrics.agent.notifications,
      metrics.agent.notificationsDropped,
      metrics.agent.confirmingPolls,
      metrics.agent.reflectorDatagrams,
      metrics.agent.reflectorRestarts,
    ].flatMap((metric) => family(metric, times, 7)),
    "# EOF\n",
  ].join("\n");
}
