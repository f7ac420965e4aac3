import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import type { Judgement } from "../../agent/estate/judgement.ts";
import { pollGroups } from "../../agent/estate/observation.ts";
import { judge, judgeInSteps } from "../../agent/evaluate/judge.ts";
import { createJudging } from "../../agent/evaluate/judging.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { inOne } from "../../agent/lib/slices.ts";
import { createState } from "../../agent/state/state.ts";
import { createFakeClock } from "../support/clock.ts";
import { at, estate } from "../support/estate.ts";
import { reading } from "../support/interfaces.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

function answered(s: number) {
  const state = createState({ keep: seconds(60) });
  for (const router of estate().routers.keys()) {
    for (const group of pollGroups) {
      state.observe({ kind: "poll", router, group, at: at(s), result: "ok", detail: "", seconds: 0.02 });
    }
  }
  for (const { router, session } of pathsOf(estate())) {
    state.observe(reading(s, { router }));
    const established = { state: "established", adminUp: true, remoteAsn: 12076, establishedTransitions: 3 } as const;
    const seen = { ...established, establishedSeconds: 60, lastError: [0, 0] as const };
    const { remoteAddress } = session;
    state.observe({ kind: "session", router, remoteAddress, at: at(s), present: true, ...seen });
  }
  return state;
}

describe("a judgement", () => {
  it("in steps is the one that is made at once", () => {
    const one = estate();
    const state = answered(10);
    const first = judge(one, state, undefined, at(11));
    expect(inOne(judgeInSteps(one, state, undefined, at(11)))).toEqual(first);
    // A step for each circuit and each router: none is long, however many there are.
    expect([...judgeInSteps(one, state, undefined, at(11))]).toHaveLength(one.circuits.size + one.routers.size);
  });

  it("keeps the verdicts that say what they said, and only those", () => {
    const one = estate();
    const state = answered(10);
    const first = judge(one, state, undefined, at(11));
    const same = judge(one, state, first, at(12));
    expect(same.routers.map((verdict, i) => verdict === first.routers[i])).toEqual([true, true]);
    expect(same.paths.map((verdict, i) => verdict === first.paths[i])).toEqual([true, true]);
    const [router = ""] = one.routers.keys();
    state.observe({ kind: "interface", router, interface: "er0", at: at(12), present: false });
    const other = judge(one, state, same, at(13));
    expect(other.paths.map((verdict, i) => verdict === same.paths[i])).toEqual([false, true]);
    expect(other.paths[0]?.reasons[0]?.cause).toBe("interfaceAbsent");
  });

  it("of an estate that was put in another order is still found", () => {
    const one = estate();
    const state = answered(10);
    const first = judge(one, state, undefined, at(11));
    const turned = { ...first, paths: first.paths.toReversed(), routers: first.routers.toReversed() };
    const next = judge(one, state, turned, at(12));
    expect(next.paths.map(({ since }) => since)).toEqual(first.paths.map(({ since }) => since));
    expect(next.routers.map(({ since }) => since)).toEqual(first.routers.map(({ since }) => since));
  });
});

describe("judging", () => {
  it("publishes a judgement when it is whole, however long it took", async () => {
    const time = createFakeClock();
    // Every look at the clock takes so long that each step is a slice.
    const clock = {
      ...time,
      now() {
        const now = time.now();
        time.pass(5);
        return now;
      },
    };
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const judging = createJudging({ clock, log, snapshot: answered(10) }, estate());
    judging.start();
    const seen = new Set<Judgement | undefined>([judging.latest()]);
    for (let i = 0; i < 40; i++) {
      time.pass(4);
      await settled();
      const latest = judging.latest();
      seen.add(latest);
      if (latest !== undefined) expect([latest.paths.length, latest.routers.length]).toEqual([2, 2]);
    }
    expect(seen.has(undefined)).toBe(true);
    expect(seen.size).toBeGreaterThan(1);
    judging.stop();
  });
});
