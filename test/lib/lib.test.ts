import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monotonicNow, systemClock } from "../../agent/lib/clock.ts";
import { createCounters } from "../../agent/lib/counters.ts";
import { formatDuration, milliseconds, parseDuration, seconds } from "../../agent/lib/duration.ts";
import { phase } from "../../agent/lib/hash.ts";
import { Secret } from "../../agent/lib/secret.ts";

describe("durations", () => {
  it.each([
    ["200ms", 200],
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "5", "s", "5 s", "-5s", "5s ", "1e3s", "5sec"])("refuses %j", (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  it.each([
    [350, "350ms"],
    [9_000, "9s"],
    [252_000, "4m 12s"],
    [15_120_000, "4h 12m"],
    [86_400_000, "1d"],
  ])("says %s ms as %s", (ms, text) => expect(formatDuration(milliseconds(ms))).toBe(text));
});

describe("secrets", () => {
  it("show only to those who reveal them", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 10 }), (text) => {
        const secret = new Secret(`sentinel${text}`);
        const shown = [`${secret}`, JSON.stringify({ secret }), inspect(secret, { showHidden: true, depth: 9 })];
        return shown.every((s) => !s.includes("sentinel")) && secret.reveal() === `sentinel${text}`;
      }),
    );
  });
});

describe("phases", () => {
  it("spread names over the interval", () => {
    const buckets = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) buckets[Math.floor(phase(`router-${i}`) * 10)]++;
    expect(Math.min(...buckets)).toBeGreaterThan(800);
    expect(Math.max(...buckets)).toBeLessThan(1_200);
  });

  it("spread names that differ in their last letters as chance would: each hundredth gets its share, and not a heap", () => {
    for (const routers of [100, 1_000, 10_000]) {
      const share = routers / 100;
      const buckets = new Array(100).fill(0);
      for (let i = 0; i < routers; i++) buckets[Math.floor(phase(`ams-ce${i}`) * 100)]++;
      // Of a Poisson distribution the variance is the mean; FNV-1a alone has 2.5 to 4.7 times it.
      const variance = buckets.reduce((sum, n) => sum + (n - share) ** 2, 0) / 100;
      expect(variance / share, `${routers} routers`).toBeLessThan(1.5);
    }
  });
});

describe("counters", () => {
  it("start at zero and are read as a copy", () => {
    const counters = createCounters(["late", "duplicate"]);
    const before = counters.read();
    counters.add("late", 3);
    expect(before).toEqual({ late: 0, duplicate: 0 });
    expect(counters.read()).toEqual({ late: 3, duplicate: 0 });
  });
});

describe("the system clock", () => {
  it("is monotonic, and knows the calendar", () => {
    const first = monotonicNow();
    expect(monotonicNow()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(systemClock.toEpoch(systemClock.now()) - Date.now())).toBeLessThan(seconds(1));
  });

  it("gives one instant the same time whenever it is asked", () => {
    const instant = systemClock.now();
    const times = new Set(Array.from({ length: 1_000 }, () => systemClock.toEpoch(instant)));
    expect(times.size).toBe(1);
  });
});
