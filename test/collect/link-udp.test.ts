// The collectors of a link over real UDP, against a responder on loopback.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bfdCollector } from "../../agent/collect/bfd.ts";
import type { Collected, Collector, CollectorDeps } from "../../agent/collect/collector.ts";
import { neighborsCollector } from "../../agent/collect/neighbors.ts";
import { opticsCollector } from "../../agent/collect/optics.ts";
import { prefixesCollector } from "../../agent/collect/prefixes.ts";
import { probedPaths, routerProbesCollector } from "../../agent/collect/router-probes.ts";
import { createUptimeWatch } from "../../agent/collect/uptime.ts";
import { systemClock } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { Secret } from "../../agent/lib/secret.ts";
import { createSnmpClient, type SnmpClient } from "../../agent/net/snmp-client.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { ipv4Peer, vendorMibs } from "../support/bgp-mibs.ts";
import { gauge, integer, text } from "../support/cells.ts";
import { path, router } from "../support/estate.ts";
import { bfdCisco, bfdJuniper, bfdStandard, chassis, physicalNeighbor } from "../support/link-mibs.ts";
import { ipSla, nqa, ping } from "../support/router-probe-mibs.ts";
import { joined, type Mib, mibOf, type Responder, startResponder } from "../support/snmp-responder.ts";
import { er0, mib as mibOfScene } from "./scene.ts";

let mib: Mib;
let responder: Responder;
let client: SnmpClient;
let deps: CollectorDeps;

beforeEach(async () => {
  responder = await startResponder({ mib: () => mib });
  client = createSnmpClient({ clock: systemClock });
  const target = client.target({
    router: "ce1",
    address: "127.0.0.1",
    port: responder.port,
    credentials: { version: "2c", community: new Secret("public") },
    anySource: false,
  });
  await client.start();
  deps = { clock: systemClock, target, uptime: createUptimeWatch() };
});

afterEach(async () => {
  await client.stop();
  await responder.stop();
});

const far = "192.0.2.2";
const mac = [2, 0, 0, 0, 0, 7];
const plain = () => mibOfScene(100, [er0], []);
const asked = () => responder.requests().map(({ pdu }) => pdu.type);

/** Two polls: the one that looks, and the one that only GETs, whose requests are proven to be no walk. */
async function twice(collect: Collector): Promise<readonly (readonly Collected[])[]> {
  const first = await collect();
  const before = asked().length;
  const second = await collect();
  expect(
    asked()
      .slice(before)
      .every((type) => type === "getRequest"),
  ).toBe(true);
  return [first, second].map(({ result, detail, observations }) => {
    expect({ result, detail }).toEqual({ result: "ok", detail: "" });
    return observations;
  });
}

