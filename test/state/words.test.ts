import fc from "fast-check";
import { expect, it } from "vitest";
import {
  copyWord,
  createWords,
  difference,
  doubleOf,
  growWord,
  isKnown,
  isLess,
  isSame,
  setWord,
} from "../../agent/state/words.ts";

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 33n }),
  fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n),
);

/** As the cells give it. */
const counter = (value: bigint) => (value < 2n ** 53n ? Number(value) : value);

it("64-bit words are compared, subtracted and added as exactly as bigints", () => {
  fc.assert(
    fc.property(word, word, fc.nat(), (a, b, by) => {
      const [from, to] = [createWords(3), createWords(3)];
      setWord(from, 1, counter(a));
      setWord(to, 1, counter(b));
      expect([isKnown(from, 1), isKnown(from, 0)]).toEqual([true, false]);
      expect(isSame(from, to, 1)).toBe(a === b);
      expect(isLess(from, to, 1)).toBe(a < b);
      expect(doubleOf(from, 1)).toBe(Number(a));
      const forward = BigInt.asUintN(64, b - a);
      expect(difference(from, to, 1, 64)).toBe(Number(forward));
      expect(difference(from, to, 1, 32)).toBe(Number(BigInt.asUintN(32, b - a)));
      growWord(from, 1, by);
      expect(doubleOf(from, 1)).toBe(Number(a + BigInt(by)));
      copyWord(to, 1, from);
      expect(isSame(from, to, 1)).toBe(true);
      setWord(to, 1, undefined);
      expect([isKnown(to, 1), doubleOf(to, 1)]).toEqual([false, undefined]);
    }),
    { numRuns: 5_000 },
  );
});
