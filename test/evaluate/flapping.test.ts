// A session that comes and goes is one incident, from its third drop on until it has been quiet.

import { describe, expect, it } from "vitest";
import type { Estate } from "../../agent/estate/estate.ts";
import type { SessionRules } from "../../agent/estate/session-rules.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { circuit, estate } from "../support/estate.ts";
import { type Scene, scene } from "./scene.ts";

const rules: SessionRules = {
  slowestDetection: seconds(30),
  flapping: { drops: 3, within: seconds(600), quiet: seconds(900) },
};

type Link = "primary" | "secondary";

interface Play {
  readonly s: Scene;
  /** Down for `s` seconds and up again, as the router tells it. */
  drop(link: Link, s: number): void;
  /** Plays, and notes how the redundancy changes. */
  play(s: number): void;
  /** What the redundancy was, one after the other. */
  readonly course: string[];
}

function flapScene(of: Estate = { ...estate(), sessions: rules }): Play {
  const s = scene(of);
  const starts = { primary: 1, secondary: 1 };
  const course: string[] = [];
  const play = (span: number) => {
    for (let left = span; left > 0; left--) {
      s.play(1);
      const { redundancy } = s.redundancy();
      if (course.at(-1) !== redundancy) course.push(redundancy);
    }
  };
  return {
    s,
    course,
    play,
    drop(link, span) {
      s[link].session = { state: "idle", establishedTransitions: starts[link], establishedSeconds: 0 };
      play(span);
      starts[link] += 1;
      s[link].session = { establishedTransitions: starts[link], establishedSeconds: 1 };
      play(1);
      s[link].session = { establishedTransitions: starts[link], establishedSeconds: 1_000 };
    },
  };
}

const flappingOf = (s: Scene, link: Link) => s.path(link).conditions.find(({ check }) => check === "flapping");

describe("a session that flaps", () => {
  it("is one incident from its third drop on, whatever follows, and ends after the quiet time", () => {
    const { s, drop, play, course } = flapScene();
    play(20);
    for (let i = 0; i < 10; i++) {
      drop("primary", 5);
      play(60);
      const between = s.path("primary");
      expect(between.state, `after drop ${i + 1}`).toBe(i < 2 ? "up" : "degraded");
    }
    expect(course).toEqual(["redundant", "reduced", "redundant", "reduced", "redundant", "reduced"]);
    expect(s.path("primary").reasons).toMatchObject([{ cause: "sessionFlapping", owner: "providerOrMicrosoft" }]);
    expect(s.path("primary").reasons[0]?.evidence).toBe(
      "BGP session of ams-ce1 with 172.16.0.2 (AS 12076) dropped 9 times in 10m; it is steady after 15m without a drop",
    );
    expect(s.redundancy().reason).toContain("primary degraded: BGP session of ams-ce1");
    play(830);
    // Ten minutes are long gone, and it has not been quiet for fifteen.
    expect(s.path("primary").state).toBe("degraded");
    expect(flappingOf(s, "primary")?.evidence).toContain("was flapping");
    play(20);
    expect(s.path("primary")).toMatchObject({ state: "up", reasons: [] });
    expect(s.redundancy().redundancy).toBe("redundant");
    expect(course).toHaveLength(7);
    expect(s.path("secondary").transitions).toBe(0);
  });

  it("ends when it has been quiet, however many drops the window still has", () => {
    const short = { ...rules, flapping: { ...rules.flapping, quiet: seconds(30) } };
    const { s, drop, play } = flapScene({ ...estate(), sessions: short });
    play(20);
    for (let i = 0; i < 5; i++) drop("primary", 5);
    play(20);
    expect(s.path("primary").state).toBe("degraded");
    play(10);
    expect(s.path("primary").state).toBe("up");
    // The next one is not alone: three in ten minutes.
    drop("primary", 5);
    play(12);
    expect(s.path("primary").state).toBe("degraded");
  });

  it("is down while it is down, with that as the cause, and flapping beside it", () => {
    const { s, drop, play } = flapScene();
    play(20);
    for (let i = 0; i < 3; i++) drop("primary", 5);
    s.primary.session = { state: "idle", establishedTransitions: 4, lastError: [4, 0] };
    play(3);
    expect(s.path("primary").state).toBe("down");
    expect(s.path("primary").reasons.map(({ cause }) => cause)).toEqual(["sessionDown", "sessionFlapping"]);
  });

  it("loses the circuit once, not at each drop, when the other link is down for good", () => {
    const { s, drop, play, course } = flapScene();
    play(20);
    for (let i = 0; i < 3; i++) drop("primary", 5);
    s.secondary.session = { state: "idle" };
    for (let i = 0; i < 5; i++) {
      play(60);
      drop("primary", 15);
    }
    expect(course.slice(-2)).toEqual(["reduced", "lost"]);
    s.secondary.session = {};
    play(30);
    expect(s.redundancy().redundancy).toBe("reduced");
  });

  it("is not judged by drops that are far apart, nor where nothing is said of it", () => {
    const apart = flapScene();
    const silent = flapScene(estate());
    for (const { drop, play } of [apart, silent]) {
      play(20);
      drop("primary", 2);
    }
    for (let i = 0; i < 3; i++) {
      apart.play(320);
      apart.drop("primary", 2);
      silent.drop("primary", 2);
    }
    apart.play(20);
    silent.play(20);
    expect(apart.s.path("primary")).toMatchObject({ state: "up" });
    expect(flappingOf(silent.s, "primary")).toBeUndefined();
    expect(silent.s.path("primary").state).toBe("up");
  });

  it("is seen though no poll ever met it down", () => {
    const { s, play } = flapScene();
    play(20);
    for (let starts = 2; starts <= 4; starts++) {
      s.primary.session = { establishedTransitions: starts, establishedSeconds: 1 };
      play(1);
      s.primary.session = { establishedTransitions: starts, establishedSeconds: 1_000 };
      play(20);
    }
    expect(s.states("primary")).toEqual(["up", "degraded"]);
  });

  it("of a provider's edge is the provider's, and one whose interface flaps is the interface's", () => {
    const provider = flapScene({
      ...estate(),
      sessions: rules,
      circuits: new Map([["ams-1", circuit({ connectivityModel: "anyToAny" })]]),
    });
    provider.play(20);
    for (let i = 0; i < 3; i++) provider.drop("primary", 2);
    expect(flappingOf(provider.s, "primary")).toMatchObject({ state: "firing", owner: "provider" });

    const { s, play } = flapScene();
    play(20);
    for (let i = 0; i < 3; i++) {
      s.primary.interface = { operStatus: "down" };
      play(3);
      s.primary.interface = {};
      play(20);
    }
    expect(s.path("primary")).toMatchObject({
      state: "degraded",
      reasons: [{ cause: "interfaceFlapping", owner: "customerOrProvider" }],
    });
    expect(s.path("primary").reasons[0]?.evidence).toContain("interface ams-ce1 er0 dropped 3 times in 10m");
  });
});
