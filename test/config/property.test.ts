// Whatever stands in the file, the answer is an Estate or messages with a place, a fault and a fix.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatConfigError } from "../../agent/config/error.ts";
import { parseConfig } from "../../agent/config/load.ts";
import { estateYaml, sources } from "./estate-yaml.ts";

const pieces = [
  ..."{}[]:,#|>%?~-*&!\"'\n\t\r",
  "  ",
  "*a",
  "&a ",
  "!x ",
  "null",
  ".nan",
  "1e999",
  "---\n",
  "<<: *a",
  "__proto__: 1",
  "constructor",
  "\u{1F600}",
  "\ufeff",
];

/** Cuts some characters and puts a piece in their place. */
const slip = fc.record({
  at: fc.nat(estateYaml.length),
  cut: fc.oneof(fc.nat(20), fc.constant(Number.POSITIVE_INFINITY)),
  piece: fc.oneof(fc.constantFrom(...pieces), fc.constant("")),
});

describe("a file with slips", () => {
  it("is read, or refused with a place inside of it", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.array(slip, { minLength: 1, maxLength: 3 }), (slips) => {
        const text = slips.reduce((t, { at, cut, piece }) => t.slice(0, at) + piece + t.slice(at + cut), estateYaml);
        const parsed = parseConfig(text, "estate.yaml", sources);
        if (parsed.ok) return;
        refused++;
        const lines = text.split(/\r\n|\n|\r/);
        expect(parsed.error.length).toBeGreaterThan(0);
        for (const error of parsed.error) {
          const line = lines[error.line - 1];
          expect(line).toBeDefined();
          expect(error.column).toBeGreaterThan(0);
          expect(error.column).toBeLessThanOrEqual((line ?? "").length + 1);
          expect(error.problem).not.toBe("");
          expect(error.fix).not.toBe("");
          expect(formatConfigError(error)).not.toMatch(/[\n\r]|undefined|\[object/);
        }
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(200);
  });
});
