// What routers tell of the prefixes that are declared of a path, and what is noted of its routes.

import type { MetricDefinition } from "./definition.ts";

const path = ["circuit", "peering", "link", "router", "site"] as const;

const gauge = (name: string, help: string, labels: readonly string[]): MetricDefinition => ({
  name,
  type: "gauge",
  help,
  labels,
});

export const routeMetrics = {
  countedAt: gauge(
    "expressroute_bgp_session_received_prefixes_timestamp_seconds",
    "Unix time at which BMP last told the prefixes received, by how: bmp (the routes themselves), bmpGauge (the router's own count); absent where SNMP counts them",
    [...path, "family", "source"],
  ),
  declared: gauge(
    "expressroute_path_declared_prefixes",
    "Prefixes that the configuration declares of the path, by direction (received from Microsoft, advertised to it)",
    [...path, "direction"],
  ),
  declaredMissing: gauge(
    "expressroute_path_declared_prefixes_missing",
    "Declared prefixes that are not received (after policy where that is told), or not advertised; absent unless BMP tells that family",
    [...path, "direction", "family"],
  ),
  bestPath: gauge(
    "expressroute_path_best_path_prefixes",
    "Declared prefixes by the way that the path's router chose: own, otherLink, otherCircuit (of which it is declared as well), elsewhere, none; by who tells: bmp (Loc-RIB) or snmp (its forwarding table)",
    [...path, "way", "source"],
  ),
  locRib: gauge(
    "expressroute_bmp_loc_rib_routes",
    "Prefixes in the Loc-RIBs of the router, of all its tables, by who counts: bmp (the routes themselves), bmpGauge (the router, which may count each path)",
    ["router", "site", "family", "source"],
  ),
} as const;
