// Loc-RIB by BMP (RFC 9069), and what routers count themselves. FRR 8.4 tells no Loc-RIB, so these streams are written after the
// RFC; test/wireshark reads them as Wireshark does.

import { afterEach, describe, expect, it } from "vitest";
import * as w from "../support/bmp.ts";
import { createFakeClock } from "../support/clock.ts";
import { declaring } from "../support/declared.ts";
import { eventually } from "../support/eventually.ts";
import { bmpEstate, msee, opens, type Scene, startScene, taken } from "./bmp-scene.ts";

let scene: Scene;
afterEach(() => scene?.stop());

const vnet = "10.60.0.0/16";
const declared = (routes?: number) => declaring(bmpEstate(routes), [vnet, "10.61.0.0/16", "2001:db8:60::/48"]);
const own = opens();
const locRibUp = (peer: w.Peer = w.locRib) => w.peerUp(peer, own, w.vrfTableName("global"));
const route = (hop: string, ...nlri: readonly Uint8Array[]) => ({
  attributes: [w.origin(0), w.sequence(12076), w.nextHop(hop)],
  nlri,
});
const best = () => scene.state.bestPaths("ams-ce1", msee.address)?.routes;
const locRibs = () => scene.state.bmp("ams-ce1")?.locRibs;

describe("the Loc-RIB", () => {
  it("tells the route that the router chose: the prefix itself, else the longest that covers it, else that there is none", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    router.send(
      w.peerUp(msee, opens()),
      locRibUp(),
      w.routeMonitoring(w.locRib, route("172.16.0.2", w.prefix(vnet), w.prefix("10.60.1.0/24"))),
      w.routeMonitoring(w.locRib, route("10.10.0.3", w.prefix("10.0.0.0/8"))),
      w.routeMonitoring(w.locRib, route("192.0.2.1", w.prefix("0.0.0.0/0"))),
    );
    await eventually("it is told", () => best()?.length === 2);
    expect(best()).toEqual([
      { prefix: vnet, matched: vnet, nextHops: ["172.16.0.2"] },
      { prefix: "10.61.0.0/16", matched: "10.0.0.0/8", nextHops: ["10.10.0.3"] },
    ]);
    // Of IPv6 nothing is told yet; then it is, with the global next hop before the link-local one.
    const hops = w.joined(w.addressOctets("2001:db8::2"), w.addressOctets("fe80::2"));
    const reach = w.joined(Uint8Array.of(0, 2, 1, 32), hops, Uint8Array.of(0), w.prefix("2001:db8:60::/48"));
    router.send(
      w.routeMonitoring(w.locRib, { attributes: [w.origin(0), w.sequence(12076), w.attribute(14, reach, 0x80)] }),
      w.routeMonitoring(w.locRib, { withdrawn: [w.prefix("10.0.0.0/8"), w.prefix("0.0.0.0/0")] }),
    );
    await eventually("it is told", () => best()?.length === 3);
    expect(best()?.slice(1)).toEqual([
      { prefix: "10.61.0.0/16", matched: undefined, nextHops: [] },
      { prefix: "2001:db8:60::/48", matched: "2001:db8:60::/48", nextHops: ["2001:db8::2"] },
    ]);
  });

  it("is one of its own, whatever its flags, and never the peer of a session", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    router.send(
      w.peerUp(msee, opens()),
      locRibUp(),
      w.routeMonitoring({ ...w.locRib, flags: w.filtered }, route("172.16.0.2", w.prefix(vnet))),
    );
    await eventually("it is told", () => best()?.length === 1);
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ peers: 2, routes: 1 });
    expect(scene.state.session("ams-ce1", "0.0.0.0")).toBeUndefined();
    // It is filtered, so that what is not told may be there all the same, and so may a longer route.
    router.send(w.routeMonitoring({ ...w.locRib, flags: w.filtered }, route("10.10.0.3", w.prefix("10.0.0.0/8"))));
    router.send(w.routeMonitoring(w.locRib, { withdrawn: [w.prefix(vnet)] }));
    await eventually("nothing is known", () => best() === undefined);
    expect(scene.station.read()?.routers.get("ams-ce1")).toMatchObject({ routes: 1 });
  });

  it("has several next hops where the router tells several paths", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    const both = { asn: 65010, capabilities: [w.addPath(w.ipv4Unicast, 3)] };
    router.send(
      w.peerUp(msee, opens()),
      w.peerUp(w.locRib, { sent: w.open(both), received: w.open(both) }),
      w.routeMonitoring(w.locRib, route("172.16.0.2", w.prefix(vnet, 1), w.prefix("10.61.0.0/16", 1))),
      w.routeMonitoring(w.locRib, route("10.10.0.3", w.prefix(vnet, 2))),
    );
    await eventually("they are told", () => best()?.[0]?.nextHops.length === 2);
    expect(new Set(best()?.[0]?.nextHops)).toEqual(new Set(["172.16.0.2", "10.10.0.3"]));
    expect(best()?.[1]?.nextHops).toEqual(["172.16.0.2"]);
  });

  it("is that of the VRF in which the session is", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    const distinguisher = Uint8Array.of(0, 0, 0xfd, 0xf2, 0, 0, 0, 7);
    const inVrf = { ...msee, peerType: 1, distinguisher };
    const vrf = { ...w.locRib, distinguisher };
    router.send(
      w.peerUp(inVrf, opens()),
      locRibUp(),
      w.peerUp(vrf, own, w.vrfTableName("azure\u0007")),
      w.routeMonitoring(w.locRib, route("192.0.2.1", w.prefix(vnet))),
      w.routeMonitoring(vrf, route("172.16.0.2", w.prefix(vnet))),
    );
    await eventually("it is told", () => best()?.[0]?.nextHops[0] === "172.16.0.2");
    await eventually("both are", () => locRibs()?.length === 2);
    expect(locRibs()?.map(({ table }) => table)).toEqual(["global", "azure"]);
  });

  it("is not known any more when it goes down, or the connection does", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    const told = [locRibUp(), w.routeMonitoring(w.locRib, route("172.16.0.2", w.prefix(vnet)))];
    router.send(w.peerUp(msee, opens()), ...told);
    await eventually("it is told", () => best()?.length === 2);
    router.send(w.peerDown(w.locRib, 6));
    await eventually("it is gone", () => best() === undefined);
    expect(scene.state.session("ams-ce1", msee.address)).toMatchObject({ state: "established" });
    router.send(...told);
    await eventually("it is told again", () => best()?.length === 2);
    router.socket.destroy();
    await eventually("it is gone again", () => best() === undefined);
  });

  it("gives its room to the routes of a session", async () => {
    scene = await startScene(declared(1_000));
    const router = await scene.connect("ams-ce1");
    const many = (count: number, peer: w.Peer, first: number) =>
      Array.from({ length: count }, (_, i) =>
        w.routeMonitoring(peer, route("172.16.0.2", w.prefix(`10.${first}.${i & 255}.${i >> 8}/32`))),
      );
    router.send(w.peerUp(msee, opens()), locRibUp(), ...many(900, w.locRib, 1), ...many(100, msee, 2));
    await taken(scene, "ams-ce1", "routeMonitoring", 1_000);
    expect(scene.station.read()).toMatchObject({ doubts: 0 });
    router.send(...many(300, msee, 3), ...many(10, w.locRib, 4));
    await taken(scene, "ams-ce1", "routeMonitoring", 1_310);
    expect(scene.station.read()).toMatchObject({ doubts: 1 });
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(400);
    expect(scene.lines.join()).toContain("routes of its Loc-RIB are not counted");
    const family = () => scene.state.bmpPrefixes("ams-ce1", msee.address)?.families[0];
    await eventually("the session's are counted", () => family()?.received === 400);
    expect(best()).toBeUndefined();
  });

  it("is read and not kept where no prefix is declared", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), locRibUp(), w.routeMonitoring(w.locRib, route("172.16.0.2", w.prefix(vnet))));
    await taken(scene, "ams-ce1", "routeMonitoring", 1);
    expect(scene.station.read()?.routers.get("ams-ce1")?.routes).toBe(0);
    expect(best()).toBeUndefined();
  });
});

