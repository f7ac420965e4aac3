import { describe, expect, it } from "vitest";
import type { FromWorker } from "../../agent/probe/messages.ts";
import { createPace } from "../../agent/probe/pace.ts";
import { at } from "../support/estate.ts";

describe("the prober's pace", () => {
  it("is told once a second by its worst turn, and a stall at once", () => {
    const told: FromWorker[] = [];
    const pace = createPace((message) => told.push(message));
    // Woken early by an answer, on time, and 40 ms late.
    pace.turned(at(0.05), at(0));
    for (let s = 0.1; s < 1; s += 0.1) pace.turned(at(s), at(s + (s > 0.45 && s < 0.55 ? 0.04 : 0)));
    expect(told).toEqual([]);
    pace.turned(at(1), at(1));
    expect(told).toMatchObject([{ kind: "loop", at: 1_000, late: expect.closeTo(40) }]);
    pace.turned(at(1.05), at(11.05));
    expect(told[1]).toMatchObject({ late: 10_000 });
  });
});
