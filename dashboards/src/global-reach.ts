// The dashboard of Global Reach: every pair of sites as a matrix, and the pairs over time.

import { FieldTextAlignment } from "@grafana/grafana-foundation-sdk/common";
import { FieldColorBuilder, FieldColorModeId, type Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { type DashboardJson, dashboard } from "./dashboard.ts";
import { figuresOfPairs } from "./figures.ts";
import { band, columns, type Section } from "./layout.ts";
import { labelVariable, toDashboard, toRunbook, uids } from "./links.ts";
import { noticedOnPairs } from "./noticed.ts";
import { mappings } from "./palette.ts";
import { timeline, timeSeries, type Words, withLimits } from "./panels.ts";
import { lossByClass, lossByDirection, oddAnswers, oneWayDelay } from "./probed-panels.ts";
import { chosenGlobalReach, least, max, overTime, rows, select, worst } from "./promql.ts";
import {
  causeColumn,
  coloured,
  forColumn,
  merged,
  ownerColumn,
  plainCell,
  sinceColumn,
  stateColumn,
  type TableBuilder,
  table,
  width,
  withColumns,
} from "./tables.ts";

const ofSites = ["from_site", "to_site"] as const;
const ofPair = ["global_reach", ...ofSites] as const;
const pairLegend = "{{from_site}} → {{to_site}}";
const directions = { of: metrics.pair, labels: ofPair, chosen: chosenGlobalReach, legend: pairLegend } as const;

/**
 * From down, to across. The diagonal comes first in the query, so that rows and columns have the same order; its
 * cells have no value, and show as "–" like those of pairs that are not joined.
 */
function matrix(words: Words, metric: MetricDefinition): TableBuilder {
  const sites = max(["from_site"], select(metrics.pair.state));
  const diagonal = `label_replace(${sites} * NaN, "to_site", "$1", "from_site", "(.*)")`;
  return table(words, [rows(`${diagonal} or ${worst(metric, ofSites)}`)])
    .withTransformation({
      id: "groupingToMatrix",
      options: { columnField: "to_site", rowField: "from_site", valueField: "Value", emptyValue: "null" },
    })
    .withTransformation({
      id: "organize",
      options: { excludeByName: {}, indexByName: {}, renameByName: { "from_site\\to_site": "from \\ to" } },
    })
    .cellOptions(coloured)
    .align(FieldTextAlignment.Center)
    .overrideByName("from \\ to", [plainCell, width(110)]);
}

/** Shades by size alone: whether it is too much is for the limits of each pair to say, in the state. */
const shades = () => new FieldColorBuilder().mode(FieldColorModeId.ContinuousBlues);

/** By place in the answer, which is the same on each chart: a pair keeps its colour from one chart to the next. */
const byPair = () => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic);

function stateMatrix(): Panel {
  return matrix(
    {
      title: "State, from site to site",
      description:
        "Read from the row to the column: the row's site sends the probes. One direction bad and the other fine: look at the probing " +
        "site's own circuit first. Both bad: Global Reach itself, or the circuit that both share. Unknown: no probe result, not down.",
    },
    metrics.pair.state,
  )
    .mappings([...mappings.pairState])
    .build();
}

function delayMatrix(): Panel {
  return matrix(
    {
      title: "Median round-trip delay",
      description:
        "The darker, the longer; the shade compares the pairs and says nothing of good or bad. Both directions of a pair should " +
        "agree: if they do not, one of the sites queues or is routed otherwise.",
    },
    metrics.pair.delayMedian,
  )
    .unit("s")
    .decimals(1)
    .min(0)
    .colorScheme(shades())
    .mappings([...mappings.noPair])
    .build();
}

function lossMatrix(): Panel {
  return matrix(
    {
      title: "Loss",
      description:
        "Share of probes without an answer in the threshold window. A whole row or column: that site. A single pair: its Global " +
        "Reach connection; Microsoft carries it, and shows neither loss nor delay of it.",
    },
    metrics.pair.lossRatio,
  )
    .unit("percentunit")
    .decimals(1)
    .min(0)
    .colorScheme(shades())
    .mappings([...mappings.noPair])
    .build();
}

