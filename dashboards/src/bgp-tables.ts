// How sessions stand and what is announced over them, path by path: tables, since what matters of them is how they are now.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { exits } from "../../agent/estate/best-path.ts";
import { toRunbook } from "./links.ts";
import { chosenCircuit, max, rows, select, worst } from "./promql.ts";
import {
  ageColumn,
  forColumn,
  goneColumn,
  merged,
  presentColumn,
  shutColumn,
  table,
  withColumns,
  wrongCountColumn,
} from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const path = { circuit: "Circuit", peering: "Peering", link: "Link" } as const;

const inWindow = (window: string) => `${chosenCircuit}, window="${window}"`;

export function stability(): Panel {
  const panel = table(
    {
      title: "How stable each session is, and how late its failure is seen",
      description:
        "Drops count from the start of the agent on. Two within the hour, and none before: something was done there just now; some every day: have " +
        "the link repaired while it still comes back. Without BFD a silent far end is seen after the hold time only. The reason is that of BFD's last drop, and stays.",
    },
    [
      rows(`time() - ${worst(metrics.session.established, ofPath, chosenCircuit)}`),
      rows(worst(metrics.session.adminUp, ofPath, chosenCircuit)),
      rows(worst(metrics.session.drops, ofPath, inWindow("1h"))),
      rows(worst(metrics.session.drops, ofPath, inWindow("24h"))),
      rows(worst(metrics.bmp.sessionHoldTime, ofPath, chosenCircuit)),
      rows(worst(metrics.bfd.detection, ofPath, chosenCircuit)),
      rows(max([...ofPath, "diagnostic"], select(metrics.bfd.info, chosenCircuit))),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    ...path,
    "Value #A": "BGP up for",
    "Value #B": "On our router",
    "Value #C": "Drops, 1 h",
    "Value #D": "Drops, 24 h",
    "Value #E": "Hold time",
    "Value #F": "BFD detects in",
    diagnostic: "BFD's last reason",
  })
    .overrideByName("BGP up for", forColumn)
    .overrideByName("On our router", shutColumn)
    .overrideByName("Drops, 1 h", wrongCountColumn)
    .overrideByName("Hold time", ageColumn)
    .overrideByName("BFD detects in", ageColumn)
    .links([toRunbook("ExpressRoutePathFinding"), toRunbook("ExpressRouteCircuitRedundancyReduced")])
    .build();
}

export function prefixesNow(): Panel {
  const ofFamily = [...ofPath, "family"] as const;
  const panel = table(
    {
      title: "Prefixes now",
      description:
        "From Microsoft, and how many of them the inbound policy of our router let in: a gap is a filter of ours. A default route that nobody wanted " +
        "draws all traffic into Azure. Counted by bmpGauge: the router's own count, as old as stands beside it; the others are exact.",
    },
    [
      rows(worst(metrics.prefixes.received, ofFamily, chosenCircuit)),
      rows(worst(metrics.prefixes.accepted, ofFamily, chosenCircuit)),
      rows(worst(metrics.bmp.missingPrefixes, ofFamily, chosenCircuit)),
      rows(worst(metrics.bmp.defaultRoute, ofFamily, chosenCircuit)),
      rows(worst(metrics.prefixes.advertised, ofFamily, chosenCircuit)),
      rows(`time() - ${max([...ofFamily, "source"], select(metrics.routes.countedAt, chosenCircuit))}`),
    ],
  ).withTransformation(merged);
  return withColumns(panel, {
    ...path,
    family: "Family",
    "Value #A": "From Microsoft",
    "Value #B": "Let in by us",
    "Value #C": "Only the other link has",
    "Value #D": "Default route",
    "Value #E": "To Microsoft",
    source: "Counted by",
    "Value #F": "Ago",
  })
    .overrideByName("Only the other link has", wrongCountColumn)
    .overrideByName("Default route", presentColumn)
    .overrideByName("Ago", ageColumn)
    .links([toRunbook("ExpressRoutePathDegraded"), toRunbook("ExpressRoutePathFinding")])
    .build();
}

/** Before policy where that is told, as the agent judges it. */
export function announcedServices(): Panel {
  const of = ["circuit", "peering", "service", "region", "family"] as const;
  const over = (link: string) => {
    const view = (name: string) =>
      worst(metrics.communities.prefixes, of, `${chosenCircuit}, link="${link}", view="${name}"`);
    return rows(`${view("received")} or ${view("accepted")}`);
  };
  const panel = table(
    {
      title: "Microsoft's services and regions, by community",
      description:
        "How many prefixes of each service or region Microsoft announces over each link. GONE: usually there, or expected, and not there now, though the " +
        "session is up: what needs it goes over the other link, over the internet, or nowhere. Over one link only: ask Microsoft; over both: the route filter or the network in Azure.",
    },
    [over("primary"), over("secondary")],
  ).withTransformation(merged);
  return withColumns(panel, {
    circuit: "Circuit",
    peering: "Peering",
    service: "Service",
    region: "Region",
    family: "Family",
    "Value #A": "Primary",
    "Value #B": "Secondary",
  })
    .overrideByName("Primary", goneColumn)
    .overrideByName("Secondary", goneColumn)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

export function declaredPrefixes(): Panel {
  const of = [...ofPath, "direction"] as const;
  const missing = max([...of, "family"], select(metrics.routes.declaredMissing, chosenCircuit));
  const panel = table(
    {
      title: "Declared prefixes",
      description:
        "What the configuration says is to come (received) and to go out (advertised) over each path, and how many of those are missing. Missing on one " +
        "link: the next failover loses them. The agent's page names them, and whose they are. Missing is empty where no BMP tells it.",
    },
    [rows(worst(metrics.routes.declared, of, chosenCircuit)), rows(`sum by (${of.join(", ")}) (${missing})`)],
  ).withTransformation(merged);
  return withColumns(panel, {
    ...path,
    direction: "Direction",
    "Value #A": "Declared",
    "Value #B": "Missing",
  })
    .overrideByName("Missing", wrongCountColumn)
    .links([toRunbook("ExpressRoutePathDegraded")])
    .build();
}

export function waysTaken(): Panel {
  const of = [...ofPath, "source"] as const;
  const headings = {
    own: "Own link",
    otherLink: "Other link",
    otherCircuit: "Other circuit",
    elsewhere: "Elsewhere",
    none: "No route",
  } as const satisfies Readonly<Record<(typeof exits)[number], string>>;
  const panel = table(
    {
      title: "The way that routers take to declared prefixes",
      description:
        "Of the declared prefixes of each path, how many its router sends over its own link, and over what else. Other link, though the own one is well and " +
        "not drained: traffic stayed on the backup after a failure; look at weights and local preference. Elsewhere: a route of ours is preferred to Azure's.",
    },
    exits.map((way) => rows(worst(metrics.routes.bestPath, of, `${chosenCircuit}, way="${way}"`))),
  ).withTransformation(merged);
  const columns = exits.map((way, index) => [`Value #${String.fromCharCode(65 + index)}`, headings[way]] as const);
  return withColumns(panel, { ...path, ...Object.fromEntries(columns), source: "Told by" })
    .overrideByName("Elsewhere", wrongCountColumn)
    .overrideByName("No route", wrongCountColumn)
    .links([toRunbook("ExpressRoutePathFinding")])
    .build();
}
