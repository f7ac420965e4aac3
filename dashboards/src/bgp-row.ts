// BGP and prefixes of the chosen circuits: drains, who tells of the sessions, and what is announced both ways.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { announcedServices, declaredPrefixes, prefixesNow, stability, waysTaken } from "./bgp-tables.ts";
import { band, columns, type Section } from "./layout.ts";
import { toRunbook } from "./links.ts";
import { mappings } from "./palette.ts";
import { timeline, timeSeries, withLimits } from "./panels.ts";
import { chosenCircuit, max, overTime, rows, select, worst } from "./promql.ts";
import {
  ageColumn,
  answersColumn,
  connectedColumn,
  forColumn,
  merged,
  table,
  withColumns,
  wrongCountColumn,
} from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const ofFamily = [...ofPath, "family"] as const;
const pathLegend = "{{circuit}} {{peering}} {{link}}";
const familyLegend = `${pathLegend} {{family}}`;

function drains(): Panel {
  return timeline(
    {
      title: "Drained by Microsoft",
      description:
        "While a link is drained Microsoft prepends its ASN to all that it announces there, before it works on that link. That is planned, and no " +
        "failure: traffic is to leave the link by itself. Keep your hands off the other link until it is over. Seen where routers speak BMP.",
    },
    [overTime(worst(metrics.bmp.draining, ofPath, chosenCircuit), pathLegend)],
    mappings.draining,
  )
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

function bfd(): Panel {
  return timeline(
    {
      title: "BFD sessions",
      description:
        "What BFD on the router sees of the far end, within a second. Down while the interface is up: nothing comes from the far end, and BGP " +
        "follows at once. No bar: no BFD is configured, and a silent far end is only seen after the hold time of BGP.",
    },
    [overTime(worst(metrics.bfd.state, ofPath, chosenCircuit), pathLegend)],
    mappings.bfdState,
  ).build();
}

function neighbors(): Panel {
  return timeline(
    {
      title: "Far ends in ARP or ND",
      description:
        "Whether the router has a MAC address of the far end. Absent or incomplete with the interface up: VLAN or QinQ, the provider's switch, or " +
        "the MSEE itself; nothing above it can work. No bar: the router does not show that table.",
    },
    [overTime(worst(metrics.neighbor.state, ofPath, chosenCircuit), pathLegend)],
    mappings.neighborState,
  ).build();
}

function sources(): Panel {
  return timeSeries(
    {
      title: "Age of what is told of the sessions",
      description:
        "How long ago each source (SNMP polls, BMP) last told the state of a session. BMP tells at once. When one line climbs, the agent sees " +
        "that session by the other source alone; when both climb, its state becomes unknown.",
    },
    [
      overTime(
        `time() - ${worst(metrics.bmp.sessionSource, [...ofPath, "source"], chosenCircuit)}`,
        `${pathLegend} {{source}}`,
      ),
    ],
    "s",
  )
    .min(0)
    .links([toRunbook("ExpressRouteBmpDisconnected")])
    .build();
}

function advertised(): Panel {
  const share =
    `${worst(metrics.prefixes.advertised, ofFamily, chosenCircuit)} / on (circuit, peering, family) group_left () ` +
    worst(metrics.peering.prefixLimit, ["circuit", "peering", "family"], chosenCircuit);
  const at = (level: string) => `max(${select(metrics.bmp.prefixGuard, `level="${level}"`)})`;
  const panel = timeSeries(
    {
      title: "Prefixes to Microsoft, of its limit",
      description:
        "What each router announces, as a share of what Microsoft takes on that peering. Above 100 % Microsoft drops the session. At the lower " +
        "dashed line it is noted, at the upper one the path is degraded: find what leaks into the announcement, or summarise.",
    },
    [overTime(share, familyLegend), overTime(at("raise"), "fires at"), overTime(at("note"), "noted from")],
    "percentunit",
  );
  return withLimits(panel)
    .min(0)
    .axisSoftMax(1)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

function received(): Panel {
  return timeSeries(
    {
      title: "Prefixes from Microsoft",
      description:
        "What each session receives. A fall while the session stays up is a collapse: what went there goes nowhere, or elsewhere. Both links " +
        "fall together: look at the gateways and networks behind them in Azure. One alone: ask Microsoft.",
    },
    [overTime(worst(metrics.prefixes.received, ofFamily, chosenCircuit), familyLegend)],
    "none",
  )
    .min(0)
    .decimals(0)
    .build();
}

function missing(): Panel {
  return timeSeries(
    {
      title: "Prefixes that only the other link has",
      description:
        "Prefixes that the other link of the peering receives and this one does not: they are lost when the other one fails, whatever the " +
        "redundancy above says. Zero is right. Told where BMP tells both links.",
    },
    [overTime(worst(metrics.bmp.missingPrefixes, ofFamily, chosenCircuit), familyLegend)],
    "none",
  )
    .min(0)
    .decimals(0)
    .axisSoftMax(5)
    .build();
}

function routers(): Panel {
  const of = ["router", "site"] as const;
  const panel = table(
    {
      title: "Routers, by SNMP and BMP",
      description:
        "SNMP agent up for minutes: the router restarted, or its agent did. BMP not connected: watched by polls alone, later " +
        "and without routes; no circuit is down by that. Not configured: sessions with Microsoft's ASN that nobody watches. In doubt: routes that are not counted.",
    },
    [
      rows(worst(metrics.router.up, of)),
      rows(`time() - ${worst(metrics.router.agentStart, of)}`),
      rows(`time() - ${worst(metrics.router.lastPoll, of)}`),
      rows(worst(metrics.bmp.connected, of)),
      rows(worst(metrics.bmp.peers, of)),
      rows(worst(metrics.bmp.routes, of)),
      rows(worst(metrics.session.unconfigured, of)),
      rows(worst(metrics.bmp.inDoubt, of)),
      rows(max([...of, "sys_descr"], select(metrics.router.info))),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    router: "Router",
    site: "Site",
    "Value #A": "SNMP",
    "Value #B": "SNMP agent up for",
    "Value #C": "Last answer",
    "Value #D": "BMP",
    "Value #E": "BGP peers",
    "Value #F": "Routes kept",
    "Value #G": "Sessions not configured",
    "Value #H": "Sessions in doubt",
    sys_descr: "What it says it is",
  })
    .overrideByName("SNMP", answersColumn)
    .overrideByName("SNMP agent up for", forColumn)
    .overrideByName("Last answer", ageColumn)
    .overrideByName("Sessions in doubt", wrongCountColumn)
    .overrideByName("BMP", connectedColumn)
    .links([toRunbook("ExpressRouteBmpDisconnected"), toRunbook("ExpressRouteRouterUnreachable")])
    .build();
}

/** What more is told of sessions and prefixes belongs in here, in a band of its own. */
export function bgpRow(): Section {
  return {
    title: "BGP and prefixes",
    collapsed: true,
    bands: [
      band(
        7,
        { width: 6, panel: drains() },
        { width: 6, panel: neighbors() },
        { width: 6, panel: bfd() },
        { width: 6, panel: sources() },
      ),
      band(8, { width: columns, panel: stability() }),
      band(8, { width: 8, panel: advertised() }, { width: 8, panel: received() }, { width: 8, panel: missing() }),
      band(8, { width: 14, panel: prefixesNow() }, { width: 10, panel: announcedServices() }),
      band(8, { width: 10, panel: declaredPrefixes() }, { width: 14, panel: waysTaken() }),
      band(7, { width: columns, panel: routers() }),
    ],
  };
}
