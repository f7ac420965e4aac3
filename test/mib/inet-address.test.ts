import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "../../agent/estate/address.ts";
import { inetAddressAt, inetIndex } from "../../agent/mib/inet-address.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, integer, text } from "../support/cells.ts";

const octets = (...bytes: readonly number[]): Value => ({ type: "octets", value: Uint8Array.from(bytes) });
const read = (type: Value | undefined, address: Value) =>
  inetAddressAt(cellsOf([type ?? absent, address]), type === undefined ? undefined : 0, 1);
const v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

describe("RFC 4001: an InetAddress in a cell", () => {
  it.each<[string, Value | undefined, Value, string | undefined]>([
    ["ipv4", integer(1), octets(192, 0, 2, 2), "192.0.2.2"],
    ["ipv6", integer(2), octets(...v6), "2001:db8::2"],
    ["ipv4z, without its zone", integer(3), octets(192, 0, 2, 2, 0, 0, 0, 9), "192.0.2.2"],
    ["ipv6z, without its zone", integer(4), octets(...v6, 0, 0, 0, 9), "2001:db8::2"],
    ["ipv6z that has no zone", integer(4), octets(...v6), "2001:db8::2"],
    ["an IpAddress", undefined, { type: "ipAddress", value: "192.0.2.2" }, "192.0.2.2"],
    ["octets of no type", undefined, octets(...v6), "2001:db8::2"],
    ["octets of a type that is no address", integer(16), octets(192, 0, 2, 2), "192.0.2.2"],
    ["text", integer(1), text("192.0.2.2"), "192.0.2.2"],
    ["text with a zone", integer(2), text("fe80::1%eth0"), "fe80::1"],
    [
      "octets that spell an address, yet are one by their length",
      integer(2),
      text("2001:db8:0:1::12"),
      expect.any(String),
    ],
    ["a wrong length", integer(1), octets(192, 0, 2), undefined],
    ["nothing", integer(1), octets(), undefined],
    ["a number", integer(1), integer(7), undefined],
    ["an absent cell", integer(1), absent, undefined],
  ])("reads %s", (_, type, address, expected) => {
    expect(read(type, address)).toEqual(expected);
  });

  it("never takes octets of the right length for text", () => {
    expect(read(integer(2), text("2001:db8:0:1::12"))).not.toBe("2001:db8:0:1::12");
  });

  it("is the address whose index it is", () => {
    const any = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => formatAddress({ family: 4, value })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => formatAddress({ family: 6, value })),
    );
    fc.assert(
      fc.property(any, (address) => {
        const [type = 0, length, ...rest] = inetIndex(address) ?? [];
        expect(rest).toHaveLength(length ?? -1);
        expect(read(integer(type), octets(...rest))).toBe(address);
      }),
    );
    expect(inetIndex("no address")).toBeUndefined();
  });

  it("is an address or nothing, whatever the cell holds", () => {
    fc.assert(
      fc.property(fc.integer({ min: -2, max: 20 }), fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
        const address = read(integer(type), octets(...bytes));
        expect(address === undefined || parseAddress(address) !== undefined).toBe(true);
      }),
    );
  });
});
