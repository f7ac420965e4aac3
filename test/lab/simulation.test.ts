import { beforeEach, describe, expect, it } from "vitest";
import type { LinkName, PeeringName } from "../../agent/estate/estate.ts";
import { linkKey, pathKey, paths } from "../../agent/lab/plan.ts";
import { createSimulation, type Flow, type Simulation } from "../../agent/lab/simulation.ts";
import { story } from "../../agent/lab/story.ts";
import { demandAt } from "../../agent/lab/traffic.ts";
import { pathWay, reachWay } from "../../agent/lab/ways.ts";
import type { Instant } from "../../agent/lib/clock.ts";

const start = 5_000_000 as Instant;
let s: Simulation;

beforeEach(() => {
  s = createSimulation(start);
});

/** Moves to so many seconds of the story. */
function to(second: number): void {
  s.advance((start + second * 1_000) as Instant);
}

/** The second at which the chapter begins whose title has these words. */
function when(words: string): number {
  const chapter = story.find((c) => c.title.includes(words));
  if (chapter === undefined) throw new Error(`no chapter "${words}"`);
  return chapter.at;
}

const key = (circuit: string, link: LinkName, peering: PeeringName = "azurePrivate") => pathKey(circuit, peering, link);

/** Bits per second on a path over the next second. */
function rate(path: ReturnType<typeof key>): { receive: number; transmit: number } {
  const before = s.flow(path);
  s.advance((s.now() + 1_000) as Instant);
  const after = s.flow(path);
  return {
    receive: (after.receiveBytes - before.receiveBytes) * 8,
    transmit: (after.transmitBytes - before.transmitBytes) * 8,
  };
}

/** What is received over the next second, as a share of what is wanted then: without the tide and its waves. */
function shareReceived(circuit: string, link: LinkName): number {
  const { receive } = rate(key(circuit, link));
  return receive / demandAt(`${circuit} azurePrivate`, (s.now() - start) / 1_000);
}

describe("quiet", () => {
  it("has every session up and traffic on both links of every peering, below the bandwidth of one", () => {
    to(10);
    for (const p of paths) {
      expect(s.usable(p.key), p.key).toBe(true);
      const r = rate(p.key);
      expect(r.receive, p.key).toBeGreaterThan(0.05 * p.peering.peak.receive);
      expect(r.receive, p.key).toBeLessThan(p.peering.peak.receive);
      expect(r.transmit, p.key).toBeGreaterThan(0.05 * p.peering.peak.transmit);
    }
  });

  it("has delays of a metro, and of the way to Singapore", () => {
    for (const p of paths) {
      expect(pathWay(s, p.key).delay).toBeGreaterThanOrEqual(2);
      expect(pathWay(s, p.key).delay).toBeLessThanOrEqual(5);
      expect(pathWay(s, p.key).loss).toBe(0);
    }
    expect(reachWay(s, "ams-sin")).toEqual({ delay: 165, loss: 0 });
  });

  it("has a tide of traffic that never runs dry", () => {
    const day = Array.from({ length: 1_800 }, (_, i) => demandAt("ams-1 azurePrivate", i));
    expect(Math.min(...day)).toBeGreaterThan(0.15);
    expect(Math.max(...day)).toBeLessThanOrEqual(1);
    expect(Math.max(...day) / Math.min(...day)).toBeGreaterThan(2);
  });
});

