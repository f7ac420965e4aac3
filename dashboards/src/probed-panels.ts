// What probes tell besides loss and delay: of each direction, of each class. The panels are the same for paths and for Global Reach pairs.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { perSecond, thinned, timeSeries } from "./panels.ts";
import { max, overTime, rate, worst } from "./promql.ts";

interface Probed {
  readonly classLossRatio: MetricDefinition;
  readonly probesLostOneWay: MetricDefinition;
  readonly oneWayDelayMedian: MetricDefinition;
  readonly oneWayDelayError: MetricDefinition;
  readonly probesLate: MetricDefinition;
  readonly probesDuplicate: MetricDefinition;
  readonly probesReordered: MetricDefinition;
}

interface Which {
  readonly of: Probed;
  readonly labels: readonly string[];
  readonly chosen: string;
  readonly legend: string;
}

export function lossByDirection({ of, labels, chosen, legend }: Which): Panel {
  return timeSeries(
    {
      title: "Loss by direction",
      description:
        "Probes lost on the way there (forward) or back (backward), where a STAMP reflector counts for itself. It halves the search: forward is what " +
        "leaves this site, backward what comes to it. Ask the owner of that direction first.",
    },
    [overTime(max([...labels, "direction"], rate(of.probesLostOneWay, chosen)), `${legend} {{direction}}`)],
    perSecond,
  )
    .min(0)
    .axisSoftMax(1)
    .build();
}

export function lossByClass({ of, labels, chosen, legend }: Which): Panel {
  return timeSeries(
    {
      title: "Loss by class",
      description:
        "Further probes to the same target, of another DSCP, size or with DF: the share without an answer in the threshold window. What one of them " +
        "loses and the others do not is a queue, a policer or an MTU on the way. Empty where a target is asked in one way only.",
    },
    [overTime(worst(of.classLossRatio, [...labels, "probes"], chosen), `${legend} {{probes}}`)],
    "percentunit",
  )
    .min(0)
    .build();
}

export function oneWayDelay({ of, labels, chosen, legend }: Which): Panel {
  const panel = timeSeries(
    {
      title: "One-way delay",
      description:
        "Median of each direction, only while both clocks are synchronised. One direction that grows alone is a queue or another way in that " +
        "direction; the round trip would show half of it. The dashed line is the greatest error of both clocks: less than that says nothing.",
    },
    [
      overTime(worst(of.oneWayDelayMedian, [...labels, "direction"], chosen), `${legend} {{direction}}`),
      overTime(worst(of.oneWayDelayError, labels, chosen), `${legend} error`),
    ],
    "s",
  );
  return thinned(panel).min(0).build();
}

export function oddAnswers({ of, labels, chosen, legend }: Which): Panel {
  return timeSeries(
    {
      title: "Answers late, twice or out of order",
      description:
        "Late: after the loss threshold, so they count as lost, and the path is slow rather than broken. Twice: a loop or a switch that floods. Out of " +
        "order: flows are spread over ways of different length.",
    },
    [
      overTime(max(labels, rate(of.probesLate, chosen)), `${legend} late`),
      overTime(max(labels, rate(of.probesDuplicate, chosen)), `${legend} twice`),
      overTime(max(labels, rate(of.probesReordered, chosen)), `${legend} out of order`),
    ],
    perSecond,
  )
    .min(0)
    .axisSoftMax(1)
    .build();
}
