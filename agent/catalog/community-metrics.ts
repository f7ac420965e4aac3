// Metrics of what is announced over a path, by Microsoft's communities.

import type { MetricDefinition } from "./definition.ts";

export const communityMetrics = {
  prefixes: {
    name: "expressroute_path_community_prefixes",
    type: "gauge",
    help: "Prefixes of a service and region, by the BGP communities that Microsoft set, before policy (view received) or after it (accepted); 0 for what is usually there and is not, service other for those beyond bmp.communities, absent where no BMP tells it",
    labels: ["circuit", "peering", "link", "router", "site", "family", "view", "service", "region"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
