import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { neighborInstances, ownAddressInstances, ownIfIndex, readNeighbor } from "../../agent/mib/ip-mib.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, gauge, integer, text } from "../support/cells.ts";

const mac = text("\x12\x34\x56\x78\x9a\xbc");
const present = { state: "present", mac: "12:34:56:78:9a:bc" };
const gone = { state: "absent", mac: undefined };
const incomplete = { state: "incomplete", mac: undefined };

describe("RFC 4293: an entry of a neighbour", () => {
  it("is asked for by its interface and address, in both tables where it is IPv4", () => {
    expect(neighborInstances(7, "192.0.2.2").map(formatOid)).toEqual([
      "1.3.6.1.2.1.4.35.1.4.7.1.4.192.0.2.2",
      "1.3.6.1.2.1.4.35.1.6.7.1.4.192.0.2.2",
      "1.3.6.1.2.1.4.35.1.7.7.1.4.192.0.2.2",
      "1.3.6.1.2.1.4.22.1.2.7.192.0.2.2",
      "1.3.6.1.2.1.4.22.1.4.7.192.0.2.2",
    ]);
    expect(neighborInstances(7, "2001:db8::2").map(formatOid)).toEqual(
      [4, 6, 7].map((column) => `1.3.6.1.2.1.4.35.1.${column}.7.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2`),
    );
    expect(neighborInstances(7, "no address")).toEqual([]);
  });

  // ipNetToPhysical: PhysAddress, Type, State; ipNetToMedia: PhysAddress, Type.
  it.each<[string, readonly Value[], object]>([
    ["reachable", [mac, integer(3), integer(1), absent, absent], present],
    ["stale, which is present", [mac, integer(3), integer(2), absent, absent], present],
    ["of unknown state with an address", [mac, integer(3), integer(6), absent, absent], present],
    ["without state", [mac, absent, absent, absent, absent], present],
    ["incomplete", [text(""), integer(3), integer(7), absent, absent], incomplete],
    ["incomplete with the address of before", [mac, integer(3), integer(7), absent, absent], incomplete],
    ["all zeros", [text("\0\0\0\0\0\0"), integer(3), absent, absent, absent], incomplete],
    ["invalid", [mac, integer(2), integer(1), absent, absent], gone],
    ["in invalid state", [mac, integer(3), integer(5), absent, absent], gone],
    ["in the older table only", [absent, absent, absent, mac, integer(4)], present],
    ["incomplete in the newer and present in the older", [text(""), integer(3), integer(7), mac, integer(3)], present],
    ["invalid in the older", [absent, absent, absent, mac, integer(2)], gone],
    ["incomplete in the older", [absent, absent, absent, text(""), integer(3)], incomplete],
    ["nowhere", [absent, absent, absent, absent, absent], gone],
    ["nowhere, of IPv6", [absent, absent, absent], gone],
    ["of a wrong type", [integer(1), text("x"), text("y"), absent, absent], incomplete],
  ])("reads one that is %s", (_, cells, expected) => {
    expect(readNeighbor(cellsOf(cells), 0, cells.length)).toEqual(expected);
  });

  it("is of one of the three states, and has an address only when present, whatever the cells hold", () => {
    const value = fc.oneof(
      fc.integer({ min: -3, max: 12 }).map(integer),
      fc.uint8Array({ maxLength: 10 }).map((octets): Value => ({ type: "octets", value: octets })),
      fc.constant(absent),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 5, maxLength: 5 }), (values) => {
        const { state, mac } = readNeighbor(cellsOf(values), 0, 5);
        expect(["present", "incomplete", "absent"]).toContain(state);
        expect(mac !== undefined).toBe(state === "present");
      }),
    );
  });
});

describe("RFC 4293: the interface of an own address", () => {
  it("is asked for in both address tables where it is IPv4", () => {
    expect(ownAddressInstances("192.0.2.1").map(formatOid)).toEqual([
      "1.3.6.1.2.1.4.34.1.3.1.4.192.0.2.1",
      "1.3.6.1.2.1.4.20.1.2.192.0.2.1",
    ]);
    expect(ownAddressInstances("2001:db8::1")).toHaveLength(1);
  });

  it("is the first that tells one", () => {
    expect(ownIfIndex(cellsOf([absent, integer(7)]), 0, 2)).toBe(7);
    expect(ownIfIndex(cellsOf([integer(0), absent]), 0, 2)).toBeUndefined();
    expect(ownIfIndex(cellsOf([text("7"), gauge(9)]), 0, 2)).toBe(9);
  });
});
