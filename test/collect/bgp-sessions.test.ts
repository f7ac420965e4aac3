import { describe, expect, it } from "vitest";
import { scriptedRouter } from "../support/scripted-router.ts";
import { er0, mib, of, oneRouter, otherPeer, peer, polls, session, startPolling } from "./scene.ts";

describe("a BGP session", () => {
  it("is absent after three polls in a row without it, while the table has others", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, otherPeer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(101, [er0], [otherPeer]);
    const two = await pass(2_000);
    expect(of(two, "session")).toEqual([]);
    expect(polls(two, "bgp").map(({ result }) => result)).toEqual(["ok", "ok"]);
    expect(polls(two, "bgp")[1]?.detail).toContain("2 of 3");
    expect(of(await pass(2_000), "session")).toMatchObject([{ present: false }, { present: false }]);
    scripted.mib = mib(110, [er0], [peer, otherPeer]);
    expect(of(await pass(1_000), "session")).toMatchObject([{ present: true }]);
  });

  it("starts counting anew when it was there in between", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, otherPeer]));
    const { pass } = startPolling(scripted);
    for (let i = 0; i < 3; i++) {
      scripted.mib = mib(101, [er0], [otherPeer]);
      expect(of(await pass(2_000), "session")).toEqual([]);
      scripted.mib = mib(101, [er0], [peer, otherPeer]);
      expect(of(await pass(1_000), "session")).toMatchObject([{ present: true }]);
    }
  });

  it("is unknown, never absent, while the whole table is away", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, otherPeer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(101, [er0], []);
    const seen = await pass(5_000);
    expect(of(seen, "session")).toEqual([]);
    expect(new Set(polls(seen, "bgp").map(({ result }) => result))).toEqual(new Set(["noSuchTable"]));
    expect(of(seen, "interface")).toHaveLength(5);
  });

  it("over IPv6 is said to be out of sight", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [er0], [peer])), oneRouter({ session: session("fd00::2") }));
    const seen = await pass(1_000);
    expect(of(seen, "session")).toEqual([]);
    expect(polls(seen, "bgp")).toMatchObject([{ result: "noSuchTable" }]);
    expect(polls(seen, "bgp")[0]?.detail).toContain("fd00::2");
  });

  it("with a state that BGP4-MIB does not have is neither down nor absent", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [er0], [{ ...peer, state: 0 }])));
    const seen = await pass(4_000);
    expect(of(seen, "session")).toEqual([]);
    expect(polls(seen, "bgp")[0]).toMatchObject({ result: "ok" });
    expect(polls(seen, "bgp")[0]?.detail).toContain("no number of BGP4-MIB");
  });
});
