// Which way the routers take to declared prefixes.

import { describe, expect, it } from "vitest";
import type { BestRoute } from "../../agent/estate/best-path.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import { declaring } from "../support/declared.ts";
import { estate as anEstate, at, circuit } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

type Link = "primary" | "secondary";
const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;
const msees = { primary: "172.16.0.2", secondary: "172.16.0.6" } as const;
/** Addresses by which each router is polled, and known to its sibling. */
const loopbacks = { primary: "10.255.0.11", secondary: "10.255.0.12" } as const;
const vnet = "10.60.0.0/16";

/** The next hops of each router; undefined: it tells nothing; "none": it has no route. */
type Hops = readonly string[] | "none" | undefined;

function routing(of: Estate = declaring(anEstate(), [vnet]), source: "bmp" | "snmp" = "snmp") {
  const s = scene(of);
  const play = { s, primary: [msees.primary] as Hops, secondary: [msees.secondary] as Hops, matched: vnet };
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => {
      const hops = play[link];
      if (hops === undefined) return [];
      const route: BestRoute =
        hops === "none"
          ? { prefix: vnet, matched: undefined, nextHops: [] }
          : { prefix: vnet, matched: play.matched, nextHops: hops };
      return [{ kind: "bestPaths", router, remoteAddress, at: now, source, routes: [route] }];
    };
  }
  return play;
}
const conditionOf = (s: Scene, link: Link) => s.path(link).conditions.find(({ check }) => check === "bestPath");

