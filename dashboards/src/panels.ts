// The kinds of panel that the dashboards use, with what is the same on each of that kind.

import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { colour, lineColour } from "./palette.ts";
import { datasource, targets } from "./promql.ts";

export interface Words {
  readonly title: string;
  /** What it means, and what to do, for somebody who was woken by it. */
  readonly description: string;
}

/** Of countable things; without the prefixes that turn one every ten seconds into "100 mp/s". */
export const perSecond = "suffix:/s";

const noData = "no data: is the agent running, and scraped?";

/** Colours by value, without a good or bad of their own: the mappings say that. */
export const plain = (): ThresholdsConfigBuilder => steps([{ value: null, color: colour.unknown }]);

export function steps(list: readonly Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...list]);
}

export const byThreshold = () => new FieldColorBuilder().mode(FieldColorModeId.Thresholds);

/** Big words on a background of their colour: the state now. */
export function stat(words: Words, queries: readonly DataqueryBuilder[]): StatBuilder {
  return new StatBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(datasource)
    .targets(targets(queries))
    .unit("none")
    .thresholds(plain())
    .colorScheme(byThreshold())
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["last"]).values(false).fields(""))
    .noValue(noData);
}

/** States over time, one bar for each series. */
export function timeline(
  words: Words,
  queries: readonly DataqueryBuilder[],
  mappings: readonly ValueMapping[],
): TimelineBuilder {
  return new TimelineBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(datasource)
    .targets(targets(queries))
    .unit("none")
    .mappings([...mappings])
    .thresholds(plain())
    .colorScheme(byThreshold())
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(85)
    .legend(legend(false))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None))
    .noValue(noData);
}

function legend(shown: boolean, calcs: readonly string[] = []): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(shown)
    .displayMode(calcs.length > 0 ? LegendDisplayMode.Table : LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([...calcs]);
}

/** Measurements over time. */
export function timeSeries(words: Words, queries: readonly DataqueryBuilder[], unit: string): TimeSeriesBuilder {
  return new TimeSeriesBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(datasource)
    .targets(targets(queries))
    .unit(unit)
    .thresholds(plain())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(2)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .legend(legend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .noValue(noData);
}

/** Shares of something, with a dashed line where they are all of it. */
export function againstFull(panel: TimeSeriesBuilder): TimeSeriesBuilder {
  return panel
    .min(0)
    .axisSoftMax(1)
    .thresholds(
      steps([
        { value: null, color: colour.good },
        { value: 1, color: colour.bad },
      ]),
    )
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}

const fixedColour = (color: string): DynamicConfigValue => ({
  id: "color",
  value: { mode: FieldColorModeId.Fixed, fixedColor: color },
});

const dashed = (...pattern: number[]): DynamicConfigValue => ({
  id: "custom.lineStyle",
  value: { fill: "dash", dash: pattern },
});

const thin: DynamicConfigValue = { id: "custom.lineWidth", value: 1 };

/** Series are recognised by the words in their legends: "azurePrivate primary p95". */
export function colouredByPath(panel: TimeSeriesBuilder): TimeSeriesBuilder {
  for (const [peering, links] of Object.entries(lineColour)) {
    for (const [link, color] of Object.entries(links)) {
      panel.overrideByRegexp(`/\\b${peering} ${link}\\b/`, [fixedColour(color)]);
    }
  }
  return panel;
}

/** Of several series of one colour, all but the first of them are thin, and each has its own dashes. */
export function thinned(panel: TimeSeriesBuilder): TimeSeriesBuilder {
  return panel
    .overrideByRegexp("/ (95|bursts|judged|max|error)$/", [thin, dashed(10, 6)])
    .overrideByRegexp("/ 99$/", [thin, dashed(2, 4)])
    .overrideByRegexp("/ 100$/", [thin, dashed(1, 8)]);
}

/** The same for series of a link, whatever the peering: "primary receive". */
export function colouredByLink(panel: TimeSeriesBuilder): TimeSeriesBuilder {
  for (const [link, color] of Object.entries(lineColour.azurePrivate)) {
    panel.overrideByRegexp(`/^${link}\\b/`, [fixedColour(color)]);
  }
  return panel.overrideByRegexp("/ transmit$/", [thin, dashed(6, 4)]);
}

/** The limits among the series: they are drawn as lines of their own, since they stand in the agent's configuration. */
export function withLimits(panel: TimeSeriesBuilder): TimeSeriesBuilder {
  return panel
    .overrideByRegexp("/\\bp95$/", [thin, dashed(2, 4)])
    .overrideByRegexp("/\\bfires at$/", [fixedColour(colour.bad), thin, dashed(10, 6)])
    .overrideByRegexp("/^noted from$/", [fixedColour(colour.warning), thin, dashed(4, 6)])
    .overrideByRegexp("/\\bclears below$/", [fixedColour(colour.unknown), thin, dashed(4, 6)])
    .overrideByRegexp("/^(expected|bound)$/", [fixedColour(colour.bad), thin, dashed(10, 6)])
    .overrideByRegexp("/^bandwidth$/", [fixedColour(colour.bad), thin, dashed(10, 6)]);
}
