// Series of sessions beside their state: sources, hold time, drops, and what nobody configured.

import { describe, expect, it } from "vitest";
import { sessionMetrics } from "../../agent/catalog/session-metrics.ts";
import { pathsOf } from "../../agent/estate/estate.ts";
import type { SessionObservation } from "../../agent/estate/observation.ts";
import { type Emit, labelText } from "../../agent/export/series.ts";
import { emitSession, emitSessionRules, emitUnconfigured } from "../../agent/export/sessions.ts";
import type { Clock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { at, estate } from "../support/estate.ts";

const of = estate();
const path = pathsOf(of)[0] ?? expect.fail();
const router = of.routers.get(path.router) ?? expect.fail();
const clock: Clock = { now: () => at(100), toEpoch: (instant) => 1e12 + instant, after: () => () => {} };

function page() {
  const lines: string[] = [];
  const emit: Emit = (metric, labels, value, more) => {
    const text = (of: typeof labels) => (typeof of === "string" ? of : labelText(of));
    lines.push(
      `${metric.name} ${[labels, more].flatMap((part) => (part === undefined ? [] : [text(part)])).join(",")} ${value}`,
    );
  };
  return { lines, emit };
}

const polled = (s: number, change: Partial<Extract<SessionObservation, { present: true }>>): SessionObservation => ({
  kind: "session",
  router: path.router,
  remoteAddress: path.session.remoteAddress,
  at: at(s),
  present: true,
  state: "established",
  adminUp: true,
  remoteAsn: 12_076,
  establishedTransitions: 1,
  establishedSeconds: 60,
  lastError: [0, 0],
  ...change,
});

describe("the series of a session", () => {
  const emitted = (state: ReturnType<typeof createState>) => {
    const { lines, emit } = page();
    emitSession(emit, path, router, state, clock, at(100));
    return lines;
  };

  it("have its hold time while it is established, and each source with its time", () => {
    const state = createState({ keep: seconds(10) });
    state.observe(polled(98, { holdTime: 180 }));
    state.observe({
      kind: "notification",
      router: path.router,
      remoteAddress: path.session.remoteAddress,
      at: at(99),
      name: "bgpEstablishedNotification",
      state: "established",
      lastError: undefined,
    });
    const labels = 'circuit="ams-1",peering="azurePrivate",link="primary",router="ams-ce1",site="ams"';
    expect(emitted(state)).toEqual(
      expect.arrayContaining([
        `expressroute_bgp_session_hold_time_seconds ${labels} 180`,
        `expressroute_bgp_session_source_timestamp_seconds ${labels},source="snmp" 1000000098`,
        `expressroute_bgp_session_source_timestamp_seconds ${labels},source="notification" 1000000099`,
      ]),
    );
    expect(emitted(state).join()).not.toContain(sessionMetrics.drops.name);
    state.observe(polled(99, { state: "idle", holdTime: 180 }));
    expect(emitted(state).join()).not.toContain("hold_time");
  });

  it("count its drops by window, also while its router is silent", () => {
    const state = createState({ keep: seconds(10) });
    state.observe(polled(20, {}));
    state.observe(polled(30, { state: "idle", establishedSeconds: 0 }));
    const drops = emitted(state).filter((line) => line.startsWith(sessionMetrics.drops.name));
    expect(drops.map((line) => line.replace(/^.*window/, "window"))).toEqual([
      'window="5m" 1',
      'window="1h" 1',
      'window="24h" 1',
    ]);
    expect(emitted(state)).toHaveLength(3);
  });
});

describe("sessions that nobody configured", () => {
  it("are counted once somebody could tell", () => {
    const state = createState({ keep: seconds(10) });
    const { lines, emit } = page();
    const labels = labelText({ router: router.name });
    emitUnconfigured(emit, labels, router, state);
    expect(lines).toEqual([]);
    state.observe({ kind: "poll", router: router.name, group: "bgp", at: at(1), result: "ok", detail: "", seconds: 0 });
    emitUnconfigured(emit, labels, router, state);
    const unconfigured = [{ remoteAddress: "192.0.2.2", state: "active" }] as const;
    state.observe({ kind: "peers", router: router.name, at: at(1), unconfigured });
    emitUnconfigured(emit, labels, router, state);
    expect(lines.map((line) => line.replace(/{.*}/, ""))).toEqual(
      [0, 1].map((n) => `${sessionMetrics.unconfigured.name} router="ams-ce1" ${n}`),
    );
  });
});

describe("what is expected of sessions", () => {
  it("is exported as it is configured", () => {
    const { lines, emit } = page();
    const flapping = { drops: 3, within: seconds(600), quiet: seconds(900) };
    emitSessionRules(emit, { ...of, sessions: { slowestDetection: seconds(30), flapping } });
    emitSessionRules(emit, of);
    expect(lines.map((line) => Number(line.split(" ").at(-1)))).toEqual([30, 3, 600, 900]);
  });
});