/** One row for each pair that is not up: the three queries meet on the pair. */
function broken(): Panel {
  const pair = ofPair.join(", ");
  const state = worst(metrics.pair.state, ofPair);
  const since = worst(metrics.pair.since, ofPair);
  const cause = max([...ofPair, "cause", "owner"], select(metrics.pair.cause));
  const panel = table(
    {
      title: "What is broken, and whose fault",
      description:
        "Each pair that is not up: why, and the owner of the fault as far as the evidence goes. See on the circuits dashboard whether one of the " +
        "two circuits is broken too: then that is the cause, and this its consequence.",
    },
    [
      rows(`(time() - ${since}) * on (${pair}) group_right () ${cause}`),
      rows(`${state} != 1`),
      rows(`1000 * ${since} and on (${pair}) (${state} != 1)`),
    ],
  )
    .noValue("No pair is reported as broken")
    .withTransformation(merged);
  return withColumns(panel, {
    global_reach: "Global Reach",
    from_site: "From",
    to_site: "To",
    "Value #B": "State",
    cause: "Cause",
    owner: "Whose fault",
    "Value #A": "For",
    "Value #C": "Since",
  })
    .overrideByName("State", stateColumn)
    .overrideByName("Cause", causeColumn)
    .overrideByName("Whose fault", ownerColumn)
    .overrideByName("For", forColumn)
    .overrideByName("Since", sinceColumn)
    .links([toRunbook("ExpressRouteGlobalReachDown"), toRunbook("ExpressRouteGlobalReachDegraded")])
    .build();
}

function stateOverTime(): Panel {
  return timeline(
    {
      title: "State over time",
      description:
        "One bar for each direction of each pair. Bars that break together share a circuit or a site; see whether a path of that " +
        "circuit broke in the same second. A gap is time in which nobody watched.",
    },
    [overTime(worst(metrics.pair.state, ofPair, chosenGlobalReach), pairLegend)],
    mappings.pathState,
  ).build();
}

function limits(metric: MetricDefinition) {
  const at = (level: string) => `max(${select(metric, `${chosenGlobalReach}, level="${level}"`)})`;
  return [overTime(at("raise"), "highest limit fires at"), overTime(at("clear"), "highest limit clears below")];
}

function medianOverTime(): Panel {
  const panel = timeSeries(
    {
      title: "Median round-trip delay per pair",
      description:
        "Over the threshold window. A step that stays is another way through Microsoft's network: ask Microsoft, with both service " +
        "keys. The dashed lines are the highest configured limits of the chosen pairs.",
    },
    [
      overTime(worst(metrics.pair.delayMedian, ofPair, chosenGlobalReach), pairLegend),
      ...limits(metrics.pair.delayThreshold),
    ],
    "s",
  );
  return withLimits(panel).colorScheme(byPair()).min(0).build();
}

function tailOverTime(): Panel {
  return timeSeries(
    {
      title: "95th percentile of the delay per pair",
      description:
        "What the slowest probes of the threshold window took. Far above the median: something on the way queues, most often the " +
        "smaller of the two circuits. See its throughput on the circuits dashboard.",
    },
    [overTime(worst(metrics.pair.delayP95, ofPair, chosenGlobalReach), pairLegend)],
    "s",
  )
    .colorScheme(byPair())
    .min(0)
    .build();
}

function lossOverTime(): Panel {
  const panel = timeSeries(
    {
      title: "Loss per pair",
      description:
        "Share of probes without an answer in the threshold window. Compare with the loss of the paths of both circuits: if a path loses as much, " +
        "the fault is there. The dashed lines are the highest configured limits of the chosen pairs.",
    },
    [
      overTime(worst(metrics.pair.lossRatio, ofPair, chosenGlobalReach), pairLegend),
      ...limits(metrics.pair.lossThreshold),
    ],
    "percentunit",
  );
  return withLimits(panel).colorScheme(byPair()).min(0).build();
}

