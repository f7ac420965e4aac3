// The rows of declared prefixes in a router's forwarding table. Indexes as net-snmp gives them (test/routers/declared.test.ts).

import { describe, expect, it } from "vitest";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { declaring } from "../support/declared.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { er0, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

const [vnet, other, v6] = ["10.60.0.0/16", "10.61.0.0/16", "2001:db8:60::/48"];
const estate = declaring(oneRouter(), [vnet, other, v6]);

type Rows = Readonly<Record<string, Value>>;
const row = (base: string, index: string, type: number): Rows => ({
  [`1.3.6.1.2.1.4.24.${base}.${index}`]: { type: "integer", value: type },
});
const inet = (prefix: string, policy: string, hop: string, type = 4) =>
  row("7.1.8", `1.4.${prefix}.${policy}.1.4.${hop}`, type);
const cidr = (prefix: string, mask: string, hop: string, type = 4) => row("4.1.6", `${prefix}.${mask}.0.${hop}`, type);

const link = inet("172.16.0.0.30", "3.0.0.2", "0.0.0.0", 3);
/** Routes of nobody's concern, before and behind. */
const strangers = { ...inet("10.59.0.0.16", "2.0.0", "10.0.0.9"), ...inet("10.60.0.0.17", "2.0.0", "10.0.0.9") };

const routerWith = (...rows: readonly Rows[]) => scriptedRouter(mib(100, [er0], [peer], Object.assign({}, ...rows)));

describe("the routes of declared prefixes", () => {
  it("are those of exactly these prefixes; one without a row has no route while the link's subnet has one", async () => {
    const router = routerWith(link, strangers, inet("10.60.0.0.16", "2.0.0", "172.16.0.2"));
    const { pass } = startPolling(router, estate);
    const [seen] = of(await pass(6_000), "bestPaths");
    expect(seen).toMatchObject({ kind: "bestPaths", router: "ams-ce1", remoteAddress: "172.16.0.2", source: "snmp" });
    // Of IPv6 no row proves that the table has any.
    expect(seen?.routes).toEqual([
      { prefix: vnet, matched: vnet, nextHops: ["172.16.0.2"] },
      { prefix: other, matched: undefined, nextHops: [] },
    ]);
  });

  it("have every next hop that there is, and none where they end on the router", async () => {
    const router = routerWith(
      link,
      inet("10.60.0.0.16", "2.0.0", "172.16.0.2"),
      inet("10.60.0.0.16", "2.0.0", "10.10.0.3"),
      inet("10.61.0.0.16", "2.0.0", "0.0.0.0", 5),
      row("7.1.8", "2.16.32.1.13.184.0.96.0.0.0.0.0.0.0.0.0.0.48.2.0.0.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2", 4),
    );
    const { pass } = startPolling(router, estate);
    const routes = of(await pass(6_000), "bestPaths")[0]?.routes ?? [];
    expect(new Set(routes[0]?.nextHops)).toEqual(new Set(["172.16.0.2", "10.10.0.3"]));
    expect(routes.slice(1)).toEqual([
      { prefix: other, matched: other, nextHops: [] },
      { prefix: v6, matched: v6, nextHops: ["2001:db8::2"] },
    ]);
  });

  it("are taken from ipCidrRouteTable where the newer table has none of them", async () => {
    const router = routerWith(
      cidr("172.16.0.0", "255.255.255.252", "0.0.0.0", 3),
      cidr("10.60.0.0", "255.255.0.0", "172.16.0.2"),
    );
    const { pass } = startPolling(router, estate);
    expect(of(await pass(6_000), "bestPaths")[0]?.routes).toEqual([
      { prefix: vnet, matched: vnet, nextHops: ["172.16.0.2"] },
      { prefix: other, matched: undefined, nextHops: [] },
    ]);
  });

  it("are not known where neither table shows the link, and the router is then left alone", async () => {
    const router = routerWith(strangers);
    const { pass } = startPolling(router, estate);
    const seen = await pass(60_000);
    expect(of(seen, "bestPaths")).toEqual([]);
    expect(polls(seen, "routes").map(({ result }) => result)).toEqual(["noSuchTable"]);
    expect(router.asked.filter((what) => what.endsWith(" routes"))).toHaveLength(2);
  });

  it("are only those that are told where the link's own subnet is not", async () => {
    const { pass } = startPolling(routerWith(inet("10.60.0.0.16", "2.0.0", "172.16.0.2")), estate);
    expect(of(await pass(6_000), "bestPaths")[0]?.routes.map(({ prefix }) => prefix)).toEqual([vnet]);
  });

  it("are no observation when the poll fails, and none are asked for where nothing is declared", async () => {
    const router = routerWith(link);
    router.breakGroup("routes", "timeout");
    const { pass } = startPolling(router, estate);
    const seen = await pass(6_000);
    expect(of(seen, "bestPaths")).toEqual([]);
    expect(polls(seen, "routes")).toMatchObject([{ result: "timeout" }]);
    const plain = routerWith(link);
    await startPolling(plain).pass(20_000);
    expect(plain.asked.filter((what) => what.endsWith(" routes"))).toEqual([]);
  });
});
