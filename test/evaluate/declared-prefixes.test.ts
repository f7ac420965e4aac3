// Prefixes that are declared of a peering, and the default route.

import { describe, expect, it } from "vitest";
import type { BmpPrefixesObservation } from "../../agent/estate/bmp-observation.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import type { Check } from "../../agent/estate/judgement.ts";
import { learnDefault } from "../../agent/evaluate/default-route.ts";
import { declaring } from "../support/declared.ts";
import { estate as anEstate, at } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

type Link = "primary" | "secondary";
type Missing = NonNullable<BmpPrefixesObservation["families"][number]["missing"]>;
const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;
const all: Missing = { received: [], accepted: [], advertised: [] };
const [vnet, other] = ["10.60.0.0/16", "10.61.0.0/16"];
const declared = declaring(anEstate(), [vnet, other], { advertised: ["10.10.0.0/24", "0.0.0.0/0"] });

interface Told {
  missing: Missing | undefined;
  hasDefault: boolean;
}

/** BMP tells what each link lacks, at each poll; `undefined` tells of no family. */
function telling(of: Estate = declared) {
  const s = scene(of);
  const play = {
    s,
    primary: { missing: all, hasDefault: false } as Told,
    secondary: { missing: all, hasDefault: false } as Told,
    connected: true,
  };
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => {
      const { missing, hasDefault } = play[link];
      const counts = { received: 9, accepted: 9, advertised: 1, hasDefault, prepends: [] };
      const families = missing === undefined ? [] : [{ family: "ipv4" as const, ...counts, missing }];
      return [
        {
          kind: "bmpConnection",
          router,
          at: now,
          connected: play.connected,
          since: at(0),
          detail: "",
          unconfigured: [],
        },
        { kind: "bmpPrefixes", router, remoteAddress, at: now, families },
      ];
    };
  }
  return play;
}

const conditionOf = (s: Scene, link: Link, check: Check) => s.path(link).conditions.find((one) => one.check === check);
const received = (s: Scene, link: Link) => conditionOf(s, link, "declaredReceived");

describe("a declared prefix that is not received", () => {
  it("degrades the path when the other link has it, and names it and Microsoft", () => {
    const play = telling();
    play.s.play(10);
    expect(received(play.s, "primary")).toMatchObject({ state: "inactive" });
    play.primary.missing = { ...all, received: [vnet], accepted: [vnet] };
    play.s.play(25);
    expect(play.s.path("primary").state).toBe("up");
    play.s.play(10);
    expect(play.s.path("primary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "declaredNotReceived", owner: "microsoft" }],
    });
    expect(play.s.path("primary").reasons[0]?.evidence).toBe(
      "ams-ce1 does not receive 10.60.0.0/16, declared, from 172.16.0.2 over the primary link of ams-1; the secondary link has it",
    );
    expect(play.s.path("secondary").state).toBe("up");
    play.primary.missing = all;
    play.s.play(15);
    expect(play.s.path("primary")).toMatchObject({ state: "up", reasons: [] });
  });

  it("is a note when neither link has it and others are there, and degrades both when all are missing", () => {
    const play = telling();
    play.primary.missing = play.secondary.missing = { ...all, received: [vnet], accepted: [vnet] };
    play.s.play(40);
    expect(play.s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(received(play.s, "primary")).toMatchObject({ state: "firing", effect: "none", owner: "unknown" });
    expect(received(play.s, "primary")?.evidence).toContain("; neither does the secondary link");
    play.primary.missing = play.secondary.missing = { ...all, received: [vnet, other], accepted: [vnet, other] };
    play.s.play(5);
    for (const link of ["primary", "secondary"] as const) {
      expect(play.s.path(link)).toMatchObject({ state: "degraded", reasons: [{ owner: "unknown" }] });
    }
  });

  it("is our own doing where it came and our policy refused it", () => {
    const play = telling();
    play.primary.missing = { ...all, received: [], accepted: [other] };
    play.s.play(40);
    expect(play.s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ owner: "customer" }] });
    expect(play.s.path("primary").reasons[0]?.evidence).toContain("its own inbound policy refuses 10.61.0.0/16");
  });

  it("is nobody's where only what our policy left is told", () => {
    const play = telling();
    play.primary.missing = { received: undefined, accepted: [other], advertised: undefined };
    play.s.play(40);
    expect(play.s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ owner: "unknown" }] });
  });

  it("is not judged while the session is down, while nobody tells, or of a family that is not told", () => {
    const play = telling();
    play.primary.missing = { ...all, received: [vnet], accepted: [vnet] };
    play.s.primary.session = { state: "idle" };
    play.s.play(60);
    expect(received(play.s, "primary")).toBeUndefined();
    expect(play.s.path("primary").reasons.map(({ cause }) => cause)).toEqual(["sessionDown"]);
    play.s.primary.session = {};
    play.s.play(20);
    expect(received(play.s, "primary")).toMatchObject({ state: "pending" });
    play.connected = false;
    play.s.play(40);
    expect(received(play.s, "primary")).toMatchObject({ state: "unknown" });
    expect(play.s.path("primary").state).toBe("up");
    play.connected = true;
    play.primary.missing = undefined;
    play.s.play(40);
    expect(received(play.s, "primary")).toMatchObject({ state: "unknown" });
  });

  it("is not covered where no BMP tells of prefixes, and is said to be", () => {
    const s = scene(declared);
    s.play(5);
    expect(s.path("primary").notCovered).toEqual([
      "which declared prefixes are received: no BMP tells it",
      "which declared prefixes are advertised: no BMP tells it (Adj-RIB-Out)",
    ]);
    const play = telling();
    play.s.play(5);
    expect(play.s.path("primary").notCovered).toEqual([]);
  });

  it("keeps what fired while nobody tells, and makes no condition where nothing is declared", () => {
    const play = telling();
    play.primary.missing = { ...all, received: [vnet], accepted: [vnet] };
    play.s.play(40);
    play.connected = false;
    play.s.play(30);
    expect(play.s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ cause: "declaredNotReceived" }] });
    const none = telling(anEstate());
    none.s.play(40);
    expect(received(none.s, "primary")).toBeUndefined();
  });
});