describe("the way that routers take", () => {
  it("is as it should be while each prefers its own link", () => {
    const play = routing();
    play.s.play(130);
    for (const link of ["primary", "secondary"] as const) {
      expect(conditionOf(play.s, link)).toMatchObject({ state: "inactive" });
    }
  });

  it("is noted when both stay on the secondary link though the primary is well: running on backup", () => {
    const play = routing();
    play.s.play(5);
    // By iBGP with next-hop-self the other router is the next hop, and goes on by its own link.
    play.primary = [loopbacks.secondary];
    play.s.play(115);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "pending" });
    play.s.play(10);
    expect(conditionOf(play.s, "primary")).toMatchObject({
      state: "firing",
      effect: "none",
      cause: "runningOnBackup",
      owner: "customer",
    });
    expect(conditionOf(play.s, "primary")?.evidence).toBe(
      "10.60.0.0/16 (next hop 10.255.0.12) leaves ams-ce1 and ams-ce2 over the secondary link, though the primary link of ams-1 is up and not drained",
    );
    expect(play.s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
    play.primary = [msees.primary];
    play.s.play(15);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
  });

  it("is noted when both use the primary: the secondary is idle", () => {
    const play = routing();
    // Without next-hop-self the far end of the other link is the next hop.
    play.secondary = [msees.primary];
    play.s.play(125);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "firing", effect: "none", cause: "pathIdle" });
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
  });

  it("is as it should be over the primary alone where the secondary is only to stand by", () => {
    const play = routing(declaring(anEstate(), [vnet], { use: "activePassive" }));
    play.secondary = [loopbacks.primary];
    play.s.play(125);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
    play.primary = [msees.secondary];
    play.secondary = undefined;
    play.s.play(125);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing", cause: "runningOnBackup" });
  });

  it("is no note while Microsoft drains the own link", () => {
    const play = routing();
    const polled = play.s.primary.tells;
    const prepended = (times: number) => Array.from({ length: 32 }, (_, n) => (n === times ? 4 : 0));
    let times = 1;
    play.s.primary.tells = (remoteAddress, now) => [
      ...polled(remoteAddress, now),
      {
        kind: "bmpConnection",
        router: "ams-ce1",
        at: now,
        connected: true,
        since: at(0),
        detail: "",
        unconfigured: [],
      },
      {
        kind: "bmpPrefixes",
        router: "ams-ce1",
        remoteAddress,
        at: now,
        families: [
          {
            family: "ipv4",
            received: 4,
            accepted: 4,
            advertised: 1,
            hasDefault: false,
            prepends: prepended(times),
          },
        ],
      },
    ];
    play.s.play(5);
    times = 9;
    play.primary = [loopbacks.secondary];
    play.s.play(150);
    expect(play.s.path("primary").conditions.find(({ check }) => check === "drain")).toMatchObject({ state: "firing" });
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
  });

  it("is no note while the own link is down", () => {
    const play = routing();
    play.s.primary.session = { state: "idle" };
    play.primary = [loopbacks.secondary];
    play.s.play(150);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
  });

  it("is noted when it is by no link of the circuit, or there is none", () => {
    const play = routing();
    play.primary = ["192.0.2.99"];
    play.matched = "0.0.0.0/0";
    play.secondary = "none";
    play.s.play(125);
    expect(conditionOf(play.s, "primary")).toMatchObject({
      state: "firing",
      effect: "none",
      cause: "bestPathElsewhere",
    });
    expect(conditionOf(play.s, "primary")?.evidence).toBe(
      "ams-ce1 sends by no link of ams-1, by no other circuit of which it is declared, and to no configured router: 10.60.0.0/16 (by the route 0.0.0.0/0, next hop 192.0.2.99)",
    );
    expect(conditionOf(play.s, "secondary")?.evidence).toContain("10.60.0.0/16 (no route)");
  });

  it("may lead over another circuit of which the prefix is declared", () => {
    const second = circuit({ name: "ams-2" });
    const peerings = second.peerings.map((peering) => {
      const path = (link: Link, remoteAddress: string) => ({
        ...peering.paths[link],
        circuit: "ams-2",
        session: { localAddress: undefined, remoteAddress, remoteAsn: 12076 },
        msee: remoteAddress,
      });
      return {
        ...peering,
        paths: { primary: path("primary", "172.16.9.2"), secondary: path("secondary", "172.16.9.6") },
      };
    });
    const base = anEstate();
    const both = { ...base, circuits: new Map([...base.circuits, ["ams-2", { ...second, peerings }]]) };
    const play = routing(declaring(both, [vnet]));
    play.primary = ["172.16.9.2"];
    play.s.play(125);
    const of = (circuitName: string) =>
      play.s
        .latest()
        .paths.find(({ path }) => path.circuit === circuitName && path.link === "primary")
        ?.conditions.find(({ check }) => check === "bestPath");
    expect(of("ams-1")).toMatchObject({ state: "inactive" });
  });

  it("is not known where the sibling that it leads to tells nothing, where nobody tells, and once it is old", () => {
    const play = routing();
    play.primary = [loopbacks.secondary];
    play.secondary = undefined;
    play.s.play(125);
    expect(conditionOf(play.s, "primary")).toBeUndefined();
    play.primary = [msees.secondary];
    play.secondary = [msees.secondary];
    play.s.play(125);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing" });
    // What fired stays until it is seen to end; a path that never fired is then unknown.
    play.primary = play.secondary = undefined;
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing" });
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "unknown" });
  });

  it("is what BMP tells, before what SNMP tells, while its connection stands", () => {
    const play = routing();
    let connected = true;
    const polled = play.s.primary.tells;
    play.primary = [msees.primary];
    play.s.primary.tells = (remoteAddress, now) => [
      ...polled(remoteAddress, now),
      { kind: "bmpConnection", router: "ams-ce1", at: now, connected, since: at(0), detail: "", unconfigured: [] },
      {
        kind: "bestPaths",
        router: "ams-ce1",
        remoteAddress,
        at: now,
        source: "bmp",
        routes: [{ prefix: vnet, matched: vnet, nextHops: [msees.secondary] }],
      },
    ];
    play.s.play(125);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing" });
    connected = false;
    play.s.play(15);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
  });
});
