import { describe, expect, it } from "vitest";
import { keepOctets } from "../../agent/lib/kept-octets.ts";

describe("keepOctets", () => {
  it("gives copies that share blocks, and no octet", () => {
    const given = Array.from({ length: 3_000 }, (_, i) => new Uint8Array(1 + (i % 90)).fill(i % 251));
    const copies = given.map(keepOctets);
    for (const octets of given) octets.fill(255);
    expect(copies.every((copy, i) => copy.length === 1 + (i % 90) && copy.every((octet) => octet === i % 251))).toBe(
      true,
    );
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBeLessThan(5);
  });

  it("keeps what is longer than a block by itself", () => {
    const copy = keepOctets(new Uint8Array(100_000).fill(7));
    expect([copy.length, copy[99_999]]).toEqual([100_000, 7]);
  });
});
