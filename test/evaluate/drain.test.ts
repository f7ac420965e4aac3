// Microsoft drains a link: a note while the traffic is safe on the other one, and degraded where it is not.

import { describe, expect, it } from "vitest";
import { learnUsual } from "../../agent/evaluate/drain.ts";
import { at } from "../support/estate.ts";
import { noCounters } from "../support/interfaces.ts";
import { type Scene, scene } from "./scene.ts";

type Link = "primary" | "secondary";
const routerOf = { primary: "ams-ce1", secondary: "ams-ce2" } as const;

/** Routes by how often 12076 stands in front. */
const routes = (byRun: Readonly<Record<number, number>>) => {
  const prepends = Array<number>(32).fill(0);
  for (const [run, n] of Object.entries(byRun)) prepends[Number(run)] = n;
  return prepends;
};

/** BMP and traffic of both links, which a test changes as it goes on. */
function withBmp(): { readonly s: Scene; prepends: Record<Link, readonly number[]>; megabytes: Record<Link, number> } {
  const s = scene();
  const play = {
    s,
    prepends: { primary: routes({ 1: 4 }), secondary: routes({ 1: 4 }) },
    megabytes: { primary: 1, secondary: 1 },
  };
  const sum = { primary: 0, secondary: 0 };
  for (const link of ["primary", "secondary"] as const) {
    const router = routerOf[link];
    s[link].tells = (remoteAddress, now) => {
      sum[link] += play.megabytes[link] * 1e6;
      const counters = { ...noCounters, receiveBytes: BigInt(sum[link]), transmitBytes: BigInt(sum[link]) };
      // At the next poll.
      s[link].interface = { counters };
      const family = { family: "ipv4", received: 4, accepted: 4, advertised: 1, hasDefault: false } as const;
      return [
        { kind: "bmpConnection", router, at: now, connected: true, since: at(0), detail: "", unconfigured: [] },
        {
          kind: "bmpPrefixes",
          router,
          remoteAddress,
          at: now,
          families: [{ ...family, prepends: play.prepends[link] }],
        },
      ];
    };
  }
  return play;
}

const drainOf = (s: Scene, link: Link) => s.path(link).conditions.find(({ check }) => check === "drain");
const eight = routes({ 9: 4 });

describe("a drain", () => {
  it("is noted, and harms nothing, while the other link is up and the traffic moves there", () => {
    const play = withBmp();
    play.s.play(30);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
    play.prepends.secondary = eight;
    play.megabytes = { primary: 2, secondary: 0.01 };
    play.s.play(120);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "firing", effect: "none", owner: "microsoft" });
    expect(drainOf(play.s, "secondary")?.evidence).toBe(
      "Microsoft is draining the secondary link of ams-1: its ASN stands 9 times in the path of 4 of 4 prefixes, usually once; the primary link is up, 100 % of the traffic is there",
    );
    expect(drainOf(play.s, "primary")).toMatchObject({ state: "inactive" });
    expect(play.s.states("secondary")).toEqual(["up"]);
    expect(play.s.redundancy().redundancy).toBe("redundant");
    play.prepends.secondary = routes({ 1: 4 });
    play.s.play(30);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
  });

  it("degrades the path when the traffic does not move", () => {
    const play = withBmp();
    play.s.play(30);
    play.prepends.secondary = eight;
    play.s.play(50);
    expect(play.s.path("secondary").state).toBe("up");
    play.s.play(30);
    expect(play.s.path("secondary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "linkDraining", owner: "customer" }],
    });
    expect(play.s.path("secondary").reasons[0]?.evidence).toContain(
      "the traffic did not move: this link still carries 50 %",
    );
    const { transitions, since } = play.s.path("secondary");
    play.s.play(10);
    expect(play.s.path("secondary")).toMatchObject({ state: "degraded", transitions, since });
    play.megabytes = { primary: 2, secondary: 0.01 };
    play.s.play(30);
    expect(play.s.path("secondary")).toMatchObject({ state: "up", reasons: [] });
  });

  it("does not say that traffic stayed where its rate is not known any more", () => {
    const play = withBmp();
    play.s.play(30);
    const { tells } = play.s.secondary;
    play.prepends.secondary = eight;
    // The interface is not seen any more: its last rate is of the time before.
    play.s.secondary.tells = (remote, now) => {
      const told = tells(remote, now);
      play.s.secondary.interface = "absent";
      return told;
    };
    play.s.play(100);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "firing", effect: "none" });
  });

  it("degrades the path when the other link is not there to take the traffic", () => {
    const play = withBmp();
    play.s.play(30);
    play.s.primary.session = { state: "idle" };
    play.prepends.secondary = eight;
    play.s.play(5);
    expect(play.s.path("secondary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "linkDraining", owner: "microsoft" }],
    });
    expect(play.s.path("secondary").reasons[0]?.evidence).toContain(
      "the primary link, which is to carry the traffic, is down",
    );
  });

  it("is not what a few prefixes with long paths are", () => {
    const play = withBmp();
    play.s.play(10);
    play.prepends.secondary = routes({ 1: 3, 9: 1 });
    play.s.play(10);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
    play.prepends.secondary = routes({ 3: 4 });
    play.s.play(10);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "inactive" });
  });

  it("is not known where BMP tells nothing, and goes on while it is lost", () => {
    const quiet = scene();
    quiet.play(10);
    expect(drainOf(quiet, "primary")).toBeUndefined();
    const play = withBmp();
    play.s.play(10);
    play.prepends.secondary = eight;
    play.s.play(5);
    play.s.secondary.tells = (_, now) => [
      { kind: "bmpConnection", router: "ams-ce2", at: now, connected: false, since: now, detail: "", unconfigured: [] },
    ];
    play.s.play(60);
    expect(drainOf(play.s, "secondary")).toMatchObject({ state: "firing" });
  });

  it("is measured against what is usual for the path, however long that is", () => {
    const play = withBmp();
    play.prepends.primary = routes({ 3: 4 });
    play.s.play(10);
    play.prepends.primary = routes({ 11: 4 });
    play.s.play(5);
    expect(drainOf(play.s, "primary")?.evidence).toContain("11 times in the path of 4 of 4 prefixes, usually 3 times");
  });
});

describe("what is usual", () => {
  const day = 86_400;
  it("is what was seen first, and what is shorter than that", () => {
    const first = learnUsual(undefined, routes({ 9: 4 }), at(0));
    expect(first).toEqual({ usual: 9, longerSince: undefined });
    // The agent started during a drain: when that ends, it knows better.
    expect(learnUsual(first, routes({ 1: 4 }), at(1))).toEqual({ usual: 1, longerSince: undefined });
  });

  it("becomes longer only after a day, and not while there are no routes", () => {
    const usual = { usual: 1, longerSince: undefined };
    const raised = learnUsual(usual, routes({ 9: 4 }), at(10));
    expect(raised).toEqual({ usual: 1, longerSince: at(10) });
    expect(learnUsual(raised, routes({ 9: 4 }), at(9 + day))).toEqual(raised);
    expect(learnUsual(raised, routes({ 9: 4 }), at(10 + day))).toEqual({ usual: 9, longerSince: undefined });
    expect(learnUsual(raised, routes({}), at(20))).toEqual(raised);
    expect(learnUsual(undefined, routes({ 0: 4 }), at(0))).toBeUndefined();
  });
});
