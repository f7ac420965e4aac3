// Metrics of BGP sessions.

import type { MetricDefinition } from "./definition.ts";

const router = ["router", "site"] as const;
const path = ["circuit", "peering", "link", ...router] as const;

function gauge(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: "gauge", help, labels };
}

export const sessionMetrics = {
  state: gauge(
    "expressroute_bgp_session_state",
    "bgpPeerState: 1 idle, 2 connect, 3 active, 4 opensent, 5 openconfirm, 6 established",
    path,
  ),
  up: gauge("expressroute_bgp_session_up", "1 when established, 0 when not, absent while unknown", path),
  adminUp: gauge("expressroute_bgp_session_admin_up", "0 when an operator shut the peer on the router", path),
  transitions: {
    name: "expressroute_bgp_session_established_transitions_total",
    type: "counter",
    help: "bgpPeerFsmEstablishedTransitions",
    labels: path,
  } satisfies MetricDefinition,
  established: gauge(
    "expressroute_bgp_session_established_timestamp_seconds",
    "Unix time at which the session was established; absent while it is not",
    path,
  ),
  info: gauge(
    "expressroute_bgp_session_info",
    "Far end of the session, always 1; last_error is code/subcode of RFC 4271 and sticky",
    [...path, "remote_address", "remote_asn", "last_error"],
  ),
  drops: gauge(
    "expressroute_bgp_session_drops",
    "Times that the session left Established, by window (5m, 1h, 24h), since the agent started; absent while there are none",
    [...path, "window"],
  ),
  interfaceDrops: gauge(
    "expressroute_interface_drops",
    "Times that the interface went down, by window (5m, 1h, 24h), since the agent started; absent while there are none",
    ["circuit", "link", ...router, "interface", "window"],
  ),
  unconfigured: gauge(
    "expressroute_router_unconfigured_sessions",
    "BGP sessions with Microsoft's ASN, by SNMP or BMP, that no path of the configuration has",
    router,
  ),
  slowestDetection: gauge(
    "expressroute_session_slowest_detection_seconds",
    "Configured: a path without BFD whose hold time is longer is a finding",
    [],
  ),
  flappingDrops: gauge(
    "expressroute_session_flapping_drops",
    "Configured: so many drops within the window are flapping",
    [],
  ),
  flappingWindow: gauge(
    "expressroute_session_flapping_window_seconds",
    "Configured: the window in which drops are counted",
    [],
  ),
  flappingQuiet: gauge(
    "expressroute_session_flapping_quiet_seconds",
    "Configured: flapping ends after so long without a drop",
    [],
  ),
} as const;
