import { describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../agent/estate/estate.ts";
import { milliseconds, seconds } from "../../agent/lib/duration.ts";
import { circuit, estate, icmpTo, path } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

const msee = "172.16.0.2";
const interval = milliseconds(200);
const stamp: ProbeTarget = {
  ...{ technique: "stamp", address: "198.51.100.1", port: 862, source: undefined, interval, timeout: seconds(1) },
};
const voice = { ...stamp, dscp: 46 };

/** The same on both paths. */
function sceneWith(...probes: readonly ProbeTarget[]): Scene {
  const [peering] = circuit().peerings;
  if (peering === undefined) throw new Error("the circuit has no peering");
  const paths = { primary: path("primary", probes), secondary: path("secondary", probes) };
  return scene(estate({ peerings: [{ ...peering, paths }] }));
}

const classLoss = (s: Scene) => s.path("primary").conditions.find(({ check }) => check === "classLoss");

describe("a class of service that is lost while another is not", () => {
  it("makes the path degraded, and says which it is, of how many, and what the others lose", () => {
    const s = sceneWith(stamp, voice);
    s.play(20);
    s.primary.secondLoseEvery = 5;
    s.play(30);
    const { state, reasons, performance, classes } = s.path("primary");
    expect({ state, reasons }).toMatchObject({ state: "degraded", reasons: [{ cause: "classLossHigh" }] });
    expect(reasons[0]?.evidence).toMatch(
      /^\d+\.\d % of \d+ stamp probes to 198\.51\.100\.1 \(DSCP 46\) lost, 0\.0 % of \d+ stamp probes to 198\.51\.100\.1 lost \(/,
    );
    expect(performance.lossRatio).toBe(0);
    expect(classes).toEqual([
      { who: "stamp probes to 198.51.100.1 (DSCP 46)", probes: expect.any(Number), lossRatio: expect.any(Number) },
    ]);
    expect(classes?.[0]?.lossRatio).toBeGreaterThan(0.05);
    expect(s.states("secondary")).toEqual(["up"]);
    s.primary.secondLoseEvery = 0;
    s.play(80);
    expect(s.states("primary")).toEqual(["up", "degraded", "up"]);
  });

  it("is so also where nothing of it is answered any more: the target answers the others", () => {
    const s = sceneWith(stamp, voice);
    s.play(20);
    s.primary.secondDark = true;
    s.play(90);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "classLossHigh" }] });
    expect(s.path("primary").reasons[0]?.evidence).toMatch(/^100\.0 % of/);
    s.primary.secondDark = false;
    s.play(90);
    expect(s.states("primary")).toEqual(["up", "degraded", "up"]);
  });

  it("is so where it is the first of the list", () => {
    const s = sceneWith(voice, stamp);
    s.play(20);
    s.primary.dark = true;
    s.play(90);
    expect(s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "classLossHigh" }] });
  });

  it("holds for a size too", () => {
    const s = sceneWith(stamp, { ...stamp, size: 1472, dontFragment: true });
    s.play(20);
    s.primary.secondDark = true;
    s.play(60);
    expect(s.path("primary").reasons).toMatchObject([{ cause: "classLossHigh" }]);
    expect(s.path("primary").reasons[0]?.evidence).toContain("(1472 octets, DF) lost");
  });

  it("is said to be unknown where it was never answered, for who knows what the reflector takes", () => {
    const s = sceneWith(stamp, voice);
    s.primary.secondDark = true;
    s.play(60);
    expect(s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(s.path("primary").notCovered).toEqual([
      expect.stringMatching(/^loss of a class: stamp probes to 198\.51\.100\.1 \(DSCP 46\) were never answered/),
    ]);
  });
});

describe("no loss of a class", () => {
  it("is loss of everything: that is the path's", () => {
    const s = sceneWith(stamp, voice);
    s.play(20);
    s.primary.loseEvery = 5;
    s.primary.secondLoseEvery = 5;
    s.play(40);
    expect(s.path("primary").reasons.map(({ cause }) => cause)).toEqual(["lossHigh"]);
  });

  it.each([
    ["more by chance", 10, 5, ["lossHigh"]],
    ["more than chance has it", 10, 2, ["lossHigh", "classLossHigh"]],
  ])("is %s where all of them lose", (_, loseEvery, secondLoseEvery, causes) => {
    const s = sceneWith(stamp, voice);
    s.play(20);
    Object.assign(s.primary, { loseEvery, secondLoseEvery });
    s.play(40);
    expect(s.path("primary").reasons.map(({ cause }) => cause)).toEqual(causes);
  });

  it("is an outage of all, nor what comes back after it", () => {
    const s = sceneWith(stamp, voice);
    s.play(20);
    s.primary.dark = true;
    s.primary.secondDark = true;
    s.play(30);
    expect(s.path("primary").classes).toBeUndefined();
    s.primary.dark = false;
    s.play(0.5);
    s.primary.secondDark = false;
    s.play(90);
    expect(s.states("primary")).toEqual(["up", "down", "up"]);
    expect(classLoss(s)?.state).toBe("inactive");
  });

  it.each([
    ["another target", { ...voice, address: "198.51.100.2" }],
    ["another port", { ...voice, port: 863 }],
    ["another source", { ...voice, source: "192.0.2.7" }],
    ["another interface", { ...voice, interface: "eth1" }],
    ["another technique", icmpTo(stamp.address)],
  ])("is the silence of %s", (_, other) => {
    const s = sceneWith(stamp, other);
    s.play(20);
    s.primary.secondDark = true;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").classes).toBeUndefined();
    expect(classLoss(s)).toBeUndefined();
  });

  it("is what the far end limits while the path carries traffic: that is told, and not judged", () => {
    const s = sceneWith(icmpTo(msee), { ...icmpTo(msee), dscp: 46 });
    s.primary.traffic = 5e6;
    s.play(20);
    s.primary.secondLoseEvery = 5;
    s.play(40);
    expect(s.states("primary")).toEqual(["up"]);
    expect(s.path("primary").notCovered).toEqual([expect.stringMatching(/^loss of a class: .*the far end may limit/)]);
  });

  it("is what was lost while the far end answered nobody, and was not believed", () => {
    const s = sceneWith(icmpTo(msee), { ...icmpTo(msee), dscp: 46 });
    s.primary.traffic = 5e6;
    s.play(20);
    s.primary.dark = true;
    s.primary.secondDark = true;
    s.play(15);
    s.primary.dark = false;
    s.primary.secondDark = false;
    s.primary.traffic = 0;
    s.play(60);
    expect(s.states("primary")).toEqual(["up"]);
  });

  it("is a second stream of the same class", () => {
    const s = sceneWith(stamp, { ...stamp, interval: milliseconds(1_000) });
    s.play(20);
    expect(s.path("primary").classes).toBeUndefined();
  });
});
