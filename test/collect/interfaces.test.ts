import { describe, expect, it } from "vitest";
import type { Circuit } from "../../agent/estate/estate.ts";
import { err } from "../../agent/lib/result.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { er0, er1, type Interface, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

/** Another circuit, whose primary link is on that interface. */
function circuitOver(of: Circuit, iface: string): Circuit {
  const peerings = of.peerings.map((peering) => {
    const { primary, secondary } = peering.paths;
    return { ...peering, paths: { primary: { ...primary, interface: iface }, secondary } };
  });
  return { ...of, name: `${of.name}-${iface}`, peerings };
}

describe("the interface of a link", () => {
  it("is followed when its ifIndex moved at a reboot", async () => {
    const scripted = scriptedRouter(mib(100, [er0, er1], [peer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(
      3,
      [
        { ...er1, ifIndex: 2 },
        { ...er0, ifIndex: 4, octets: 5n },
      ],
      [peer],
    );
    const seen = of(await pass(2_000), "interface");
    expect(seen).toHaveLength(2);
    for (const one of seen) expect(one).toMatchObject({ interface: "er0", ifIndex: 4, counters: { receiveBytes: 5 } });
  });

  it("is looked up again after a restart of the agent that moved nothing", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(3, [er0], [peer]);
    expect(of(await pass(3_000), "interface")).toHaveLength(3);
    expect(scripted.asked.filter((what) => what === "walk interfaces")).toHaveLength(2);
  });

  it("is looked up again when only the name at its ifIndex changed", async () => {
    const scripted = scriptedRouter(mib(100, [er0, er1], [peer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(
      101,
      [
        { ...er1, ifIndex: 2 },
        { ...er0, ifIndex: 4 },
      ],
      [peer],
    );
    expect(of(await pass(1_000), "interface")).toMatchObject([{ interface: "er0", ifIndex: 4 }]);
  });

  it("is absent only when a whole walk has no such name, and comes back", async () => {
    const scripted = scriptedRouter(mib(100, [er0, er1], [peer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.mib = mib(101, [er1], [peer]);
    expect(of(await pass(2_000), "interface")).toMatchObject([
      { present: false, shown: "er1" },
      { present: false, shown: "er1" },
    ]);
    scripted.mib = mib(103, [er1, er0], [peer]);
    expect(of(await pass(1_000), "interface")).toMatchObject([{ present: true, ifIndex: 2 }]);
  });

  it("is not absent when the walk fails", async () => {
    const scripted = scriptedRouter(mib(100, [er1], [peer]));
    scripted.breakGroup("interfaces", "notIncreasing");
    const { pass } = startPolling(scripted);
    const seen = await pass(1_000);
    expect(of(seen, "interface")).toEqual([]);
    expect(polls(seen, "interfaces")).toMatchObject([{ result: "incomplete" }]);
  });

  it("is unknown when a later walk fails, which costs the others nothing", async () => {
    const scripted = scriptedRouter(mib(100, [er1], [peer]));
    const { get, walk } = scripted.target;
    let fails = false;
    const target: typeof scripted.target = {
      ...scripted.target,
      get,
      walk: async (columns, ask) => {
        const walked = await walk(columns, ask);
        const error = {
          kind: "timeout",
          router: "ams-ce1",
          group: ask.group,
          table: ask.table,
          detail: "scripted",
        } as const;
        return fails && ask.group === "interfaces" ? err(error) : walked;
      },
    };
    const estate = oneRouter();
    const both = [...estate.circuits.values()].map((one) => circuitOver(one, "er1"));
    const circuits = new Map([...estate.circuits, ...both.map((one) => [one.name, one] as const)]);
    const { pass } = startPolling({ ...scripted, target }, { ...estate, circuits });
    const present = (seen: Awaited<ReturnType<typeof pass>>) =>
      of(seen, "interface").map((one) => `${one.interface} ${one.present}`);
    expect(present(await pass(1_000))).toEqual(["er1 true", "er0 false"]);
    fails = true;
    const seen = await pass(3_000);
    expect(present(seen)).toEqual(["er1 true", "er1 true", "er1 true"]);
    expect(polls(seen, "interfaces").map(({ result }) => result)).toEqual(["ok", "ok", "ok"]);
    expect(polls(seen, "interfaces")[2]?.detail).toContain('"er0" was not found, and');
    fails = false;
    expect(present(await pass(10_000)).slice(-2)).toEqual(["er1 true", "er0 false"]);
  });

  it("is not absent when the router shows no interfaces at all", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [], [peer])));
    const seen = await pass(2_000);
    expect(of(seen, "interface")).toEqual([]);
    expect(polls(seen, "interfaces").map(({ result }) => result)).toEqual(["noSuchTable", "noSuchTable"]);
  });

  const named = (ifIndex: number, ...names: Interface["names"]): Interface => ({ ifIndex, names });

  it.each<readonly [string, readonly Interface[], number]>([
    ["ifName before ifDescr", [named(1, "z", "er0", "er0"), er0], 2],
    ["ifDescr before ifAlias", [named(8, "b", "", "er0"), named(9, "a", "er0", "")], 9],
    ["ifAlias", [er1, named(9, "c", "d", "er0")], 9],
  ])("is found by %s", async (_, interfaces, ifIndex) => {
    const { pass } = startPolling(scriptedRouter(mib(100, interfaces, [peer])));
    expect(of(await pass(1_000), "interface")).toMatchObject([{ present: true, ifIndex }]);
  });

  it("is not guessed when the name is ambiguous", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [er0, { ...er0, ifIndex: 7 }], [peer])));
    const seen = await pass(1_000);
    expect(of(seen, "interface")).toEqual([]);
    expect(polls(seen, "interfaces")).toMatchObject([{ result: "incomplete" }]);
    expect(polls(seen, "interfaces")[0]?.detail).toMatch(/"er0" is the ifName of several interfaces, ifIndex 2 .*, 7 /);
  });

  it("is read by the 32-bit counters of an agent that has no others", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [{ ...er0, narrow: true, octets: 77n }], [peer])));
    const seen = of(await pass(2_000), "interface");
    expect(seen).toHaveLength(2);
    for (const one of seen) {
      expect(one).toMatchObject({ counters: { receiveBytes: 77, transmitPackets: 80 }, source: { trafficBits: 32 } });
    }
  });

  it("loses one bad value only", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [{ ...er0, oper: 99 }], [peer])));
    expect(of(await pass(1_000), "interface")).toMatchObject([
      { operStatus: "unknown", adminStatus: "up", counters: { receiveBytes: 2n ** 60n } },
    ]);
  });
});
