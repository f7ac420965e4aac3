import { describe, expect, it } from "vitest";
import { bgpCollector } from "../../agent/collect/bgp-sessions.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { err } from "../../agent/lib/result.ts";
import { ipv4Peer, ipv6Peer, vendorMibs } from "../support/bgp-mibs.ts";
import { integer } from "../support/cells.ts";
import { createFakeClock } from "../support/clock.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { type Mib, mibOf } from "../support/snmp-responder.ts";
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

  it("is never asked for at the interval exactly once its table went as it was asked, and it is said since when", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, otherPeer]));
    const { pass, clock } = startPolling(scripted);
    const [first, second] = polls(await pass(2_000), "bgp");
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(1_000);
    scripted.mib = mib(102, [er0], []);
    const from = clock.toEpoch(clock.now());
    const gone = await pass(6_000);
    const details = new Set(polls(gone, "bgp").map(({ detail }) => detail));
    expect(details.size).toBe(1);
    const [, time = ""] = /shown no BGP peer at all since (\S+ \S+) UTC/.exec([...details][0] ?? "") ?? [];
    const since = Date.parse(`${time.replace(" ", "T")}Z`);
    expect(since - from).toBeGreaterThan(-1_000);
    expect(since - from).toBeLessThanOrEqual(1_000);
    scripted.mib = mib(108, [er0], [peer, otherPeer]);
    const gaps = polls(await pass(6_000), "bgp").map(({ at }, i, all) => at - (all[i - 1]?.at ?? Number.NaN));
    // The scene's time goes in steps of 100 ms.
    for (const gap of gaps.slice(1)) expect(Math.abs(gap - 1_000)).toBeGreaterThan(50);
  });

  it("is never asked for at the interval exactly once it was refused, for that is how its table begins to go", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, otherPeer]));
    const { pass } = startPolling(scripted);
    await pass(2_000);
    scripted.breakGroup("bgp", "refused");
    expect(polls(await pass(1_000), "bgp")).toMatchObject([{ result: "refused" }]);
    scripted.heal("bgp");
    await pass(1_000);
    const gaps = polls(await pass(6_000), "bgp").map(({ at }, i, all) => at - (all[i - 1]?.at ?? Number.NaN));
    for (const gap of gaps.slice(1)) expect(Math.abs(gap - 1_000)).toBeGreaterThan(50);
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

