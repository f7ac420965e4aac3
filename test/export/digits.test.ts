import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeInteger } from "../../agent/export/digits.ts";

describe("an integer written into its place", () => {
  it("is what String makes of it, wherever it fits exactly", () => {
    const integer = fc.oneof(
      fc.maxSafeInteger(),
      fc.maxSafeNat(),
      fc.nat(),
      fc.nat({ max: 99 }),
      fc.constantFrom(0, 9, 10, 2 ** 31, 1e9),
    );
    fc.assert(
      fc.property(integer, integer, (before, value) => {
        const place = Buffer.from(` ${before} `);
        const fits = String(before).length === String(value).length && (value >= 0 || before < 0);
        expect(writeInteger(place, 1, place.length - 1, value)).toBe(fits);
        if (fits) expect(place.toString()).toBe(` ${value} `);
        else expect([place[0], place.at(-1)]).toEqual([0x20, 0x20]);
      }),
      { numRuns: 20_000 },
    );
  });
});
