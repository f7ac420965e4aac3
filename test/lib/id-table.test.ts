import { describe, expect, it } from "vitest";
import { createIdTable } from "../../agent/lib/id-table.ts";
import { seededRandom } from "../support/clock.ts";

describe("a table of ids", () => {
  it("holds what a Map holds, whatever comes and goes", () => {
    const random = seededRandom(3);
    const table = createIdTable<string>();
    const model = new Map<number, string>();
    // Few low bits differ, so that ids often contend for a place; the number of entries rises and falls.
    for (let i = 0; i < 20_000; i++) {
      const id = 1 + (Math.floor(random() * 40) << 16) + Math.floor(random() * 64);
      const full = Math.floor(i / 2_000) % 2 === 0;
      if (random() < (full ? 0.7 : 0.3)) {
        table.set(id, `value ${i}`);
        model.set(id, `value ${i}`);
      } else {
        table.delete(id);
        model.delete(id);
      }
      expect(table.get(id)).toBe(model.get(id));
    }
    expect(model.size).toBeGreaterThan(300);
    for (const [id, value] of model) expect(table.get(id)).toBe(value);
    expect([...table.values()].sort()).toEqual([...model.values()].sort());
  });
});
