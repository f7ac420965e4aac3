import { describe, expect, it } from "vitest";
import type { Instant } from "../../agent/lib/clock.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createSchedule } from "../../agent/probe/schedule.ts";

const at = (ms: number) => ms as Instant;

describe("the schedule of the probes", () => {
  it("spreads the streams of one interval evenly over it", () => {
    const schedule = createSchedule([200, 200, 200, 200].map(milliseconds), at(1_000));
    const sent: [number, number][] = [];
    for (let i = 0; i < 8; i++) {
      const now = schedule.next();
      for (const stream of schedule.due(now)) sent.push([now, stream]);
    }
    expect(sent).toEqual([
      [1_000, 0],
      [1_050, 1],
      [1_100, 2],
      [1_150, 3],
      [1_200, 0],
      [1_250, 1],
      [1_300, 2],
      [1_350, 3],
    ]);
    expect(schedule.skipped()).toBe(0);
  });

  it("keeps streams of different intervals apart", () => {
    const schedule = createSchedule([100, 1_000, 100].map(milliseconds), at(0));
    const turns = [0, 0, 0];
    for (let now = 0; now < 10_000; now += 10) for (const s of schedule.due(at(now))) turns[s] = (turns[s] ?? 0) + 1;
    expect(turns).toEqual([100, 10, 100]);
  });

  it("sends in company what is due up to 10 ms later, a tenth of the interval at most, and nothing alone before its time", () => {
    const schedule = createSchedule([...Array.from({ length: 500 }, () => 1_000), 20].map(milliseconds), at(0));
    // Every 2 ms one of the 500; that of 20 ms comes no more than 2 ms early.
    expect(schedule.due(at(0))).toEqual([0, 1, 2, 3, 4, 5, 500]);
    expect(schedule.due(at(11.9))).toEqual([]);
    expect(schedule.next()).toBe(12);
    expect(schedule.due(at(12))).toEqual([6, 7, 8, 9, 10, 11]);
    expect(schedule.next()).toBe(20);
    expect(schedule.due(at(20))).toEqual([12, 13, 14, 15, 500]);
    expect(schedule.next()).toBe(32);
    const turns = Array.from({ length: 501 }, () => 0);
    for (let now = schedule.next(); now < 10_000; now = schedule.next()) {
      for (const stream of schedule.due(now)) turns[stream] = (turns[stream] ?? 0) + 1;
    }
    expect(Math.max(...turns.slice(0, 500))).toBe(10);
    expect(turns[500]).toBe(498);
    expect(schedule.skipped()).toBe(0);
  });

  it("does not drift when its turns come late", () => {
    const schedule = createSchedule([milliseconds(100)], at(0));
    for (let now = 7; now < 10_000; now += 10) schedule.due(at(now));
    expect(schedule.next()).toBe(10_000);
    expect(schedule.skipped()).toBe(0);
  });

  it("skips what a pause made it miss, but for one turn of each stream, and says how many", () => {
    const schedule = createSchedule([100, 100].map(milliseconds), at(0));
    expect(schedule.due(at(0))).toEqual([0]);
    // Turns 1 to 20 have come due; each stream makes up for one.
    expect(schedule.due(at(1_000)).toSorted()).toEqual([0, 1]);
    expect(schedule.skipped()).toBe(18);
    expect(schedule.next()).toBe(1_050);
  });

  it("waits for ever without streams", () => {
    expect(createSchedule([], at(0)).next()).toBe(Infinity);
  });
});
