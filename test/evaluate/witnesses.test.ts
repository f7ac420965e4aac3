import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { circuit, estate, icmpTo, path } from "../support/estate.ts";
import { type RouterProbeScene, scene } from "./scene.ts";

const msee = "172.16.0.2";
const behind = "198.51.100.1";

/** Listed after the ping: the order of the configuration is not the strength. */
const stamp = {
  technique: "stamp",
  address: behind,
  port: 862,
  source: undefined,
  interval: milliseconds(200),
  timeout: seconds(1),
} as const;

function estateWith(streams: "ping" | "ping and stamp"): Estate {
  const probes = (address: string) => (streams === "ping" ? [icmpTo(address)] : [icmpTo(address), stamp]);
  const paths = { primary: path("primary", probes(msee)), secondary: path("secondary", probes("172.16.0.6")) };
  const [peering] = circuit().peerings;
  if (peering === undefined) throw new Error("the circuit has no peering");
  return estate({ peerings: [{ ...peering, paths }] });
}

const withPing = () => scene(estateWith("ping"));
const withStamp = () => scene(estateWith("ping and stamp"));

const routerProbe = (change: Partial<RouterProbeScene> = {}): RouterProbeScene => ({
  every: 1,
  packets: 1,
  lost: 0,
  delay: 0.002,
  target: msee,
  running: true,
  ...change,
});

const busy = 5e6;

describe("an MSEE that stops answering", () => {
  it("with nothing else: down, in the time that silence takes", () => {
    const s = withPing();
    s.play(20);
    s.primary.dark = true;
    s.play(3.5);
    expect(s.path("primary")).toMatchObject({ state: "down", witness: "icmp", reasons: [{ cause: "probesSilent" }] });
    expect(s.path("primary").reasons[0]?.evidence).toMatch(/^icmp probes to 172\.16\.0\.2: no answer for /);
    s.primary.dark = false;
    s.play(20);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
  });

  it("while STAMP behind it is answered: up, and nobody is told of a loss", () => {
    const s = withStamp();
    s.play(20);
    s.primary.dark = true;
    s.play(120);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary")).toMatchObject({ witness: "stamp", performance: { lossRatio: 0 }, notCovered: [] });
  });

  it("while STAMP is answered but slow: its delay is judged all the same", () => {
    const s = withStamp();
    s.play(20);
    s.primary.dark = true;
    s.play(20);
    s.primary.delay = 0.12;
    s.play(20);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "delayHigh" }] });
  });

  it("while the router's own probe is answered: up, whatever it takes until the next result", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe();
    s.play(20);
    s.primary.dark = true;
    s.play(120);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("routerSourced");
    s.primary.dark = false;
    s.play(20);
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("while its own interface carries traffic both ways with BGP established: not confirmed, and not down", () => {
    const s = withPing();
    s.primary.traffic = busy;
    s.play(20);
    s.primary.dark = true;
    s.play(120);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("traffic");
    const [open] = s.path("primary").notCovered;
    expect(open).toMatch(
      /^forwarding: icmp probes to 172\.16\.0\.2: no answer for .*; but ams-ce1 er0 receives 5\.0 Mbit\/s and sends 5\.0 Mbit\/s, with BGP established/,
    );
    // The traffic ends: then its silence is all that is known.
    s.primary.traffic = 0;
    s.play(20);
    expect(s.path("primary")).toMatchObject({ state: "down", reasons: [{ cause: "probesSilent" }] });
    s.primary.traffic = busy;
    s.play(20);
    expect(s.path("primary").state).toBe("up");
  });

  it.each([
    ["the traffic is no more than keepalives", { traffic: 20_000 }],
    ["the session is not established", { traffic: busy, session: "noSuchTable" }],
  ] as const)("is down where %s", (_, change) => {
    const s = withPing();
    Object.assign(s.primary, { traffic: change.traffic });
    s.play(20);
    s.primary.dark = true;
    if ("session" in change) s.primary.session = change.session;
    s.play(8);
    expect(s.path("primary").conditions.find(({ check }) => check === "forwarding")?.state).toBe("firing");
  });

  it("is down where the interface carries another path too: its traffic may be of that one", () => {
    const own = estateWith("ping");
    const [one] = own.circuits.values();
    const [peering] = one?.peerings ?? [];
    if (one === undefined || peering === undefined) throw new Error("no peering");
    const microsoft = { ...peering, name: "microsoft" as const };
    const s = scene({ ...own, circuits: new Map([[one.name, { ...one, peerings: [peering, microsoft] }]]) });
    s.primary.traffic = busy;
    s.play(20);
    s.primary.dark = true;
    s.play(8);
    expect(s.path("primary").conditions.find(({ check }) => check === "forwarding")?.state).toBe("firing");
  });
});

