// Rows of several owners that share memory: each is a queue of its own, whatever the others do.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rows } from "../../agent/state/rows.ts";

describe("rows that share memory", () => {
  const shape = fc.record({
    times: fc.nat(4),
    counts: fc.integer({ min: 1, max: 5 }),
    rows: fc.integer({ min: 1, max: 9 }),
  });
  const step = fc.record({
    owner: fc.nat(5),
    kind: fc.constantFrom("push", "push", "shift", "time", "count", "add"),
    field: fc.nat(4),
    value: fc.integer({ min: 0, max: 1_000_000 }),
  });

  it("are what arrays of arrays would be", () => {
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 1, maxLength: 6 }),
        fc.array(step, { maxLength: 200 }),
        (shapes, steps) => {
          const owners = shapes.map((of) => ({ of, rows: new Rows(of.times, of.counts, of.rows), naive: [] as Row[] }));
          for (const { owner, kind, field, value } of steps) {
            const { of, rows, naive } = owners[owner % owners.length] as (typeof owners)[number];
            const last = naive.at(-1);
            if (kind === "push") {
              rows.push();
              naive.push({ times: Array(of.times).fill(0), counts: Array(of.counts).fill(0) });
            } else if (kind === "shift") {
              rows.shift();
              naive.shift();
            } else if (last !== undefined && kind === "time" && field < of.times) {
              rows.setTime(naive.length - 1, field, value / 7);
              last.times[field] = value / 7;
            } else if (last !== undefined && field < of.counts) {
              if (kind === "add") rows.add(naive.length - 1, field, value);
              else rows.setCount(naive.length - 1, field, value);
              last.counts[field] = kind === "add" ? (last.counts[field] ?? 0) + value : value;
            }
          }
          for (const { of, rows, naive } of owners) {
            const read = naive.map((_, row) => ({
              times: Array.from({ length: of.times }, (_, field) => rows.time(row, field)),
              counts: Array.from({ length: of.counts }, (_, field) => rows.count(row, field)),
            }));
            expect(read).toEqual(naive);
            expect(rows.length).toBe(naive.length);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

interface Row {
  readonly times: number[];
  readonly counts: number[];
}
