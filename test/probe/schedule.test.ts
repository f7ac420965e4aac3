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
