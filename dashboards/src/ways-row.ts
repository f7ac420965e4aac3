// Which way packets take, how large they may be, and what the routers' own probes say: of the chosen circuits.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { band, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { thinned, timeSeries, withLimits } from "./panels.ts";
import { lossByClass, lossByDirection, oddAnswers, oneWayDelay } from "./probed-panels.ts";
import { chosenCircuit, least, max, overTime, rate, rows, select, worst } from "./promql.ts";
import {
  answeredColumn,
  delayColumn,
  merged,
  runningColumn,
  table,
  width,
  withColumns,
  witnessColumn,
} from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const legend = "{{circuit}} {{peering}} {{link}}";

const directions = { of: metrics.path, labels: ofPath, chosen: chosenCircuit, legend } as const;

function hops(): Panel {
  return timeSeries(
    {
      title: "Hops of the last trace",
      description:
        "How many hops away the target of each path is. A step is another way: through the other link, another site, or the internet. The " +
        'agent\'s page shows the hops, and what it makes of them stands above under "Noticed".',
    },
    [overTime(worst(metrics.path.hops, ofPath, chosenCircuit), legend)],
    "none",
  )
    .min(0)
    .decimals(0)
    .links([toRunbook("ExpressRoutePathFinding")])
    .build();
}

function mtu(): Panel {
  const panel = timeSeries(
    {
      title: "Path MTU",
      description:
        "The largest IP packet that got through whole, and the largest that is expected to. Below the dashed line, large packets are cut or " +
        "vanish: connections open and then hang. Ask the owner of the hop that the agent's page names.",
    },
    [
      overTime(least(metrics.path.mtu, ofPath, chosenCircuit), legend),
      overTime(`max(${select(metrics.path.mtuExpected, chosenCircuit)})`, "expected"),
    ],
    "suffix: octets",
  );
  return withLimits(panel)
    .decimals(0)
    .links([toRunbook("ExpressRoutePathFinding")])
    .build();
}

function traceAge(): Panel {
  return timeSeries(
    {
      title: "Age of the last trace",
      description:
        "A line that climbs without end: that path is not traced any more, and what is said of its way is old. See what traces end in " +
        "(agent's row), and whether they are on for the peering.",
    },
    [overTime(`time() - ${worst(metrics.path.traced, ofPath, chosenCircuit)}`, legend)],
    "s",
  )
    .min(0)
    .build();
}

function routerDelay(): Panel {
  const panel = timeSeries(
    {
      title: "Round-trip delay by the routers' own probes",
      description:
        "Average and greatest delay of the latest result (IP SLA, RPM, DISMAN-PING, NQA). They leave by the link itself, so that they speak of " +
        "that link alone. Higher here and in the agent's probes: the link. Here only: the router is busy.",
    },
    [
      overTime(worst(metrics.routerProbe.delayAverage, ofPath, chosenCircuit), legend),
      overTime(worst(metrics.routerProbe.delayMax, ofPath, chosenCircuit), `${legend} max`),
    ],
    "s",
  );
  return thinned(panel).min(0).build();
}

function routerLoss(): Panel {
  const share =
    `${max(ofPath, rate(metrics.routerProbe.lost, chosenCircuit))} / ` +
    `(${max(ofPath, rate(metrics.routerProbe.packets, chosenCircuit))} > 0)`;
  return timeSeries(
    {
      title: "Loss by the routers' own probes",
      description:
        "Packets lost, of all that the results of the time told of. It alone judges the path where it has packets enough. The agent's probes " +
        "lose and these do not: look between the agent and the router. No line: no result in that time.",
    },
    [overTime(share, legend)],
    "percentunit",
  )
    .min(0)
    .axisSoftMax(0.05)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

function resultAge(): Panel {
  return timeSeries(
    {
      title: "Age of the routers' results",
      description:
        "When the probe of the router last finished. A line that climbs: it was stopped, or hangs; its path is then judged by the agent's own " +
        "probes, if there are any. See the table for the probe's number and what it says.",
    },
    [overTime(`time() - ${worst(metrics.routerProbe.resultAt, ofPath, chosenCircuit)}`, legend)],
    "s",
  )
    .min(0)
    .links([toRunbook("ExpressRouteRouterProbeStopped")])
    .build();
}

function witnesses(): Panel {
  const panel = table(
    {
      title: "Whose word counts",
      description:
        "Who says now whether packets get through each path: the strongest that can tell. A path that is missing here is not confirmed by " +
        "anybody: up or down is then known from interface and BGP alone. Give it a probe.",
    },
    [rows(max([...ofPath, "witness"], select(metrics.routerProbe.witness, chosenCircuit)))],
  );
  return withColumns(panel, { circuit: "Circuit", peering: "Peering", link: "Link", witness: "By" })
    .overrideByName("By", witnessColumn)
    .build();
}

function routerProbes(): Panel {
  const of = [...ofPath, "router", "mib", "probe", "target", "source", "sense"] as const;
  const panel = table(
    {
      title: "Probes of the routers",
      description:
        "Each probe that the agent found on a router and takes for one of a path, with the router's own word for its latest result; whether it runs, is answered, and " +
        "its jitter are of all probes of the path. Stopped: start it again. A wrong path here: name the probe in the configuration (routerProbes).",
    },
    [
      rows(max(of, select(metrics.routerProbe.info, chosenCircuit))),
      rows(worst(metrics.routerProbe.running, ofPath, chosenCircuit)),
      rows(worst(metrics.routerProbe.answered, ofPath, chosenCircuit)),
      rows(worst(metrics.routerProbe.jitter, ofPath, chosenCircuit)),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    circuit: "Circuit",
    peering: "Peering",
    link: "Link",
    router: "Router",
    mib: "MIB",
    probe: "Probe",
    source: "From",
    target: "To",
    "Value #B": "Runs",
    "Value #C": "Answered",
    sense: "Result",
    "Value #D": "Jitter",
  })
    .overrideByName("MIB", [width(190)])
    .overrideByName("Runs", runningColumn)
    .overrideByName("Answered", answeredColumn)
    .overrideByName("Jitter", delayColumn)
    .links([toRunbook("ExpressRouteRouterProbeStopped")])
    .build();
}

export function waysRow(): Section {
  return {
    title: "Ways, path MTU and probes of the routers",
    collapsed: true,
    bands: [
      band(7, { width: 8, panel: hops() }, { width: 8, panel: mtu() }, { width: 8, panel: traceAge() }),
      band(7, { width: 8, panel: routerDelay() }, { width: 8, panel: routerLoss() }, { width: 8, panel: resultAge() }),
      band(
        7,
        { width: 6, panel: lossByDirection(directions) },
        { width: 6, panel: lossByClass(directions) },
        { width: 6, panel: oneWayDelay(directions) },
        { width: 6, panel: oddAnswers(directions) },
      ),
      band(7, { width: 7, panel: witnesses() }, { width: 17, panel: routerProbes() }),
    ],
  };
}
