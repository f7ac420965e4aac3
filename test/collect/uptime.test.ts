import { describe, expect, it } from "vitest";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { unwrapped } from "../../agent/mib/snmpv2-mib.ts";
import { absent, cellsOf } from "../support/cells.ts";
import { at } from "../support/estate.ts";

/** An answer: asked and taken at those seconds of ours, with the agent's sysUpTime in seconds. */
type Answer = readonly [askedAt: number, takenAt: number, upTime: number];

const days497 = 2 ** 32 / 100;

function judged(answers: readonly Answer[]) {
  const watch = createUptimeWatch();
  const verdicts = answers.map(([askedAt, takenAt, upTime]) =>
    watch.judge(cellsOf([{ type: "timeTicks", value: Math.round(upTime * 100) % 2 ** 32 }]), at(askedAt), at(takenAt)),
  );
  return { late: verdicts.filter((verdict) => verdict === "late").length, restarts: watch.restarts() };
}

describe("sysUpTime", () => {
  it.each<readonly [string, { late: number; restarts: number }, readonly Answer[]]>([
    [
      "that runs on",
      { late: 0, restarts: 0 },
      [
        [0, 0, 100],
        [30, 30, 130],
        [60, 60, 160],
      ],
    ],
    [
      "that falls is a restart",
      { late: 0, restarts: 1 },
      [
        [0, 0, 100],
        [30, 30, 5],
        [60, 60, 35],
      ],
    ],
    [
      "that wraps after 497 days is none",
      { late: 0, restarts: 0 },
      [
        [0, 0, days497 - 10],
        [30, 30, 20],
        [60, 60, 50],
      ],
    ],
    [
      "that wraps during an hour without answers is none",
      { late: 0, restarts: 0 },
      [
        [0, 0, days497 - 10],
        [3_600, 3_600, 3_590],
      ],
    ],
    [
      "that falls shortly before its wrap is a restart",
      { late: 0, restarts: 1 },
      [
        [0, 0, days497 - 100],
        [30, 30, 5],
      ],
    ],
    [
      "that falls at more than half its range is a restart",
      { late: 0, restarts: 1 },
      [
        [0, 0, days497 * 0.7],
        [30, 30, 5],
      ],
    ],
    [
      "that would have wrapped, but is younger than that, is a restart",
      { late: 0, restarts: 1 },
      [
        [0, 0, days497 - 10],
        [300, 300, 100],
      ],
    ],
    [
      "that rose, but less than the time since it was heard, is a restart",
      { late: 0, restarts: 1 },
      [
        [0, 0, 60],
        [600, 600, 200],
      ],
    ],
    [
      "that stands still is no restart",
      { late: 0, restarts: 0 },
      [
        [0, 0, 3],
        [30, 30, 3],
        [60, 60, 3],
      ],
    ],
    [
      "that jumps ahead is no restart",
      { late: 0, restarts: 0 },
      [
        [0, 0, 100],
        [30, 30, 90_000],
        [60, 60, 90_030],
      ],
    ],
    [
      "of an answer that was overtaken is late",
      { late: 1, restarts: 0 },
      [
        [0, 0, 100],
        [30, 30, 130],
        [10, 31, 110],
        [60, 60, 160],
      ],
    ],
    [
      "of before a restart that is known is late",
      { late: 1, restarts: 1 },
      [
        [0, 0, 100_000],
        [30, 30, 5],
        [20, 31, 100_020],
        [60, 60, 35],
      ],
    ],
    [
      "of before the wrap, read after it, is late",
      { late: 1, restarts: 0 },
      [
        [0, 0, days497 - 30],
        [40, 40, 10],
        [20, 41, days497 - 10],
        [70, 70, 40],
      ],
    ],
    [
      "of two groups at once, in any order",
      { late: 0, restarts: 0 },
      [
        [0, 0, 100],
        [30, 31, 130.6],
        [30, 31, 130.1],
        [60, 60, 160],
      ],
    ],
    [
      "of two groups about the wrap",
      { late: 0, restarts: 0 },
      [
        [0, 0, days497 - 30],
        [30, 31, 0.2],
        [30, 31, days497 - 0.3],
        [60, 60, 30],
      ],
    ],
  ])("%s", (_, expected, answers) => {
    expect(judged(answers)).toEqual(expected);
  });

  it("that is missing judges nothing", () => {
    const watch = createUptimeWatch();
    expect(watch.judge(cellsOf([absent]), at(0), at(0))).toBe("current");
    expect(watch.restarts()).toBe(0);
  });
});

describe("the SNMP engine", () => {
  const upTime = (seconds: number) => cellsOf([{ type: "timeTicks", value: seconds * 100 }]);

  it("tells of a restart that sysUpTime does not show", () => {
    const watch = createUptimeWatch();
    watch.hear({ boots: 3, time: 500 });
    watch.hear({ boots: 3, time: 530 });
    expect(watch.restarts()).toBe(0);
    watch.hear({ boots: 4, time: 9 });
    expect(watch.restarts()).toBe(1);
    // An engine that does not keep its boots.
    watch.hear({ boots: 4, time: 2 });
    expect(watch.restarts()).toBe(2);
  });

  it("tells of no second one where sysUpTime has shown it", () => {
    const watch = createUptimeWatch();
    watch.judge(upTime(500), at(0), at(0));
    watch.hear({ boots: 3, time: 500 });
    watch.judge(upTime(9), at(30), at(30));
    watch.hear({ boots: 4, time: 9 });
    expect(watch.restarts()).toBe(1);
  });

  it.each([
    ["within the first 497 days", 100, 1, 100],
    ["that the agent does not tell", 100, undefined, 100],
    ["after one wrap", 100, 42_949_673, 2 ** 32 + 100],
    ["after two", 100, 85_899_346, 2 ** 33 + 100],
    ["of an engine that began at another time", 100, 30_000_000, 100],
  ])("says how long the agent runs: %s", (_, ticks, time, expected) => {
    expect(unwrapped(ticks, time)).toBe(expected);
  });
});
