// Sessions with Microsoft that a router has, and no path of the estate.

import { describe, expect, it } from "vitest";
import { vendorMibs } from "../support/bgp-mibs.ts";
import { integer } from "../support/cells.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { mibOf } from "../support/snmp-responder.ts";
import { er0, mib, of, oneRouter, peer, session, startPolling } from "./scene.ts";

const other = { address: "172.16.0.66" };
const walks = (asked: readonly string[]) => asked.filter((what) => what === "walk bgp").length;

describe("a peer with Microsoft's ASN that no path has", () => {
  it("is told with its state when the router is first asked; one of another AS is not", async () => {
    const provider = { address: "10.0.0.1", as: 65_001 };
    const { pass } = startPolling(scriptedRouter(mib(100, [er0], [peer, { ...other, state: 3 }, provider])));
    const seen = of(await pass(3_000), "peers");
    expect(seen).toMatchObject([
      { router: "ams-ce1", unconfigured: [{ remoteAddress: other.address, state: "active" }] },
    ]);
  });

  it("that comes later is seen within ten minutes, and all that costs one walk", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass } = startPolling(scripted);
    expect(of(await pass(3_000), "peers")).toMatchObject([{ unconfigured: [] }]);
    const before = walks(scripted.asked);
    scripted.mib = mib(103, [er0], [peer, other]);
    // What is configured goes on at each poll meanwhile.
    const seen = await pass(600_000);
    expect(of(seen, "peers").at(-1)).toMatchObject({
      unconfigured: [{ remoteAddress: other.address, state: "established" }],
    });
    expect(of(seen, "session").length).toBeGreaterThan(590);
    // The table of the vendor that has none, and BGP4-MIB.
    const after = walks(scripted.asked) - before;
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(before);
    scripted.mib = mib(703, [er0], [peer]);
    expect(of(await pass(600_000), "peers").at(-1)).toMatchObject({ unconfigured: [] });
  });

  it("is not told of while a table cannot be walked: what was told stays", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer, other]));
    const { pass } = startPolling(scripted);
    expect(of(await pass(3_000), "peers")).toHaveLength(1);
    scripted.breakGroup("bgp", "timeout", 3);
    const seen = await pass(601_000);
    expect(of(seen, "peers")).toEqual([]);
  });

  it.each(vendorMibs.filter(({ peers }) => peers[0]?.remoteAsn === 12_076))(
    "is told of by $table",
    async ({ sysObjectId, instances, table }) => {
      const system = { "1.3.6.1.2.1.1.2.0": { type: "oid", value: sysObjectId.split(".").map(Number) } } as const;
      const own = mib(100, [er0], []).filter(({ oid }) => oid.join(".") !== "1.3.6.1.2.1.1.2.0");
      const all = Object.fromEntries(own.map(({ oid, value }) => [oid.join("."), value]));
      // The configured session stands in no table, so that all are looked through.
      const bgp4 = table === "bgpPeerTable" ? {} : { "1.3.6.1.2.1.15.3.1.2.203.0.113.1": integer(6) };
      const scripted = scriptedRouter(mibOf({ ...all, ...system, ...instances, ...bgp4 }));
      const { pass } = startPolling(scripted, oneRouter({ session: session("203.0.113.9") }));
      const [told] = of(await pass(1_000), "peers");
      expect(told?.unconfigured).toContainEqual({ remoteAddress: "192.0.2.2", state: "established" });
    },
  );
});
