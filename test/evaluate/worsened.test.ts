import { describe, expect, it } from "vitest";
import type { Judgement, PathState } from "../../agent/estate/judgement.ts";
import { subject } from "../../agent/estate/observation.ts";
import { createJudging } from "../../agent/evaluate/judging.ts";
import { worsened } from "../../agent/evaluate/worsened.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Logger } from "../../agent/lib/log.ts";
import { createState } from "../../agent/state/state.ts";
import { createFakeClock } from "../support/clock.ts";
import { estate, path } from "../support/estate.ts";
import { reading } from "../support/interfaces.ts";
import { fourCircuits, judgementOf } from "../web/scene.ts";

const states = (primary: PathState, pair: PathState): Judgement =>
  judgementOf(fourCircuits(), {
    "ams-1 azurePrivate primary": { state: primary, reasons: [] },
    "ams sin": { state: pair, reasons: [] },
  });

describe("what became worse", () => {
  it.each([
    ["up", "degraded", ["path ams-1 azurePrivate primary"]],
    ["up", "down", ["path ams-1 azurePrivate primary"]],
    ["degraded", "down", ["path ams-1 azurePrivate primary"]],
    ["unknown", "down", ["path ams-1 azurePrivate primary"]],
    ["down", "degraded", ["path ams-1 azurePrivate primary"]],
    ["down", "down", []],
    ["down", "up", []],
    ["up", "unknown", []],
  ] as const)("from %s to %s", (from, to, expected) => {
    expect(worsened(states(from, "up"), states(to, "up"))).toEqual(expected);
  });

  it("is told of pairs too, and at the first judgement", () => {
    expect(worsened(undefined, states("up", "degraded"))).toEqual(["pair ams-sin ams sin"]);
  });
});

describe("judging", () => {
  it("tells at the very round in which a path went down, and once", async () => {
    const clock = createFakeClock();
    const state = createState({ keep: seconds(60) });
    const told: string[] = [];
    const log: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const judging = createJudging({ clock, log, snapshot: state, degraded: (of) => told.push(of) }, estate());
    const see = (operStatus: "up" | "down") => {
      const { router, interface: name } = path("primary");
      state.observe({ ...reading(0), router, interface: name, at: clock.now(), operStatus });
    };
    see("up");
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.pass(100);
        // The end of a round is awaited.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    judging.start();
    await pass(1_000);
    expect(told).toEqual([]);
    see("down");
    await pass(500);
    expect(told).toEqual([subject.path(path("primary"))]);
    see("down");
    await pass(1_000);
    expect(told).toHaveLength(1);
    judging.stop();
  });
});
