import { afterEach, describe, expect, it } from "vitest";
import type { BmpPrefixesObservation } from "../../agent/estate/bmp-observation.ts";
import * as w from "../support/bmp.ts";
import { createFakeClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { bmpEstate, counted, msee, msee2, opens, type Scene, startScene, taken } from "./bmp-scene.ts";

let scene: Scene;
afterEach(() => scene?.stop());

const route = (n: number, attributes = [w.origin(0), w.sequence(12076), w.nextHop("172.16.0.2")]) => ({
  attributes,
  nlri: [w.prefix(`10.${n >> 8}.${n & 255}.0/24`)],
});
const routes = (count: number, peer: w.Peer = msee) =>
  Array.from({ length: count }, (_, n) => w.routeMonitoring(peer, route(n)));
const ipv4 = (prefixes: BmpPrefixesObservation["families"] | undefined) =>
  prefixes?.find(({ family }) => family === "ipv4");

describe("the BMP station", () => {
  it("tells of a session that comes up and goes, at once, and of why", async () => {
    scene = await startScene();
    const { state } = scene;
    const router = await scene.connect("ams-ce1");
    router.send(w.initiation("ce1", "FRRouting 8.4.4"), w.peerUp(msee, opens(30)));
    await eventually("it is up", () => state.session("ams-ce1", msee.address)?.present === true);
    expect(state.session("ams-ce1", msee.address)).toMatchObject({
      state: "established",
      remoteAsn: 12076,
      holdTime: 30,
      sources: [{ source: "bmp" }],
    });
    expect(state.bmp("ams-ce1")).toMatchObject({ connected: true, detail: "FRRouting 8.4.4" });
    const words = new TextEncoder().encode("planned work");
    const data = w.joined(Uint8Array.of(words.length), words);
    router.send(w.peerDown(msee, 3, w.notification(6, 2, data)), w.peerDown(msee, 3, w.notification(6, 2, data)));
    await taken(scene, "ams-ce1", "peerDown", 2);
    expect(state.session("ams-ce1", msee.address)).toMatchObject({
      state: "idle",
      lastError: [6, 2],
      closedBy: "remote",
      toldDown: `the far end closed it with a NOTIFICATION: 6/2 Cease, Administrative Shutdown "planned work"`,
    });
    // What is said again has happened once.
    const downs = scene.observed.filter((o) => o.kind === "bmpSession" && o.established === false);
    expect(new Set(downs.map(({ at }) => at)).size).toBe(1);
  });

  it("says nothing of a session when the connection is lost", async () => {
    scene = await startScene();
    const { state } = scene;
    const router = await scene.connect("ams-ce1");
    router.send(w.initiation("ce1", ""), w.peerUp(msee, opens()), ...routes(3));
    await eventually("it is up", () => state.session("ams-ce1", msee.address) !== undefined);
    router.socket.destroy();
    await eventually("it is gone", () => state.bmp("ams-ce1")?.connected === false);
    // As it was told last, and no longer vouched for.
    expect(state.session("ams-ce1", msee.address)).toMatchObject({
      state: "established",
      at: state.bmp("ams-ce1")?.since,
    });
    expect(state.prefixes("ams-ce1", msee.address)).toBeUndefined();
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ connected: false, routes: 0, peers: 0 });
    // A new connection begins anew: nothing is left of the old one.
    const again = await scene.connect("ams-ce1");
    again.send(w.initiation("ce1", ""));
    await eventually("it is back", () => state.bmp("ams-ce1")?.connected === true);
    expect(state.session("ams-ce1", msee.address)).toBeUndefined();
  });

  it("counts the routes of each view as a set", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const post = { ...msee, flags: w.postPolicy };
    const out = { ...msee, flags: w.postPolicy | w.adjRibOut };
    router.send(
      w.peerUp(msee, opens()),
      ...routes(100),
      ...routes(100),
      ...routes(60, post),
      ...routes(7, out),
      w.routeMonitoring(msee, {
        withdrawn: [w.prefix("10.0.1.0/24"), w.prefix("10.0.1.0/24"), w.prefix("99.0.0.0/8")],
      }),
      w.routeMonitoring(msee, { ...route(0), nlri: [w.prefix("0.0.0.0/0")] }),
      w.routeMonitoring(msee, {
        attributes: [w.sequence(12076), w.mpReach(w.ipv6Unicast, "2001:db8::2", [w.prefix("2001:db8::/32")])],
      }),
    );
    await eventually("they are told", () => ipv4(counted(scene, "ams-ce1", msee.address))?.accepted === 60);
    expect(ipv4(counted(scene, "ams-ce1", msee.address))).toMatchObject({
      received: 100,
      accepted: 60,
      advertised: 7,
      hasDefault: true,
    });
    expect(scene.state.prefixes("ams-ce1", msee.address)?.families).toMatchObject([
      { family: "ipv4", received: 100, accepted: 60, active: undefined, advertised: 7 },
      { family: "ipv6", received: 1, accepted: undefined, active: undefined, advertised: undefined },
    ]);
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(168);
    // That there are none any more is a count as well.
    router.send(w.routeMonitoring(msee, { attributes: [w.mpUnreach(w.ipv6Unicast, [w.prefix("2001:db8::/32")])] }));
    const ipv6 = () => counted(scene, "ams-ce1", msee.address)?.find(({ family }) => family === "ipv6");
    await eventually("it is gone", () => ipv6()?.received === 0);
    expect(ipv6()).toMatchObject({ accepted: undefined, hasDefault: false });
  });

  it("knows how often the neighbour prepends itself, also where the router writes its own ASN before", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const path = (...asns: readonly number[]) => [w.origin(0), w.sequence(...asns), w.nextHop("172.16.0.2")];
    router.send(
      w.peerUp(msee, opens()),
      w.routeMonitoring(msee, route(1, path(65010, 12076, 12076, 65515))),
      w.routeMonitoring(msee, route(2, path(12076))),
      w.routeMonitoring(msee, route(3, path(...Array<number>(9).fill(12076)))),
      w.routeMonitoring(msee, route(2, path(...Array<number>(9).fill(12076)))),
      w.routeMonitoring(msee, route(4, path(...Array<number>(80).fill(12076)))),
      w.routeMonitoring(msee, route(5, path(65010, 64999))),
    );
    await eventually("they are told", () => ipv4(counted(scene, "ams-ce1", msee.address))?.received === 5);
    const prepends = ipv4(counted(scene, "ams-ce1", msee.address))?.prepends ?? [];
    expect(prepends.map((n, i) => [i, n]).filter(([, n]) => n !== 0)).toEqual([
      [0, 1],
      [2, 1],
      [9, 2],
      [31, 1],
    ]);
  });

  it("forgets all routes when a session goes, and begins anew when it is up again", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    for (let flap = 1; flap <= 200; flap++) {
      router.send(w.peerUp(msee, opens()), ...routes(20), w.peerDown(msee, 2, w.u16(0)));
    }
    await taken(scene, "ams-ce1", "peerDown", 200);
    expect(scene.station.read()).toMatchObject({ attributeSets: 0 });
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ routes: 0, peers: 1 });
    // A Peer Up without a Peer Down before it begins anew as well.
    router.send(w.peerUp(msee, opens()), ...routes(20), w.peerUp(msee, opens()), ...routes(5));
    await taken(scene, "ams-ce1", "routeMonitoring", 4_025);
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(5);
  });

  it("keeps no routes of peers that carry no path, and tells of those with Microsoft's ASN", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const other = { address: "192.0.2.77", asn: 12076 };
    router.send(w.peerUp(other, opens()), ...routes(50, other), w.peerUp(msee, opens()));
    await eventually("it is up", () => scene.state.session("ams-ce1", msee.address) !== undefined);
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ routes: 0, peers: 2 });
    expect(scene.state.bmp("ams-ce1")?.unconfigured).toEqual(["192.0.2.77"]);
  });

  it("refuses strangers before they say anything", async () => {
    scene = await startScene();
    const stranger = await scene.connect("stranger");
    await eventually("it is refused", () => stranger.isClosed());
    await eventually("and counted", () => scene.station.read()?.refused === 1);
    expect(scene.observed).toEqual([]);
    expect(scene.lines.join()).toContain("127.0.99.9");
  });

  it("ends the connection that sends something malformed, and no other", async () => {
    scene = await startScene();
    const [bad, good] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    good.send(w.initiation("ce2", ""), w.peerUp(msee2, opens()), ...routes(4, msee2));
    bad.send(w.initiation("ce1", ""), w.bmp(3, w.perPeer(msee)));
    await eventually("it is closed", () => bad.isClosed());
    expect(scene.station.read()?.closes.malformed).toBe(1);
    expect(scene.lines.join("\n")).toContain(
      "truncated at octet 48 of the message that began at octet 17 of the stream",
    );
    await eventually("the other tells", () => ipv4(counted(scene, "ams-ce2", msee2.address))?.received === 4);
    expect(good.isClosed()).toBe(false);
  });

  it("does not let a bad UPDATE of one peer count for its routes, nor touch those of others", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const bad = { nlri: [Uint8Array.of(77, 1, 2, 3)] };
    router.send(w.peerUp(msee, opens()), ...routes(9), w.routeMonitoring(msee, bad), ...routes(12));
    await taken(scene, "ams-ce1", "routeMonitoring", 22);
    expect(scene.station.read()).toMatchObject({ doubts: 1 });
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ inDoubt: 1 });
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(0);
    await eventually("it is told", () => counted(scene, "ams-ce1", msee.address)?.length === 0);
    expect(router.isClosed()).toBe(false);
    // With the next Peer Up they are all told again.
    router.send(w.peerDown(msee, 4), w.peerUp(msee, opens()), ...routes(12));
    await eventually("they count again", () => ipv4(counted(scene, "ams-ce1", msee.address))?.received === 12);
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ inDoubt: 0 });
  });

  it("keeps no more routes of a router than it may", async () => {
    scene = await startScene(bmpEstate(1_000));
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), ...routes(1_001));
    await taken(scene, "ams-ce1", "routeMonitoring", 1_001);
    expect(scene.station.read()).toMatchObject({ doubts: 1, attributeSets: 0 });
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(0);
    expect(scene.lines.join()).toContain("more than the 1000 routes of bmp.routes");
  });

  it("tells no more than 1,024 peers of a router apart, and counts what it leaves out", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const others = Array.from({ length: 1_030 }, (_, i) =>
      w.peerUp({ address: `10.${i >> 8}.${i & 255}.1`, asn: 65_001 }, opens()),
    );
    router.send(...others, w.routeMonitoring({ address: "10.4.5.1", asn: 65_001 }, route(1)));
    await taken(scene, "ams-ce1", "routeMonitoring", 1);
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ peers: 1_024, leftOut: 7 });
  });

  it("takes messages however they are cut", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const stream = w.joined(w.initiation("ce1", "x"), w.peerUp(msee, opens()), ...routes(20));
    for (const octet of stream) {
      router.socket.write(Uint8Array.of(octet));
      // Each goes in a segment of its own.
      await new Promise((done) => setImmediate(done));
    }
    await eventually("they are told", () => ipv4(counted(scene, "ams-ce1", msee.address))?.received === 20);
  });

  it("ends a connection on which nothing is said, and one whose message does not go on", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const [silent, half] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    half.send(w.initiation("ce2", ""), w.peerUp(msee2, opens()).subarray(0, 40));
    await taken(scene, "ams-ce2", "initiation", 1);
    await eventually("both are connected", () => scene.state.bmp("ams-ce1") !== undefined);
    clock.pass(50_000);
    expect(scene.station.read()?.closes.stalled).toBe(0);
    clock.pass(30_000);
    expect(scene.station.read()?.closes.stalled).toBe(2);
    await eventually("they are closed", () => silent.isClosed() && half.isClosed());
  });

  it("does not vouch for a router whose statistics are overdue, until it is heard again", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const router = await scene.connect("ams-ce1");
    const statistics = w.statistics(msee, [w.tlv(0, w.u32(0))]);
    const said = () => scene.station.read()?.routers.get("ams-ce1")?.messages.statisticsReport;
    router.send(w.peerUp(msee, opens()));
    for (let i = 1; i <= 3; i++) {
      // Of two peers together.
      router.send(statistics, statistics);
      await eventually("they are taken", () => said() === 2 * i);
      clock.pass(5_000);
    }
    const age = () => clock.now() - (scene.state.session("ams-ce1", msee.address)?.at ?? 0);
    expect(age()).toBeLessThanOrEqual(1_000);
    clock.pass(30_000);
    expect(age()).toBeGreaterThan(15_000);
    router.send(statistics);
    await eventually("it is taken", () => said() === 7);
    clock.pass(1_000);
    expect(age()).toBeLessThanOrEqual(1_000);
  });

  it("asks for a poll when a session changes, at most once a second, and not when it connects", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()));
    await taken(scene, "ams-ce1", "peerUp", 1);
    expect(scene.polls).toEqual([]);
    clock.pass(6_000);
    for (let i = 0; i < 20; i++) router.send(w.peerDown(msee, 4), w.peerUp(msee, opens()));
    await taken(scene, "ams-ce1", "peerUp", 21);
    expect(scene.polls).toEqual([["ams-ce1", "bgp"]]);
    clock.pass(1_000);
    expect(scene.polls).toHaveLength(2);
    expect(scene.lines.filter((line) => line.includes("went down"))).toHaveLength(1);
  });

  it("takes the newer connection of a router", async () => {
    scene = await startScene();
    const first = await scene.connect("ams-ce1");
    first.send(w.peerUp(msee, opens()));
    await taken(scene, "ams-ce1", "peerUp", 1);
    const second = await scene.connect("ams-ce1");
    second.send(w.peerUp(msee, opens()));
    await eventually("the first is closed", () => first.isClosed());
    await taken(scene, "ams-ce1", "peerUp", 2);
    expect(scene.station.read()?.closes.replaced).toBe(1);
    expect(scene.state.bmp("ams-ce1")?.connected).toBe(true);
  });

  it("reads AS paths of two octets where the router says that they are", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    const old = { ...msee, flags: w.twoOctetAs };
    const attributes = [w.asPath([{ type: 2, asns: [12076, 12076, 23_456] }], 2)];
    router.send(w.peerUp(msee, opens()), w.routeMonitoring(old, route(1, attributes)));
    await eventually("it is told", () => ipv4(counted(scene, "ams-ce1", msee.address))?.received === 1);
    expect(ipv4(counted(scene, "ams-ce1", msee.address))?.prepends[2]).toBe(1);
  });

  it("compares what both paths of a peering receive, as sets", async () => {
    scene = await startScene();
    const [one, two] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    const sets = () => scene.state.bmpSets("ams-1", "azurePrivate")?.families;
    one.send(w.peerUp(msee, opens()), ...routes(6));
    two.send(w.peerUp(msee2, opens()), ...routes(4, msee2), w.routeMonitoring(msee2, route(77)));
    await eventually("they are compared", () => sets()?.[0]?.missing.secondary === 2);
    expect(sets()).toEqual([
      {
        family: "ipv4",
        received: { primary: 6, secondary: 5 },
        missing: { primary: 1, secondary: 2 },
        examples: { primary: ["10.0.77.0/24"], secondary: expect.arrayContaining(["10.0.4.0/24", "10.0.5.0/24"]) },
      },
    ]);
    // The same sets, in another order.
    two.send(...routes(6, msee2).toReversed(), w.routeMonitoring(msee2, { withdrawn: [w.prefix("10.0.77.0/24")] }));
    await eventually("they are the same", () => sets()?.[0]?.missing.primary === 0);
    expect(sets()?.[0]).toMatchObject({
      missing: { primary: 0, secondary: 0 },
      received: { primary: 6, secondary: 6 },
    });
  });

  it("does not compare a view that only one router tells, nor take what is not told for nothing", async () => {
    scene = await startScene();
    const [one, two] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    const post = (peer: w.Peer) => ({ ...peer, flags: w.postPolicy });
    one.send(w.peerUp(msee, opens()), ...routes(6), ...routes(5, post(msee)));
    two.send(w.peerUp(msee2, opens()), ...routes(4, post(msee2)));
    await eventually("they are compared", () => scene.state.bmpSets("ams-1", "azurePrivate") !== undefined);
    expect(scene.state.bmpSets("ams-1", "azurePrivate")).toMatchObject({
      isPostPolicy: true,
      families: [{ family: "ipv4", missing: { primary: 0, secondary: 1 } }],
    });
  });

  it("reads prefixes without path identifiers where the OPENs agreed on some, as FRR does", async () => {
    scene = await startScene();
    const agreed = {
      sent: w.open({ asn: 65010, capabilities: [w.addPath(w.ipv4Unicast, 1)] }),
      received: w.open({ asn: 12076, capabilities: [w.addPath(w.ipv4Unicast, 2)] }),
    };
    const [frr, other] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    const of = (...nlri: readonly Uint8Array[]) => ({ attributes: [w.sequence(12076)], nlri });
    frr.send(
      w.peerUp(msee, agreed),
      // As a prefix with an identifier this would be the default route.
      w.routeMonitoring(msee, of(w.prefix("10.70.1.0/25"))),
      w.routeMonitoring(msee, of(w.prefix("10.20.0.0/16"))),
      w.routeMonitoring(msee, of(w.prefix("10.70.2.0/25"))),
      w.routeMonitoring(msee, { withdrawn: [w.prefix("10.70.1.0/25")] }),
    );
    other.send(
      w.peerUp(msee2, agreed),
      w.routeMonitoring(msee2, of(w.prefix("10.0.0.0/8", 1), w.prefix("10.0.0.0/8", 2))),
      w.routeMonitoring(msee2, of(w.prefix("0.0.0.0/0", 1))),
    );
    await eventually("both tell", () => ipv4(counted(scene, "ams-ce2", msee2.address))?.received === 2);
    await eventually("both tell", () => ipv4(counted(scene, "ams-ce1", msee.address))?.received === 2);
    expect(ipv4(counted(scene, "ams-ce1", msee.address))?.hasDefault).toBe(false);
  });
});
