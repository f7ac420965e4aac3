import { describe, expect, it } from "vitest";
import { circuit } from "../support/estate.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { er0, er1, mib, of, oneRouter, peer, polls, startPolling } from "./scene.ts";

describe("polling", () => {
  it("polls each group once an interval, and walks only once", async () => {
    const scripted = scriptedRouter(mib(100, [er0, er1], [peer]));
    const { pass } = startPolling(scripted);
    expect(scripted.asked).toEqual([]);
    const seen = [...(await pass(12_000))];
    const walks = () => scripted.asked.filter((what) => what.startsWith("walk"));
    const first = walks();
    expect(first.filter((what) => what === "walk interfaces")).toHaveLength(1);
    expect(first).toContain("walk bgp");
    seen.push(...(await pass(4_000)));
    for (const group of ["system", "interfaces", "bgp"]) {
      expect(polls(seen, group)).toHaveLength(16);
      expect(polls(seen, group).every(({ result, detail }) => result === "ok" && detail === "")).toBe(true);
    }
    expect(walks()).toEqual(first);
  });

  it("says once what a router lacks, without a warning, and leaves it alone", async () => {
    const scripted = scriptedRouter(mib(100, [er0, er1], [peer]));
    const { pass, lines } = startPolling(scripted);
    const seen = [...(await pass(12_000))];
    const groups = ["bfd", "neighbors", "optics", "prefixes"];
    for (const group of groups) {
      expect(polls(seen, group).map(({ result }) => result)).toEqual(["noSuchTable"]);
      expect(lines.filter((line) => line.includes(`"${group}"`))).toEqual([
        expect.stringMatching(/^info .*noSuchTable/),
      ]);
    }
    const asked = () => scripted.asked.filter((what) => groups.some((group) => what.endsWith(group)));
    const before = asked().length;
    seen.push(...(await pass(500_000)));
    expect(asked()).toHaveLength(before);
    await pass(200_000);
    expect(asked().length).toBeGreaterThan(before);
    // An hour for optics, behind which there may be a whole chassis.
    expect(polls(seen, "optics")).toHaveLength(1);
  });

  it("gives what the router said, in the estate's words", async () => {
    const { pass } = startPolling(scriptedRouter(mib(100, [er0, er1], [{ ...peer, as: -1_294_967_296 }])));
    const seen = await pass(1_000);
    expect(of(seen, "router")).toMatchObject([
      { router: "ams-ce1", sysName: "ce1", sysDescr: "FRR on Linux", sysObjectId: "1.3.6.1.4.1.8072", sysUpTime: 100 },
    ]);
    expect(of(seen, "interface")).toMatchObject([
      {
        interface: "er0",
        present: true,
        ifIndex: 2,
        adminStatus: "up",
        operStatus: "up",
        speed: 1e9,
        counters: {
          receiveBytes: 2n ** 60n,
          transmitBytes: 2n ** 60n + 1n,
          receivePackets: 2n ** 60n + 2n,
          transmitPackets: 2n ** 60n + 3n,
          receiveDiscards: 1,
          receiveErrors: 2,
          transmitDiscards: 3,
          transmitErrors: 4,
        },
      },
    ]);
    expect(of(seen, "session")).toMatchObject([
      {
        remoteAddress: "172.16.0.2",
        present: true,
        state: "established",
        adminUp: true,
        remoteAsn: 3_000_000_000,
        establishedTransitions: 3,
        establishedSeconds: 86_400,
        lastError: [6, 7],
      },
    ]);
  });

  it("asks once for an interface and a session that several circuits share", async () => {
    const estate = oneRouter();
    const circuits = new Map([...estate.circuits, ["ams-2", circuit({ name: "ams-2" })] as const]);
    const { pass } = startPolling(scriptedRouter(mib(100, [er0], [peer])), { ...estate, circuits });
    const seen = await pass(1_000);
    expect(of(seen, "interface")).toHaveLength(1);
    expect(of(seen, "session")).toHaveLength(1);
  });

  it("makes no observation of a group whose poll failed, and logs only the change", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass, lines } = startPolling(scripted);
    await pass(1_000);
    scripted.breakGroup("interfaces", "timeout");
    const seen = await pass(3_000);
    expect(of(seen, "interface")).toEqual([]);
    expect(polls(seen, "interfaces").map(({ result }) => result)).toEqual(["timeout", "timeout", "timeout"]);
    expect(polls(seen, "bgp").every(({ result }) => result === "ok")).toBe(true);
    expect(lines.filter((line) => line.includes("interfaces"))).toHaveLength(1);
    scripted.heal("interfaces");
    expect(of(await pass(1_000), "interface")).toHaveLength(1);
    expect(lines.filter((line) => line.includes("interfaces"))).toHaveLength(2);
  });

  it.each([
    ["tooBig", "refused"],
    ["refused", "refused"],
    ["unreachable", "unreachable"],
    ["malformed", "malformed"],
    ["notIncreasing", "incomplete"],
    ["tooManyRows", "incomplete"],
  ] as const)("says %s as %s", async (kind, result) => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    scripted.breakGroup("bgp", kind);
    const { pass } = startPolling(scripted);
    expect(polls(await pass(1_000), "bgp")).toMatchObject([{ result, detail: `scripted ${kind}` }]);
  });

  it("counts an overrun instead of asking twice, and a hung bgp group hides no interface", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass, polling } = startPolling(scripted);
    await pass(1_000);
    scripted.hang("bgp");
    const seen = await pass(6_000);
    expect(scripted.asked.filter((what) => what === "get bgp")).toHaveLength(3);
    expect(polls(seen, "bgp")).toEqual([]);
    expect(of(seen, "interface")).toHaveLength(6);
    expect(polling.overruns()).toBe(5);
    scripted.release("bgp");
    expect(polls(await pass(1_000), "bgp").length).toBeGreaterThan(0);
  });

  it("drops an answer that was overtaken by a newer sysUpTime", async () => {
    const scripted = scriptedRouter(mib(100, [er0], [peer]));
    const { pass } = startPolling(scripted);
    await pass(1_000);
    scripted.hang("bgp");
    await pass(3_000);
    scripted.mib = mib(110, [er0], [{ ...peer, state: 1 }]);
    await pass(3_000);
    scripted.release("bgp");
    const late = await pass(100);
    expect(polls(late, "bgp")[0]).toMatchObject({ result: "timeout" });
    expect(polls(late, "bgp")[0]?.detail).toContain("older");
    expect(of(await pass(1_000), "session")).toMatchObject([{ state: "idle" }]);
  });

  it("stops", async () => {
    const { pass, polling, clock } = startPolling(scriptedRouter(mib(100, [er0], [peer])));
    await pass(1_000);
    polling.stop();
    expect(clock.pending()).toBe(0);
    expect(await pass(3_000)).toEqual([]);
  });
});