describe("a declared prefix that we do not announce", () => {
  it("degrades the link that lacks it, and is ours", () => {
    const play = telling();
    play.secondary.missing = { ...all, advertised: ["10.10.0.0/24"] };
    play.s.play(40);
    expect(play.s.path("secondary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "declaredNotAdvertised", owner: "customer" }],
    });
    expect(play.s.path("secondary").reasons[0]?.evidence).toBe(
      "ams-ce2 does not announce 10.10.0.0/24, declared, to 172.16.0.6 over the secondary link of ams-1; the primary link has it",
    );
  });

  it("degrades both links when it is the default route, for Azure's hosts then go another way", () => {
    const play = telling();
    play.primary.missing = play.secondary.missing = { ...all, advertised: ["0.0.0.0/0"] };
    play.s.play(40);
    expect(play.s.path("primary")).toMatchObject({ state: "degraded", reasons: [{ owner: "customer" }] });
    expect(play.s.path("primary").reasons[0]?.evidence).toContain("Azure's hosts go to the internet");
  });
});

describe("the default route", () => {
  const noted = (s: Scene) => conditionOf(s, "primary", "defaultRoute");

  it("is a note when it appears though it is not declared", () => {
    const play = telling();
    play.s.play(40);
    expect(noted(play.s)).toMatchObject({ state: "inactive" });
    play.primary.hasDefault = true;
    play.s.play(12);
    expect(noted(play.s)).toMatchObject({ state: "firing", effect: "none", cause: "defaultRouteAppeared" });
    expect(noted(play.s)?.evidence).toContain("172.16.0.2 (the primary link of ams-1), which is not declared");
    expect(play.s.path("primary").state).toBe("up");
  });

  it("is no note while it is declared", () => {
    const play = telling(declaring(anEstate(), ["0.0.0.0/0"]));
    play.primary.hasDefault = true;
    play.s.play(60);
    expect(noted(play.s)).toMatchObject({ state: "inactive" });
  });

  it("is a note when it goes where it usually is, though nothing is declared; what came with the rest is usual", () => {
    const play = telling(anEstate());
    play.s.play(20);
    // The router tells its table for a while.
    play.primary.hasDefault = true;
    play.s.play(40);
    expect(noted(play.s)).toMatchObject({ state: "inactive" });
    play.primary.hasDefault = false;
    play.s.play(12);
    expect(noted(play.s)).toMatchObject({ state: "firing", effect: "none", cause: "defaultRouteGone" });
    play.primary.hasDefault = true;
    play.s.play(15);
    expect(noted(play.s)).toMatchObject({ state: "inactive" });
  });

  it("is usual after a day", () => {
    const first = learnDefault(undefined, false, at(1));
    expect(first).toEqual({ usual: false, otherSince: undefined });
    const then = learnDefault(first, true, at(2));
    expect(then).toEqual({ usual: false, otherSince: at(2) });
    expect(learnDefault(then, true, at(2 + 86_399))).toEqual(then);
    expect(learnDefault(then, true, at(2 + 86_400))).toEqual({ usual: true, otherSince: undefined });
    expect(learnDefault(then, false, at(5))).toEqual(first);
  });
});
