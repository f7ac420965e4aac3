import { describe, expect, it } from "vitest";
import { gauge, integer, text } from "../support/cells.ts";
import { bfdCisco, bfdJuniper, bfdStandard, type Instances, inet } from "../support/link-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { joined } from "../support/snmp-responder.ts";
import { er0, mib, of, oneRouter, peer, polls, session, startPolling } from "./scene.ts";

const far = "172.16.0.2";
const plain = (uptime = 100) => mib(uptime, [er0], [peer]);
const routerWith = (...instances: readonly Instances[]) => scriptedRouter(joined(plain(), ...instances));
const other = { index: 1, address: "192.0.2.9", state: 4 };
const up = { index: 7, address: far, state: 4 };

describe("the BFD session of a path", () => {
  it.each([
    ["BFD-STD-MIB", bfdStandard, { negotiatedInterval: 0.3, multiplier: 3 }],
    ["CISCO-IETF-BFD-MIB", bfdCisco, { transmitInterval: 0.1, receiveInterval: 0.2, multiplier: 3 }],
    ["JUNIPER-BFD-MIB", bfdJuniper, { negotiatedInterval: 0.3, detectionTime: 0.9 }],
  ] as const)("is found in %s and then asked for alone", async (_, table, expected) => {
    const router = routerWith(table([other, { ...up, diagnostic: 1 }]));
    const { pass } = startPolling(router);
    const first = of(await pass(1_000), "bfd");
    expect(first).toMatchObject([
      {
        router: "ams-ce1",
        remoteAddress: far,
        present: true,
        state: "up",
        diagnostic: "controlDetectionTimeExpired",
        upCount: 9,
        // It came up at 40 s of sysUpTime, and now is 100 s.
        upSeconds: 60,
        localDiscriminator: 1_007,
        remoteDiscriminator: 2_007,
        ...expected,
      },
    ]);
    const walks = router.asked.filter((what) => what === "walk bfd").length;
    const later = await pass(3_000);
    expect(of(later, "bfd")).toHaveLength(3);
    expect(polls(later, "bfd").every(({ result }) => result === "ok")).toBe(true);
    expect(router.asked.filter((what) => what === "walk bfd")).toHaveLength(walks);
  });

  it.each([
    [1, "adminDown"],
    [2, "down"],
    [3, "init"],
  ])("tells state %i as %s", async (state, expected) => {
    const { pass } = startPolling(routerWith(bfdStandard([{ ...up, state }])));
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ state: expected, upSeconds: undefined }]);
  });

  it("is found by IPv6 address too", async () => {
    const address = "2001:db8::2";
    const router = routerWith(bfdStandard([other, { ...up, address }]));
    const { pass } = startPolling(router, oneRouter({ session: session(address) }));
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ remoteAddress: address, state: "up" }]);
  });

  it("is found by the index of the map where the session has no address", async () => {
    const { "1.3.6.1.2.1.222.1.2.1.21.7": _, "1.3.6.1.2.1.222.1.2.1.22.7": __, ...nameless } = bfdStandard([up]);
    const index = [3, ...inet("172.16.0.1"), ...inet(far)].join(".");
    const router = routerWith(nameless, { [`1.3.6.1.2.1.222.1.5.1.1.${index}`]: gauge(7) });
    const { pass } = startPolling(router);
    expect(of(await pass(2_000), "bfd")).toMatchObject([{ state: "up" }, { state: "up" }]);
  });

  it("is the live one where an old row stands beside it", async () => {
    const { pass } = startPolling(routerWith(bfdStandard([{ ...up, index: 3, state: 2 }, up])));
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ state: "up", localDiscriminator: 1_007 }]);
  });

  it("is told to be missing when the router has others only, and looked for rarely", async () => {
    const router = routerWith(bfdStandard([other]));
    const { pass } = startPolling(router);
    expect(of(await pass(20_000), "bfd")).toMatchObject([{ remoteAddress: far, present: false }]);
    router.mib = joined(plain(), bfdStandard([other, up]));
    expect(of(await pass(560_000), "bfd")).toEqual([]);
    expect(of(await pass(60_000), "bfd")[0]).toMatchObject({ present: true, state: "up" });
  });

  it("is looked for soon once it was there and went, as routers take it away with the BGP session", async () => {
    const router = routerWith(bfdStandard([other, up]));
    const { pass } = startPolling(router);
    await pass(1_000);
    router.mib = joined(plain(), bfdStandard([other]));
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ present: false }]);
    router.mib = joined(plain(), bfdStandard([other, { ...up, index: 9 }]));
    expect(of(await pass(6_000), "bfd").at(-1)).toMatchObject({ present: true, localDiscriminator: 1_009 });
  });

  it("is looked for again in the same poll when its number has become another's", async () => {
    const router = routerWith(bfdStandard([other, up]));
    const { pass } = startPolling(router);
    await pass(1_000);
    router.mib = joined(
      plain(),
      bfdStandard([
        { ...other, index: 7 },
        { ...up, index: 8, state: 2 },
      ]),
    );
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ state: "down", localDiscriminator: 1_008 }]);
  });

  it("is looked for at once when the SNMP agent has started again", async () => {
    const router = routerWith();
    const { pass } = startPolling(router);
    await pass(5_000);
    router.mib = joined(plain(1), bfdStandard([up]));
    expect(of(await pass(3_000), "bfd")[0]).toMatchObject({ present: true });
  });

  it("is not said to be missing while a table could not be read", async () => {
    const router = routerWith(bfdStandard([other]));
    router.breakGroup("bfd", "timeout");
    const { pass } = startPolling(router);
    const seen = await pass(3_000);
    expect(of(seen, "bfd")).toEqual([]);
    expect(polls(seen, "bfd").map(({ result }) => result)).toEqual(["timeout"]);
    router.heal("bfd");
    expect(of(await pass(10_000), "bfd")).toMatchObject([{ present: false }]);
  });

  it("is still asked for when the search for another's fails", async () => {
    const other = "10.0.0.1";
    const estate = oneRouter();
    const circuits = new Map(
      [...estate.circuits].map(([name, circuit]) => {
        const [peering = expect.fail()] = circuit.peerings;
        const { primary } = peering.paths;
        const paths = { primary, secondary: { ...primary, session: session(other) } };
        return [name, { ...circuit, peerings: [{ ...peering, paths }] }] as const;
      }),
    );
    const router = routerWith(bfdStandard([up, { ...up, index: 8, address: other }]));
    const walk = router.target.walk;
    let refused = 0;
    const target = {
      ...router.target,
      walk: (...args: Parameters<typeof walk>) => {
        if (args[1].group !== "bfd" || router.mib.length === 0 || !failing) return walk(...args);
        refused += 1;
        const error = { kind: "timeout", router: "ams-ce1", group: "bfd", table: "bfd", detail: "scripted" } as const;
        return Promise.resolve({ ok: false, error } as const);
      },
    };
    let failing = false;
    const { pass } = startPolling({ ...router, target }, { ...estate, circuits });
    expect(of(await pass(1_000), "bfd")).toHaveLength(2);
    // One of them goes, and then the tables cannot be walked any more.
    router.mib = joined(plain(), bfdStandard([up]));
    await pass(1_000);
    failing = true;
    const seen = await pass(30_000);
    expect(refused).toBeGreaterThan(0);
    expect(of(seen, "bfd").filter(({ remoteAddress }) => remoteAddress === far)).toHaveLength(30);
  });

  it("is lost alone when its state is no number of the MIB", async () => {
    const router = routerWith(bfdStandard([up]), { "1.3.6.1.2.1.222.1.2.1.11.7": text("up") });
    const { pass } = startPolling(router);
    const seen = await pass(1_000);
    expect(of(seen, "bfd")).toEqual([]);
    expect(polls(seen, "bfd")).toMatchObject([{ result: "ok", detail: expect.stringContaining(far) }]);
    router.mib = joined(plain(), bfdStandard([up]), { "1.3.6.1.2.1.222.1.3.1.12.7": integer(-3) });
    expect(of(await pass(1_000), "bfd")).toMatchObject([{ state: "up", upCount: undefined }]);
  });

  it("neither delays nor is delayed by another group", async () => {
    const router = routerWith(bfdStandard([up]));
    const { pass } = startPolling(router);
    await pass(1_000);
    for (const group of ["bfd", "optics", "neighbors", "prefixes"]) router.hang(group);
    const seen = await pass(5_000);
    for (const group of ["system", "interfaces", "bgp"]) expect(polls(seen, group)).toHaveLength(5);
    expect(polls(seen, "bfd")).toEqual([]);
    router.hang("bgp");
    router.release("bfd");
    expect(of(await pass(3_000), "bfd").length).toBeGreaterThan(1);
  });
});
