import { describe, expect, it } from "vitest";
import type { Observation } from "../../agent/estate/observation.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import { ipv4Peer, ipv6Peer, vendorMibs } from "../support/bgp-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { mibOf } from "../support/snmp-responder.ts";
import { of, oneRouter, polls, session, startPolling } from "./scene.ts";

/** Both peers of a vendor's fixture as the sessions of one router. */
function estateOf() {
  const estate = oneRouter({ session: session(ipv4Peer) });
  const circuits = new Map(
    [...estate.circuits].map(([name, circuit]) => {
      const peerings = circuit.peerings.map((peering) => {
        const { primary } = peering.paths;
        return { ...peering, paths: { primary, secondary: { ...primary, session: session(ipv6Peer) } } };
      });
      return [name, { ...circuit, peerings }] as const;
    }),
  );
  return { ...estate, circuits };
}

const unicast = (prefixes: (typeof vendorMibs)[number]["peers"][number]["prefixes"]) =>
  (prefixes ?? [])
    .filter(({ safi }) => safi === 1)
    .map(({ afi, received, accepted, active, advertised }) => ({
      family: afi === 1 ? "ipv4" : "ipv6",
      ...Object.fromEntries(
        Object.entries({ received, accepted, active, advertised }).filter(([, value]) => value !== undefined),
      ),
    }));

describe("the prefix counts of a session", () => {
  const counting = vendorMibs.filter(({ peers }) => peers.some(({ prefixes }) => unicast(prefixes).length > 0));
  it.each(counting)("are found beside $table, and then asked for alone", async ({ sysObjectId, instances, peers }) => {
    const make = {
      "1.3.6.1.2.1.1.2.0": { type: "oid", value: oid(sysObjectId) },
      "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: 10_000 },
    } as const;
    const router = scriptedRouter(mibOf({ ...make, ...instances }));
    const { pass } = startPolling(router, estateOf());
    // A fixture that names no family of a peer says nothing of them.
    const said = peers.filter(({ prefixes }) => prefixes !== undefined).map(({ remoteAddress }) => remoteAddress);
    const told = (observations: readonly Observation[]) =>
      of(observations, "prefixes").filter(({ remoteAddress }) => said.includes(remoteAddress));
    const seen = told(await pass(6_000));
    const expected = peers.flatMap(({ remoteAddress, prefixes }) => {
      const families = unicast(prefixes);
      return families.length === 0 ? [] : [{ remoteAddress, families }];
    });
    expect(seen.map(({ remoteAddress }) => remoteAddress)).toEqual(expected.map(({ remoteAddress }) => remoteAddress));
    expect(seen).toMatchObject(expected);
    const walks = () => router.asked.filter((what) => what === "walk prefixes").length;
    const before = walks();
    expect(told(await pass(12_000))).toHaveLength(2 * expected.length);
    expect(walks()).toBe(before);
  });

  it("are not there in BGP4-MIB, which is said once", async () => {
    const bgp4 = Object.fromEntries([2, 3].map((column) => [`1.3.6.1.2.1.15.3.1.${column}.${ipv4Peer}`, 6]));
    const router = scriptedRouter(
      mibOf({
        "1.3.6.1.2.1.1.3.0": { type: "timeTicks", value: 10_000 },
        ...Object.fromEntries(Object.entries(bgp4).map(([name, value]) => [name, { type: "integer", value }])),
      }),
    );
    const { pass } = startPolling(router, estateOf());
    const seen = await pass(60_000);
    expect(of(seen, "prefixes")).toEqual([]);
    expect(polls(seen, "prefixes").map(({ result }) => result)).toEqual(["noSuchTable"]);
  });
});
