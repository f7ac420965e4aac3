// Metrics that stand on no dashboard and in no alert, each with the reason: what nobody asks at three in the morning, or asks another one.

const saidByState = "its state says the same, and what is unknown besides";
const inWindow = "the percentiles of the window that the reader chooses are shown instead";
const limitOfVerdict = "a limit of the configuration; the verdict that is drawn from it is shown";
const forOwnQueries = "a counter for queries and recording rules of one's own; the share is shown";
const ofVariation = "ipdv by percentiles is shown, which says it without smoothing";

export const unshown: Readonly<Record<string, string>> = {
  expressroute_path_up: saidByState,
  expressroute_global_reach_up: saidByState,
  expressroute_service_up: saidByState,
  expressroute_internet_dependency_up: saidByState,
  expressroute_bgp_session_up: saidByState,
  expressroute_bfd_session_up: saidByState,

  expressroute_path_round_trip_delay_min_seconds: inWindow,
  expressroute_path_round_trip_delay_p99_seconds: inWindow,
  expressroute_path_round_trip_delay_max_seconds: inWindow,
  expressroute_global_reach_round_trip_delay_min_seconds: inWindow,
  expressroute_global_reach_round_trip_delay_p99_seconds: inWindow,
  expressroute_global_reach_round_trip_delay_max_seconds: inWindow,
  expressroute_path_window_loss_ratio:
    "the loss by which paths are judged is shown over time, and says it for any window",
  expressroute_path_round_trip_jitter_seconds: ofVariation,
  expressroute_global_reach_round_trip_jitter_seconds: ofVariation,
  expressroute_global_reach_round_trip_delay_seconds:
    "a heatmap for each of n × n pairs would be a wall; of paths there is one",

  expressroute_path_probes_total: forOwnQueries,
  expressroute_path_probes_lost_total: forOwnQueries,
  expressroute_path_loss_bursts_total: forOwnQueries,
  expressroute_global_reach_probes_total: forOwnQueries,
  expressroute_global_reach_probes_lost_total: forOwnQueries,
  expressroute_global_reach_loss_bursts_total: forOwnQueries,
  expressroute_interface_receive_packets_total: forOwnQueries,
  expressroute_interface_transmit_packets_total: forOwnQueries,

  expressroute_service_transitions_total: "the bar of the service over time shows each change",
  expressroute_internet_dependency_transitions_total: "the bar of the dependency over time shows each change",
  expressroute_bfd_session_up_transitions_total: "the drops of the BGP session follow them, and are shown",
  expressroute_bfd_session_negotiated_interval_seconds: "the detection time, which is a multiple of it, is shown",
  expressroute_path_router_probe_round_trip_delay_min_seconds: "average and greatest are shown",
  expressroute_path_router_probe_packets_lost_one_way_total: "told by UDP jitter operations alone; the page has it",

  expressroute_session_slowest_detection_seconds: limitOfVerdict,
  expressroute_session_flapping_drops: limitOfVerdict,
  expressroute_session_flapping_window_seconds: limitOfVerdict,
  expressroute_session_flapping_quiet_seconds: limitOfVerdict,

  expressroute_bgp_session_active_prefixes:
    "the way that routers take to declared prefixes is shown, which is what matters of it",
  expressroute_bmp_loc_rib_routes: "of all tables of a router, most of which are no matter of a circuit",
  expressroute_bmp_peer_messages_left_out: "of peers beyond the 1,024th of one router",
  expressroute_bmp_attribute_sets: "the memory that they take is shown",

  expressroute_agent_checks_in_flight: "checks that fell out, which follow from too many of them, are shown",
  expressroute_agent_trace_packets_total: "a cost, and a bounded one",
  expressroute_agent_snmp_answers_total: "requests without an answer are shown, as timeouts",
  expressroute_agent_notification_datagrams_total: "what was taken and dropped is shown; the rest is of the protocol",
  expressroute_agent_http_requests_total: "of those who read the agent, not of what it watches",
};
