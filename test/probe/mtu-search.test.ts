// The search for a path's MTU, played against ways that carry so much and say so, or do not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMtuSearch, type MtuOutcome, type SizeAnswer } from "../../agent/probe/mtu-search.ts";

type Way = (size: number, packet: number) => SizeAnswer;

function search(most: number, way: Way): MtuOutcome & { readonly sizes: readonly number[] } {
  const machine = createMtuSearch(most);
  const sizes: number[] = [];
  for (let outcome = machine.outcome(); ; outcome = machine.outcome()) {
    if (outcome !== undefined) return { ...outcome, sizes };
    if (sizes.length > 1_000) throw new Error("the search does not end");
    sizes.push(machine.next());
    machine.take(way(sizes.at(-1) ?? 0, sizes.length));
  }
}

const answered = { kind: "answered" } as const;
const lost = { kind: "lost" } as const;
const unheard = { kind: "unheard" } as const;
const refused = { kind: "refused" } as const;
const says = (mtu: number | undefined, by = "10.0.0.1"): SizeAnswer => ({ kind: "tooBig", mtu, by });

describe("a search", () => {
  it("takes two packets where all is well", () => {
    expect(search(1_500, () => answered)).toEqual({ result: "whole", mtu: 1_500, by: undefined, sizes: [100, 1_500] });
  });

  it("takes the word of the hop that names its MTU, once that is proven", () => {
    const found = search(1_500, (size) => (size > 1_436 ? says(1_436) : answered));
    expect(found).toEqual({ result: "limited", mtu: 1_436, by: "10.0.0.1", sizes: [100, 1_500, 1_436] });
  });

  it("goes down from hop to hop, and names the last", () => {
    const found = search(9_000, (size) =>
      size > 4_000 ? says(4_000, "10.0.0.1") : size > 1_400 ? says(1_400, "10.0.0.2") : answered,
    );
    expect(found).toMatchObject({ result: "limited", mtu: 1_400, by: "10.0.0.2", sizes: [100, 9_000, 4_000, 1_400] });
  });

  it.each([undefined, 0, 9_999, 50])("finds it by itself where a hop names %s, which cannot be", (named) => {
    const found = search(1_500, (size) => (size > 1_333 ? says(named) : answered));
    expect(found).toMatchObject({ result: "limited", mtu: 1_333 });
    expect(found.sizes.length).toBeLessThan(20);
  });

  it("sees through a hop that names too little, or too much", () => {
    expect(search(1_500, (size) => (size > 1_400 ? says(1_300) : answered))).toMatchObject({
      result: "limited",
      mtu: 1_300,
    });
    expect(search(1_500, (size) => (size > 1_400 ? says(1_450) : answered))).toMatchObject({
      result: "limited",
      mtu: 1_400,
    });
  });

  it("tells the interface of this host apart", () => {
    const found = search(9_000, (size) => (size > 1_500 ? refused : answered));
    expect(found).toMatchObject({ result: "ownInterface", mtu: 1_500 });
  });

  it("calls it a black hole when large ones vanish and small ones between them do not, after having made sure", () => {
    const found = search(1_500, (size) => (size > 1_400 ? lost : answered));
    expect(found).toMatchObject({ result: "blackHole", mtu: 1_400, by: undefined });
    // The least that vanishes was tried three times, and three times again, each time with a small one after it.
    expect(found.sizes.filter((size) => size === 1_401)).toHaveLength(6);
    const lostSizes = found.sizes.filter((size) => size > 1_400).length;
    expect(found.sizes.filter((size) => size === 100)).toHaveLength(1 + lostSizes);
  });

  it("does not call loss a black hole", () => {
    expect(search(1_500, (_, packet) => (packet % 4 === 0 ? lost : answered))).toMatchObject({ result: "whole" });
    // Nothing large gets through, and of the small ones only the first.
    expect(search(1_500, (_, packet) => (packet === 1 ? answered : lost))).toMatchObject({
      result: "lossy",
      mtu: undefined,
    });
  });

  it("takes chance into account: of 2,000 searches with one packet in five lost none finds a hole", () => {
    let state = 42;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const results = Array.from({ length: 2_000 }, () => search(1_500, () => (random() < 0.2 ? lost : answered)).result);
    expect(results.filter((result) => result === "blackHole")).toEqual([]);
    expect(results.filter((result) => result === "whole").length).toBeGreaterThan(1_800);
  });

  it("sends again what this host may not have heard the answer of, and learns nothing from that", () => {
    const way: Way = (size) => (size > 1_400 ? lost : answered);
    const heard = search(1_500, way);
    const some = search(1_500, (size, packet) => (packet % 5 === 0 && packet <= 50 ? unheard : way(size, packet)));
    expect({ ...some, sizes: 0 }).toEqual({ ...heard, sizes: 0 });
    expect(some.sizes.filter((_, i) => (i + 1) % 5 !== 0 || i >= 50)).toEqual(heard.sizes);
  });

  it.each([0, 1, 2])("gives up at a host that does not hear what comes behind packet %i", (packets) => {
    const found = search(1_500, (_, packet) => (packet <= packets ? answered : unheard));
    // Two packets are all that it needs.
    expect(found.result).toBe(packets < 2 ? "unheard" : "whole");
    expect(found.mtu).toBe(packets < 2 ? undefined : 1_500);
    expect(found.sizes.length).toBeLessThan(14);
  });

  it("says nothing of a target that answers nothing", () => {
    expect(search(1_500, () => lost)).toEqual({
      result: "unanswered",
      mtu: undefined,
      by: undefined,
      sizes: [100, 100, 100],
    });
  });

  it("ends whatever it is told, with no more than it has seen", () => {
    const answers = fc.oneof(
      fc.constant<SizeAnswer>(answered),
      fc.constant<SizeAnswer>(lost),
      fc.constant<SizeAnswer>(unheard),
      fc.constant<SizeAnswer>(refused),
      fc.nat(10_000).map((mtu) => says(mtu)),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1_280, max: 9_216 }),
        fc.array(answers, { minLength: 1, maxLength: 60 }),
        (most, told) => {
          const passed: number[] = [];
          const found = search(most, (size, packet) => {
            const answer = told[packet % told.length] ?? lost;
            if (answer.kind === "answered") passed.push(size);
            return answer;
          });
          expect(found.sizes.length).toBeLessThanOrEqual(131);
          expect(found.sizes.every((size) => size >= 100 && size <= most)).toBe(true);
          if (found.mtu !== undefined) expect(passed).toContain(found.mtu);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("finds the MTU of any way that says it, or does not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 576, max: 9_000 }),
        fc.integer({ min: 1_280, max: 9_000 }),
        fc.boolean(),
        (mtu, most, tells) => {
          const found = search(most, (size) => (size <= mtu ? answered : tells ? says(mtu) : lost));
          expect(found.mtu).toBe(Math.min(mtu, most));
          expect(found.result).toBe(mtu >= most ? "whole" : tells ? "limited" : "blackHole");
        },
      ),
      { numRuns: 500 },
    );
  });
});