describe("an MSEE that answers a part of its pings", () => {
  it("is loss where nothing else is known", () => {
    const s = withPing();
    s.play(20);
    s.primary.loseEvery = 5;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "lossHigh" }] });
  });

  it.each([
    ["STAMP is answered", "ping and stamp", {}, undefined],
    ["the router's own probe is answered", "ping", { routerProbe: routerProbe() }, "probe 7 of ams-ce1"],
    ["the interface carries traffic", "ping", { traffic: busy }, "ams-ce1 er0 receives"],
  ] as const)("is no loss of the path while %s", (_, streams, change, excuse) => {
    const s = scene(estateWith(streams));
    Object.assign(s.primary, structuredClone(change));
    s.play(20);
    s.primary.loseEvery = 5;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    const open = s.path("primary").notCovered.join();
    if (excuse === undefined) expect(open).toBe("");
    else expect(open).toMatch(new RegExp(`^loss: 20\\.0 % of \\d+ probes lost .*; but ${excuse}`));
  });
});

describe("a blackhole behind a session that is still up", () => {
  it("is seen by the ping, before a rare probe of the router could have told", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ every: 60 });
    s.primary.traffic = busy;
    // Its last result is of 5 s ago, and was good.
    s.play(65);
    s.primary.dark = true;
    s.primary.routerProbe.lost = 1;
    s.primary.traffic = 0;
    s.play(3.5);
    expect(s.path("primary")).toMatchObject({ state: "down", witness: "icmp" });
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "down"]);
    expect(s.path("primary").reasons[0]?.evidence).toContain("probe 7 of ams-ce1 (CISCO-RTTMON-MIB) timeout");
    Object.assign(s.primary, { dark: false, traffic: busy });
    s.primary.routerProbe.lost = 0;
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
  });

  it("is seen by STAMP and ping together, and is one outage", () => {
    const s = withStamp();
    s.play(20);
    Object.assign(s.primary, { dark: true, secondDark: true });
    s.play(3.5);
    expect(s.path("primary")).toMatchObject({ state: "down", witness: "stamp" });
    s.play(20);
    Object.assign(s.primary, { dark: false, secondDark: false });
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
  });

  it.each([0.25, 0.5, 1, 2, 5])("while traffic stops at once, polls are %s s late at most", (before) => {
    const s = withPing();
    s.primary.traffic = busy;
    s.play(20 + before);
    Object.assign(s.primary, { dark: true, traffic: 0 });
    s.play(3.75);
    expect(s.path("primary").state).toBe("down");
  });
});

describe("two reflectors of one path", () => {
  const probes = [{ ...stamp, address: "198.51.100.7" }, stamp];
  const [peering] = circuit().peerings;
  const paths = { primary: path("primary", probes), secondary: path("secondary") };
  const withTwo = () => scene(estate({ peerings: peering === undefined ? [] : [{ ...peering, paths }] }));

  it("do not take turns in speaking", () => {
    const s = withTwo();
    s.play(20);
    s.primary.loseEvery = 5;
    s.play(30);
    // The first one's loss, whatever the second says.
    expect(s.path("primary").performance.lossRatio).toBeCloseTo(0.2);
  });

  it("of which one is silent: up, for the other's answers prove the path", () => {
    const s = withTwo();
    s.play(20);
    s.primary.dark = true;
    s.play(60);
    expect(s.path("primary").performance.lossRatio).toBe(0);
    s.primary.dark = false;
    s.play(30);
    // What the first lost meanwhile is no loss of the path.
    expect(s.states("primary")).toEqual(["up"]);
    Object.assign(s.primary, { dark: true, secondDark: true });
    s.play(4);
    expect(s.path("primary").state).toBe("down");
  });
});

