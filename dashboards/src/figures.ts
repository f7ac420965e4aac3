// What the probes of each Global Reach pair amount to over a window, in one table: percentiles, variation, loss and its bursts.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { chosenGlobalReach, chosenWindow, max, rows, select, worst } from "./promql.ts";
import { delayColumn, merged, shareColumn, table, withColumns } from "./tables.ts";

const ofPair = ["global_reach", "from_site", "to_site"] as const;
const inWindow = `${chosenGlobalReach}, ${chosenWindow}`;

export function figuresOfPairs(): Panel {
  const { pair } = metrics;
  const delay = (percentile: number) => worst(pair.windowDelay, ofPair, `${inWindow}, percentile="${percentile}"`);
  const columns: readonly (readonly [heading: string, expression: string])[] = [
    ["Probes", worst(pair.windowProbes, ofPair, inWindow)],
    ["Loss", worst(pair.windowLossRatio, ofPair, inWindow)],
    ["Loss bursts", worst(pair.windowLossBursts, ofPair, inWindow)],
    ["Longest burst", worst(pair.windowLongestLossBurst, ofPair, inWindow)],
    ["Median", delay(50)],
    ["p95", delay(95)],
    ["p99", delay(99)],
    ["Max", delay(100)],
    ["Variation p95", worst(pair.windowVariation, ofPair, `${inWindow}, percentile="95"`)],
    ["State changes", max(ofPair, `round(increase(${select(pair.transitions, chosenGlobalReach)}[$__range]))`)],
  ];
  const panel = table(
    {
      title: "Figures of the window",
      description:
        "Of all probes in the window that is chosen above; state changes are of the time range. Many bursts of one probe: a damaged link or a full queue. One long " +
        "burst: a way that was switched. A p99 far above the median: something queues. Compare both directions of a pair.",
    },
    columns.map(([, expression]) => rows(expression)),
  ).withTransformation(merged);
  withColumns(panel, {
    global_reach: "Global Reach",
    from_site: "From",
    to_site: "To",
    ...Object.fromEntries(columns.map(([heading], index) => [`Value #${String.fromCharCode(65 + index)}`, heading])),
  }).overrideByName("Loss", shareColumn);
  for (const heading of ["Median", "p95", "p99", "Max", "Variation p95"]) panel.overrideByName(heading, delayColumn);
  return panel.build();
}
