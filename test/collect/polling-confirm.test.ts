// Polls out of turn.

import { describe, expect, it } from "vitest";
import { partOf, periodic } from "../../agent/collect/periodic.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createFakeClock } from "../support/clock.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { er0, mib, of, peer, polls, startPolling } from "./scene.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("confirm", () => {
  it("polls that group at once, and the timer keeps its place", async () => {
    const { polling, pass } = startPolling(scriptedRouter(mib(100, [er0], [peer])));
    await pass(1_000);
    polling.confirm("ams-ce1", "bgp");
    await settle();
    const seen = await pass(1_000);
    expect([polls(seen, "bgp").length, polls(seen, "interfaces").length]).toEqual([1, 1]);
  });

  it("is what shows a change before the next turn does", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { polling, pass } = startPolling(scripted);
    await pass(2_000);
    // The clock now stands just behind a turn, so that nearly a second is left to the next.
    for (let i = 0; i < 10 && polls(await pass(100), "bgp").length === 0; i++);
    scripted.mib = mib(101, [er0], [{ ...peer, state: 1 }]);
    expect(of(await pass(500), "session")).toEqual([]);
    polling.confirm("ams-ce1", "bgp");
    expect(of(await pass(100), "session")).toMatchObject([{ state: "idle" }]);
  });

  it("knows no group that is not polled, and no router that is not there", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { polling, pass } = startPolling(scripted);
    await pass(1_000);
    const asked = scripted.asked.length;
    polling.confirm("ams-ce9", "bgp");
    await settle();
    expect(scripted.asked).toHaveLength(asked);
  });
});

/** Runs that end when the test says so. */
function runs() {
  const clock = createFakeClock(0);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const run = () => {
    began.push(clock.now());
    return new Promise<void>((resolve) => void ends.push(resolve));
  };
  const task = { interval: seconds(10), part: partOf("x"), running: false, outOfTurn: false, again: false };
  const timers = periodic(clock, [task], run);
  const timer = { ...timers, now: () => timers.hasten(task) };
  const end = async () => {
    ends.shift()?.();
    await settle();
  };
  return { clock, timer, began, end };
}

describe("a run out of turn", () => {
  it("follows the one that is going, once, however often it is asked for", async () => {
    const { timer, began, end } = runs();
    timer.start();
    timer.now();
    expect(began).toHaveLength(1);
    for (let i = 0; i < 5; i++) timer.now();
    expect(began).toHaveLength(1);
    await end();
    expect(began).toHaveLength(2);
    await end();
    expect(began).toHaveLength(2);
  });

  it("stands in for the turn that comes while it is going, and for no second one", async () => {
    const { timer, began, end, clock } = runs();
    timer.start();
    timer.now();
    clock.pass(10_000);
    expect([began.length, timer.overruns()]).toEqual([1, 0]);
    clock.pass(10_000);
    expect([began.length, timer.overruns()]).toEqual([1, 1]);
    await end();
    clock.pass(10_000);
    expect([began.length, timer.overruns()]).toEqual([2, 1]);
  });

  it("does not begin before start or after stop", async () => {
    const { timer, began, end } = runs();
    timer.now();
    expect(began).toEqual([]);
    timer.start();
    timer.now();
    timer.now();
    timer.stop();
    await end();
    expect(began).toHaveLength(1);
    timer.now();
    expect(began).toHaveLength(1);
  });
});
