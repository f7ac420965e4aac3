import { describe, expect, it } from "vitest";
import { createDirections } from "../../agent/probe/directions.ts";

/** `x`: not answered; a number: the reflector's sequence of the answer. */
function told(fates: readonly ("x" | number | readonly [reflected: number, copies: number])[], first = 0) {
  const directions = createDirections();
  fates.forEach((fate, i) => {
    const sequence = (first + i) >>> 0;
    if (fate === "x") directions.lost();
    else if (typeof fate === "number") directions.answered(sequence, fate, 0);
    else directions.answered(sequence, fate[0], fate[1]);
  });
  return directions.drain();
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe("loss of each way, from the two sequence numbers", () => {
  it("is not known while the reflector may only copy the sender's", () => {
    expect(told([0, 1, 2])).toBeUndefined();
    expect(told([0, "x", 2, "x", "x", 5])).toBeUndefined();
  });

  it("is forward what the reflector did not count, backward what it did", () => {
    // Probe 1 did not reach it, 3 and 4 did.
    expect(told([0, "x", 1, "x", "x", 4])).toEqual({ forward: 1, backward: 2 });
    expect(told([7, 8, 9])).toEqual({ forward: 0, backward: 0 });
  });

  it("waits for the next answer, and is drained once", () => {
    const directions = createDirections();
    directions.answered(0, 5, 0);
    directions.lost();
    expect(directions.drain()).toEqual({ forward: 0, backward: 0 });
    directions.answered(2, 6, 0);
    expect(directions.drain()).toEqual({ forward: 1, backward: 0 });
    expect(directions.drain()).toEqual({ forward: 0, backward: 0 });
  });

  it("is no loss where probes overtook each other on the way there", () => {
    expect(told([10, 12, 11, 13, "x", 14])).toEqual({ forward: 1, backward: 0 });
  });

  it("is no loss where the network doubled a probe", () => {
    expect(told([10, [11, 1], 13, "x", 15])).toEqual({ forward: 0, backward: 1 });
  });

  it("goes on over the end of 32 bits", () => {
    expect(told([0xffff_fffe, "x", 0xffff_ffff, "x", 1], 7)).toEqual({ forward: 1, backward: 1 });
  });

  it.each([3, 1_000])("is not made up when the reflector restarts at %i, and is told again soon", (before) => {
    const restart = ["x", "x", ...range(0, 20), "x", 20, "x", 22] as const;
    // The two around the restart cannot be told apart.
    expect(told([before, ...restart])).toEqual({ forward: 1, backward: 1 });
  });

  it("never claims more than was lost, whatever the reflector says", () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    for (let round = 0; round < 200; round++) {
      const directions = createDirections();
      let lost = 0;
      for (let n = 0; n < 300; n++) {
        if (random() % 4 === 0) {
          directions.lost();
          lost++;
        } else directions.answered(n, random() >>> (random() % 32), random() % 3);
      }
      const { forward, backward } = directions.drain() ?? { forward: 0, backward: 0 };
      expect(forward).toBeGreaterThanOrEqual(0);
      expect(backward).toBeGreaterThanOrEqual(0);
      expect(forward + backward).toBeLessThanOrEqual(lost);
    }
  });
});