describe("link failure", () => {
  it("takes both peerings of the link down, leaves the last error alone, and moves their traffic", () => {
    const primary = key("ams-1", "primary");
    const secondary = key("ams-1", "secondary");
    to(when("Link failure") - 2);
    const before = { primary: shareReceived("ams-1", "primary"), secondary: shareReceived("ams-1", "secondary") };
    const errorBefore = s.session(primary).lastError;
    to(when("Link failure") + 5);
    expect(s.session(primary).established).toBe(false);
    expect(s.session(key("ams-1", "primary", "microsoft")).established).toBe(false);
    expect(s.session(primary).lastError).toEqual(errorBefore);
    expect(pathWay(s, primary).loss).toBe(1);
    expect(rate(primary)).toEqual({ receive: 0, transmit: 0 });
    const moved = shareReceived("ams-1", "secondary");
    expect(moved).toBeGreaterThan(before.secondary * 1.5);
    expect(moved / (before.primary + before.secondary)).toBeGreaterThan(0.9);
    expect(moved / (before.primary + before.secondary)).toBeLessThan(1.1);
    expect(pathWay(s, secondary).loss).toBe(0);
    expect(s.usable(key("fra-1", "primary"))).toBe(true);
    expect(reachWay(s, "ams-sin").loss).toBe(0);
  });

  it("recovers: sessions return a few seconds after the carrier, with one transition more", () => {
    const primary = key("ams-1", "primary");
    const { transitions } = s.session(primary);
    const back = when("carrier back");
    to(back + 2.5);
    expect(s.session(primary).established).toBe(false);
    to(back + 3.5);
    expect(s.session(primary)).toMatchObject({ established: true, transitions: transitions + 1 });
    expect(s.session(primary).since).toBe(start + (back + 3) * 1_000);
    expect(rate(primary).receive).toBeGreaterThan(1e6);
  });
});

describe("BGP reset", () => {
  it("drops one session with Cease/Administrative Reset and brings it back within seconds", () => {
    const path = key("fra-2", "secondary");
    const { transitions } = s.session(path);
    to(when("BGP reset") + 1);
    expect(s.session(path)).toMatchObject({ established: false, lastError: [6, 4], transitions });
    expect(s.session(key("fra-2", "primary")).established).toBe(true);
    expect(s.network().links.get(linkKey("fra-2", "secondary"))?.carrier).toBe(true);
    expect(pathWay(s, path).loss).toBe(0);
    to(when("BGP reset") + 6);
    expect(s.session(path)).toMatchObject({ established: true, lastError: [6, 4], transitions: transitions + 1 });
  });
});

describe("silent failures", () => {
  it("loses 12 % with the session up; what is received shrinks by as much", () => {
    const path = key("fra-1", "secondary");
    to(when("Silent loss") - 1.5);
    const before = shareReceived("fra-1", "secondary");
    to(when("Silent loss") + 1);
    expect(pathWay(s, path).loss).toBe(0.12);
    expect(s.session(path).established).toBe(true);
    expect(shareReceived("fra-1", "secondary") / before).toBeCloseTo(0.88, 1);
    to(when("loses nothing"));
    expect(pathWay(s, path).loss).toBe(0);
  });

  it("lets nothing through with the session to the provider edge up", () => {
    const path = key("sin-1", "primary");
    to(when("Silent blackhole") + 5);
    expect(pathWay(s, path).loss).toBe(1);
    expect(s.session(path).established).toBe(true);
    expect(rate(path).receive).toBeLessThan(10_000);
    expect(rate(path).transmit).toBeGreaterThan(100_000);
    expect(pathWay(s, key("sin-1", "secondary")).loss).toBe(0);
  });
});

it("adds 60 ms to one path in the latency step, and to no other", () => {
  const slow = key("fra-1", "primary");
  const before = new Map(paths.map((p) => [p.key, pathWay(s, p.key)]));
  to(when("Latency step") + 1);
  for (const p of paths) {
    const extra = p.key === slow ? 60 : 0;
    expect(pathWay(s, p.key)).toEqual({ delay: (before.get(p.key)?.delay ?? 0) + extra, loss: 0 });
  }
  to(when("back to normal"));
  expect(pathWay(s, slow)).toEqual(before.get(slow));
});

