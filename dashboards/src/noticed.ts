// What was noticed and is no outage: one table for paths, one for Global Reach pairs.

import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metrics } from "../../agent/catalog/metrics.ts";
import { fieldLink, toCircuit, toRunbook } from "./links.ts";
import { max, rows, select } from "./promql.ts";
import { merged, noticedColumn, ownerColumn, sinceColumn, table, withColumns } from "./tables.ts";

const ofPath = ["circuit", "peering", "link"] as const;
const ofPair = ["global_reach", "from_site", "to_site"] as const;

export function noticedOnPaths(): Panel {
  const notes = max([...ofPath, "cause", "owner"], select(metrics.note.path));
  const findings = max([...ofPath, "kind"], select(metrics.path.finding));
  const panel = table(
    {
      title: "Noticed, and no outage",
      description:
        "What does not break a path now, and may explain what breaks next: Microsoft drains a link, one link lacks prefixes, Microsoft's limit " +
        "on prefixes is near, packets go another way, or large ones do not fit. Do not work on the other link while one is drained.",
    },
    [
      rows(`1000 * label_replace(${notes}, "what", "$1", "cause", "(.*)")`),
      rows(`label_replace(${findings}, "what", "$1", "kind", "(.*)")`),
    ],
  )
    .noValue("Nothing was noticed")
    .withTransformation(merged);
  return withColumns(panel, {
    circuit: "Circuit",
    peering: "Peering",
    link: "Link",
    what: "What",
    owner: "With",
    "Value #A": "Since",
  })
    .overrideByName("Circuit", [{ id: "links", value: [fieldLink(toCircuit("__data.fields.Circuit"))] }])
    .overrideByName("What", noticedColumn)
    .overrideByName("With", ownerColumn)
    .overrideByName("Since", sinceColumn)
    .links([toRunbook("ExpressRoutePathFinding")])
    .build();
}

export function noticedOnPairs(): Panel {
  const panel = table(
    {
      title: "Noticed, and no outage",
      description:
        "Each pair whose packets go another way than over Global Reach, or whose large packets do not fit. Users may feel it as slow or " +
        "hanging transfers; the agent's page shows the hops.",
    },
    [rows(`label_replace(${max([...ofPair, "kind"], select(metrics.pair.finding))}, "what", "$1", "kind", "(.*)")`)],
  ).noValue("Nothing was noticed");
  return withColumns(panel, { global_reach: "Global Reach", from_site: "From", to_site: "To", what: "What" })
    .overrideByName("What", noticedColumn)
    .links([toRunbook("ExpressRouteGlobalReachFinding")])
    .build();
}
