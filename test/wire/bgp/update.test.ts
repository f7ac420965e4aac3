import { describe, expect, it } from "vitest";
import { decodeAttributes, truePath } from "../../../agent/wire/bgp/attributes.ts";
import type { BgpFault } from "../../../agent/wire/bgp/fault.ts";
import { createUpdateLayout, eachPrefix, type PathIds, readUpdate } from "../../../agent/wire/bgp/update.ts";
import * as w from "../../support/bmp.ts";

const layout = createUpdateLayout();
const none: PathIds = () => false;

/** Every prefix of every range, as `range length:octets:pathId`; or the fault. */
function read(message: Uint8Array, pathIds: PathIds = none): readonly string[] | BgpFault {
  const fault = readUpdate(message, 0, message.length, pathIds, layout);
  if (fault !== undefined) return fault;
  const found: string[] = [];
  for (const name of ["withdrawn", "nlri", "mpUnreach", "mpReach"] as const) {
    eachPrefix(message, layout[name], (bytes, at, length, pathId) => {
      const octets = Buffer.from(bytes.subarray(at, at + ((length + 7) >> 3))).toString("hex");
      found.push(`${name} ${octets}/${length} ${pathId}`);
    });
  }
  return found;
}

describe("an UPDATE", () => {
  it("gives the prefixes of all its places", () => {
    const message = w.update({
      withdrawn: [w.prefix("10.1.0.0/16")],
      attributes: [
        w.origin(0),
        w.sequence(12076),
        w.nextHop("172.16.0.2"),
        w.mpUnreach(w.ipv6Unicast, [w.prefix("2001:db8:1::/48")]),
        w.mpReach(w.ipv6Unicast, "2001:db8::2", [w.prefix("2001:db8:2::/47"), w.prefix("::/0")]),
      ],
      nlri: [w.prefix("0.0.0.0/0"), w.prefix("10.2.3.4/32"), w.prefix("10.128.0.0/9")],
    });
    expect(read(message)).toEqual([
      "withdrawn 0a01/16 0",
      "nlri /0 0",
      "nlri 0a020304/32 0",
      "nlri 0a80/9 0",
      "mpUnreach 20010db80001/48 0",
      "mpReach 20010db80002/47 0",
      "mpReach /0 0",
    ]);
    expect(layout.length).toBe(message.length);
  });

  it("reads path identifiers where they were agreed on", () => {
    const message = w.update({
      attributes: [w.mpReach(w.ipv6Unicast, "2001:db8::2", [w.prefix("2001:db8::/32")])],
      nlri: [w.prefix("10.0.0.0/8", 7), w.prefix("10.0.0.0/8", 0x8000_0001)],
    });
    expect(read(message, (afi) => afi === 1)).toEqual(["nlri 0a/8 7", "nlri 0a/8 2147483649", "mpReach 20010db8/32 0"]);
  });

  it("knows the end of a table, of either family", () => {
    expect(read(w.update({}))).toEqual([]);
    expect([layout.endOfRibAfi, layout.endOfRibSafi]).toEqual([1, 1]);
    read(w.update({ attributes: [w.mpUnreach(w.ipv6Unicast, [])] }));
    expect([layout.endOfRibAfi, layout.endOfRibSafi]).toEqual([2, 1]);
    read(w.update({ attributes: [w.origin(0), w.mpUnreach(w.ipv6Unicast, [])] }));
    expect(layout.endOfRibAfi).toBe(0);
  });

  it("leaves the prefixes of other families alone", () => {
    expect(
      read(w.update({ attributes: [w.mpReach({ afi: 25, safi: 70 }, "10.0.0.1", [Uint8Array.of(255, 1)])] })),
    ).toEqual([]);
  });

  const good = w.update({ attributes: [w.origin(0)], nlri: [w.prefix("10.0.0.0/8")] });
  it.each<[string, Uint8Array, BgpFault]>([
    ["a marker that is none", Uint8Array.of(0, ...good.subarray(1)), { kind: "marker", offset: 0 }],
    ["its end missing", good.subarray(0, -1), { kind: "truncated", offset: good.length - 1 }],
    ["another type", w.bgp(4, w.joined(w.u32(0))), { kind: "type", offset: 18 }],
    ["withdrawn routes beyond its end", w.bgp(2, w.joined(w.u16(9), w.u16(0))), { kind: "length", offset: 19 }],
    ["attributes beyond its end", w.bgp(2, w.joined(w.u16(0), w.u16(9))), { kind: "length", offset: 21 }],
    [
      "a prefix of 33 bits",
      w.update({ nlri: [Uint8Array.of(33, 1, 2, 3, 4, 5)] }),
      { kind: "prefixLength", offset: 23 },
    ],
    ["a prefix that is cut", w.update({ nlri: [Uint8Array.of(24, 1, 2)] }), { kind: "truncated", offset: 26 }],
    [
      "an attribute beyond the attributes",
      w.update({ attributes: [Uint8Array.of(0x40, 1, 9, 0)] }),
      { kind: "length", offset: 25 },
    ],
    [
      "MP_UNREACH_NLRI twice",
      w.update({ attributes: [w.mpUnreach(w.ipv6Unicast, []), w.mpUnreach(w.ipv6Unicast, [])] }),
      { kind: "repeated", offset: 29 },
    ],
    [
      "a next hop beyond MP_REACH_NLRI",
      w.update({ attributes: [w.attribute(14, Uint8Array.of(0, 2, 1, 16, 0), 0x80)] }),
      { kind: "length", offset: 25 },
    ],
  ])("with %s is refused, at its octet", (_, message, fault) => {
    expect(read(message)).toEqual(fault);
  });
});

