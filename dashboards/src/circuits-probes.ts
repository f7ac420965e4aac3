// What the probes of one circuit amount to: percentiles, variation, loss bursts, and how all delays are distributed.

import {
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  TooltipDisplayMode,
  VisibilityMode,
} from "@grafana/grafana-foundation-sdk/common";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type Band, band, columns } from "./layout.ts";
import { colouredByPath, thinned, timeSeries } from "./panels.ts";
import {
  asBuckets,
  bucketsOf,
  chosenCircuit,
  chosenWindow,
  datasource,
  overTime,
  rate,
  targets,
  worst,
} from "./promql.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const ofPercentile = [...ofPath, "percentile"] as const;
const inWindow = `${chosenCircuit}, ${chosenWindow}`;

function percentiles(): Panel {
  const panel = timeSeries(
    {
      title: "Delay percentiles per path",
      description:
        "Percentiles of the round-trip delay over the window that is chosen above, of all its probes: 50 is the median, 100 the slowest. A median that " +
        "stays while 99 rises is a queue that fills now and then: look at the throughput. All of them rising together: another way.",
    },
    [
      overTime(
        worst(metrics.path.windowDelay, ofPercentile, `${inWindow}, percentile=~"50|95|99|100"`),
        "{{peering}} {{link}} {{percentile}}",
      ),
    ],
    "s",
  );
  return thinned(colouredByPath(panel)).min(0).build();
}

function variation(): Panel {
  const panel = timeSeries(
    {
      title: "Delay variation per path (ipdv)",
      description:
        "By how much the delay changes from one probe to the next (RFC 3393), over the window that is chosen above: what a call or a video " +
        "has to buffer. High on one path only: its provider queues, ask them. High on both: look at the site's own uplink first.",
    },
    [
      overTime(
        worst(metrics.path.windowVariation, ofPercentile, `${inWindow}, percentile=~"50|95|99"`),
        "{{peering}} {{link}} {{percentile}}",
      ),
    ],
    "s",
  );
  return thinned(colouredByPath(panel)).min(0).build();
}

function bursts(): Panel {
  const panel = timeSeries(
    {
      title: "Loss bursts per path",
      description:
        "Probes lost in a row (RFC 3357), over the window that is chosen above: how many such bursts there were, and the longest in probes. Many bursts " +
        "of one probe are a damaged link or a full queue: see errors and discards below. One long burst is a path that was switched.",
    },
    [
      overTime(worst(metrics.path.windowLongestLossBurst, ofPath, inWindow), "{{peering}} {{link}} longest"),
      overTime(worst(metrics.path.windowLossBursts, ofPath, inWindow), "{{peering}} {{link}} bursts"),
    ],
    "none",
  );
  return thinned(colouredByPath(panel)).min(0).decimals(0).build();
}

function sampleSize(): Panel {
  const panel = timeSeries(
    {
      title: "Probes that the figures are drawn from",
      description:
        "Sample size of loss and delay: of the window that is chosen above, and of the threshold window by which the paths are judged. A loss of 10 % " +
        "of 20 probes is two probes. Where it falls, the agent does not get to probe: look at the agent's row.",
    },
    [
      overTime(worst(metrics.path.windowProbes, ofPath, inWindow), "{{peering}} {{link}} window"),
      overTime(worst(metrics.path.lossProbes, ofPath, chosenCircuit), "{{peering}} {{link}} judged"),
    ],
    "none",
  );
  return thinned(colouredByPath(panel)).min(0).decimals(0).build();
}

/** Counts of buckets may be added over agents and peerings; percentiles may not. */
function distribution(link: "primary" | "secondary"): Panel {
  const buckets = rate(bucketsOf(metrics.path.delays), `${chosenCircuit}, link="${link}"`);
  return new HeatmapBuilder()
    .title(`Distribution of the delay, ${link}`)
    .description(
      "All round-trip delays of the link's probes, by the configured buckets: the darker, the more. Two bands at once are two ways " +
        "through the network; a band that spreads upwards is a queue. An empty column: no probe was answered.",
    )
    .datasource(datasource)
    .targets(targets([asBuckets(`sum by (le) (${buckets})`)]))
    .unit("s")
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit("s"))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme("Blues")
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .fill("blue")
        .steps(64)
        .reverse(false),
    )
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
    .showValue(VisibilityMode.Never)
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
    .cellGap(1)
    .build();
}

export function probeBands(): readonly Band[] {
  return [
    band(9, { width: 12, panel: percentiles() }, { width: 12, panel: variation() }),
    band(8, { width: 12, panel: distribution("primary") }, { width: 12, panel: distribution("secondary") }),
    band(7, { width: 12, panel: bursts() }, { width: columns - 12, panel: sampleSize() }),
  ];
}
