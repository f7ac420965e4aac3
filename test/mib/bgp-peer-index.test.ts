import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePeerIndex, type IndexPart } from "../../agent/mib/bgp-peer-index.ts";

const v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const arcs = (text: string) => text.split(".").map(Number);

describe("an index of a peer table", () => {
  it.each<[string, readonly IndexPart[], readonly number[], object | undefined]>([
    ["an IpAddress", ["v4"], arcs("192.0.2.2"), { remoteAddress: "192.0.2.2", vrf: undefined }],
    ["type, length and octets", ["remote"], arcs("1.4.192.0.2.2"), { remoteAddress: "192.0.2.2" }],
    ["type and octets", ["remote"], arcs("1.192.0.2.2"), { remoteAddress: "192.0.2.2" }],
    ["octets that begin like a length", ["remote"], arcs("1.4.0.2.2"), { remoteAddress: "4.0.2.2" }],
    ["a length before octets like it", ["remote"], arcs("1.4.4.0.2.2"), { remoteAddress: "4.0.2.2" }],
    ["IPv6 with a length", ["vrf", "remote"], [1, 2, 16, ...v6], { remoteAddress: "2001:db8::2", vrf: 1 }],
    ["IPv6 without", ["vrf", "remote"], [1, 2, ...v6], { remoteAddress: "2001:db8::2", vrf: 1 }],
    ["IPv6 with a zone", ["remote"], [4, 20, ...v6, 0, 0, 0, 9], { remoteAddress: "2001:db8::2" }],
    ["family first", ["vrf", "afi", "safi", "remote"], arcs("3.1.128.1.4.192.0.2.2"), { vrf: 3, afi: 1, safi: 128 }],
    [
      "family last",
      ["remote", "afi", "safi"],
      arcs("1.4.192.0.2.2.2.1"),
      { remoteAddress: "192.0.2.2", afi: 2, safi: 1 },
    ],
    [
      "both ends",
      ["vrf", "local", "remote"],
      arcs("0.1.192.0.2.1.1.192.0.2.2"),
      { remoteAddress: "192.0.2.2", vrf: 0 },
    ],
    [
      "both ends with lengths",
      ["vrf", "local", "remote"],
      arcs("0.1.4.192.0.2.1.1.4.192.0.2.2"),
      { remoteAddress: "192.0.2.2" },
    ],
    [
      "an unknown local end",
      ["vrf", "local", "remote"],
      arcs("0.0.0.1.4.192.0.2.2"),
      { remoteAddress: "192.0.2.2", vrf: 0 },
    ],
    [
      "a cut local end",
      ["vrf", "local", "remote"],
      arcs("0.1.192.0.1.192.0.2.2"),
      { remoteAddress: "192.0.2.2", vrf: 0 },
    ],
    [
      "a cut local end of IPv6",
      ["vrf", "local", "remote"],
      [7, 2, 32, 1, 2, ...v6],
      { remoteAddress: "2001:db8::2", vrf: 7 },
    ],
    ["a row", ["row"], [7], { remoteAddress: undefined, vrf: undefined }],
    ["an octet above 255", ["remote"], arcs("1.4.192.0.2.256"), undefined],
    ["an octet above 255 of an IpAddress", ["v4"], arcs("192.0.2.256"), undefined],
    ["too few arcs", ["remote"], arcs("1.192.0.2"), undefined],
    ["too many", ["v4"], arcs("192.0.2.2.1"), undefined],
    ["a type of no address", ["remote"], arcs("16.4.192.0.2.2"), undefined],
    ["nothing", ["vrf", "remote"], [], undefined],
  ])("may hold %s", (_, form, index, expected) => {
    const decoded = decodePeerIndex(form, index);
    if (expected === undefined) expect(decoded).toBeUndefined();
    else expect(decoded).toMatchObject(expected);
  });

  const forms: readonly (readonly IndexPart[])[] = [
    ["v4"],
    ["remote"],
    ["vrf", "remote"],
    ["vrf", "local", "remote"],
    ["vrf", "afi", "safi", "remote"],
    ["remote", "afi", "safi"],
    ["row", "afi", "safi"],
  ];
  const octet = fc.integer({ min: 0, max: 255 });
  const inet = (lengths: boolean) =>
    fc
      .oneof(fc.array(octet, { minLength: 4, maxLength: 4 }), fc.array(octet, { minLength: 16, maxLength: 16 }))
      .map((octets) => ({
        octets,
        arcs: [octets.length === 4 ? 1 : 2, ...(lengths ? [octets.length] : []), ...octets],
      }));

  it.each([true, false])("gives the address that was put in, with lengths: %s", (lengths) => {
    fc.assert(
      fc.property(inet(lengths), inet(lengths), fc.nat(), (local, remote, vrf) => {
        const alone = decodePeerIndex(["vrf", "remote"], [vrf, ...remote.arcs]);
        const both = decodePeerIndex(["vrf", "local", "remote"], [vrf, ...local.arcs, ...remote.arcs]);
        expect(both).toEqual(alone);
        expect(alone?.vrf).toBe(vrf);
        if (remote.octets.length === 4) expect(alone?.remoteAddress).toBe(remote.octets.join("."));
        else expect(alone?.remoteAddress).toContain(":");
      }),
    );
  });

  it("never throws, and gives an address or nothing", () => {
    const arc = fc.oneof(octet, fc.constantFrom(1, 2, 4, 16), fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.array(arc, { maxLength: 60 }), (form, index) => {
        const decoded = decodePeerIndex(form, index);
        const address = decoded?.remoteAddress;
        expect(address === undefined || address === "" || /^[0-9a-f:.]+$/.test(address)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
