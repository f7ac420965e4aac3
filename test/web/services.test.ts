// Services and internet dependencies in the status, on the page and in its summary.

import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import { notIsolated } from "../../agent/estate/isolation.ts";
import { subject } from "../../agent/estate/observation.ts";
import type { InternetDependency, Service } from "../../agent/estate/service.ts";
import type { ServiceReason } from "../../agent/estate/service-judgement.ts";
import type { CheckResult } from "../../agent/estate/service-observation.ts";
import { judgeServices } from "../../agent/evaluate/services.ts";
import { renderPage } from "../../agent/web/page.ts";
import { statusOf } from "../../agent/web/status.ts";
import { headlineOf, problemsOf, serviceAnswer } from "../../agent/web/summary.ts";
import { dnsCheck, httpCheck, serviceThresholds } from "../support/checks.ts";
import { fixedClock, fourCircuits, judgementOf, now, stateOf } from "./scene.ts";

const hostile = "<script>alert(1)</script>\u202e";

const orders: Service = {
  is: "service",
  name: "orders",
  circuit: "ams-1",
  peering: "azurePrivate",
  communities: [12076 * 65_536 + 50_002],
  checks: [httpCheck({ url: "https://orders.example/health?sig=sentinel" }), dnsCheck({ resolver: "192.0.2.53:53" })],
  thresholds: serviceThresholds,
};
const revocation: InternetDependency = {
  is: "internetDependency",
  name: "revocation",
  kind: "certificateRevocation",
  checks: [httpCheck({ url: "http://crl.example/root.crl" })],
  thresholds: serviceThresholds,
};

const answered: CheckResult = {
  failure: undefined,
  phases: { dns: 0.001, connect: 0.002, tls: 0.003, firstByte: 0.004, answer: 0.005 },
  total: 0.015,
  address: "10.60.1.4",
  status: 200,
  certificates: [{ subject: hostile, notBefore: 0, notAfter: Date.UTC(2027, 0, 15) }],
  certificateTimeLeft: 90 * 86_400,
};
const resolved: CheckResult = {
  failure: undefined,
  phases: { dns: 0.004 },
  total: 0.004,
  answers: ["10.60.1.4"],
  ttl: 30,
};
const refused: CheckResult = {
  failure: { phase: "connect", reason: "refused", detail: "the connection was refused" },
  phases: { dns: 0.001 },
  total: 0.002,
};

function scene(
  results: readonly [CheckResult, CheckResult, CheckResult],
  redundancy: "redundant" | "lost" = "redundant",
) {
  const estate: Estate = { ...fourCircuits(), services: [orders], internetDependencies: [revocation] };
  const state = stateOf(estate);
  // Twice, so that a failure counts.
  for (let i = 0; i < 2; i++) {
    for (const [of, index, result] of [
      [orders, 0, results[0]],
      [orders, 1, results[1]],
      [revocation, 0, results[2]],
    ] as const) {
      const technique = of.checks[index]?.technique ?? "http";
      state.observe({ kind: "check", of: subject.watched(of), index, technique, at: now, ...result });
    }
  }
  const judgement = judgementOf(estate);
  const hearing = {
    mayFire: true,
    isolated: false,
    isolation: notIsolated(now),
    blindUntil: undefined,
    reason: { cause: "agentIsolated", owner: "customer", evidence: "" },
  } as const;
  const services = judgeServices(
    {
      estate,
      snapshot: state,
      hearing,
      redundancy: judgement.redundancy.map((one) => ({ ...one, redundancy })),
      paths: judgement.paths,
      now,
    },
    undefined,
  );
  const source = { estate, snapshot: state, clock: fixedClock, version: "1.2.3", simulation: undefined };
  return statusOf(source, { ...judgement, services });
}

