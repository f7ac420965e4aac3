import { isIPv6, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Endpoint,
  formatAddress,
  formatIpv4,
  parseEndpoint,
  parseIpv4,
  sameEndpoint,
} from "../../agent/net/endpoint.ts";

describe("IPv4 addresses", () => {
  it("are read and written as dotted quads only", () => {
    expect(parseIpv4("172.16.0.2")).toBe(0xac100002);
    expect(formatIpv4(0xffffff01)).toBe("255.255.255.1");
    for (const bad of ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "::1", "a.b.c.d", "1.2.3.-4"]) {
      expect(parseIpv4(bad)).toBeUndefined();
    }
  });
});

describe("IPv6 addresses", () => {
  it.each([
    ["::", [0, 0, 0, 0]],
    ["::1", [0, 0, 0, 1]],
    ["2001:db8:0:100::2", [0x2001_0db8, 0x100, 0, 2]],
    ["fe80::1%eth0", [0xfe80_0000, 0, 0, 1]],
    ["1:2:3:4:5:6:7:8", [0x0001_0002, 0x0003_0004, 0x0005_0006, 0x0007_0008]],
    ["ff00:0:0:0::", [0xff00_0000, 0, 0, 0]],
    ["::ffff:192.0.2.1", [0, 0, 0xffff, 0xc000_0201]],
  ])("%s is read as its words", (text, words) => {
    expect(parseEndpoint(text, 862)).toEqual({ family: 6, words, port: 862 });
  });

  it.each(["", ":", "1::2::3", "1:2:3", "12345::", "::g", "1.2.3", "host"])("%s is none", (text) => {
    expect(parseEndpoint(text, 0)).toBeUndefined();
  });

  it("are read as they are written, whatever they are, and as Node reads them", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const read = parseEndpoint(text, 1);
        if (read === undefined) throw new Error(`not read: ${text}`);
        const written = formatAddress(read);
        expect(isIPv6(written)).toBe(true);
        expect(parseEndpoint(written, 1)).toEqual(read);
        const node = (address: string) => new SocketAddress({ address, family: "ipv6" }).address;
        expect(node(written)).toBe(node(text));
      }),
    );
  });
});

describe("two endpoints", () => {
  it("are the same only where every word, the port and the family are", () => {
    const base: Endpoint = { family: 6, words: [1, 2, 3, 4], port: 5 };
    const others: readonly Endpoint["words"][] = [
      [9, 2, 3, 4],
      [1, 9, 3, 4],
      [1, 2, 9, 4],
      [1, 2, 3, 9],
    ];
    expect(sameEndpoint(base, { ...base, words: [1, 2, 3, 4] })).toBe(true);
    for (const words of others) expect(sameEndpoint(base, { ...base, words })).toBe(false);
    expect(sameEndpoint(base, { ...base, port: 6 })).toBe(false);
    // ::1.2.3.4 is not 1.2.3.4.
    expect(sameEndpoint({ ...base, words: [0, 0, 0, 4] }, { family: 4, words: [0, 0, 0, 4], port: 5 })).toBe(false);
  });
});
