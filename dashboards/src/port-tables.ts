// The ports of one circuit: whether they are set as they should be, and which kind of error each of them has.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { chosenCircuit, max, rows, select, worst } from "./promql.ts";
import {
  adminColumn,
  duplexColumn,
  lightColumn,
  merged,
  table,
  warmthColumn,
  withColumns,
  wrongCountColumn,
} from "./tables.ts";

const ofPort = ["link", "router", "interface"] as const;
const port = { link: "Link", router: "Router", interface: "Port" } as const;
const bitsPerByte = 8;

const within = (metric: MetricDefinition) => max(ofPort, `round(increase(${select(metric, chosenCircuit)}[$__range]))`);

export function ports(): Panel {
  const { interface: of, optics } = metrics;
  const panel = table(
    {
      title: "Ports",
      description:
        "Shut: by an operator of ours. Half duplex, or a speed below the circuit's: it was negotiated wrongly, mend both ends. Drops are of the last day. A laser that " +
        "sends as ever while the other end sees less: the fibre. Hot, or with a rising bias: the optic is dying; exchange it by day.",
    },
    [
      rows(worst(of.admin, ofPort, chosenCircuit)),
      rows(`${bitsPerByte} * ${worst(of.speed, ofPort, chosenCircuit)}`),
      rows(worst(of.duplex, ofPort, chosenCircuit)),
      rows(worst(metrics.session.interfaceDrops, ofPort, `${chosenCircuit}, window="24h"`)),
      rows(worst(optics.transmitPower, ofPort, chosenCircuit)),
      rows(worst(optics.biasCurrent, ofPort, chosenCircuit)),
      rows(worst(optics.temperature, ofPort, chosenCircuit)),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    ...port,
    "Value #A": "Set to",
    "Value #B": "Speed",
    "Value #C": "Duplex",
    "Value #D": "Drops, 24 h",
    "Value #E": "Light sent",
    "Value #F": "Laser bias",
    "Value #G": "Temperature",
  })
    .overrideByName("Set to", adminColumn)
    .overrideByName("Speed", [{ id: "unit", value: "bps" }])
    .overrideByName("Duplex", duplexColumn)
    .overrideByName("Drops, 24 h", wrongCountColumn)
    .overrideByName("Light sent", lightColumn)
    .overrideByName("Laser bias", [{ id: "unit", value: "amp" }])
    .overrideByName("Temperature", warmthColumn)
    .build();
}

export function errorKinds(): Panel {
  const { interface: of } = metrics;
  const kinds = {
    FCS: of.fcsErrors,
    Symbol: of.symbolErrors,
    Alignment: of.alignmentErrors,
    "Late collisions": of.lateCollisions,
    "Too long": of.framesTooLong,
    "Receive, inside": of.macReceiveErrors,
    "Transmit, inside": of.macTransmitErrors,
    "Counter resets": of.discontinuities,
  } as const;
  const headings = Object.keys(kinds);
  const panel = table(
    {
      title: "Errors by kind, within the time range",
      description:
        "FCS or symbol: fibre, connector or optic. Alignment or late collisions: duplex differs between the ends. Too long: the MTU differs. Inside: the port or its card " +
        "on our router. Counter resets: the router started, or somebody cleared its counters, and what they had is left out.",
    },
    Object.values(kinds).map((metric) => rows(within(metric))),
  ).withTransformation(merged);
  withColumns(panel, {
    ...port,
    ...Object.fromEntries(headings.map((heading, index) => [`Value #${String.fromCharCode(65 + index)}`, heading])),
  });
  for (const heading of headings) panel.overrideByName(heading, wrongCountColumn);
  return panel.build();
}
