// The dashboard of the circuits: the whole estate in one glance, then each chosen circuit, then the agent.

import { metrics } from "../../agent/catalog/metrics.ts";
import { agentRow } from "./agent-row.ts";
import { bgpRow } from "./bgp-row.ts";
import { circuitDetail } from "./circuits-detail.ts";
import { circuitsNow } from "./circuits-now.ts";
import { type DashboardJson, dashboard } from "./dashboard.ts";
import { labelVariable, toDashboard, uids } from "./links.ts";
import { servicesRow } from "./services-row.ts";
import { waysRow } from "./ways-row.ts";

export function circuits(): DashboardJson {
  return dashboard({
    uid: uids.circuits,
    title: "ExpressRoute circuits",
    description:
      "Is the service up, is it still redundant, whose fault is it, and the evidence for the ticket. The top shows every circuit; " +
      "below stand the chosen ones. Times are UTC.",
    variables: [
      labelVariable("circuit", "Circuit", metrics.circuit.redundancy.name),
      labelVariable("window", "Window of the figures", metrics.path.windowProbes.name).multi(false),
    ],
    links: [toDashboard("ExpressRoute Global Reach", uids.globalReach)],
    sections: [circuitsNow(), circuitDetail(), bgpRow(), waysRow(), servicesRow(), agentRow()],
  });
}