describe("when they disagree", () => {
  it("the strongest is silent and the ping is answered: down, and the page says who is answered", () => {
    const s = withStamp();
    s.play(20);
    s.primary.secondDark = true;
    s.play(5);
    expect(s.path("primary")).toMatchObject({ state: "down", witness: "stamp" });
    expect(s.path("primary").reasons[0]?.evidence).toMatch(
      /^stamp probes to 198\.51\.100\.1: no answer for .*; icmp probes to 172\.16\.0\.2 are answered$/,
    );
  });

  it("a probe of the router to something behind the MSEE is silent: down, though STAMP and ping are answered", () => {
    const s = withStamp();
    s.primary.routerProbe = routerProbe({ target: behind, packets: 10 });
    s.play(20);
    s.primary.routerProbe.lost = 10;
    s.play(4);
    expect(s.path("primary")).toMatchObject({ state: "down", witness: "routerSourced" });
  });

  it("a probe of the router to the MSEE itself is silent, and STAMP behind it answered: up", () => {
    const s = withStamp();
    s.primary.routerProbe = routerProbe();
    s.play(20);
    s.primary.routerProbe.lost = 1;
    s.primary.dark = true;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("stamp");
  });

  it("one lost packet of the router's probe is chance", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ every: 5 });
    s.play(20);
    s.primary.routerProbe.lost = 1;
    s.play(6);
    s.primary.routerProbe.lost = 0;
    s.play(30);
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("loss of the router's packets counts, where there are enough of them", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ every: 5, packets: 100 });
    s.play(20);
    s.primary.routerProbe.lost = 10;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "lossHigh" }] });
    expect(s.path("primary").reasons[0]?.evidence).toContain("packets of the router's own probes lost");
    s.primary.routerProbe.lost = 0;
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "degraded", "up"]);
  });
});

describe("delay, where the router has a probe of its own", () => {
  it("is the router's: a far end that is slow to answer our pings delays nobody else", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ every: 5 });
    s.play(20);
    s.primary.delay = 0.2;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    // It is stopped: what our pings say is all there is.
    s.primary.routerProbe.running = false;
    s.play(40);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "delayHigh" }] });
  });

  it("of the router is judged by the same limit, over three of its results", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ every: 10 });
    s.play(40);
    s.primary.routerProbe.delay = 0.15;
    s.play(12);
    expect(s.path("primary").state, "one result").toBe("up");
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "delayHigh" }] });
    expect(s.path("primary").reasons[0]?.evidence).toMatch(
      /^median round-trip delay 150\.0 ms of 3 results of the router's own probes/,
    );
    s.primary.routerProbe.delay = 0.002;
    s.play(60);
    expect(s.states("primary")).toEqual(["up", "degraded", "up"]);
  });

  it("of a reflector behind the far end counts besides: it is a longer way", () => {
    const s = withStamp();
    s.primary.routerProbe = routerProbe({ every: 5 });
    s.play(20);
    s.primary.delay = 0.12;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "delayHigh" }] });
    expect(s.path("primary").reasons[0]?.evidence).not.toContain("router's own");
  });
});

describe("when the strongest has nothing more to say", () => {
  it("a probe of the router that was stopped is not measured, never loss", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe();
    s.play(20);
    Object.assign(s.primary.routerProbe, { running: false, lost: 1 });
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("icmp");
  });

  it("a ping that was silent beside it is no witness either: not confirmed, never down", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe();
    s.play(20);
    s.primary.dark = true;
    s.play(30);
    s.primary.routerProbe.running = false;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBeUndefined();
    expect(s.path("primary").notCovered.join()).toMatch(
      /^forwarding: probe 7 of ams-ce1 \(CISCO-RTTMON-MIB\) is not running; icmp probes to 172\.16\.0\.2: no answer for .*: forwarding is not confirmed$/,
    );
    // Answered again, the ping is a witness again; what it lost meanwhile is no loss of the path.
    s.primary.dark = false;
    s.play(30);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("icmp");
    s.primary.dark = true;
    s.play(4);
    expect(s.path("primary").state).toBe("down");
  });

  it("a silent SNMP agent: its probe is stale, and the ping speaks", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe();
    s.play(20);
    s.primary.answers = false;
    s.play(30);
    expect(s.path("primary")).toMatchObject({ witness: "icmp", state: "unknown" });
    expect(s.states("primary")).toEqual(["up", "unknown"]);
  });

  it("a probe of the router that was never answered says nothing", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ lost: 1 });
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").witness).toBe("icmp");
  });

  it("nobody was ever answered: up by the control plane, and all of them are named", () => {
    const s = withPing();
    s.primary.routerProbe = routerProbe({ lost: 1 });
    s.primary.dark = true;
    s.play(30);
    expect(s.path("primary").state).toBe("up");
    expect(s.path("primary").notCovered).toEqual([
      "forwarding: probe 7 of ams-ce1 (CISCO-RTTMON-MIB) was not answered since this agent started; icmp probes to 172.16.0.2 were never answered since this agent started: forwarding is not confirmed",
    ]);
  });
});
