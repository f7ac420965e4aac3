// The tables that hold a million routes, against a Map.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAttributeSets, notKept } from "../../agent/collect/bmp-attributes.ts";
import { createRouteTable } from "../../agent/collect/bmp-routes.ts";
import { createUpdateLayout, readUpdate } from "../../agent/wire/bgp/update.ts";
import * as w from "../support/bmp.ts";

const step = (bits: 32 | 128) =>
  fc.record({
    octets: fc
      .uint8Array({ minLength: bits / 8, maxLength: bits / 8 })
      .map((octets) => octets.map((octet) => octet & 0x83)),
    length: fc.integer({ min: 0, max: bits }),
    pathId: fc.constantFrom(0, 1, 0xffff_ffff),
    attributes: fc.integer({ min: 1, max: 9 }),
    isDelete: fc.boolean(),
  });

/** The prefix without the bits behind it. */
function nameOf(octets: Uint8Array, at: number, length: number, pathId: number): string {
  const masked = octets.slice(at, at + ((length + 7) >> 3));
  if (length % 8 !== 0) masked[masked.length - 1] = (masked.at(-1) ?? 0) & (0xff << (8 - (length % 8)));
  return `${Buffer.from(masked).toString("hex")}/${length} ${pathId}`;
}

describe("the route table", () => {
  it.each([32, 128] as const)("of %i bits does as a Map does, over any history", (bits) => {
    fc.assert(
      fc.property(fc.array(step(bits), { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const table = createRouteTable(bits, seed);
        const map = new Map<string, number>();
        for (const { octets, length, pathId, attributes, isDelete } of steps) {
          const name = nameOf(octets, 0, length, pathId);
          const before = map.get(name) ?? 0;
          if (isDelete) {
            expect(table.delete(octets, 0, length, pathId)).toBe(before);
            map.delete(name);
          } else {
            expect(table.set(octets, 0, length, pathId, attributes)).toBe(before);
            map.set(name, attributes);
          }
          expect(table.get(octets, 0, length, pathId)).toBe(map.get(name) ?? 0);
          expect(table.size()).toBe(map.size);
        }
        const found = new Map<string, number>();
        table.each((attributes, ...prefix) => found.set(nameOf(...prefix), attributes));
        expect(found).toEqual(map);
      }),
    );
  });

  it("gives its memory back", () => {
    const table = createRouteTable(32, 1);
    const least = table.memory();
    for (let i = 0; i < 10_000; i++) table.set(w.u32(i << 8), 0, 24, 0, 1);
    expect(table.memory()).toBeGreaterThan(100 * least);
    for (let i = 0; i < 10_000; i++) expect(table.delete(w.u32(i << 8), 0, 24, 0)).toBe(1);
    expect(table.memory()).toBe(least);
  });
});

describe("the sets of attributes", () => {
  const layout = createUpdateLayout();
  const take = (
    sets: ReturnType<typeof createAttributeSets>,
    attributes: readonly Uint8Array[],
    prefix = "10.0.0.0/8",
  ) => {
    const message = w.update({ attributes, nlri: [w.prefix(prefix)] });
    expect(readUpdate(message, 0, message.length, () => false, layout)).toBeUndefined();
    return sets.take(message, layout, 4);
  };

  it("are kept once, and for as long as a route has them", () => {
    const sets = createAttributeSets(1 << 20, 7);
    const one = take(sets, [w.origin(0), w.sequence(12076, 65001)]);
    expect(take(sets, [w.origin(0), w.sequence(12076, 65001)], "10.1.0.0/16")).toBe(one);
    const other = take(sets, [w.origin(0), w.sequence(12076, 65002)]);
    expect(other).not.toBe(one);
    expect(sets.size()).toBe(2);
    expect(sets.attributes(one)?.asPath).toEqual([{ type: "asSequence", asns: [12076, 65001] }]);
    sets.release(one);
    expect(sets.size()).toBe(2);
    sets.release(one);
    sets.release(other);
    expect([sets.size(), sets.memory()]).toEqual([0, 0]);
  });

  it("are the same whatever prefixes MP_REACH_NLRI has with them", () => {
    const sets = createAttributeSets(1 << 20, 7);
    const of = (prefix: string) => {
      const attributes = [w.mpReach(w.ipv6Unicast, "2001:db8::2", [w.prefix(prefix)]), w.sequence(12076)];
      const message = w.update({ attributes });
      expect(readUpdate(message, 0, message.length, () => false, layout)).toBeUndefined();
      return sets.take(message, layout, 4);
    };
    const id = of("2001:db8:1::/48");
    expect(of("2001:db8:2::/47")).toBe(id);
    expect(sets.attributes(id)?.mpNextHop).toEqual(w.addressOctets("2001:db8::2"));
  });

  it("know how a path begins", () => {
    const sets = createAttributeSets(1 << 20, 7);
    const id = take(sets, [w.sequence(65010, 12076, 12076, 12076, 65515)]);
    expect(sets.head(id)).toEqual({ asns: [65010, 12076], runs: [1, 3] });
  });

  it("take no more memory than they may, and say so", () => {
    const sets = createAttributeSets(3_000, 7);
    const ids = Array.from({ length: 20 }, (_, i) => take(sets, [w.sequence(12076, i + 1)]));
    expect(sets.memory()).toBeLessThanOrEqual(3_000);
    expect(ids.at(-1)).toBe(notKept);
    expect(sets.counts.notKept).toBe(20 - sets.size());
    for (const id of ids) sets.release(id);
    expect(sets.memory()).toBe(0);
  });

  it("that cannot be read are kept and counted", () => {
    const sets = createAttributeSets(1 << 20, 7);
    const id = take(sets, [w.attribute(2, Uint8Array.of(9, 9))]);
    expect(sets.counts.unreadable).toBe(1);
    expect(sets.attributes(id)).toBeUndefined();
    expect(sets.head(id).runs).toEqual([0, 0]);
  });
});
