// What BMP tells of declared prefixes, and of prefixes to which there are several paths (RFC 7911).

import { afterEach, describe, expect, it } from "vitest";
import * as w from "../support/bmp.ts";
import { declaring } from "../support/declared.ts";
import { eventually } from "../support/eventually.ts";
import { bmpEstate, counted, msee, msee2, opens, type Scene, startScene, taken } from "./bmp-scene.ts";

let scene: Scene;
afterEach(() => scene?.stop());

const announce = (peer: w.Peer, ...nlri: readonly Uint8Array[]) =>
  w.routeMonitoring(peer, { attributes: [w.origin(0), w.sequence(12076), w.nextHop("172.16.0.2")], nlri });
const family = (name: "ipv4" | "ipv6" = "ipv4") =>
  counted(scene, "ams-ce1", msee.address)?.find((one) => one.family === name);

describe("declared prefixes", () => {
  const declared = () =>
    declaring(bmpEstate(), ["10.60.0.0/16", "10.61.0.0/16", "0.0.0.0/0", "2001:db8:60::/48"], {
      advertised: ["10.10.0.0/24", "0.0.0.0/0"],
    });

  it("are told when they are missing, view by view, and as nothing where a view is not told", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), announce(msee, w.prefix("10.60.0.0/16"), w.prefix("10.61.0.0/17")));
    await eventually("it is told", () => family()?.received === 2);
    expect(family()?.missing).toEqual({
      // A longer prefix is another one.
      received: ["10.61.0.0/16", "0.0.0.0/0"],
      accepted: undefined,
      advertised: undefined,
    });
    expect(family("ipv6")).toBeUndefined();
    router.send(
      announce(msee, w.prefix("10.61.0.0/16"), w.prefix("0.0.0.0/0")),
      announce({ ...msee, flags: w.postPolicy }, w.prefix("10.61.0.0/16"), w.prefix("0.0.0.0/0")),
      announce({ ...msee, flags: w.postPolicy | w.adjRibOut }, w.prefix("10.10.0.0/24")),
      // The end of a family without a route says that there is none.
      w.routeMonitoring(msee, { attributes: [w.mpUnreach(w.ipv6Unicast, [])] }),
    );
    await eventually("it is told", () => family("ipv6") !== undefined);
    expect(family()?.missing).toEqual({ received: [], accepted: ["10.60.0.0/16"], advertised: ["0.0.0.0/0"] });
    expect(family("ipv6")).toMatchObject({ received: 0, missing: { received: ["2001:db8:60::/48"] } });
  });

  it("are missing again when they are withdrawn", async () => {
    scene = await startScene(declared());
    const router = await scene.connect("ams-ce1");
    const all = ["10.60.0.0/16", "10.61.0.0/16", "0.0.0.0/0"].map((text) => w.prefix(text));
    router.send(w.peerUp(msee, opens()), announce(msee, ...all));
    await eventually("all are there", () => family()?.missing?.received?.length === 0);
    expect(family()?.hasDefault).toBe(true);
    router.send(w.routeMonitoring(msee, { withdrawn: [w.prefix("0.0.0.0/0")] }));
    await eventually("it is missing", () => family()?.missing?.received?.[0] === "0.0.0.0/0");
    expect(family()?.hasDefault).toBe(false);
  });

  it("are not held against anything where none are declared", async () => {
    scene = await startScene();
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, opens()), announce(msee, w.prefix("10.60.0.0/16")));
    await eventually("it is told", () => family()?.received === 1);
    expect(family()).not.toHaveProperty("missing");
  });
});

describe("prefixes with several paths", () => {
  const agreed = {
    sent: w.open({ asn: 65010, capabilities: [w.addPath(w.ipv4Unicast, 1)] }),
    received: w.open({ asn: 12076, capabilities: [w.addPath(w.ipv4Unicast, 2)] }),
  };
  const routes = () => scene.station.read()?.routers.get("ams-ce1")?.routes;

  it("count once, until the last path is withdrawn", async () => {
    scene = await startScene(declaring(bmpEstate(), ["10.60.0.0/16", "0.0.0.0/0"]));
    const router = await scene.connect("ams-ce1");
    const [one, two] = [w.prefix("10.60.0.0/16", 1), w.prefix("10.60.0.0/16", 2)];
    const other = w.prefix("0.0.0.0/0", 7);
    // The same path again is no path more.
    router.send(w.peerUp(msee, agreed), announce(msee, one, two, other), announce(msee, one));
    await eventually("they are told", () => family()?.received === 2);
    expect(family()).toMatchObject({ hasDefault: true, missing: { received: [] } });
    expect(family()?.prepends[1]).toBe(3);
    // Three paths, and two prefixes.
    expect(routes()).toBe(5);
    router.send(w.routeMonitoring(msee, { withdrawn: [one, one, other] }));
    await eventually("one is gone", () => family()?.received === 1);
    expect(family()).toMatchObject({ hasDefault: false, missing: { received: ["0.0.0.0/0"] } });
    router.send(w.routeMonitoring(msee, { withdrawn: [two] }));
    await eventually("both are gone", () => family()?.received === 0);
    expect([routes(), scene.station.read()?.attributeSets]).toEqual([0, 0]);
  });

  it("are compared with those of the other path of the peering", async () => {
    scene = await startScene();
    const [first, second] = [await scene.connect("ams-ce1"), await scene.connect("ams-ce2")];
    first.send(
      w.peerUp(msee, agreed),
      announce(msee, w.prefix("10.60.0.0/16", 1), w.prefix("10.60.0.0/16", 2), w.prefix("10.61.0.0/16", 1)),
    );
    second.send(w.peerUp(msee2, opens()), announce(msee2, w.prefix("10.60.0.0/16"), w.prefix("10.62.0.0/16")));
    const sets = () => scene.state.bmpSets("ams-1", "azurePrivate")?.families[0];
    await eventually("they are compared", () => sets() !== undefined);
    expect(sets()).toMatchObject({
      received: { primary: 2, secondary: 2 },
      missing: { primary: 1, secondary: 1 },
      examples: { primary: ["10.62.0.0/16"], secondary: ["10.61.0.0/16"] },
    });
  });

  it("take no more of the budget than there is", async () => {
    scene = await startScene(bmpEstate(1_000));
    const router = await scene.connect("ams-ce1");
    router.send(w.peerUp(msee, agreed));
    for (let i = 0; i < 500; i++) router.send(announce(msee, w.prefix(`10.${i >> 8}.${i & 255}.0/24`, 3)));
    await taken(scene, "ams-ce1", "routeMonitoring", 500);
    expect([routes(), scene.station.read()?.doubts]).toEqual([1_000, 0]);
    router.send(announce(msee, w.prefix("10.0.0.0/24", 4)));
    await taken(scene, "ams-ce1", "routeMonitoring", 501);
    expect([routes(), scene.station.read()?.doubts]).toEqual([0, 1]);
  });
});
