import { describe, expect, it } from "vitest";
import { candidatesFor } from "../../agent/collect/neighbors.ts";
import { type Instances, mediaNeighbor, ownAddress, physicalNeighbor } from "../support/link-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { joined } from "../support/snmp-responder.ts";
import { er0, type Interface, mib, of, oneRouter, peer, polls, session, startPolling } from "./scene.ts";

const far = "172.16.0.2";
const near = "172.16.0.1";
const mac = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc];
const subinterface: Interface = { ifIndex: 40, names: ["er0.100", "er0.100", "azurePrivate"] };
const plain = () => mib(100, [er0, subinterface], [peer]);
const routerWith = (...instances: readonly Instances[]) => scriptedRouter(joined(plain(), ...instances));
const withOwnAddress = oneRouter({ session: { ...session(far), localAddress: near } });

describe("the neighbour of a path", () => {
  it.each([
    ["ipNetToPhysicalTable", physicalNeighbor(40, far, mac)],
    ["ipNetToMediaTable", mediaNeighbor(40, far, mac)],
  ])("is found in %s on the interface that has the session's own address, without a walk", async (_, entry) => {
    const router = routerWith(entry, ownAddress(40, near));
    const { pass } = startPolling(router, withOwnAddress);
    expect(of(await pass(1_000), "neighbor")).toEqual([
      {
        kind: "neighbor",
        router: "ams-ce1",
        remoteAddress: far,
        at: expect.any(Number),
        state: "present",
        mac: "12:34:56:78:9a:bc",
        ifIndex: 40,
      },
    ]);
    expect(of(await pass(3_000), "neighbor")).toHaveLength(3);
    expect(router.asked).not.toContain("walk neighbors");
  });

  it("is found among the link's interfaces where the own address is not known, with one walk of names", async () => {
    const router = routerWith(physicalNeighbor(40, far, mac));
    const { pass } = startPolling(router);
    expect(of(await pass(4_000), "neighbor")).toMatchObject(Array(4).fill({ state: "present", ifIndex: 40 }));
    expect(router.asked.filter((what) => what === "walk neighbors")).toHaveLength(1);
  });

  it("is found by IPv6 address", async () => {
    const address = "2001:db8::2";
    const { pass } = startPolling(
      routerWith(physicalNeighbor(40, address, mac)),
      oneRouter({ session: session(address) }),
    );
    expect(of(await pass(1_000), "neighbor")).toMatchObject([{ remoteAddress: address, state: "present" }]);
  });

  it("is not taken from an interface that has nothing to do with the link", async () => {
    const router = routerWith(physicalNeighbor(77, far, mac));
    const { pass } = startPolling(router);
    const seen = await pass(3_000);
    expect(of(seen, "neighbor")).toEqual([]);
    expect(polls(seen, "neighbors").map(({ result }) => result)).toEqual(["noSuchTable"]);
  });

  it("is incomplete, then absent, and present again where it comes back", async () => {
    const router = routerWith(physicalNeighbor(40, far, mac));
    const { pass } = startPolling(router);
    await pass(1_000);
    router.mib = joined(plain(), physicalNeighbor(40, far, undefined));
    expect(of(await pass(1_000), "neighbor")).toMatchObject([{ state: "incomplete", mac: undefined }]);
    // Another neighbour's entry: the table is there.
    router.mib = joined(plain(), physicalNeighbor(9, "192.0.2.9", mac));
    expect(of(await pass(1_000), "neighbor")).toMatchObject([{ state: "absent", ifIndex: 40 }]);
    router.mib = joined(plain(), physicalNeighbor(2, far, mac));
    const found = of(await pass(90_000), "neighbor").at(-1);
    expect(found).toMatchObject({ state: "present", ifIndex: 2 });
  });

  it("is not called absent by a router that has never shown an entry", async () => {
    const router = routerWith(ownAddress(40, near), physicalNeighbor(9, "192.0.2.9", mac));
    const { pass } = startPolling(router, withOwnAddress);
    const seen = await pass(5_000);
    expect(of(seen, "neighbor")).toEqual([]);
    expect(polls(seen, "neighbors").map(({ result }) => result)).toEqual(["noSuchTable"]);
  });

  it("is never looked for by a walk of the table", async () => {
    const many = Array.from({ length: 3_000 }, (_, i) =>
      physicalNeighbor(40, `10.0.${Math.floor(i / 250)}.${(i % 250) + 1}`, mac),
    );
    const router = routerWith(...many, physicalNeighbor(40, far, mac));
    const { pass } = startPolling(router);
    expect(of(await pass(1_000), "neighbor")).toMatchObject([{ state: "present" }]);
    // The names of the interfaces, the candidates, and what was found.
    expect(router.asked.filter((what) => what.endsWith("neighbors"))).toEqual([
      "walk neighbors",
      "get neighbors",
      "get neighbors",
    ]);
  });
});

describe("the interfaces that a neighbour may stand on", () => {
  const wanted = { remoteAddress: far, localAddress: undefined, interface: "Te0/0/0", vlan: 100 };
  const named = (ifIndex: number, ...names: readonly (string | undefined)[]) => ({ ifIndex, names });

  it("are the tagged subinterface, the link's own, those of its VLAN, then its other subinterfaces", () => {
    const all = [
      named(1, "Te0/0/0", "TenGigabitEthernet0/0/0", ""),
      named(2, "Te0/0/0.200", undefined, undefined),
      named(3, "Te0/0/0.100", undefined, undefined),
      named(4, "Vlan100", "Vlan100", ""),
      named(5, "Te0/0/1", undefined, undefined),
      named(6, "Vlan1100", undefined, undefined),
      named(7, "irb.0100", undefined, undefined),
      named(8, "Te0/0/01", undefined, undefined),
    ];
    expect(candidatesFor(wanted, all)).toEqual([3, 1, 4, 7, 2]);
  });

  it("are no more than sixteen", () => {
    const all = Array.from({ length: 500 }, (_, i) => named(i + 1, `Te0/0/0.${i + 1}`));
    const candidates = candidatesFor(wanted, all);
    expect(candidates).toHaveLength(16);
    expect(candidates[0]).toBe(100);
  });
});
