import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressIn,
  formatAddress,
  formatSubnet,
  halvesOf,
  notPublic,
  overlap,
  parseAddress,
  parseListen,
  parseSubnet,
  type Subnet,
} from "../../agent/estate/address.ts";

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

describe("addresses", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    ["fe80::", "fe80::"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // RFC 5952 4.2.2: one group is not shortened
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // 4.2.3: the longest run
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // 4.2.3: of equal runs the first
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
  ])("reads %s as %s", (text, canonical) => {
    const parsed = parseAddress(text);
    expect(parsed && formatAddress(parsed)).toBe(canonical);
  });

  it.each([
    ["", "an empty text"],
    ["1.2.3", "three octets"],
    ["1.2.3.256", "an octet over 255"],
    ["01.2.3.4", "a leading zero"],
    ["1.2.3.4.5", "five octets"],
    [" 1.2.3.4", "a space"],
    [":::", "three colons"],
    ["1::2::3", "two gaps"],
    ["1:2:3:4:5:6:7", "seven groups"],
    ["1:2:3:4:5:6:7:8:9", "nine groups"],
    ["1:2:3:4:5:6:7::8", "a gap of nothing"],
    ["12345::", "five digits"],
    ["fe80::1%eth0", "a zone"],
    ["1.2.3.4::", "dotted decimal in front"],
    [":1", "half a gap"],
  ])("refuses %j: %s", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("agrees with the runtime on what is an address", () => {
    const alphabet = fc.constantFrom(..."0123456789abcdef:.");
    const near = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: alphabet, maxLength: 20 }));
    fc.assert(
      fc.property(near, (text) => (parseAddress(text)?.family ?? 0) === isIP(text)),
      { numRuns: 20_000 },
    );
  });

  it("reads back what it writes", () => {
    const address = fc.oneof(
      fc.bigInt(0n, 2n ** 32n - 1n).map((value) => ({ family: 4 as const, value })),
      fc.bigInt(0n, 2n ** 128n - 1n).map((value) => ({ family: 6 as const, value })),
    );
    fc.assert(
      fc.property(address, (given) => {
        expect(parseAddress(formatAddress(given))).toEqual(given);
      }),
    );
  });
});

describe("subnets", () => {
  it("gives the router the first usable address and the MSEE the second", () => {
    // Microsoft's own example: 192.168.100.128/29 gives .129/.130 and .133/.134.
    const [primary, secondary] = halvesOf(subnet("192.168.100.128/29")) ?? [];
    expect([primary, secondary].map((half) => half && formatSubnet(half))).toEqual([
      "192.168.100.128/30",
      "192.168.100.132/30",
    ]);
    const ends = [primary, secondary].flatMap((half) => [1, 2].map((n) => half && formatAddress(addressIn(half, n))));
    expect(ends).toEqual(["192.168.100.129", "192.168.100.130", "192.168.100.133", "192.168.100.134"]);
  });

  it("names the network that an address with host bits lies in", () => {
    const parsed = parseSubnet("172.16.0.5/30");
    expect(parsed).toMatchObject({ ok: false, error: { kind: "hostBits" } });
    if (parsed.ok || parsed.error.kind !== "hostBits") throw new Error("unexpected");
    expect(formatSubnet(parsed.error.meant)).toBe("172.16.0.4/30");
  });

  it.each([
    ["10.0.0.0", "noLength"],
    ["10.0.0.0/33", "length"],
    ["10.0.0.0/", "length"],
    ["::/129", "length"],
    ["10.0.0/8", "form"],
    ["10.0.0.0/8/8", "form"],
  ])("refuses %s: %s", (text, kind) => {
    expect(parseSubnet(text)).toMatchObject({ ok: false, error: { kind } });
  });

  it("finds overlaps within a family only", () => {
    expect(overlap(subnet("10.0.0.0/29"), subnet("10.0.0.4/30"))).toBe(true);
    expect(overlap(subnet("10.0.0.4/30"), subnet("10.0.0.0/29"))).toBe(true);
    expect(overlap(subnet("10.0.0.0/30"), subnet("10.0.0.4/30"))).toBe(false);
    expect(overlap(subnet("::/0"), subnet("10.0.0.4/30"))).toBe(false);
    expect(halvesOf(subnet("10.0.0.1/32"))).toBeUndefined();
  });

  it("knows what is not public", () => {
    expect(["172.31.0.0/30", "fd00::/126", "100.64.0.0/30"].map((text) => notPublic(subnet(text)))).toEqual([
      "RFC 1918",
      "RFC 4193",
      "RFC 6598",
    ]);
    expect(["172.32.0.0/30", "2001:db8::/126"].map((text) => notPublic(subnet(text)))).toEqual([undefined, undefined]);
  });
});

describe("listen addresses", () => {
  it.each([
    ["127.0.0.1:9580", { host: "127.0.0.1", port: 9580 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65535 }],
  ])("reads %s", (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });

  it.each(["9580", ":9580", "127.0.0.1", "::1:9580", "[127.0.0.1]:1", "127.0.0.1:65536", "example.com:80", ""])(
    "refuses %j",
    (text) => {
      expect(parseListen(text)).toBeUndefined();
    },
  );
});
