import { describe, expect, it } from "vitest";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { type Status, statusOf } from "../../agent/web/status.ts";
import { at } from "../support/estate.ts";
import { noCounters, reading } from "../support/interfaces.ts";
import { fixedClock, fourCircuits, judgementOf, linkFailure, now, stateOf, type Wrong } from "./scene.ts";

const estate = fourCircuits();

function statusWith(wrong: Wrong = {}, snapshot = stateOf(estate), simulation?: () => string): Status {
  return statusOf({ estate, snapshot, clock: fixedClock, version: "1.2.3", simulation }, judgementOf(estate, wrong));
}

function pathOf(status: Status, circuit: string, link: string) {
  const found = status.circuits
    .find(({ name }) => name === circuit)
    ?.peerings[0]?.paths.find((path) => path.link === link);
  if (found === undefined) throw new Error(`no ${link} path of ${circuit}`);
  return found;
}

const noDrops = { "5m": 0, "1h": 0, "24h": 0, last: null };

describe("status", () => {
  it("says when and where it was judged, in UTC", () => {
    expect(statusWith()).toMatchObject({
      version: "1.2.3",
      at: "2026-03-08T03:12:44Z",
      site: "ams",
      simulated: false,
      simulation: null,
      isolated: false,
    });
    expect(statusWith().ageSeconds).toBeCloseTo(0.2);
  });

  it("tells that it is simulated, and the chapter", () => {
    expect(statusWith({}, stateOf(estate), () => "all well")).toMatchObject({
      simulated: true,
      simulation: "all well",
    });
  });

  it("has every circuit in the order of the configuration, with both paths of each peering", () => {
    const { circuits } = statusWith();
    expect(circuits.map(({ name }) => name)).toEqual(["ams-1", "fra-1", "fra-2", "sin-1"]);
    expect(circuits[0]?.peerings.map(({ name }) => name)).toEqual(["azurePrivate", "microsoft"]);
    for (const peering of circuits.flatMap(({ peerings }) => peerings)) {
      expect(peering.paths.map(({ link }) => link)).toEqual(["primary", "secondary"]);
    }
  });

  it("carries state, moment, reasons and figures of a broken path", () => {
    const status = statusWith({ "ams-1 azurePrivate primary": linkFailure });
    const path = pathOf(status, "ams-1", "primary");
    expect(path).toMatchObject({
      state: "down",
      since: "2026-03-08T03:08:32Z",
      remoteAddress: "172.16.100.2",
      remoteAsn: 12076,
      vlan: 100,
      loss: { ratio: 1, probes: 50 },
      delay: null,
    });
    expect(path.reasons[0]).toEqual({ ...linkFailure?.reasons[0], lastSeen: null });
    expect(status.circuits[0]?.peerings[0]).toMatchObject({ redundancy: "reduced", since: "2026-03-08T03:08:32Z" });
    expect(pathOf(status, "ams-1", "secondary").state).toBe("up");
  });

  it("has no MSEE where the router peers with the provider", () => {
    expect(pathOf(statusWith(), "sin-1", "primary")).toMatchObject({ msee: null, remoteAsn: 64999 });
  });

  it("keeps apart what was never asked, what is stale, what is absent, and what is down", () => {
    const path = estate.circuits.get("ams-1")?.peerings[0]?.paths.primary;
    if (path === undefined) throw new Error("no path");
    const interfaceIn = (snapshot: ReturnType<typeof stateOf>) =>
      pathOf(statusWith({}, snapshot), "ams-1", "primary").interfaceStatus;
    const sessionIn = (snapshot: ReturnType<typeof stateOf>) =>
      pathOf(statusWith({}, snapshot), "ams-1", "primary").session.state;

    const empty = createState({ keep: seconds(10) });
    expect(interfaceIn(empty)).toEqual({ state: "notAsked", adminStatus: null, drops: noDrops });
    expect(sessionIn(empty)).toBe("notAsked");

    const absent = createState({ keep: seconds(10) });
    const { router, session } = path;
    absent.observe({ kind: "interface", router, interface: path.interface, at: now, present: false });
    absent.observe({ kind: "session", router, remoteAddress: session.remoteAddress, at: now, present: false });
    expect(interfaceIn(absent)).toEqual({ state: "absent", adminStatus: null, drops: noDrops });
    expect(sessionIn(absent)).toBe("absent");

    const stale = createState({ keep: seconds(10) });
    const longAgo = at(100_000 - 60);
    stale.observe({ kind: "interface", router, interface: path.interface, at: longAgo, present: false });
    stale.observe({ kind: "session", router, remoteAddress: session.remoteAddress, at: longAgo, present: false });
    expect(interfaceIn(stale)).toEqual({ state: "stale", adminStatus: null, drops: noDrops });
    expect(sessionIn(stale)).toBe("stale");

    const flowing = createState({ keep: seconds(10) });
    const trafficIn = (snapshot: ReturnType<typeof stateOf>) =>
      pathOf(statusWith({}, snapshot), "ams-1", "primary").traffic;
    for (const s of [60, 30, 0]) {
      const counters = { ...noCounters, receiveBytes: BigInt(1e9 - s * 1e6), transmitBytes: 0n };
      flowing.observe(reading(100_000 - s, { router, interface: path.interface, counters }));
    }
    expect([empty, absent, stale].map(trafficIn)).toEqual([null, null, null]);
    expect(trafficIn(flowing)).toEqual({ receive: 8e6, transmit: 0 });

    const down = stateOf(estate, { interfaces: ["ams-ce1"], sessions: ["ams-ce1"] });
    expect(interfaceIn(down)).toEqual({ state: "down", adminStatus: "up", drops: noDrops });
    expect(pathOf(statusWith({}, down), "ams-1", "primary").session).toEqual({
      state: "idle",
      adminUp: true,
      seconds: 250,
      lastError: "4/0 Hold Timer Expired",
      holdTime: null,
      sources: [{ source: "snmp", age: 0, said: null }],
      drops: noDrops,
    });
  });

  it("names the sites that a Global Reach joins, and only the measured directions", () => {
    expect(statusWith().globalReach[0]).toMatchObject({
      name: "ams-sin",
      sites: ["ams", "sin"],
      pairs: [
        { fromSite: "ams", toSite: "sin", state: "up" },
        { fromSite: "sin", toSite: "ams", state: "up" },
      ],
    });
  });

  it("survives JSON, and shows no secret", () => {
    const status = statusWith({ "ams-1 azurePrivate primary": linkFailure });
    const text = JSON.stringify(status);
    expect(JSON.parse(text)).toEqual(status);
    expect(text).not.toContain("sentinel-community");
  });
});
