// Every exported metric, defined once. `export/` fills them, `catalog/metrics.md` and the
// tests of dashboards and alerts are made from this list.

import { bmpMetrics } from "./bmp-metrics.ts";
import { communityMetrics } from "./community-metrics.ts";
import type { MetricDefinition } from "./definition.ts";
import { noteMetrics } from "./note-metrics.ts";
import { routeMetrics } from "./route-metrics.ts";
import { routerProbeMetrics } from "./router-probe-metrics.ts";
import { selfMetrics } from "./self-metrics.ts";
import { serviceMetrics } from "./service-metrics.ts";
import { sessionMetrics } from "./session-metrics.ts";
import { probeStatistics } from "./statistics-metrics.ts";
import { traced, tracerMetrics } from "./tracing-metrics.ts";

const path = ["circuit", "peering", "link", "router", "site"] as const;
const pair = ["global_reach", "from_site", "to_site"] as const;
const circuit = ["circuit", "peering"] as const;
const router = ["router", "site"] as const;
const iface = ["circuit", "link", "router", "site", "interface"] as const;

const lane = [...iface, "lane"] as const;
const family = [...path, "family"] as const;

const pathState = "0 unknown, 1 up, 2 degraded, 3 down";
const since = "Unix time at which it entered its present state";

function gauge(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: "gauge", help, labels };
}

function counter(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, type: "counter", help, labels };
}

/** A counter of the router, made to run on: its own may wrap, and begins anew when the router does. */
function counted(name: string, object: string): MetricDefinition {
  return counter(`expressroute_interface_${name}_total`, `${object}, counted since the agent started`, iface);
}

/** The same measurements exist per path and per Global Reach pair. */
function probed(prefix: string, of: string, labels: readonly string[]) {
  const technique = [...labels, "technique"];
  return {
    ...traced(prefix, of, labels),
    state: gauge(`${prefix}_state`, `State of the ${of}: ${pathState}`, labels),
    up: gauge(`${prefix}_up`, `1 when the ${of} is up or degraded, 0 when down, absent while unknown`, labels),
    since: gauge(`${prefix}_state_since_timestamp_seconds`, `${since} (${of})`, labels),
    transitions: counter(`${prefix}_transitions_total`, `State changes of the ${of} since the agent started`, labels),
    cause: gauge(
      `${prefix}_cause_info`,
      `1 for the first broken stage of a ${of} that is not up, and the owner of the fault; absent while up`,
      [...labels, "cause", "owner"],
    ),
    lossRatio: gauge(`${prefix}_loss_ratio`, `Probes lost over those settled in the threshold window (0-1)`, labels),
    lossProbes: gauge(
      `${prefix}_loss_window_probes`,
      `Probes settled in the threshold window: the sample size of the loss ratio`,
      labels,
    ),
    classLossRatio: gauge(
      `${prefix}_class_loss_ratio`,
      `As the loss ratio, of further streams to the same target: of other classes of service or sizes; absent where there are none`,
      [...labels, "probes"],
    ),
    classLossProbes: gauge(
      `${prefix}_class_loss_window_probes`,
      `Probes settled in the threshold window: the sample size of the loss ratio of a class`,
      [...labels, "probes"],
    ),
    oneWayDelayMedian: gauge(
      `${prefix}_one_way_delay_median_seconds`,
      `Median delay of each way in the threshold window; absent unless both clocks are synchronised`,
      [...labels, "direction"],
    ),
    oneWayDelayError: gauge(
      `${prefix}_one_way_delay_error_seconds`,
      `Greatest error of both clocks together: the one-way delays are right to this`,
      labels,
    ),
    ...probeStatistics(prefix, labels),
    lossThreshold: gauge(`${prefix}_loss_threshold_ratio`, `Configured loss limit; level raise fires, clear ends it`, [
      ...labels,
      "level",
    ]),
    delayThreshold: gauge(
      `${prefix}_delay_threshold_seconds`,
      `Configured delay limit; level raise fires, clear ends it`,
      [...labels, "level"],
    ),
    probesSettled: counter(`${prefix}_probes_total`, `Probes settled, answered or lost`, technique),
    probesLost: counter(
      `${prefix}_probes_lost_total`,
      `Probes not answered within the loss threshold; includes late ones`,
      technique,
    ),
    probesLostOneWay: counter(
      `${prefix}_probes_lost_one_way_total`,
      `Probes lost on the way there (forward), or on the way back or late (backward); absent unless the reflector counts for itself`,
      [...technique, "direction"],
    ),
    probesLate: counter(`${prefix}_probes_late_total`, `Answers that came after the loss threshold`, technique),
    probesDuplicate: counter(`${prefix}_probes_duplicate_total`, `Second and further answers to one probe`, technique),
    probesReordered: counter(`${prefix}_probes_reordered_total`, `Answers that overtook an earlier one`, technique),
    probesDiscarded: counter(
      `${prefix}_probes_discarded_total`,
      `Answers whose delay was not to be trusted (preempted send, clock step)`,
      technique,
    ),
    probesSendErrors: counter(
      `${prefix}_probe_send_errors_total`,
      `Probes that this host could not send: says nothing of the path`,
      technique,
    ),
    probesUnsent: gauge(
      `${prefix}_probes_unsent_info`,
      `1 while probes of the ${of} cannot leave this host, with the reason; absent while they can`,
      [...technique, "reason"],
    ),
    probesUnheard: counter(
      `${prefix}_probes_unheard_total`,
      `Probes without an answer while this host's full receive buffer dropped datagrams, as in a flood: says nothing of the path`,
      technique,
    ),
  };
}

