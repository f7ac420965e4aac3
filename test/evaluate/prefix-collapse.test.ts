// A session that stays up and loses its prefixes.

import { describe, expect, it } from "vitest";
import { learnCount } from "../../agent/evaluate/prefix-collapse.ts";
import { at } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

type Link = "primary" | "secondary";
const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;

function receiving(): { readonly s: Scene; received: Record<Link, number | undefined> } {
  const s = scene();
  const play = { s, received: { primary: 10, secondary: 10 } as Record<Link, number | undefined> };
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => {
      const counts = { received: play.received[link], accepted: undefined, active: undefined, advertised: undefined };
      return [{ kind: "prefixes", router, remoteAddress, at: now, families: [{ family: "ipv4", ...counts }] }];
    };
  }
  return play;
}
const conditionOf = (s: Scene, link: Link) => s.path(link).conditions.find(({ check }) => check === "prefixCount");

describe("prefixes that a session usually receives", () => {
  it("degrade the path when all of them are gone, and name Microsoft where the other link has them", () => {
    const play = receiving();
    play.s.play(10);
    play.received.primary = 0;
    play.s.play(25);
    expect(play.s.path("primary").state).toBe("up");
    play.s.play(10);
    expect(play.s.path("primary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "prefixesCollapsed", owner: "microsoft" }],
    });
    expect(play.s.path("primary").reasons[0]?.evidence).toBe(
      "BGP session of ams-ce1 with 172.16.0.2 is established and receives 0 ipv4 prefixes instead of 10; the secondary link still has them",
    );
    expect(play.s.path("secondary").state).toBe("up");
    play.received.primary = 9;
    play.s.play(15);
    expect(play.s.path("primary")).toMatchObject({ state: "up", reasons: [] });
  });

  it("do not name Microsoft when they are gone on both links", () => {
    const play = receiving();
    play.s.play(10);
    play.received = { primary: 0, secondary: 0 };
    play.s.play(35);
    for (const link of ["primary", "secondary"] as const) {
      expect(play.s.path(link)).toMatchObject({ state: "degraded", reasons: [{ owner: "unknown" }] });
    }
  });

  it("are a note when fewer than half are left, and nothing when more are", () => {
    const play = receiving();
    play.s.play(10);
    play.received.primary = 5;
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
    play.received.primary = 4;
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing", effect: "none" });
    expect(play.s.path("primary").state).toBe("up");
  });

  it("are not missed while the session is down, nor right after it came up", () => {
    const play = receiving();
    play.s.play(10);
    play.s.primary.session = { state: "idle" };
    play.received.primary = 0;
    play.s.play(60);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "unknown" });
    expect(play.s.path("primary").reasons.map(({ cause }) => cause)).toEqual(["sessionDown"]);
    play.s.primary.session = { establishedSeconds: 5 };
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "unknown" });
    play.s.primary.session = { establishedSeconds: 100 };
    play.s.play(40);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "firing" });
  });

  it("are not judged where nobody counts them", () => {
    const play = receiving();
    play.received = { primary: undefined, secondary: undefined };
    play.s.play(10);
    expect(conditionOf(play.s, "primary")).toMatchObject({ state: "inactive" });
    const quiet = scene();
    quiet.play(10);
    expect(conditionOf(quiet, "primary")).toBeUndefined();
  });
});

describe("what is usual", () => {
  it("grows at once, and shrinks by more than half only after a day", () => {
    const first = learnCount(undefined, 10, at(0));
    expect(learnCount(first, 12, at(1))).toEqual({ usual: 12, fewerSince: undefined });
    const fewer = learnCount(first, 4, at(2));
    expect(fewer).toEqual({ usual: 10, fewerSince: at(2) });
    expect(learnCount(fewer, 4, at(3))).toEqual(fewer);
    expect(learnCount(fewer, 8, at(4))).toEqual({ usual: 10, fewerSince: undefined });
    expect(learnCount(fewer, 4, at(2 + 86_400))).toEqual({ usual: 4, fewerSince: undefined });
  });
});