describe("path attributes", () => {
  const decode = (attributes: readonly Uint8Array[], asOctets: 2 | 4 = 4) => {
    const octets = w.joined(...attributes);
    return decodeAttributes(octets, 0, octets.length, asOctets);
  };

  it("are read", () => {
    const read = decode([
      w.origin(2),
      w.asPath([
        { type: 2, asns: [65010, 4_200_000_017] },
        { type: 1, asns: [64999, 70000] },
      ]),
      w.nextHop("172.16.0.2"),
      w.attribute(4, w.u32(77), 0x80),
      w.attribute(5, w.u32(200)),
      w.attribute(6, new Uint8Array(0)),
      w.attribute(7, w.joined(w.u32(70000), w.addressOctets("10.0.0.9"))),
      w.communities(0x2f2c_c73c),
      w.attribute(16, Uint8Array.of(0, 2, 47, 44, 0, 0, 0, 99), 0xc0),
      w.largeCommunities([12076, 1, 2], [4_200_000_017, 3, 4]),
      w.attribute(99, Uint8Array.of(1, 2, 3), 0xc0),
    ]);
    expect(read).toEqual({
      ok: true,
      value: {
        origin: 2,
        asPath: [
          { type: "asSequence", asns: [65010, 4_200_000_017] },
          { type: "asSet", asns: [64999, 70000] },
        ],
        as4Path: undefined,
        nextHop: 0xac10_0002,
        mpNextHop: undefined,
        multiExitDisc: 77,
        localPref: 200,
        atomicAggregate: true,
        aggregator: { asn: 70000, address: 0x0a00_0009 },
        as4Aggregator: undefined,
        communities: [0x2f2c_c73c],
        extendedCommunities: [Uint8Array.of(0, 2, 47, 44, 0, 0, 0, 99)],
        largeCommunities: [
          [12076, 1, 2],
          [4_200_000_017, 3, 4],
        ],
        originatorId: undefined,
        clusterList: [],
        others: [99],
      },
    });
  });

  it("of two octets get their large AS numbers from AS4_PATH (RFC 6793 section 4.2.3)", () => {
    const path = w.asPath([{ type: 2, asns: [12076, 12076, 23_456, 23_456] }], 2);
    const four = w.attribute(17, w.joined(Uint8Array.of(2, 2), w.u32(70_000), w.u32(4_200_000_017)), 0xc0);
    const read = decode([path, four], 2);
    expect(read.ok && truePath(read.value)).toEqual([
      { type: "asSequence", asns: [12076, 12076] },
      { type: "asSequence", asns: [70_000, 4_200_000_017] },
    ]);
    // An AS4_PATH that is longer than the path is ignored.
    const short = decode([w.asPath([{ type: 2, asns: [12076] }], 2), four], 2);
    expect(short.ok && truePath(short.value)).toEqual([{ type: "asSequence", asns: [12076] }]);
  });

  it.each<[string, Uint8Array, BgpFault]>([
    ["an unknown segment", w.attribute(2, Uint8Array.of(9, 1, 0, 0, 0, 1)), { kind: "asPath", offset: 3 }],
    ["a segment beyond its end", w.attribute(2, Uint8Array.of(2, 2, 0, 0, 0, 1)), { kind: "asPath", offset: 4 }],
    ["an empty segment", w.attribute(2, Uint8Array.of(2, 0)), { kind: "asPath", offset: 4 }],
    ["an origin of 3", w.origin(3), { kind: "origin", offset: 3 }],
    ["communities of 5 octets", w.attribute(8, new Uint8Array(5)), { kind: "length", offset: 2 }],
    ["large communities of 8 octets", w.attribute(32, new Uint8Array(8)), { kind: "length", offset: 2 }],
  ])("with %s are refused", (_, attribute, fault) => {
    expect(decode([attribute])).toEqual({ ok: false, error: fault });
  });
});