describe("over UDP", () => {
  it.each([
    ["BFD-STD-MIB", bfdStandard],
    ["CISCO-IETF-BFD-MIB", bfdCisco],
    ["JUNIPER-BFD-MIB", bfdJuniper],
  ])("a session of %s is found among two hundred", async (_, table) => {
    const others = Array.from({ length: 200 }, (__, i) => ({
      index: i + 1,
      address: `10.1.${Math.floor(i / 250)}.${(i % 250) + 1}`,
      state: 4,
    }));
    mib = joined(plain(), table([...others, { index: 900, address: far, state: 2, diagnostic: 1 }]));
    for (const observations of await twice(bfdCollector(deps, "ce1", [far]))) {
      expect(observations).toMatchObject([
        { kind: "bfd", remoteAddress: far, state: "down", diagnostic: "controlDetectionTimeExpired", upCount: 9 },
      ]);
    }
  });

  it("a neighbour is found without a request for any other row", async () => {
    mib = joined(plain(), physicalNeighbor(2, far, mac), physicalNeighbor(2, "192.0.2.3", mac));
    const wanted = [{ remoteAddress: far, localAddress: undefined, interface: "er0", vlan: 100 }];
    for (const observations of await twice(neighborsCollector(deps, "ce1", wanted))) {
      expect(observations).toMatchObject([{ kind: "neighbor", state: "present", mac: "02:00:00:00:00:07" }]);
    }
    const names = responder.requests().flatMap(({ pdu }) => pdu.varbinds.map(({ oid: name }) => name.join(".")));
    const entries = names.filter((name) => /^1\.3\.6\.1\.2\.1\.4\.(22|35)\./.test(name));
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.filter((name) => !name.endsWith(`.${far}`))).toEqual([]);
  });

  it("optics of a port are found in a chassis of six hundred entities", async () => {
    const others = Array.from({ length: 600 }, (_, i) => ({ index: 5_000 + i, name: `slot ${i}`, in: 1 }));
    mib = joined(
      plain(),
      chassis("entPhySensorTable", [
        ...others,
        { index: 10, name: "port", alias: 2 },
        { index: 11, name: "Rx Power", in: 10, sensor: [14, 9, 1, -71] },
      ]),
    );
    for (const observations of await twice(opticsCollector(deps, "ce1", ["er0"]))) {
      expect(observations).toMatchObject([
        { kind: "optics", interface: "er0", readings: [{ quantity: "receivePower", value: expect.closeTo(-7.1, 6) }] },
      ]);
    }
  });

  it("prefixes of a session are found", async () => {
    const { sysObjectId, instances } = vendorMibs[0] ?? expect.fail();
    const make: Record<string, Value> = { "1.3.6.1.2.1.1.2.0": { type: "oid", value: oid(sysObjectId) } };
    mib = mibOf({ ...make, ...instances });
    for (const observations of await twice(prefixesCollector(deps, "ce1", [ipv4Peer], undefined))) {
      expect(observations).toMatchObject([{ kind: "prefixes", remoteAddress: ipv4Peer }]);
    }
  });

  it.each([
    ["IP SLA", ipSla({ number: 900, target: far, frequency: 0 }), { name: "900" }],
    ["a ping test", ping({ owner: "noc", test: "azure", target: far, frequency: 0 }), { name: "noc/azure" }],
    ["an NQA test, whose result is a GET further", nqa({ owner: "o", test: "t", target: far }), { name: "o/t" }],
  ])("a probe of the router is found among two hundred: %s", async (_, own, expected) => {
    const others = Array.from({ length: 200 }, (__, i) => ipSla({ number: i + 1, target: `10.1.0.${i + 1}` }));
    mib = joined(plain(), ...others, own);
    const one = path("primary");
    const wanted = probedPaths([{ ...one, session: { ...one.session, remoteAddress: far } }]);
    const collect = routerProbesCollector(deps, { ...router("ce1", "127.0.0.1"), pollInterval: seconds(60) }, wanted);
    for (const observations of await twice(collect)) {
      expect(observations).toMatchObject([{ kind: "routerProbe", ...expected, running: true }]);
      expect(observations[0]).toHaveProperty("result.delay.average");
    }
  });

  it("what a router lacks costs a handful of datagrams once, and then none", async () => {
    mib = plain();
    const wanted = [{ remoteAddress: far, localAddress: "192.0.2.1", interface: "er0", vlan: 100 }];
    const collectors = [
      bfdCollector(deps, "ce1", [far]),
      neighborsCollector(deps, "ce1", wanted),
      opticsCollector(deps, "ce1", ["er0"]),
    ];
    for (const collect of collectors) expect(await collect()).toMatchObject({ result: "noSuchTable" });
    expect(asked().length).toBeLessThanOrEqual(12);
    const before = asked().length;
    for (const collect of collectors) expect(await collect()).toMatchObject({ result: "notAsked", observations: [] });
    expect(asked()).toHaveLength(before);
  });

  it("a hostile row is lost alone", async () => {
    const std = "1.3.6.1.2.1.222.1";
    mib = joined(plain(), bfdStandard([{ index: 7, address: far, state: 4 }]), {
      // A length that no address has, a type that is none, an index of several arcs, a state that is a text.
      [`${std}.2.1.21.1`]: integer(1),
      [`${std}.2.1.22.1`]: text("abc"),
      [`${std}.2.1.11.1`]: integer(4),
      [`${std}.2.1.11.2`]: text("up"),
      [`${std}.2.1.21.3`]: integer(99),
      [`${std}.2.1.22.3`]: text(""),
      [`${std}.2.1.11.3`]: integer(4),
      [`${std}.2.1.11.4.4.4`]: integer(4),
      [`${std}.2.1.29.7`]: text("fast"),
      [`${std}.3.1.12.7`]: gauge(0xffff_ffff),
      [`${std}.5.1.1.9.9`]: gauge(3),
    });
    for (const observations of await twice(bfdCollector(deps, "ce1", [far]))) {
      expect(observations).toMatchObject([
        { remoteAddress: far, state: "up", negotiatedInterval: undefined, upCount: 0xffff_ffff, multiplier: 3 },
      ]);
    }
  });
});
