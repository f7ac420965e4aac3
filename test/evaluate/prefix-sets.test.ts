// Prefixes that only one link of a peering receives.

import { describe, expect, it } from "vitest";
import { at } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;
type Counts = Readonly<Record<"primary" | "secondary", number>>;

interface Play {
  readonly s: Scene;
  received: Counts;
  missing: Counts;
  isPostPolicy: boolean;
}

function withSets(): Play {
  const s = scene();
  const play: Play = {
    s,
    received: { primary: 9, secondary: 9 },
    missing: { primary: 0, secondary: 0 },
    isPostPolicy: false,
  };
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => [
      { kind: "bmpConnection", router, at: now, connected: true, since: at(0), detail: "", unconfigured: [] },
      { kind: "bmpPrefixes", router, remoteAddress, at: now, families: [] },
      {
        kind: "bmpSets",
        circuit: "ams-1",
        peering: "azurePrivate",
        at: now,
        isPostPolicy: play.isPostPolicy,
        families: [
          {
            family: "ipv4",
            received: play.received,
            missing: play.missing,
            examples: {
              primary: play.missing.primary > 0 ? ["10.1.0.0/16"] : [],
              secondary: play.missing.secondary > 0 ? ["10.2.0.0/16"] : [],
            },
          },
        ],
      },
    ];
  }
  return play;
}

const conditionOf = (s: Scene, link: "primary" | "secondary") =>
  s.path(link).conditions.find(({ check }) => check === "prefixes");

describe("prefixes that only one link has", () => {
  it("are a note after half a minute, with some of them named", () => {
    const play = withSets();
    play.s.play(10);
    play.missing = { primary: 0, secondary: 2 };
    play.s.play(29);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "pending" });
    play.s.play(5);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "firing", effect: "none", owner: "microsoft" });
    expect(conditionOf(play.s, "secondary")?.evidence).toBe(
      "the secondary link of ams-1 does not have 2 ipv4 prefixes (10.2.0.0/16, …) of 9 that the primary link has",
    );
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
    expect(play.s.path("secondary")).toMatchObject({ state: "up", reasons: [] });
    play.missing = { primary: 0, secondary: 0 };
    play.s.play(15);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
  });

  it("degrade a link that has none at all", () => {
    const play = withSets();
    play.s.play(10);
    play.received = { primary: 9, secondary: 0 };
    play.missing = { primary: 0, secondary: 9 };
    play.s.play(35);
    expect(play.s.path("secondary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "prefixesMissing", owner: "microsoft" }],
    });
    expect(play.s.path("primary").state).toBe("up");
  });

  it("may be the router's own policy, where BMP tells what is behind it", () => {
    const play = withSets();
    play.isPostPolicy = true;
    play.missing = { primary: 1, secondary: 0 };
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing", owner: "unknown" });
  });

  it("are not known while a session is down, or no BMP tells", () => {
    const quiet = scene();
    quiet.play(5);
    expect(conditionOf(quiet, "primary")).toBeUndefined();
    const play = withSets();
    play.s.play(5);
    play.s.secondary.session = { state: "idle" };
    play.missing = { primary: 0, secondary: 9 };
    play.s.play(60);
    expect(conditionOf(play.s, "secondary")).toMatchObject({ state: "unknown" });
    expect(play.s.path("secondary").reasons.map(({ cause }) => cause)).toEqual(["sessionDown"]);
  });
});
