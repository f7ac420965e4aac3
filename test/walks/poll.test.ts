// The tables of every vendor, polled over loopback UDP as a walk is.

import { describe, expect, it } from "vitest";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { vendorMibs } from "../support/bgp-mibs.ts";
import { mibOf } from "../support/snmp-responder.ts";
import { pollWalk } from "./poll.ts";

describe("a router with a vendor's table", () => {
  it.each(vendorMibs)("gives the sessions of $table and their prefixes", async ({ sysObjectId, instances, peers }) => {
    const make = { "1.3.6.1.2.1.1.2.0": { type: "oid", value: oid(sysObjectId) } } as const;
    const found = await pollWalk(mibOf({ ...make, ...instances }));
    expect(found.peers.map(({ row }) => row.remoteAddress)).toEqual(peers.map((peer) => peer.remoteAddress));
    found.peers.forEach(({ row, prefixes }, i) => {
      const { prefixes: expected = [], ...rest } = peers[i] ?? {};
      expect(row).toMatchObject(rest);
      // A fixture that names no family of a peer says nothing of them.
      if (peers[i]?.prefixes !== undefined) {
        expect(prefixes).toHaveLength(expected.length);
        expect(prefixes).toMatchObject(expected);
      }
    });
  });

  it("counts the prefixes of a peer that stands in both of Cisco's tables once", async () => {
    const cisco = vendorMibs[0] ?? expect.fail();
    const newer = "1.3.6.1.4.1.9.9.187.1.2.8.1.1.1.4.192.0.2.2.1.1";
    const make = { "1.3.6.1.2.1.1.2.0": { type: "oid", value: oid(cisco.sysObjectId) } } as const;
    const found = await pollWalk(mibOf({ ...make, ...cisco.instances, [newer]: { type: "counter32", value: 11 } }));
    expect(found.peers[0]?.prefixes).toMatchObject([{ afi: 1, safi: 1, accepted: 11 }]);
  });
});