describe("drain", () => {
  const drained = key("ams-1", "secondary");
  const other = key("ams-1", "primary");

  it("moves the traffic off the link first, with the session up and probes answered", () => {
    to(when("Drain: Microsoft maintenance") + 2);
    expect(s.session(drained).established).toBe(true);
    expect(pathWay(s, drained).loss).toBe(0);
    expect(rate(drained).receive).toBeLessThan(10_000);
    expect(rate(other).receive).toBeGreaterThan(1e8);
  });

  it("then has the session closed by the far end with Cease/Administrative Shutdown", () => {
    to(when("Drain: Microsoft closed") + 2);
    for (const peering of ["azurePrivate", "microsoft"] as const) {
      const session = s.session(key("ams-1", "secondary", peering));
      expect(session).toMatchObject({ established: false, lastError: [6, 2] });
    }
    expect(s.usable(drained)).toBe(false);
    // The MSEE itself is still there and answers, which is how the fault is known to be its own.
    expect(pathWay(s, drained).loss).toBe(0);
    expect(rate(drained).receive).toBeLessThan(10_000);
    expect(s.session(other).established).toBe(true);
  });

  it("later brings the session back, and after it the traffic", () => {
    to(when("Drain: the sessions") + 5);
    expect(s.session(drained).established).toBe(true);
    expect(rate(drained).receive).toBeLessThan(10_000);
    to(when("maintenance is over") + 1);
    expect(rate(drained).receive).toBeGreaterThan(1e7);
  });
});

it("needs the route where the far end of the link is the provider's, and Global Reach needs one on either side", () => {
  const routeless = { ...s, usable: () => false };
  expect(pathWay(routeless, key("sin-1", "primary")).loss).toBe(1);
  expect(pathWay(routeless, key("ams-1", "primary")).loss).toBe(0);
  expect(reachWay(routeless, "ams-sin").loss).toBe(1);
  const oneLinkEach = { ...s, usable: (path: string) => path.endsWith("secondary") };
  expect(reachWay(oneLinkEach, "ams-sin").loss).toBe(0);
  const oneSide = { ...s, usable: (path: string) => path.startsWith("ams-1") };
  expect(reachWay(oneSide, "ams-sin").loss).toBe(1);
});

it("degrades Global Reach with both circuits well", () => {
  to(when("Global Reach: the way") + 1);
  expect(reachWay(s, "ams-sin")).toEqual({ delay: 255, loss: 0.08 });
  for (const p of paths) expect(pathWay(s, p.key).loss, p.key).toBe(0);
});

it("restarts the SNMP agent in the monitoring gap without touching the router", () => {
  const path = key("sin-1", "secondary");
  const began = s.agentStartedAt("sin-ce2");
  to(when("does not answer") + 1);
  const flow = s.flow(path);
  expect(s.network().routers.get("sin-ce2")).toEqual({ snmp: false, bgpTable: false, probes: true });
  to(when("has no BGP table yet") + 1);
  expect(s.agentStartedAt("sin-ce2")).toBe(start + when("has no BGP table yet") * 1_000);
  expect(s.agentStartedAt("sin-ce2")).toBeGreaterThan(began);
  expect(s.session(path).established).toBe(true);
  expect(s.flow(path).receiveBytes).toBeGreaterThan(flow.receiveBytes);
});

it("never moves a counter or a transition back, through two rounds of the story", () => {
  const seen = new Map<string, Flow & { transitions: number }>();
  for (let second = 0; second <= 1_200; second += 0.7) {
    to(second);
    for (const p of paths) {
      const now = { ...s.flow(p.key), transitions: s.session(p.key).transitions };
      const before = seen.get(p.key);
      for (const name of Object.keys(now) as (keyof typeof now)[]) {
        if (before !== undefined && now[name] < before[name]) throw new Error(`${p.key} ${name} fell at ${second} s`);
      }
      seen.set(p.key, now);
    }
  }
  const transitions = (path: ReturnType<typeof key>) =>
    (seen.get(path)?.transitions ?? 0) - createSimulation(start).session(path).transitions;
  expect(transitions(key("ams-1", "primary"))).toBe(2);
  expect(transitions(key("fra-2", "secondary"))).toBe(2);
  expect(transitions(key("fra-1", "primary"))).toBe(0);
});

it("tells the same however often it is asked", () => {
  const rarely = createSimulation(start);
  for (let second = 0; second <= 500; second += 0.3) to(second);
  to(500);
  rarely.advance((start + 500_000) as Instant);
  for (const p of paths) {
    expect(s.session(p.key), p.key).toEqual(rarely.session(p.key));
    const often = s.flow(p.key).receiveBytes;
    const once = rarely.flow(p.key).receiveBytes;
    expect(Math.abs(often - once) / (often - createSimulation(start).flow(p.key).receiveBytes), p.key).toBeLessThan(
      0.01,
    );
  }
});
