import { describe, expect, it } from "vitest";
import { candidateTables, findPeers, oidsOf, walkPeers } from "../../agent/collect/bgp-peers.ts";
import type { BgpTableName } from "../../agent/estate/estate.ts";
import type { Result } from "../../agent/lib/result.ts";
import { bgpTables } from "../../agent/mib/bgp-tables.ts";
import type { SnmpError } from "../../agent/net/snmp-error.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { ipv4Peer, ipv6Peer, vendorMibs } from "../support/bgp-mibs.ts";
import { integer } from "../support/cells.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { mibOf } from "../support/snmp-responder.ts";

function must<T>(result: Result<T, SnmpError>): T {
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

const tableOf = (name: BgpTableName) => {
  const table = bgpTables.find((one) => one.name === name);
  if (table === undefined) throw new Error(name);
  return table;
};

const vendor = (name: BgpTableName) => {
  const found = vendorMibs.find(({ table }) => table === name);
  if (found === undefined) throw new Error(name);
  return found;
};

/** A router of that make, with those instances. */
function routerOf(sysObjectId: string, ...instances: readonly Readonly<Record<string, Value>>[]) {
  const make: Value = { type: "oid", value: sysObjectId.split(".").map(Number) };
  return scriptedRouter(mibOf(Object.assign({ "1.3.6.1.2.1.1.2.0": make }, ...instances)));
}

const bgp4 = (address: string, state: number) => ({
  [`1.3.6.1.2.1.15.3.1.2.${address}`]: integer(state),
  [`1.3.6.1.2.1.15.3.1.3.${address}`]: integer(2),
});

describe("a walk of a peer table", () => {
  it.each(vendorMibs)("reads $table", async ({ table, sysObjectId, instances, peers }) => {
    const { target } = routerOf(sysObjectId, instances);
    const walked = must(await walkPeers(target, tableOf(table), "all"));
    const expected = peers.map(({ prefixes: _, ...row }) => row);
    expect(walked.map(({ row }) => row)).toMatchObject(expected);
    expect(walked).toHaveLength(peers.length);
  });

  it("leaves out a row that has no state", async () => {
    const { target } = routerOf("1.3.6.1.4.1.9.1.1", bgp4("192.0.2.2", 6), {
      "1.3.6.1.2.1.15.3.1.9.192.0.2.9": integer(65_000),
    });
    const walked = must(await walkPeers(target, tableOf("bgpPeerTable"), "all"));
    expect(walked.map(({ row }) => row.remoteAddress)).toEqual(["192.0.2.2"]);
  });
});

describe("the tables to look in", () => {
  it.each(vendorMibs)("are $table and BGP4-MIB for its vendor", async ({ table, sysObjectId }) => {
    const names = must(await candidateTables(routerOf(sysObjectId).target, undefined)).map(({ name }) => name);
    expect(names).toContain(table);
    expect(names.at(-1)).toBe("bgpPeerTable");
    expect(names.length).toBeLessThan(6);
  });

  it("are all for an unknown make, BGP4-MIB last", async () => {
    const names = must(await candidateTables(routerOf("1.3.6.1.4.1.99999.1").target, undefined)).map(
      ({ name }) => name,
    );
    expect(names).toHaveLength(bgpTables.length);
    expect(names.at(-1)).toBe("bgpPeerTable");
  });

  it("are the configured one alone, without asking", async () => {
    const router = routerOf("1.3.6.1.4.1.9.1.1");
    expect(must(await candidateTables(router.target, "hwBgpPeerTable"))).toEqual([tableOf("hwBgpPeerTable")]);
    expect(router.asked).toEqual([]);
  });
});

describe("looking for sessions", () => {
  const cisco = [tableOf("cbgpPeer2Table"), tableOf("cbgpPeer3Table"), tableOf("bgpPeerTable")];
  const sysObjectId = "1.3.6.1.4.1.9.1.1";
  const look = async (router: ReturnType<typeof scriptedRouter>, peers: readonly string[], tables = cisco) =>
    must(await findPeers(router.target, "ce1", tables, peers));
  const places = (found: Awaited<ReturnType<typeof look>>) =>
    found.known.map(({ remoteAddress, layout }) => `${remoteAddress} ${layout.table.name}`);

  it.each(vendorMibs)("finds them in $table", async ({ table, sysObjectId: make, instances, peers }) => {
    const router = routerOf(make, instances);
    const addresses = peers.flatMap(({ remoteAddress }) => remoteAddress ?? []);
    const found = await look(router, addresses, [...must(await candidateTables(router.target, undefined))]);
    expect(places(found)).toEqual(addresses.map((address) => `${address} ${table}`));
    expect(found).toMatchObject({ missing: [], unseen: [], ambiguous: [], doubt: undefined });
  });

  it("takes the vendor's table before BGP4-MIB, and asks no further once all are found", async () => {
    const router = routerOf(sysObjectId, vendor("cbgpPeer2Table").instances, bgp4(ipv4Peer, 1));
    expect(places(await look(router, [ipv4Peer, ipv6Peer]))).toEqual([
      `${ipv4Peer} cbgpPeer2Table`,
      `${ipv6Peer} cbgpPeer2Table`,
    ]);
    expect(router.asked).toEqual(["walk bgp"]);
  });

  it("falls back to BGP4-MIB, where IPv6 sessions are out of sight and not missing", async () => {
    const found = await look(routerOf(sysObjectId, bgp4(ipv4Peer, 6)), [ipv4Peer, ipv6Peer, "192.0.2.9"]);
    expect(places(found)).toEqual([`${ipv4Peer} bgpPeerTable`]);
    expect(found).toMatchObject({ unseen: [ipv6Peer], missing: ["192.0.2.9"] });
  });

  it("finds each in the table that has it: default VRF in one, another VRF in the next", async () => {
    const router = routerOf(
      sysObjectId,
      { "1.3.6.1.4.1.9.9.187.1.2.5.1.3.1.4.198.51.100.7": integer(6) },
      vendor("cbgpPeer3Table").instances,
    );
    const found = await look(router, [ipv6Peer, "198.51.100.7"]);
    expect(places(found)).toEqual(["198.51.100.7 cbgpPeer2Table", `${ipv6Peer} cbgpPeer3Table`]);
  });

  it("does not choose between VRFs that have the same peer", async () => {
    const column = "1.3.6.1.4.1.9.9.187.1.2.9.1";
    const router = routerOf(sysObjectId, {
      [`${column}.5.1.1.4.192.0.2.2`]: integer(6),
      [`${column}.5.2.1.4.192.0.2.2`]: integer(6),
    });
    const found = await look(router, [ipv4Peer]);
    expect(found).toMatchObject({ known: [], missing: [] });
    expect(found.ambiguous).toHaveLength(1);
    expect(found.ambiguous[0]).toContain("cbgpPeer3Table");
  });

  it("takes the established one of several rows of a peer", async () => {
    const column = "1.3.6.1.4.1.2636.5.1.1.2.1.1.1.2";
    const router = routerOf("1.3.6.1.4.1.2636.1", {
      [`${column}.0.1.0.0.0.0.1.192.0.2.2`]: integer(3),
      [`${column}.0.1.192.0.2.1.1.192.0.2.2`]: integer(6),
    });
    const found = await look(router, [ipv4Peer], [tableOf("jnxBgpM2PeerTable")]);
    expect(found.known).toHaveLength(1);
    expect(found.known.flatMap(oidsOf).map(formatOid)).toContain(`${column}.0.1.192.0.2.1.1.192.0.2.2`);
  });

  it("fails when no table can be read, and keeps the doubt when one of several cannot", async () => {
    const broken = routerOf(sysObjectId);
    broken.breakGroup("bgp", "timeout");
    expect(await findPeers(broken.target, "ce1", cisco, [ipv4Peer])).toMatchObject({ ok: false });

    const router = routerOf(sysObjectId, bgp4(ipv4Peer, 6));
    const { target } = router;
    const halfBroken: typeof target = {
      ...target,
      walk: (columns, ask) => {
        if (ask.table === "cbgpPeer2Table") router.breakGroup("bgp", "timeout");
        else router.heal("bgp");
        return target.walk(columns, ask);
      },
    };
    const found = must(await findPeers(halfBroken, "ce1", cisco, [ipv4Peer, "192.0.2.9"]));
    expect(places(found)).toEqual([`${ipv4Peer} bgpPeerTable`]);
    expect(found.missing).toEqual(["192.0.2.9"]);
    expect(found.doubt).toMatchObject({ kind: "timeout", table: "cbgpPeer2Table" });
  });
});