describe("the status of services", () => {
  it("shows each check with its phases, certificates and answers", () => {
    const { services, internetDependencies } = scene([answered, resolved, answered]);
    expect(services).toMatchObject([
      {
        name: "orders",
        circuit: "ams-1",
        peering: "azurePrivate",
        state: "up",
        reasons: [],
        checks: [
          {
            name: "http",
            technique: "http",
            target: "https://orders.example/health",
            resolver: null,
            state: "up",
            last: {
              at: "2026-03-08T03:12:44Z",
              failure: null,
              phases: answered.phases,
              address: "10.60.1.4",
              status: 200,
              certificates: [{ notAfter: "2027-01-15" }],
              answers: null,
            },
          },
          {
            name: "dns",
            target: "orders.example A",
            resolver: "192.0.2.53:53",
            last: { answers: ["10.60.1.4"], ttl: 30 },
          },
        ],
      },
    ]);
    expect(internetDependencies).toMatchObject([{ name: "revocation", kind: "certificateRevocation", state: "up" }]);
  });

  it("holds nothing of a URL's query, nor does the page", () => {
    const status = scene([refused, resolved, answered]);
    expect(JSON.stringify(status)).not.toContain("sentinel");
    expect(renderPage(status, "1.2.3")).not.toContain("sentinel");
  });

  it("survives a certificate with a date that no calendar has", () => {
    const odd = { ...answered, certificates: [{ subject: "x", notBefore: Number.NaN, notAfter: Number.NaN }] };
    expect(scene([odd, resolved, answered]).services[0]?.checks[0]?.last?.certificates).toEqual([
      { subject: "x", notAfter: "unknown" },
    ]);
  });
});

describe("the page", () => {
  it("shows services and dependencies, and escapes what a certificate says", () => {
    const page = renderPage(scene([answered, resolved, answered]), "1.2.3");
    for (const text of ["Internet dependencies", "ams-1 azurePrivate", "first byte 4.00 ms", "certificateRevocation"]) {
      expect(page).toContain(text);
    }
    // No BMP tells it here.
    expect(page).toContain(
      "Announced: virtual networks in westeurope (12076:50002): primary not known, secondary not known",
    );
    expect(page).not.toContain(hostile);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\ufffd until 2027-01-15");
  });

  it("has no such section where nothing is watched", () => {
    const estate = fourCircuits();
    const source = { estate, snapshot: stateOf(estate), clock: fixedClock, version: "1.2.3", simulation: undefined };
    expect(renderPage(statusOf(source, judgementOf(estate)), "1.2.3")).not.toContain("Internet dependencies");
  });

  it("says first what fails, and whose fault it is", () => {
    const status = scene([refused, resolved, answered]);
    expect(headlineOf(status)).toMatchObject({ tone: "bad", sentence: "Service orders is down" });
    expect(serviceAnswer(status)).toMatchObject({ tone: "bad", answer: "No: service orders is down" });
    expect(problemsOf(status)).toMatchObject([{ state: "down", where: "service orders", owner: "you" }]);
    const page = renderPage(status, "1.2.3");
    expect(page).toContain(`id="${problemsOf(status)[0]?.ticket}"`);
    expect(page).toContain("No connection:");
    // Before the circuits, which are well, and before the dependencies.
    expect(page.indexOf('id="services"')).toBeLessThan(page.indexOf('id="circuits"'));
    expect(page.indexOf('id="circuits"')).toBeLessThan(page.indexOf('id="internet-dependencies"'));
  });

  it("names a dependency, and no circuit", () => {
    const status = scene([answered, resolved, refused]);
    expect(headlineOf(status).sentence).toBe("Internet dependency revocation is down");
    const reasons: readonly ServiceReason[] = status.internetDependencies[0]?.reasons ?? [];
    expect(reasons).toHaveLength(1);
    expect(reasons[0]?.evidence).not.toContain("ams-1");
  });

  it("leaves the word to the circuit that explains a service", () => {
    const status = scene([refused, resolved, answered], "lost");
    expect(status.services[0]).toMatchObject({ state: "down", reasons: [{ cause: "circuitLost" }, {}] });
    expect(problemsOf(status)).toEqual([]);
    expect(headlineOf(status).sentence).not.toContain("orders");
  });
});
