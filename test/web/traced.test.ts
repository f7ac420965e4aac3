// Traces, path MTU and findings on the page, in the API and in the ticket.

import { describe, expect, it } from "vitest";
import { subject } from "../../agent/estate/observation.ts";
import type { TraceObservation } from "../../agent/estate/tracing.ts";
import { renderPage } from "../../agent/web/page.ts";
import { type Status, statusOf } from "../../agent/web/status.ts";
import { pairTicket, pathTicket } from "../../agent/web/ticket.ts";
import { at } from "../support/estate.ts";
import { fixedClock, fourCircuits, judgementOf, linkFailure, silentLoss, stateOf } from "./scene.ts";

const estate = fourCircuits();
const key = subject.path({ circuit: "ams-1", peering: "azurePrivate", link: "primary" });
const pairKey = subject.pair({ globalReach: "ams-sin", fromSite: "ams", toSite: "sin" });
const finding = {
  kind: "tracedOverOtherLink",
  since: at(100_000 - 60),
  owner: "customer",
  evidence: "icmp trace to 10.100.0.4 went over the secondary link of ams-1: hop 2 is 172.16.100.6, its MSEE",
} as const;

const trace = (
  seconds: number,
  hops: readonly (string | undefined)[],
  rest: Partial<TraceObservation>,
): TraceObservation => ({
  kind: "trace",
  of: key,
  at: at(100_000 - seconds),
  why: "scheduled",
  technique: "icmp",
  target: "10.100.0.4",
  hops: hops.map((address, i) => ({
    ttl: i + 1,
    address,
    delay: address === undefined ? undefined : 0.00192,
    tries: address === undefined ? 3 : 1,
  })),
  end: "reached",
  detail: "",
  ...rest,
});

function status(wrong: Parameters<typeof judgementOf>[1]): Status {
  const snapshot = stateOf(estate);
  snapshot.observe(trace(300, ["10.0.0.1", "172.16.100.2", "10.100.0.4"], {}));
  snapshot.observe(
    trace(30, ["10.0.0.1", undefined], { why: "degraded", end: "unreachable", detail: "10.0.0.1: host unreachable" }),
  );
  snapshot.observe(trace(30, ["10.0.0.1", "10.20.0.11"], { of: pairKey, target: "10.20.0.11" }));
  snapshot.observe({
    ...{ kind: "mtu", of: key, at: at(100_000 - 10), technique: "icmp", target: "10.100.0.4" },
    ...{ result: "blackHole", mtu: 1_400, by: undefined },
  });
  return statusOf(
    { estate, snapshot, clock: fixedClock, version: "1", simulation: undefined },
    judgementOf(estate, wrong),
  );
}

function partsOf(of: Status) {
  const circuit = of.circuits[0];
  const peering = circuit?.peerings[0];
  const path = peering?.paths[0];
  if (circuit === undefined || peering === undefined || path === undefined) throw new Error("no path");
  return { circuit, peering, path };
}

const broken = {
  "ams-1 azurePrivate primary": { ...linkFailure, reasons: linkFailure?.reasons ?? [], findings: [finding] },
};

describe("what was traced", () => {
  it("is in the status, with the last trace that reached its target", () => {
    const { path } = partsOf(status(broken));
    expect(path.traced).toEqual({
      findings: [{ ...finding, since: "2026-03-08T03:11:44Z" }],
      trace: {
        at: "2026-03-08T03:12:14Z",
        why: "degraded",
        technique: "icmp",
        target: "10.100.0.4",
        end: "unreachable",
        detail: "10.0.0.1: host unreachable",
        hops: [
          { ttl: 1, address: "10.0.0.1", delay: 0.00192, tries: 1 },
          { ttl: 2, address: null, delay: null, tries: 3 },
        ],
      },
      traceBefore: expect.objectContaining({ at: "2026-03-08T03:07:44Z", end: "reached" }),
      mtu: { at: "2026-03-08T03:12:34Z", target: "10.100.0.4", result: "blackHole", bytes: 1_400 },
    });
  });

  it("is null, and no finding, where nothing was traced", () => {
    const path = status({}).circuits[1]?.peerings[0]?.paths[0];
    expect(path?.traced).toEqual({ findings: [], trace: null, traceBefore: null, mtu: null });
  });

  it("is in the ticket in lines that can be pasted", () => {
    const of = status(broken);
    const { circuit, peering, path } = partsOf(of);
    expect(pathTicket(of, circuit, peering, path).split("\n").slice(-9)).toEqual([
      `Noticed:     traced over another link since 2026-03-08T03:11:44Z, with our side (router): ${finding.evidence}`,
      "Path MTU:    1400 octets, larger packets vanish without a message (to 10.100.0.4, at 2026-03-08T03:12:34Z)",
      "Trace:       icmp to 10.100.0.4: unreachable (10.0.0.1: host unreachable), at 2026-03-08T03:12:14Z, when the state got worse",
      "              1  10.0.0.1  1.92 ms",
      "              2  *  (3 tries)",
      "Earlier:     icmp to 10.100.0.4: reached, at 2026-03-08T03:07:44Z",
      "              1  10.0.0.1  1.92 ms",
      "              2  172.16.100.2  1.92 ms",
      "              3  10.100.0.4  1.92 ms",
    ]);
  });

  it("is on the page of a path that is well, too", () => {
    const page = renderPage(status({ "ams-1 azurePrivate primary": { reasons: [], findings: [finding] } }), "1");
    expect(page).toContain("<b>Noticed: traced over another link.</b>");
    expect(page).toContain("hop 2 is 172.16.100.6");
    expect(page).toContain('<details id="path-ams-1-azurePrivate-primary-trace"');
    expect(page).toContain("path MTU: 1400 octets, larger packets vanish without a message");
  });

  it("of a Global Reach pair is on the page and in its ticket", () => {
    const of = status({ "ams sin": silentLoss ?? { reasons: [] } });
    const globalReach = of.globalReach[0];
    const pair = globalReach?.pairs[0];
    if (globalReach === undefined || pair === undefined) throw new Error("no pair");
    expect(pairTicket(of, globalReach, pair)).toContain("\n              2  10.20.0.11  1.92 ms");
    expect(renderPage(of, "1")).toContain("icmp to 10.20.0.11: reached");
  });
});
