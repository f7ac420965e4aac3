import { describe, expect, it } from "vitest";
import { subject } from "../../agent/estate/observation.ts";
import type { ServiceOrDependency } from "../../agent/estate/service.ts";
import type { CheckResult } from "../../agent/estate/service-observation.ts";
import { emitChecks, emitServices } from "../../agent/export/services.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { dnsCheck, httpCheck, serviceThresholds } from "../support/checks.ts";
import { createFakeClock } from "../support/clock.ts";
import { at, estate as smallEstate } from "../support/estate.ts";
import { pageOf } from "../support/series.ts";

const orders = {
  is: "service",
  name: "orders",
  circuit: "ams-1",
  peering: "azurePrivate",
  checks: [httpCheck({ url: "https://orders.example/?sig=sentinel" }), dnsCheck({ resolver: "192.0.2.53:53" })],
  thresholds: serviceThresholds,
} as const satisfies ServiceOrDependency;
const estate = { ...smallEstate(), services: [orders] };
const telemetry = { inFlight: () => 3, skipped: () => 4, restarts: () => 5 };

const good: CheckResult = {
  failure: undefined,
  phases: { connect: 0.002, tls: 0.003 },
  total: 0.015,
  status: 200,
  certificates: [
    { subject: "a", notBefore: 0, notAfter: 2_000_000_000_000 },
    { subject: "b", notBefore: 0, notAfter: 1_900_000_000_000 },
  ],
};
const failed = (reason: "refused" | "notSent"): CheckResult => ({
  failure: { phase: "connect", reason, detail: "sentinel" },
  phases: {},
  total: 0.5,
});

function page(results: readonly CheckResult[]): string {
  const state = createState({ keep: seconds(10) });
  for (const result of results) {
    state.observe({ kind: "check", of: subject.watched(orders), index: 0, technique: "http", at: at(1), ...result });
  }
  return pageOf((emit) => emitChecks(emit, estate, state, telemetry));
}

const of = 'service="orders",circuit="ams-1",peering="azurePrivate"';
const check = `${of},check="http",technique="http",resolver=""`;

describe("the series of checks", () => {
  it("say what was last seen, phase by phase", () => {
    const text = page([good]);
    for (const line of [
      `expressroute_service_check_up{${check}} 1`,
      `expressroute_service_check_duration_seconds{${check}} 0.015`,
      `expressroute_service_check_phase_seconds{${check},phase="tls"} 0.003`,
      `expressroute_service_check_http_status{${check}} 200`,
      `expressroute_service_check_certificate_expiry_timestamp_seconds{${check}} 1900000000`,
      `expressroute_service_check_duration_threshold_seconds{${of},level="raise"} 1`,
      `expressroute_service_certificate_expiry_threshold_seconds{${of}} 1209600`,
      "expressroute_agent_checks_in_flight 3",
      "expressroute_agent_checks_skipped_total 4",
      "expressroute_agent_check_worker_restarts_total 5",
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it("count results by what became of them, from zero", () => {
    expect(page([])).toContain(`expressroute_service_checks_total{${check},result="ok"} 0\n`);
    const text = page([good, failed("refused"), failed("refused")]);
    expect(text).toContain(`expressroute_service_checks_total{${check},result="ok"} 1\n`);
    expect(text).toContain(`expressroute_service_checks_total{${check},result="refused"} 2\n`);
    expect(text).toContain(`expressroute_service_check_up{${check}} 0\n`);
  });

  it("say nothing of a far end that this host could not try", () => {
    const text = page([good, failed("notSent")]);
    expect(text).toContain(`expressroute_service_checks_total{${check},result="notSent"} 1\n`);
    expect(text).not.toContain("expressroute_service_check_up{");
  });

  it("know no end of a certificate whose date cannot be read", () => {
    const odd = { ...good, certificates: [{ subject: "a", notBefore: Number.NaN, notAfter: Number.NaN }] };
    expect(page([odd])).not.toContain("certificate_expiry_timestamp_seconds{");
  });

  it("hold nothing of a URL's query", () => expect(page([good, failed("refused")])).not.toContain("sentinel"));

  it("say the state, and neither up nor down while it is unknown", () => {
    const clock = createFakeClock();
    const verdict = {
      of: orders,
      since: at(1_000),
      transitions: 2,
      checks: [],
      explainedUntil: undefined,
      reasons: [{ cause: "circuitLost", owner: "provider", evidence: "sentinel" }],
    } as const;
    const render = (state: "down" | "unknown") => pageOf((emit) => emitServices(emit, [{ ...verdict, state }], clock));
    expect(render("down")).toContain(`expressroute_service_state{${of}} 3\n`);
    expect(render("down")).toContain(`expressroute_service_up{${of}} 0\n`);
    expect(render("down")).toContain(`expressroute_service_cause_info{${of},cause="circuitLost",owner="provider"} 1\n`);
    expect(render("unknown")).not.toContain("expressroute_service_up{");
  });
});
