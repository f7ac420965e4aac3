import { describe, expect, it } from "vitest";
import type { Reason } from "../../agent/estate/judgement.ts";
import { flapWords, sourceWords } from "../../agent/web/session-status.ts";
import {
  bitRate,
  clockTime,
  delayWords,
  interfaceWords,
  listed,
  lossWords,
  ms,
  sessionWords,
  span,
  trafficWords,
  witnessWords,
} from "../../agent/web/words.ts";

const silent: Reason = { cause: "probesSilent", owner: "provider", evidence: "no answer for 13s" };
const figures = (ratio: number | null, probes: number, reasons: readonly Reason[] = []) => ({
  loss: { ratio, probes, directions: null },
  delay: null,
  oneWay: null,
  reasons,
});

describe("forwarding", () => {
  it("is what its witness says now, whatever is held of before", () => {
    const of = (lastSeen: string | null) => ({ witness: "stamp", reasons: [{ ...silent, lastSeen }] }) as const;
    expect(witnessWords(of(null))).toBe("nothing gets through, says stamp probes");
    expect(witnessWords(of("2026-03-08T03:12:37Z"))).toBe("confirmed by stamp probes");
    expect(witnessWords({ witness: null, reasons: [] })).toBe("not confirmed");
  });
});

describe("figures", () => {
  it("say loss with its sample size, and never round a few to none or to all", () => {
    expect(lossWords(figures(0, 50))).toBe("0 % of 50 probes");
    expect(lossWords(figures(0.12, 50))).toBe("12.0 % of 50 probes");
    expect(lossWords(figures(1, 50))).toBe("100 % of 50 probes");
    expect(lossWords(figures(1 / 5_000, 5_000))).toBe("< 0.1 % of 5000 probes");
    expect(lossWords(figures(4_999 / 5_000, 5_000))).toBe("> 99.9 % of 5000 probes");
  });

  it("say which way was lost, and how long each way takes, where the far end tells it", () => {
    const told = (forward: number, backward: number) =>
      lossWords({ ...figures(0.12, 50), loss: { ratio: 0.12, probes: 50, directions: { forward, backward } } });
    expect(told(5, 1)).toBe("12.0 % of 50 probes, 5 on the way there, 1 back");
    expect(told(0, 0)).toBe("12.0 % of 50 probes");
    const late = { ratio: 0, probes: 50, directions: { forward: 1, backward: 0 } };
    expect(lossWords({ ...figures(0, 50), loss: late })).toBe("0 % of 50 probes");
    const delay = { samples: 50, min: 0.004, median: 0.006, p95: 0.007, p99: 0.008, max: 0.008 };
    const oneWay = { forward: 0.004, backward: 0.002, error: 0.0005 };
    expect(delayWords({ ...figures(0, 50), delay, oneWay })).toBe(
      "median 6.00 ms, p95 7.00 ms, p99 8.00 ms; one way: there 4.00 ms, back 2.00 ms, each ± 0.50 ms",
    );
  });

  it("keep not measured, no answer and silence apart", () => {
    expect([lossWords(figures(null, 0)), delayWords(figures(null, 0))]).toEqual(["not measured", "not measured"]);
    expect(delayWords(figures(1, 50))).toBe("no answer");
    expect([lossWords(figures(null, 0, [silent])), delayWords(figures(null, 0, [silent]))]).toEqual([
      "no probe is answered",
      "no answer",
    ]);
  });

  it("write delays and rates in units that a person reads", () => {
    expect([0.000_05, 0.00192, 0.0121, 0.1623].map(ms)).toEqual(["0.05 ms", "1.92 ms", "12.1 ms", "162 ms"]);
    expect([1e9, 5e7, 1e11, 2.5e9].map(bitRate)).toEqual(["1 Gbit/s", "50 Mbit/s", "100 Gbit/s", "2.5 Gbit/s"]);
    const up = { state: "up", adminStatus: "up", drops: { "5m": 0, "1h": 0, "24h": 0, last: null } } as const;
    const traffic = { receive: 1.2e9, transmit: 0 };
    expect(trafficWords({ traffic, interfaceStatus: up })).toBe("receive 1.2 Gbit/s, transmit 0 bit/s");
    expect(trafficWords({ traffic: null, interfaceStatus: up })).toBe("not measured");
    const interfaceStatus = { ...up, state: "down" } as const;
    expect(trafficWords({ traffic, interfaceStatus })).toBe(
      "before it went down: receive 1.2 Gbit/s, transmit 0 bit/s",
    );
    expect(trafficWords({ traffic: { receive: 0, transmit: 0 }, interfaceStatus })).toBe(
      "receive 0 bit/s, transmit 0 bit/s",
    );
  });
});

