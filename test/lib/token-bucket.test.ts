import { describe, expect, it } from "vitest";
import { createTokenBucket } from "../../agent/lib/token-bucket.ts";
import { at } from "../support/estate.ts";

describe("a token bucket", () => {
  it("gives its burst at once, then as much as time brings, and never more than the burst", () => {
    const bucket = createTokenBucket({ perSecond: 2, burst: 3 });
    const takenAt = (s: number, tries = 10) =>
      Array.from({ length: tries }, () => bucket.take(at(s))).filter(Boolean).length;
    expect(takenAt(5)).toBe(3);
    expect(takenAt(5.4)).toBe(0);
    expect(takenAt(5.5)).toBe(1);
    expect(takenAt(7)).toBe(3);
    expect(takenAt(1_000)).toBe(3);
  });
});