export const metrics = {
  path: probed("expressroute_path", "path", path),
  pair: probed("expressroute_global_reach", "Global Reach pair", pair),
  ...serviceMetrics,
  note: noteMetrics,

  circuit: {
    redundancy: gauge(
      "expressroute_circuit_redundancy_state",
      "Redundancy of a peering of a circuit: 0 unknown, 1 redundant, 2 reduced (one path left), 3 lost (no path left)",
      circuit,
    ),
    redundancySince: gauge("expressroute_circuit_redundancy_since_timestamp_seconds", `${since} (redundancy)`, circuit),
    info: gauge("expressroute_circuit_info", "Description of the circuit, always 1", [
      "circuit",
      "service_key",
      "provider",
      "peering_location",
      "sku",
      "connectivity_model",
    ]),
    bandwidth: gauge("expressroute_circuit_bandwidth_bytes_per_second", "Bandwidth of each link of the circuit", [
      "circuit",
    ]),
  },

  globalReach: {
    info: gauge("expressroute_global_reach_info", "The circuits that a Global Reach joins, always 1", [
      "global_reach",
      "circuit",
    ]),
  },

  peering: {
    prefixLimit: gauge(
      "expressroute_peering_prefix_limit",
      "Prefixes that Microsoft accepts per session before it drops it, by family (ipv4, ipv6)",
      [...circuit, "family"],
    ),
  },

  router: {
    up: gauge(
      "expressroute_router_up",
      "1 when the router's SNMP agent answers, 0 when not, absent before the first poll has ended",
      router,
    ),
    info: gauge("expressroute_router_info", "Description of the router as it gives it, always 1", [
      ...router,
      "sys_name",
      "sys_descr",
      "sys_object_id",
    ]),
    agentStart: gauge(
      "expressroute_router_snmp_start_timestamp_seconds",
      "Unix time at which the router's SNMP agent started (sysUpTime)",
      router,
    ),
    lastPoll: gauge("expressroute_router_last_success_timestamp_seconds", "Unix time of the last successful poll", [
      ...router,
      "group",
    ]),
  },

  interface: {
    admin: gauge("expressroute_interface_admin_status", "ifAdminStatus: 1 up, 2 down, 3 testing", iface),
    oper: gauge(
      "expressroute_interface_oper_status",
      "ifOperStatus: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent, 7 lowerLayerDown",
      iface,
    ),
    speed: gauge("expressroute_interface_speed_bytes_per_second", "ifHighSpeed", iface),
    duplex: gauge(
      "expressroute_interface_duplex_status",
      "dot3StatsDuplexStatus: 1 unknown, 2 halfDuplex, 3 fullDuplex; absent where it is not told",
      iface,
    ),
    receiveBytes: counted("receive_bytes", "ifHCInOctets, or ifInOctets"),
    transmitBytes: counted("transmit_bytes", "ifHCOutOctets, or ifOutOctets"),
    receivePackets: counted("receive_packets", "ifHCInUcastPkts, or ifInUcastPkts"),
    transmitPackets: counted("transmit_packets", "ifHCOutUcastPkts, or ifOutUcastPkts"),
    receiveErrors: counted("receive_errors", "ifInErrors"),
    transmitErrors: counted("transmit_errors", "ifOutErrors"),
    receiveDiscards: counted("receive_discards", "ifInDiscards"),
    transmitDiscards: counted("transmit_discards", "ifOutDiscards"),
    alignmentErrors: counted("alignment_errors", "dot3StatsAlignmentErrors"),
    fcsErrors: counted("fcs_errors", "dot3StatsFCSErrors"),
    macTransmitErrors: counted("mac_transmit_errors", "dot3StatsInternalMacTransmitErrors"),
    framesTooLong: counted("frames_too_long", "dot3StatsFrameTooLongs"),
    macReceiveErrors: counted("mac_receive_errors", "dot3StatsInternalMacReceiveErrors"),
    symbolErrors: counted("symbol_errors", "dot3StatsSymbolErrors"),
    lateCollisions: counted("late_collisions", "dot3StatsLateCollisions"),
    discontinuities: counter(
      "expressroute_interface_counter_discontinuities_total",
      "Times the interface's counters did not run on (reboot, clearing, another interface): what they counted meanwhile is left out",
      iface,
    ),
  },

  session: sessionMetrics,
  bmp: bmpMetrics,
  communities: communityMetrics,
  routes: routeMetrics,

  bfd: {
    state: gauge(
      "expressroute_bfd_session_state",
      "bfdSessState of the session with the far end: 1 adminDown, 2 down, 3 init, 4 up, 5 failing",
      path,
    ),
    up: gauge(
      "expressroute_bfd_session_up",
      "1 when up, 0 when not, absent where the router shows no BFD session",
      path,
    ),
    transitions: counter("expressroute_bfd_session_up_transitions_total", "Times that it came up", path),
    negotiated: gauge(
      "expressroute_bfd_session_negotiated_interval_seconds",
      "Interval of transmission that both ends agreed on",
      path,
    ),
    detection: gauge(
      "expressroute_bfd_session_detection_time_seconds",
      "Time without a packet after which it goes down",
      path,
    ),
    info: gauge(
      "expressroute_bfd_session_info",
      "Always 1; diagnostic says why it was last left up (RFC 5880 section 4.1), and is sticky",
      [...path, "diagnostic"],
    ),
  },

  neighbor: {
    state: gauge(
      "expressroute_neighbor_state",
      "Entry of the far end in the router's ARP or neighbour discovery table: 1 present, 2 incomplete, 3 absent",
      path,
    ),
    info: gauge("expressroute_neighbor_info", "MAC address of the far end, always 1; absent unless present", [
      ...path,
      "mac",
    ]),
  },

  optics: {
    receivePower: gauge("expressroute_interface_optical_receive_power_dbm", "Light received, by lane from 1", lane),
    transmitPower: gauge("expressroute_interface_optical_transmit_power_dbm", "Light sent, by lane from 1", lane),
    biasCurrent: gauge(
      "expressroute_interface_optical_bias_amperes",
      "Bias current of the laser, by lane from 1",
      lane,
    ),
    temperature: gauge(
      "expressroute_interface_optical_temperature_celsius",
      "Temperature of the transceiver, by sensor from 1",
      lane,
    ),
  },

  prefixes: {
    received: gauge("expressroute_bgp_session_received_prefixes", "Prefixes received, before policy", family),
    accepted: gauge("expressroute_bgp_session_accepted_prefixes", "Prefixes accepted by policy", family),
    active: gauge("expressroute_bgp_session_active_prefixes", "Prefixes received and chosen as best path", family),
    advertised: gauge("expressroute_bgp_session_advertised_prefixes", "Prefixes advertised now", family),
  },

  self: selfMetrics,
  tracer: tracerMetrics,

  agent: {
    info: gauge("expressroute_agent_build_info", "Version of the agent, always 1", ["version", "node_version"]),
    simulated: gauge("expressroute_agent_simulated", "1 when the estate is the simulated one", []),
    isolated: gauge(
      "expressroute_agent_isolated",
      "1 when the agent itself is the problem: cut off, starved or just awake; everything else is unknown then",
      [],
    ),
    evaluated: gauge("expressroute_agent_last_evaluation_timestamp_seconds", "Unix time of the last judgement", []),
    polls: counter("expressroute_agent_polls_total", "Polls by group and result", [...router, "group", "result"]),
    pollSeconds: gauge("expressroute_agent_poll_duration_seconds", "Duration of the last poll, retries included", [
      ...router,
      "group",
    ]),
    pollOverruns: counter(
      "expressroute_agent_poll_overruns_total",
      "Polls skipped because the one before was still in flight",
      [],
    ),
    openBreakers: gauge(
      "expressroute_agent_open_breakers",
      "Routers that answer nothing, so that they are asked for sysUpTime only until they answer",
      [],
    ),
    snmpRequests: counter("expressroute_agent_snmp_requests_total", "SNMP requests sent, retransmissions included", []),
    snmpRetries: counter(
      "expressroute_agent_snmp_retransmissions_total",
      "SNMP requests sent again after a timeout",
      [],
    ),
    snmpAnswered: counter("expressroute_agent_snmp_answers_total", "SNMP requests that were answered", []),
    snmpTimeouts: counter(
      "expressroute_agent_snmp_timeouts_total",
      "SNMP requests given up after the last retransmission",
      [],
    ),
    snmpDropped: counter(
      "expressroute_agent_snmp_datagrams_dropped_total",
      "SNMP datagrams received and not used, by kind",
      ["kind"],
    ),
    notifications: counter(
      "expressroute_agent_notifications_total",
      "SNMP notifications (traps and informs) taken, by what they are about: link, bgp, bfd, start (of an SNMP agent)",
      [...router, "kind"],
    ),
    notificationsDropped: counter(
      "expressroute_agent_notifications_dropped_total",
      "Datagrams on the notifications' port that were not taken, by reason",
      ["reason"],
    ),
    notificationDatagrams: counter(
      "expressroute_agent_notification_datagrams_total",
      "Datagrams on the notifications' port by event: received, accepted, discoveries (engine IDs asked for), and what was sent: acknowledged informs, reports; unsendable and socketErrors are this host's",
      ["event"],
    ),
    confirmingPolls: counter(
      "expressroute_agent_confirming_polls_total",
      "Rounds of polls out of turn that notifications caused, at most one per second",
      router,
    ),
    probesDropped: counter(
      "expressroute_agent_probe_datagrams_dropped_total",
      "Probe datagrams received and not used, by kind",
      ["kind"],
    ),
    probeRestarts: counter(
      "expressroute_agent_probe_worker_restarts_total",
      "Times the probe worker died and was started again",
      [],
    ),
    probesSkipped: counter(
      "expressroute_agent_probes_skipped_total",
      "Probes that were never sent because this host did not get to them in time",
      [],
    ),
    reflectorDatagrams: counter(
      "expressroute_agent_reflector_datagrams_total",
      "Datagrams on the STAMP reflector's port by what became of them; absent where none is configured",
      ["outcome"],
    ),
    reflectorRestarts: counter(
      "expressroute_agent_reflector_restarts_total",
      "Times the reflector's worker died and was started again; absent where none is configured",
      [],
    ),
    httpRequests: counter("expressroute_agent_http_requests_total", "HTTP requests by how they ended", ["outcome"]),
  },
  routerProbe: routerProbeMetrics,
} as const satisfies Readonly<Record<string, Readonly<Record<string, MetricDefinition>>>>;

export const allMetrics: readonly MetricDefinition[] = Object.values(metrics).flatMap((group) => Object.values(group));
