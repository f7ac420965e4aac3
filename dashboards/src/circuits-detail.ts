// One circuit in detail, as a row that Grafana repeats for each chosen circuit.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricDefinition } from "../../agent/catalog/definition.ts";
import { metrics } from "../../agent/catalog/metrics.ts";
import { probeBands } from "./circuits-probes.ts";
import { band, columns, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { mappings } from "./palette.ts";
import { againstFull, colouredByLink, colouredByPath, perSecond, timeline, timeSeries, withLimits } from "./panels.ts";
import { errorKinds, ports } from "./port-tables.ts";
import { chosenCircuit, max, overTime, rate, rows, select, worst } from "./promql.ts";
import { merged, table, width, withColumns } from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const ofInterface = ["circuit", "link", "router", "interface"] as const;
const bitsPerByte = 8;

function ticket(): Panel {
  const session = max(
    [...ofPath, "router", "site", "remote_address", "remote_asn", "last_error"],
    select(metrics.session.info, chosenCircuit),
  );
  const circuit = max(
    ["circuit", "service_key", "provider", "peering_location", "connectivity_model"],
    select(metrics.circuit.info, chosenCircuit),
  );
  const panel = table(
    {
      title: "For the ticket",
      description:
        "What the provider and Microsoft ask for first. The last error is what the router keeps from the session's latest drop " +
        "(code/subcode of RFC 4271): it stays after the recovery, so alone it is no cause. In an anyToAny circuit the far end is the " +
        "provider's edge, and the MSEE behind it cannot be seen from here.",
    },
    [
      rows(
        `${session} * on (circuit) group_left (service_key, provider, peering_location, connectivity_model) ${circuit}`,
      ),
      rows(max([...ofPath, "mac"], select(metrics.neighbor.info, chosenCircuit))),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    peering: "Peering",
    link: "Link",
    site: "Site",
    router: "Router",
    remote_address: "Far end",
    remote_asn: "ASN",
    mac: "Its MAC address",
    last_error: "Last BGP error",
    provider: "Provider",
    peering_location: "Peering location",
    connectivity_model: "Model",
    service_key: "Service key",
  })
    .overrideByName("Service key", [width(310)])
    .build();
}

function sessions(): Panel {
  return timeline(
    {
      title: "BGP sessions",
      description:
        "The router's view of the session that carries each path. Idle or active with the interface up: ask what changed at the far " +
        "end (provider or Microsoft), then check ARP, VLAN and MD5 on ours. No bar: the router has no such peer, or does not answer.",
    },
    [overTime(worst(metrics.session.state, ofPath, chosenCircuit), "{{peering}} {{link}}")],
    mappings.bgpState,
  ).build();
}

function interfaces(): Panel {
  return timeline(
    {
      title: "Interfaces",
      description:
        "State of the router's interface on each link. Up says nothing about the path behind it: a provider's switch can stand " +
        "in between. Down on both links in the same second: a shared port, router or fibre.",
    },
    [overTime(worst(metrics.interface.oper, ofInterface, chosenCircuit), "{{link}} {{router}} {{interface}}")],
    mappings.interfaceState,
  ).build();
}

function routers(): Panel {
  const mine = `max by (router) (${select(metrics.path.state, chosenCircuit)})`;
  return timeline(
    {
      title: "Routers reachable",
      description:
        "Whether the router's SNMP agent answers. Silent is not down: probes may still pass. While it is silent, the state of its " +
        "interfaces and sessions is unknown.",
    },
    [overTime(`${worst(metrics.router.up, ["router", "site"])} and on (router) ${mine}`, "{{router}} ({{site}})")],
    mappings.answers,
  )
    .links([toRunbook("ExpressRouteRouterUnreachable")])
    .build();
}

/** The limits of a peering hold for both of its paths. */
function limits(metric: MetricDefinition) {
  const at = (level: string) => worst(metric, ["circuit", "peering"], `${chosenCircuit}, level="${level}"`);
  return [overTime(at("raise"), "{{peering}} fires at"), overTime(at("clear"), "{{peering}} clears below")];
}

function loss(): Panel {
  const panel = timeSeries(
    {
      title: "Loss per path",
      description:
        "Share of probes without an answer in the threshold window. The dashed lines are the configured limits: at the upper " +
        "one the path becomes degraded, below the lower one it recovers. Loss on one path only: the link or its MSEE. On both: " +
        "look at the site first, then at capacity below.",
    },
    [
      overTime(worst(metrics.path.lossRatio, ofPath, chosenCircuit), "{{peering}} {{link}}"),
      ...limits(metrics.path.lossThreshold),
    ],
    "percentunit",
  );
  return withLimits(colouredByPath(panel))
    .min(0)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

function delay(): Panel {
  const panel = timeSeries(
    {
      title: "Round-trip delay per path",
      description:
        "Median (solid) and 95th percentile (dotted) of the threshold window, to the MSEE and back. A step that stays is " +
        "a longer way in the provider's or Microsoft's network: ask them. A wide gap between the two lines is a queue: " +
        "look at the throughput. The dashed lines are the configured limits for the median.",
    },
    [
      overTime(worst(metrics.path.delayMedian, ofPath, chosenCircuit), "{{peering}} {{link}} median"),
      overTime(worst(metrics.path.delayP95, ofPath, chosenCircuit), "{{peering}} {{link}} p95"),
      ...limits(metrics.path.delayThreshold),
    ],
    "s",
  );
  return withLimits(colouredByPath(panel))
    .min(0)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

function delayDifference(): Panel {
  const of = (link: string) =>
    worst(metrics.path.delayMedian, ["circuit", "peering"], `${chosenCircuit}, link="${link}"`);
  return timeSeries(
    {
      title: "Delay: primary minus secondary",
      description:
        "Difference of the medians. Above zero the primary is slower, below zero the secondary. A step: one of the two was re-routed. " +
        "What users feel on a failover is this much.",
    },
    [overTime(`${of("primary")} - ${of("secondary")}`, "{{peering}}")],
    "s",
  )
    .axisCenteredZero(true)
    .build();
}

function changes(): Panel {
  const within = (metric: MetricDefinition) =>
    max(ofPath, `round(increase(${select(metric, chosenCircuit)}[$__range]))`);
  const panel = table(
    {
      title: "Changes within the time range",
      description:
        "How often each path changed its state, and how often its BGP session was established anew. Many of either is a flap: " +
        "have the link repaired while it still comes back by itself.",
    },
    [rows(within(metrics.path.transitions)), rows(within(metrics.session.transitions))],
  ).withTransformation(merged);
  return withColumns(panel, {
    peering: "Peering",
    link: "Link",
    "Value #A": "State changes",
    "Value #B": "BGP re-established",
  }).build();
}

function throughput(direction: "receive" | "transmit"): Panel {
  const metric = direction === "receive" ? metrics.interface.receiveBytes : metrics.interface.transmitBytes;
  const [title, towards] =
    direction === "receive" ? ["Receive, per link", "from Microsoft"] : ["Transmit, per link", "to Microsoft"];
  const panel = timeSeries(
    {
      title,
      description:
        `Traffic ${towards}, as the router counts it on each link. The dashed line is the circuit's bandwidth, which each link has ` +
        "once. One link at zero while the other carries everything: traffic has moved, or was never shared.",
    },
    [
      overTime(`${bitsPerByte} * ${max(ofInterface, rate(metric, chosenCircuit))}`, "{{link}}"),
      overTime(`${bitsPerByte} * ${worst(metrics.circuit.bandwidth, ["circuit"], chosenCircuit)}`, "bandwidth"),
    ],
    "bps",
  );
  return withLimits(colouredByLink(panel)).min(0).build();
}

function headroom(): Panel {
  const share = (metric: MetricDefinition) =>
    `sum by (circuit) (${max(ofInterface, rate(metric, chosenCircuit))}) / on (circuit) ` +
    worst(metrics.circuit.bandwidth, ["circuit"], chosenCircuit);
  const panel = timeSeries(
    {
      title: "If one link fails",
      description:
        "The traffic of both links together over the bandwidth of one. Above 100 % the remaining link cannot carry it: " +
        "redundancy is there on paper only, and a failure will lose packets. Order bandwidth, or shed load.",
    },
    [
      overTime(share(metrics.interface.receiveBytes), "receive"),
      overTime(share(metrics.interface.transmitBytes), "transmit"),
    ],
    "percentunit",
  );
  return againstFull(panel).build();
}

function damage(
  title: string,
  description: string,
  of: Readonly<Record<"receive" | "transmit", MetricDefinition>>,
): Panel {
  const panel = timeSeries(
    { title, description },
    [
      overTime(max(ofInterface, rate(of.receive, chosenCircuit)), "{{link}} receive"),
      overTime(max(ofInterface, rate(of.transmit, chosenCircuit)), "{{link}} transmit"),
    ],
    perSecond,
  );
  return colouredByLink(panel).min(0).axisSoftMax(1).build();
}

function light(): Panel {
  const panel = timeSeries(
    {
      title: "Light received",
      description:
        "By lane, as the transceiver measures it. A line that sinks over days is a dirty or dying fibre or optic; one that falls at once is a cut or a " +
        "pulled plug. Below some -14 dBm most 10 Gbit/s optics begin to err: see the errors beside.",
    },
    [
      overTime(
        max([...ofInterface, "lane"], select(metrics.optics.receivePower, chosenCircuit)),
        "{{link}} lane {{lane}}",
      ),
    ],
    "dBm",
  );
  return colouredByLink(panel).build();
}

export function circuitDetail(): Section {
  const { receiveErrors, transmitErrors, receiveDiscards, transmitDiscards } = metrics.interface;
  return {
    title: "Circuit $circuit",
    repeat: "circuit",
    bands: [
      band(6, { width: columns, panel: ticket() }),
      band(6, { width: 8, panel: sessions() }, { width: 8, panel: interfaces() }, { width: 8, panel: routers() }),
      band(9, { width: 12, panel: loss() }, { width: 12, panel: delay() }),
      ...probeBands(),
      band(7, { width: 12, panel: delayDifference() }, { width: 12, panel: changes() }),
      band(
        8,
        { width: 8, panel: throughput("receive") },
        { width: 8, panel: throughput("transmit") },
        { width: 8, panel: headroom() },
      ),
      band(
        6,
        {
          width: 8,
          panel: damage(
            "Errors",
            "Damaged packets. Any lasting rate is a bad fibre, optic or duplex setting on that link: ours up to the hand-off.",
            { receive: receiveErrors, transmit: transmitErrors },
          ),
        },
        {
          width: 8,
          panel: damage(
            "Discards",
            "Packets that the router threw away though they were whole. Transmit: the link is full, or a queue is too short. " +
              "Compare with the throughput.",
            { receive: receiveDiscards, transmit: transmitDiscards },
          ),
        },
        { width: 8, panel: light() },
      ),
      band(5, { width: 12, panel: ports() }, { width: 12, panel: errorKinds() }),
    ],
  };
}