describe("what routers said", () => {
  it("keeps silence, absence, intent and failure apart", () => {
    const session = { adminUp: true, seconds: 252, lastError: null, holdTime: null, sources: [] };
    expect(sessionWords({ ...session, state: "idle" })).toBe("idle for 4m 12s");
    expect(sessionWords({ ...session, state: "idle", adminUp: false })).toBe("idle for 4m 12s, shut on the router");
    expect(sessionWords({ ...session, state: "absent", seconds: null })).toBe("absent on the router");
    expect(interfaceWords({ state: "stale", adminStatus: null })).toBe("no fresh answer");
    expect(interfaceWords({ state: "notAsked", adminStatus: null })).toBe("no answer yet");
    expect(interfaceWords({ state: "down", adminStatus: "up" })).toBe("down");
    expect(interfaceWords({ state: "down", adminStatus: "down" })).toBe("down, admin down");
  });
});

describe("times and lists", () => {
  const now = Date.parse("2026-03-08T03:12:44Z");

  it("give the date only when it was not today, and no negative span", () => {
    expect(clockTime("2026-03-08T03:08:32Z", now)).toBe("03:08:32 UTC");
    expect(clockTime("2026-03-07T23:59:59Z", now)).toBe("2026-03-07 23:59:59 UTC");
    expect(span("2026-03-08T03:08:32Z", now)).toBe("4m 12s");
    expect(span("2026-03-08T03:12:45Z", now)).not.toContain("-");
  });

  it("shorten long lists, and say how much is left out", () => {
    expect(listed(["a"])).toBe("a");
    expect(listed(["a", "b"])).toBe("a and b");
    expect(listed(["a", "b", "c", "d"])).toBe("a, b, c and d");
    expect(listed(["a", "b", "c", "d", "e", "f"])).toBe("a, b, c and 3 more");
  });

  it("names the sources of a session with their age, and what a notification said", () => {
    const drops = { "5m": 0, "1h": 0, "24h": 0, last: null };
    const session = { state: "established", adminUp: true, seconds: 9, lastError: null, holdTime: 180 } as const;
    const sources = [
      { source: "snmp", age: 2.4, said: null },
      { source: "notification", age: 61, said: "bgpBackwardTransNotification, idle, 4/0 Hold Timer Expired" },
    ] as const;
    expect(sourceWords({ ...session, sources, drops })).toBe(
      "hold time 3m; by snmp 2s ago, notification 1m 1s ago (bgpBackwardTransNotification, idle, 4/0 Hold Timer Expired)",
    );
    const flapped = { "5m": 0, "1h": 2, "24h": 3, last: "2026-11-02T03:12:44Z" };
    expect(sourceWords({ ...session, holdTime: null, sources: [], drops: flapped })).toBe("");
    expect(flapWords(flapped)).toBe("3 drops in 24h (2 in 1h, 0 in 5m), last 2026-11-02T03:12:44Z");
    expect(flapWords({ ...flapped, "24h": 1 })).toBe("1 drop in 24h (2 in 1h, 0 in 5m), last 2026-11-02T03:12:44Z");
    const day = Date.parse("2026-11-02T09:00:00Z");
    expect(flapWords(flapped, day)).toBe("3 drops in 24h (2 in 1h, 0 in 5m), last 03:12:44 UTC");
    expect(flapWords(flapped, day + 86_400_000)).toMatch(/last 2026-11-02 03:12:44 UTC$/);
    expect(flapWords(drops)).toBeUndefined();
  });
});
