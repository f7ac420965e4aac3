// Metrics of the BMP station, and of the sources that tell of a session.

import type { MetricDefinition } from "./definition.ts";

const router = ["router", "site"] as const;
const path = ["circuit", "peering", "link", ...router] as const;

function metric(
  type: MetricDefinition["type"],
  name: string,
  help: string,
  labels: readonly string[],
): MetricDefinition {
  return { name, type, help, labels };
}

/** All but those of sessions and paths are absent where no BMP station is configured. */
export const bmpMetrics = {
  draining: metric(
    "gauge",
    "expressroute_path_draining",
    "1 while Microsoft drains the link (its ASN prepended to the prefixes), 0 while not, absent where no BMP tells the AS paths",
    path,
  ),
  prefixGuard: metric(
    "gauge",
    "expressroute_prefix_guard_ratio",
    "Configured share of Microsoft's limit on prefixes: from level note on it is said, from raise on the path is degraded",
    ["level"],
  ),
  missingPrefixes: metric(
    "gauge",
    "expressroute_path_missing_prefixes",
    "Prefixes that the other link of the peering receives and this one does not; absent unless BMP tells both",
    [...path, "family"],
  ),
  defaultRoute: metric(
    "gauge",
    "expressroute_path_default_route",
    "1 while the default route is among the prefixes received, 0 while not, by family; absent unless BMP tells them",
    [...path, "family"],
  ),
  sessionSource: metric(
    "gauge",
    "expressroute_bgp_session_source_timestamp_seconds",
    "Unix time at which a source last told of the session: snmp and bmp tell its state, a notification only asks for a poll",
    [...path, "source"],
  ),
  sessionHoldTime: metric(
    "gauge",
    "expressroute_bgp_session_hold_time_seconds",
    "Hold time that both ends agreed on; absent where neither the router nor BMP tells it",
    path,
  ),
  connected: metric(
    "gauge",
    "expressroute_bmp_connected",
    "1 while the router is connected by BMP, 0 while not; absent where bmp.routers does not name it and it never was",
    router,
  ),
  messages: metric("counter", "expressroute_bmp_messages_total", "BMP messages taken, by type", [...router, "type"]),
  peers: metric("gauge", "expressroute_bmp_peers", "BGP peers that the router tells of by BMP", router),
  routes: metric(
    "gauge",
    "expressroute_bmp_routes",
    "Routes that are kept of the router, each view of them; of configured sessions only",
    router,
  ),
  inDoubt: metric(
    "gauge",
    "expressroute_bmp_sessions_in_doubt",
    "Sessions of configured paths whose routes are not counted until they come up anew: an UPDATE that cannot be read, or more routes than the limit",
    router,
  ),
  leftOut: metric(
    "gauge",
    "expressroute_bmp_peer_messages_left_out",
    "Messages, on the connection that stands, about peers beyond the 1,024 of a router that are told apart",
    router,
  ),
  routeLimit: metric("gauge", "expressroute_bmp_route_limit", "Routes that are kept of one router at most", []),
  closes: metric(
    "counter",
    "expressroute_bmp_connections_closed_total",
    "BMP connections that ended, by reason: ended (by the router), reset, malformed, replaced (the router connected again), stalled, stopped (the agent)",
    ["reason"],
  ),
  refused: metric(
    "counter",
    "expressroute_bmp_connections_refused_total",
    "BMP connections from addresses of no router",
    [],
  ),
  doubts: metric(
    "counter",
    "expressroute_bmp_uncounted_total",
    "Times the routes of a session could not be counted any more: an UPDATE that cannot be read, or more routes than the limit",
    [],
  ),
  attributeSets: metric("gauge", "expressroute_bmp_attribute_sets", "Sets of path attributes that routes have", []),
  memory: metric("gauge", "expressroute_bmp_memory_bytes", "Memory that connections, routes and attributes take", []),
  memoryLimit: metric(
    "gauge",
    "expressroute_bmp_memory_limit_bytes",
    "The most that the routers which are connected now could make it take",
    [],
  ),
} as const;