function sampleSize(): Panel {
  return timeSeries(
    {
      title: "Probes per pair",
      description:
        "Probes of the threshold window: the sample size of loss and delay. A loss of 10 % of 20 probes is two probes. Where it falls, the agent " +
        "does not get to probe: look at the agent's row of the circuits dashboard.",
    },
    [overTime(worst(metrics.pair.lossProbes, ofPair, chosenGlobalReach), pairLegend)],
    "none",
  )
    .colorScheme(byPair())
    .min(0)
    .decimals(0)
    .build();
}

function hops(): Panel {
  return timeSeries(
    {
      title: "Hops of the last trace",
      description:
        "How many hops away the other site is. A step that stays is another way: through the internet, or through another circuit. The agent's " +
        "page shows the hops.",
    },
    [overTime(worst(metrics.pair.hops, ofPair, chosenGlobalReach), pairLegend)],
    "none",
  )
    .colorScheme(byPair())
    .min(0)
    .decimals(0)
    .links([toRunbook("ExpressRouteGlobalReachFinding")])
    .build();
}

function mtu(): Panel {
  const panel = timeSeries(
    {
      title: "Path MTU per pair",
      description:
        "The largest IP packet that got through whole, and the largest that is expected to. Below the dashed line large packets are cut or vanish: " +
        "connections open and then hang.",
    },
    [
      overTime(least(metrics.pair.mtu, ofPair, chosenGlobalReach), pairLegend),
      overTime(`max(${select(metrics.pair.mtuExpected, chosenGlobalReach)})`, "expected"),
    ],
    "suffix: octets",
  );
  return withLimits(panel)
    .colorScheme(byPair())
    .decimals(0)
    .links([toRunbook("ExpressRouteGlobalReachFinding")])
    .build();
}

function traceAge(): Panel {
  return timeSeries(
    {
      title: "Age of the last trace",
      description:
        "A line that climbs without end: that pair is not traced any more, and what is said of its way is old. See the tracer on the agent's row " +
        "of the circuits dashboard.",
    },
    [overTime(`time() - ${worst(metrics.pair.traced, ofPair, chosenGlobalReach)}`, pairLegend)],
    "s",
  )
    .colorScheme(byPair())
    .min(0)
    .build();
}

export function globalReach(): DashboardJson {
  const now: Section = {
    bands: [
      band(
        7,
        { width: 8, panel: stateMatrix() },
        { width: 8, panel: delayMatrix() },
        { width: 8, panel: lossMatrix() },
      ),
      band(5, { width: 16, panel: broken() }, { width: 8, panel: noticedOnPairs() }),
      band(6, { width: columns, panel: stateOverTime() }),
      band(
        9,
        { width: 6, panel: medianOverTime() },
        { width: 6, panel: tailOverTime() },
        { width: 6, panel: lossOverTime() },
        { width: 6, panel: sampleSize() },
      ),
      band(5, { width: columns, panel: figuresOfPairs() }),
      band(
        7,
        { width: 6, panel: lossByDirection(directions) },
        { width: 6, panel: lossByClass(directions) },
        { width: 6, panel: oneWayDelay(directions) },
        { width: 6, panel: oddAnswers(directions) },
      ),
      band(7, { width: 8, panel: hops() }, { width: 8, panel: mtu() }, { width: 8, panel: traceAge() }),
    ],
  };
  return dashboard({
    uid: uids.globalReach,
    title: "ExpressRoute Global Reach",
    description:
      "Whether the sites reach each other through Microsoft: state, delay and loss of every pair. The matrices show all pairs, the charts " +
      "the chosen ones. Times are UTC.",
    variables: [
      labelVariable("global_reach", "Global Reach", metrics.pair.state.name),
      labelVariable("window", "Window of the figures", metrics.pair.windowProbes.name).multi(false),
    ],
    links: [toDashboard("ExpressRoute circuits", uids.circuits)],
    sections: [now],
  });
}
