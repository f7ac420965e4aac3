import { describe, expect, it } from "vitest";
import { isLookDue, lookFailed, mostPollsBetweenLooks, noLooks, pollPassed } from "../../agent/collect/looks.ts";

/** The polls at which a look was taken, of one that never finds anything; the first is at poll 0. */
function looksOver(polls: number, sign: (poll: number) => boolean): readonly number[] {
  let looks = lookFailed(noLooks, false);
  const at: number[] = [];
  for (let poll = 1; poll <= polls; poll++) {
    looks = pollPassed(looks);
    const due = isLookDue(looks, false);
    if (due || isLookDue(looks, sign(poll))) {
      at.push(poll);
      looks = lookFailed(looks, !due);
    }
  }
  return at;
}

describe("looking again", () => {
  it("is at once twice, then rarer, and never rarer than its bound", () => {
    expect(looksOver(60, () => false)).toEqual([1, 2, 4, 8, 16, 26, 36, 46, 56]);
  });

  it("is at once when there is a sign", () => {
    expect(looksOver(50, (poll) => poll === 40)).toEqual([1, 2, 4, 8, 16, 26, 36, 40, 50]);
  });

  it("is no more frequent for a sign that comes at every poll", () => {
    const at = looksOver(1_000, () => true);
    expect(at.length).toBeGreaterThan(100);
    expect(at.length).toBeLessThan(1_000 / (mostPollsBetweenLooks / 2));
  });
});
