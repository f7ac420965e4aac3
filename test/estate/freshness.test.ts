import { describe, expect, it } from "vitest";
import { isFresh, pollEvery } from "../../agent/estate/freshness.ts";
import { pollGroups } from "../../agent/estate/observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { at, router } from "../support/estate.ts";

const every = (s: number) => ({ ...router("ce1", "192.0.2.1"), pollInterval: seconds(s) });

describe("the time between two polls", () => {
  it.each([
    [1, 12, 6],
    [5, 60, 30],
    [30, 60, 30],
    [120, 120, 120],
  ])(
    "of a router that is polled every %i s is %i s for optics and %i s for prefixes and routes",
    (interval, optics, prefixes) => {
      for (const group of pollGroups) {
        const expected = group === "optics" ? optics : group === "prefixes" || group === "routes" ? prefixes : interval;
        expect(pollEvery(every(interval), group)).toBe(seconds(expected));
      }
    },
  );
});

describe("what was seen", () => {
  it("speaks for the present for three polls of its group", () => {
    const of = every(5);
    expect(isFresh(of, at(100), at(115))).toBe(true);
    expect(isFresh(of, at(100), at(115.1))).toBe(false);
    expect(isFresh(of, at(100), at(280), "optics")).toBe(true);
    expect(isFresh(of, at(100), at(280.1), "optics")).toBe(false);
    expect(isFresh(of, undefined, at(1))).toBe(false);
  });
});