describe("what a router counts itself", () => {
  const total = (type: number, n: number) => w.tlv(type, w.u64(n));
  const ofFamily = (type: number, afi: number, n: number) => w.tlv(type, w.joined(Uint8Array.of(0, afi, 1), w.u64(n)));
  const families = () => scene.state.prefixes("ams-ce1", msee.address)?.families;

  it("is used where its routes are not told, with its age, and gives way to the routes themselves", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), w.statistics(msee, [total(7, 41), total(8, 999)]));
    await taken(scene, "ams-ce1", "statisticsReport", 1);
    const at = clock.now();
    clock.pass(1_000);
    expect(families()).toMatchObject([{ family: "ipv4", received: 41, receivedBy: { source: "bmpGauge", at } }]);
    router.send(w.routeMonitoring(msee, route("172.16.0.2", w.prefix(vnet))));
    await taken(scene, "ams-ce1", "routeMonitoring", 1);
    clock.pass(1_000);
    expect(families()).toMatchObject([{ family: "ipv4", received: 1, receivedBy: { source: "bmp" } }]);
  });

  it("is taken by family where it is told so, and not before it was more than nothing", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), w.statistics(msee, [total(7, 60), ofFamily(9, 1, 0), ofFamily(9, 2, 19)]));
    await taken(scene, "ams-ce1", "statisticsReport", 1);
    clock.pass(1_000);
    expect(families()).toMatchObject([{ family: "ipv6", received: 19 }]);
    router.send(w.statistics(msee, [ofFamily(9, 1, 41), ofFamily(9, 2, 0)]));
    await taken(scene, "ams-ce1", "statisticsReport", 2);
    clock.pass(1_000);
    expect(families()).toMatchObject([
      { family: "ipv4", received: 41 },
      { family: "ipv6", received: 0 },
    ]);
    // A session that went takes its counts along.
    router.send(w.peerDown(msee, 4));
    await taken(scene, "ams-ce1", "peerDown", 1);
    clock.pass(1_000);
    expect(families()).toEqual([]);
  });

  it("speaks for a Loc-RIB of which no routes are kept", async () => {
    const clock = createFakeClock();
    scene = await startScene(bmpEstate(), clock);
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), locRibUp(), w.statistics(w.locRib, [ofFamily(10, 1, 954_321)]));
    await taken(scene, "ams-ce1", "statisticsReport", 1);
    const at = clock.now();
    clock.pass(1_000);
    expect(locRibs()).toEqual([
      { table: "global", isFiltered: false, families: [{ family: "ipv4", count: 954_321, gaugedAt: at }] },
    ]);
  });
});
