// Metrics of services, internet dependencies and their checks.

import type { MetricDefinition } from "./definition.ts";

const define =
  (type: MetricDefinition["type"]) =>
  (name: string, help: string, labels: readonly string[]): MetricDefinition => ({ name, type, help, labels });
const gauge = define("gauge");
const counter = define("counter");

const states = "0 unknown, 1 up, 2 degraded, 3 down";

/** The same exists of services and of internet dependencies. */
function watched(prefix: string, of: string, labels: readonly string[]) {
  const check = [...labels, "check", "technique", "resolver"];
  return {
    state: gauge(`${prefix}_state`, `State of the ${of}: ${states}`, labels),
    up: gauge(`${prefix}_up`, `1 when the ${of} is up or degraded, 0 when down, absent while unknown`, labels),
    since: gauge(
      `${prefix}_state_since_timestamp_seconds`,
      `Unix time at which it entered its present state (${of})`,
      labels,
    ),
    transitions: counter(`${prefix}_transitions_total`, `State changes of the ${of} since the agent started`, labels),
    cause: gauge(
      `${prefix}_cause_info`,
      `1 for the cause of a ${of} that is not up, and the owner of the fault; absent while up`,
      [...labels, "cause", "owner"],
    ),
    checkUp: gauge(`${prefix}_check_up`, `1 when the last result of the check was good, 0 when not`, check),
    checks: counter(`${prefix}_checks_total`, `Checks by result: ok, or why it failed`, [...check, "result"]),
    duration: gauge(`${prefix}_check_duration_seconds`, `Duration of the last check, to its end or its failure`, check),
    phase: gauge(
      `${prefix}_check_phase_seconds`,
      `Duration of each completed phase of the last check: dns, connect, proxy, tls, firstByte, answer`,
      [...check, "phase"],
    ),
    durationThreshold: gauge(
      `${prefix}_check_duration_threshold_seconds`,
      `Configured limit on the duration; level raise is slow, clear ends it`,
      [...labels, "level"],
    ),
    status: gauge(`${prefix}_check_http_status`, `Status code of the last HTTP answer`, check),
    certificateExpiry: gauge(
      `${prefix}_check_certificate_expiry_timestamp_seconds`,
      `Unix time at which the first certificate of the chain ends, as last seen`,
      check,
    ),
    certificateThreshold: gauge(
      `${prefix}_certificate_expiry_threshold_seconds`,
      `Configured limit: a certificate that ends sooner is degraded`,
      labels,
    ),
    answers: gauge(`${prefix}_check_dns_answers`, `Records in the last DNS answer`, check),
    ttl: gauge(`${prefix}_check_dns_ttl_seconds`, `Least time to live of the last DNS answer`, check),
  };
}

export const serviceMetrics = {
  service: watched("expressroute_service", "service", ["service", "circuit", "peering"]),
  dependency: watched("expressroute_internet_dependency", "internet dependency", ["dependency", "kind"]),
  checking: {
    inFlight: gauge("expressroute_agent_checks_in_flight", "Checks of services under way", []),
    skipped: counter(
      "expressroute_agent_checks_skipped_total",
      "Turns of checks that fell out because the one before had not ended",
      [],
    ),
    restarts: counter(
      "expressroute_agent_check_worker_restarts_total",
      "Times the checks' worker died and was started again",
      [],
    ),
  },
} as const;