describe("a router with a vendor's table", () => {
  /** The scene's router, of that make, with those peers. */
  function withTable(uptime: number, sysObjectId: string, instances: Parameters<typeof mibOf>[0]): Mib {
    const make = { "1.3.6.1.2.1.1.2.0": { type: "oid", value: sysObjectId.split(".").map(Number) } } as const;
    const isMake = (name: readonly number[]) => name.join(".") === "1.3.6.1.2.1.1.2.0";
    const scene = mib(uptime, [er0], []).filter(({ oid }) => !isMake(oid));
    return mibOf({
      ...Object.fromEntries(scene.map(({ oid, value }) => [oid.join("."), value])),
      ...make,
      ...instances,
    });
  }
  const cisco = vendorMibs[0] ?? expect.fail();
  const juniper = vendorMibs.find(({ table }) => table === "jnxBgpM2PeerTable") ?? expect.fail();
  const foundry = vendorMibs.find(({ table }) => table === "snBgp4NeighborSummaryTable") ?? expect.fail();

  it.each(vendorMibs)("is polled in $table, IPv6 sessions as well", async ({ sysObjectId, instances, peers }) => {
    for (const { remoteAddress = "", state, remoteAsn, lastError, admin } of peers) {
      const scripted = scriptedRouter(withTable(100, sysObjectId, instances));
      const { pass } = startPolling(scripted, oneRouter({ session: session(remoteAddress) }));
      const seen = await pass(3_000);
      expect(polls(seen, "bgp").map(({ result, detail }) => [result, detail])).toEqual(Array(3).fill(["ok", ""]));
      expect(of(seen, "session")).toHaveLength(3);
      expect(of(seen, "session")[2]).toMatchObject({
        remoteAddress,
        present: true,
        state,
        adminUp: admin !== "down",
        ...(remoteAsn === undefined ? {} : { remoteAsn }),
        ...(lastError === undefined ? {} : { lastError }),
      });
    }
  });

  it("says an IPv6 session absent where the table could hold it", async () => {
    const { pass } = startPolling(
      scriptedRouter(withTable(100, cisco.sysObjectId, cisco.instances)),
      oneRouter({ session: session("2001:db8::99") }),
    );
    const seen = await pass(3_000);
    expect(of(seen, "session")).toMatchObject([{ remoteAddress: "2001:db8::99", present: false }]);
  });

  it("is decided again when its table is empty: BGP4-MIB, and back", async () => {
    const scripted = scriptedRouter(withTable(100, cisco.sysObjectId, cisco.instances));
    const { pass } = startPolling(scripted, oneRouter({ session: session(ipv4Peer) }));
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "established", remoteAsn: 12_076 }]);
    const bgp4 = { "1.3.6.1.2.1.15.3.1.2.192.0.2.2": integer(3), "1.3.6.1.2.1.15.3.1.3.192.0.2.2": integer(2) };
    scripted.mib = withTable(101, cisco.sysObjectId, bgp4);
    const seen = await pass(2_000);
    expect(polls(seen, "bgp").map(({ result }) => result)).toEqual(["noSuchTable", "ok"]);
    expect(of(seen, "session")).toMatchObject([{ state: "active" }]);
    scripted.mib = withTable(103, cisco.sysObjectId, cisco.instances);
    expect(of(await pass(2_000), "session")).toMatchObject([{ state: "established" }]);
  });

  it("is looked up again when the index of a session moves, without a poll lost", async () => {
    const column = "1.3.6.1.4.1.2636.5.1.1.2.1.1.1";
    const moved = {
      [`${column}.2.0.1.0.0.0.0.1.192.0.2.2`]: integer(1),
      [`${column}.3.0.1.0.0.0.0.1.192.0.2.2`]: integer(2),
    };
    const scripted = scriptedRouter(withTable(100, juniper.sysObjectId, juniper.instances));
    const { pass } = startPolling(scripted, oneRouter({ session: session(ipv4Peer) }));
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "established" }]);
    scripted.mib = withTable(101, juniper.sysObjectId, moved);
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "idle", present: true }]);
  });

  it("never takes the row of another peer for a session's, where rows are only numbered", async () => {
    const scripted = scriptedRouter(withTable(100, foundry.sysObjectId, foundry.instances));
    const { pass } = startPolling(scripted, oneRouter({ session: session(ipv4Peer) }));
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "established" }]);
    const row = "1.3.6.1.4.1.1991.1.2.11.17.1.1";
    scripted.mib = withTable(101, foundry.sysObjectId, {
      [`${row}.2.7`]: { type: "ipAddress", value: "192.0.2.77" },
      [`${row}.3.7`]: integer(3),
    });
    const seen = await pass(2_000);
    expect(of(seen, "session")).toEqual([]);
    expect(polls(seen, "bgp").map(({ result }) => result)).toEqual(["ok", "ok"]);
  });

  it("is polled in the configured table alone", async () => {
    const both = { ...cisco.instances, "1.3.6.1.2.1.15.3.1.2.192.0.2.2": integer(3) };
    const estate = oneRouter({ session: session(ipv4Peer) });
    const ce1 = estate.routers.get("ams-ce1") ?? expect.fail();
    const routers = new Map([["ams-ce1", { ...ce1, bgpTable: "bgpPeerTable" } as const]]);
    const scripted = scriptedRouter(withTable(100, cisco.sysObjectId, both));
    const { pass } = startPolling(scripted, { ...estate, routers });
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "active", adminUp: true }]);
    expect(scripted.asked.filter((what) => what === "walk bgp")).toHaveLength(1);
  });

  it("finds a session that comes to stand in a table that had no rows", async () => {
    const peers = { "1.3.6.1.4.1.9.9.187.1.2.5.1.3.1.4.198.51.100.7": integer(6) };
    const scripted = scriptedRouter(withTable(100, cisco.sysObjectId, peers));
    const { pass } = startPolling(scripted, oneRouter({ session: session(ipv6Peer) }));
    expect(of(await pass(3_000), "session")).toMatchObject([{ present: false }]);
    const vrf = "1.3.6.1.4.1.9.9.187.1.2.9.1";
    const inVrf = { ...peers, [`${vrf}.5.5.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2`]: integer(6) };
    scripted.mib = withTable(103, cisco.sysObjectId, inVrf);
    expect(of(await pass(20_000), "session").at(-1)).toMatchObject({ present: true, state: "established" });
  });

  it("still reads the sessions it knows when the walk for another fails", async () => {
    const rows = {
      "1.3.6.1.2.1.15.3.1.2.198.51.100.7": integer(6),
      "1.3.6.1.2.1.15.3.1.3.198.51.100.7": integer(2),
    };
    const scripted = scriptedRouter(withTable(100, "1.3.6.1.4.1.8072.3.2.10", rows));
    const { get, walk } = scripted.target;
    let fails = false;
    const target: typeof scripted.target = {
      ...scripted.target,
      get,
      walk: async (columns, ask) => {
        const walked = await walk(columns, ask);
        const { group, table } = ask;
        return fails ? err({ kind: "timeout", router: "ams-ce1", group, table, detail: "scripted" }) : walked;
      },
    };
    const uptime = createUptimeWatch();
    const collect = bgpCollector(
      { clock: createFakeClock(), target, uptime },
      "ams-ce1",
      [ipv4Peer, "198.51.100.7"],
      undefined,
    );
    const states = async () => (await collect()).observations.map((o) => o.kind === "session" && o.present);
    for (let i = 0; i < 3; i++) await collect();
    expect(await states()).toEqual([true, false]);
    fails = true;
    await collect();
    expect(await states()).toEqual([true]);
    expect(await collect()).toMatchObject({ result: "ok", detail: expect.stringContaining("scripted") });
    fails = false;
    for (let i = 0; i < 10; i++) await collect();
    expect(await states()).toEqual([true, false]);
  });

  it("leaves a session unknown, not absent, when a table that may hold it cannot be read", async () => {
    const peers = { "1.3.6.1.2.1.15.3.1.2.198.51.100.7": integer(6) };
    const scripted = scriptedRouter(withTable(100, cisco.sysObjectId, peers));
    const { target } = scripted;
    const halfBroken: typeof target = {
      ...target,
      walk: async (columns, ask) => {
        if (ask.table === "cbgpPeer2Table") scripted.breakGroup("bgp", "timeout");
        const walked = await target.walk(columns, ask);
        scripted.heal("bgp");
        return walked;
      },
    };
    const { pass } = startPolling({ ...scripted, target: halfBroken }, oneRouter({ session: session(ipv4Peer) }));
    const seen = await pass(5_000);
    expect(of(seen, "session")).toEqual([]);
    expect(polls(seen, "bgp").map(({ result }) => result)).toEqual(Array(5).fill("ok"));
    expect(polls(seen, "bgp")[4]?.detail).toContain("scripted timeout");
  });
});
