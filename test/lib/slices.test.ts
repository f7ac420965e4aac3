import { describe, expect, it } from "vitest";
import { inOne, inSlices } from "../../agent/lib/slices.ts";
import { createFakeClock } from "../support/clock.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Steps of one millisecond each. */
function work(steps: number) {
  const clock = createFakeClock();
  let done = 0;
  function* go(): Generator<void, string> {
    for (; done < steps; done++) {
      clock.pass(1);
      yield;
    }
    return "whole";
  }
  return { clock, go, done: () => done };
}

describe("work in slices", () => {
  it("gives everything else its turn between two slices, and its result at the end", async () => {
    const { clock, go, done } = work(10);
    let result: string | undefined;
    void inSlices(clock, go()).then((value) => {
      result = value;
    });
    const after: number[] = [done()];
    while (result === undefined) {
      await settled();
      clock.pass(4);
      await settled();
      after.push(done());
    }
    expect(result).toBe("whole");
    expect(after.slice(0, 3)).toEqual([3, 7, 10]);
  });

  it("rejects with what a step throws", async () => {
    const { clock } = work(0);
    function* broken(): Generator<void, never> {
      yield;
      throw new Error("our own bug");
    }
    await expect(inSlices(clock, broken())).rejects.toThrow("our own bug");
  });

  it("may be done in one", () => {
    expect(inOne(work(10).go())).toBe("whole");
  });
});
