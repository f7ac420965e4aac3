// The first screen of the circuits dashboard: every circuit, whatever the reader chose below.

import { VizOrientation, VizTextDisplayOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { band, columns, type Section } from "./layout.ts";
import { fieldLink, toCircuit, toRunbook } from "./links.ts";
import { noticedOnPaths } from "./noticed.ts";
import { colour, mappings } from "./palette.ts";
import { stat, steps, timeline } from "./panels.ts";
import { asOfNow, max, overTime, rows, select, worst } from "./promql.ts";
import {
  causeColumn,
  forColumn,
  merged,
  ownerColumn,
  sinceColumn,
  stateColumn,
  table,
  width,
  withColumns,
} from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;

function redundancyNow(): Panel {
  return stat(
    {
      title: "Redundancy now",
      description:
        "Redundant: both paths carry traffic. Reduced: the service is up on one path, the next failure is an outage: mend it " +
        "today. LOST: no path is left. Unknown: the agent cannot tell, which is neither up nor down; see " +
        "whether the routers answer. Click a tile for its circuit.",
    },
    [asOfNow(worst(metrics.circuit.redundancy, ["circuit", "peering"]), "{{circuit}} {{peering}}")],
  )
    .mappings([...mappings.redundancy])
    .dataLinks([toCircuit("__field.labels.circuit")])
    .links([toRunbook("ExpressRouteCircuitRedundancyReduced"), toRunbook("ExpressRouteCircuitLost")])
    .build();
}

function trust(): Panel {
  const aged = steps([
    { value: null, color: colour.good },
    { value: 60, color: colour.warning },
    { value: 120, color: colour.bad },
  ]);
  // One tile while all is well; a second one, named by the cause, while an agent is cut off.
  const agent = `label_replace(max(${select(metrics.agent.isolated)}), "what", "Agent", "", "")`;
  const cause = max(["cause"], select(metrics.self.isolationCause));
  const because = `label_replace(${cause}, "what", "because: $1", "cause", "(.*)")`;
  return stat(
    {
      title: "Can this page be trusted?",
      description:
        "Estate: when SIMULATED, routers and failures are made up by the agent's own lab, and nobody has to be called. Agent: when CUT OFF, " +
        "the agent itself is the problem, the tile beside it says by what, and no circuit is to blame yet. " +
        "Last judged: how old the word of the agent that is furthest behind is; past a minute, look at the agent before you believe a green tile.",
    },
    [
      asOfNow(`max(${select(metrics.agent.simulated)})`, "Estate"),
      asOfNow(`${because} or ${agent}`, "{{what}}"),
      asOfNow(`time() - min(${select(metrics.agent.evaluated)})`, "Last judged"),
    ],
  )
    .orientation(VizOrientation.Horizontal)
    .text(new VizTextDisplayOptionsBuilder().titleSize(14).valueSize(20))
    .overrideByQuery("A", [{ id: "mappings", value: mappings.simulated }])
    .overrideByQuery("B", [{ id: "mappings", value: mappings.isolated }])
    .overrideByQuery("C", [
      { id: "unit", value: "s" },
      { id: "decimals", value: 0 },
      { id: "thresholds", value: aged.build() },
    ])
    .links([toRunbook("ExpressRouteAgentIsolated"), toRunbook("ExpressRouteAgentStalled")])
    .build();
}

/** One row for each path that is not up: the three queries meet on circuit, peering and link. */
function broken(): Panel {
  const path = ofPath.join(", ");
  const state = worst(metrics.path.state, ofPath);
  const since = worst(metrics.path.since, ofPath);
  const cause = max([...ofPath, "cause", "owner"], select(metrics.path.cause));
  const owned = max(["circuit", "provider", "service_key"], select(metrics.circuit.info));
  const panel = table(
    {
      title: "What is broken, and whose fault",
      description:
        "Each path that is not up: its first broken stage, and the owner of the fault as far as the evidence goes. Call the " +
        "owner, and give the service key. No rows when every path is up; no rows and no tiles above means that nobody is watching.",
    },
    [
      rows(
        `(time() - ${since}) * on (${path}) group_right () ${cause} * on (circuit) group_left (provider, service_key) ${owned}`,
      ),
      rows(`${state} != 1`),
      rows(`1000 * ${since} and on (${path}) (${state} != 1)`),
    ],
  )
    .noValue("No path is reported as broken")
    .withTransformation(merged);
  return withColumns(panel, {
    circuit: "Circuit",
    peering: "Peering",
    link: "Link",
    "Value #B": "State",
    cause: "Cause",
    owner: "Whose fault",
    "Value #A": "For",
    "Value #C": "Since",
    provider: "Provider",
    service_key: "Service key",
  })
    .overrideByName("Circuit", [{ id: "links", value: [fieldLink(toCircuit("__data.fields.Circuit"))] }])
    .overrideByName("State", stateColumn)
    .overrideByName("Cause", causeColumn)
    .overrideByName("Whose fault", ownerColumn)
    .overrideByName("For", forColumn)
    .overrideByName("Since", sinceColumn)
    .overrideByName("Service key", [width(290)])
    .links([toRunbook("ExpressRoutePathDegraded"), toRunbook("ExpressRouteCircuitRedundancyReduced")])
    .build();
}

function redundancyOverTime(): Panel {
  return timeline(
    {
      title: "Redundancy over time",
      description:
        "One bar for each peering of each circuit. A bar that was orange for weeks is a pair that hid its own failure; a bar that " +
        "flaps is a link to be fixed before it fails for good. A gap is time in which nobody watched.",
    },
    [overTime(worst(metrics.circuit.redundancy, ["circuit", "peering"]), "{{circuit}} {{peering}}")],
    mappings.redundancy,
  ).build();
}

function pathsOverTime(): Panel {
  return timeline(
    {
      title: "Paths over time",
      description:
        "Both halves of every pair. Down: nothing gets through, by interface, BGP session or probes. Degraded: loss or delay is " +
        "above its limit. Two bars that break in the same second have a common cause: a shared router, port or fibre.",
    },
    [overTime(worst(metrics.path.state, ofPath), "{{circuit}} {{peering}} {{link}}")],
    mappings.pathState,
  ).build();
}

/** Everything that has to be seen without a click. */
export function circuitsNow(): Section {
  return {
    bands: [
      band(6, { width: columns - 5, panel: redundancyNow() }, { width: 5, panel: trust() }),
      band(6, { width: columns, panel: broken() }),
      band(5, { width: columns, panel: noticedOnPaths() }),
      band(9, { width: 12, panel: redundancyOverTime() }, { width: 12, panel: pathsOverTime() }),
    ],
  };
}
