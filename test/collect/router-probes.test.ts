import { describe, expect, it } from "vitest";
import type { RouterProbeObservation } from "../../agent/estate/router-probe.ts";
import { seconds } from "../../agent/lib/duration.ts";
import type { Instances } from "../support/link-mibs.ts";
import { ipSla, nqa, ping, rpm } from "../support/router-probe-mibs.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { joined } from "../support/snmp-responder.ts";
import { er0, mib, of, oneRouter, peer, startPolling } from "./scene.ts";

const far = "172.16.0.2";
const near = "172.16.0.1";
const elsewhere = "192.0.2.9";
/** sysUpTime is 100 s. */
const plain = (uptime = 100) => mib(uptime, [er0], [peer]);
const routerWith = (...instances: readonly Instances[]) => scriptedRouter(joined(plain(), ...instances));
const asked = (router: ReturnType<typeof scriptedRouter>, how: string) =>
  router.asked.filter((what) => what === `${how} routerProbes`).length;
const session = { localAddress: near, remoteAddress: far, remoteAsn: 12076 };

async function firstOf(
  instances: readonly Instances[],
  change: Parameters<typeof oneRouter>[0] = {},
): Promise<readonly RouterProbeObservation[]> {
  const { pass } = startPolling(routerWith(...instances), oneRouter({ session, ...change }));
  return of(await pass(1_000), "routerProbe");
}

describe("IP SLA", () => {
  it("an echo to the far end of the session is the path's; others are not", async () => {
    const seen = await firstOf([
      ipSla({ number: 7, target: far, tag: "azure", completion: 3, frequency: 10 }),
      ipSla({ number: 8, target: elsewhere }),
    ]);
    expect(seen).toEqual([
      {
        kind: "routerProbe",
        router: "ams-ce1",
        of: "path ams-1 azurePrivate primary",
        at: expect.any(Number),
        mib: "CISCO-RTTMON-MIB",
        name: "7",
        target: far,
        source: undefined,
        frequency: seconds(10),
        running: true,
        result: {
          mark: "9000",
          // Completed at 90 s of sysUpTime, which is 100 s now.
          completedAt: (seen[0]?.at ?? 0) - 10_000,
          sense: "ok",
          sent: 1,
          received: 1,
          complete: true,
          delay: { min: 0.003, average: 0.003, max: 0.003 },
          directions: undefined,
          jitter: undefined,
        },
      },
    ]);
  });

  it("one that is sent from the near end is the path's, wherever it goes", async () => {
    expect(await firstOf([ipSla({ number: 7, target: elsewhere, source: near })])).toMatchObject([{ name: "7" }]);
  });

  it("one that measures something else is the path's only by its name", async () => {
    const dns = ipSla({ number: 7, target: far, type: 8, completion: 31 });
    expect(await firstOf([dns])).toEqual([]);
    expect(await firstOf([dns], { routerProbes: [{ index: 7 }] })).toMatchObject([{ result: { sense: "ok" } }]);
  });

  it.each([
    ["by its number", [{ index: 8 }], ["8"]],
    ["by its tag", [{ tag: "to the cloud" }], ["8"]],
    ["by its long tag, and another by its number", [{ tag: "a tag of more than 16" }, { index: 7 }], ["7", "8"]],
    ["not at all where there is none of that name", [{ tag: "none" }], []],
    ["not at all where the configuration says so", [], []],
  ] as const)("is named %s", async (_, routerProbes, names) => {
    const eighth = ipSla({ number: 8, target: elsewhere, tag: "to the cloud", longTag: "a tag of more than 16" });
    const seen = await firstOf([ipSla({ number: 7, target: far }), eighth], { routerProbes });
    expect(seen.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    [3, "overThreshold", { sent: 1, received: 1 }],
    [4, "timeout", { sent: 1, received: 0, delay: undefined }],
    [2, "disconnected", { sent: 1, received: 0, delay: undefined }],
    [6, "notConnected", { sent: 1, received: 0 }],
    // The operation was not made, or its answer was not read: no packet is known to be lost.
    [5, "busy", { sent: 0, received: 0 }],
    [7, "dropped", { sent: 0, received: 0 }],
    [9, "verifyError", { sent: 0, received: 0 }],
    [16, "error", { sent: 0, received: 0 }],
  ])("tells sense %i as %s", async (sense, word, counts) => {
    const [seen] = await firstOf([ipSla({ number: 7, target: far, sense, completion: 9 })]);
    expect(seen?.result).toMatchObject({ sense: word, ...counts });
  });

  it.each([
    ["a number that is no sense", { sense: 77 }],
    ["other: not started", { sense: 0 }],
    ["a time that never was", { time: 0 }],
  ])("has no result with %s", async (_, change) => {
    expect(await firstOf([ipSla({ number: 7, target: far, ...change })])).toMatchObject([{ result: undefined }]);
  });

  it.each([
    [1, "reset"],
    [4, "pending"],
    [5, "inactive"],
  ])("state %i (%s) is not running", async (state) => {
    expect(await firstOf([ipSla({ number: 7, target: far, state })])).toMatchObject([{ running: false }]);
  });

  it.each([
    [true, 1e-6],
    [false, 1e-3],
  ])("a jitter operation tells each packet, in microseconds (%s)", async (microseconds, unit) => {
    const [seen] = await firstOf([
      ipSla({
        number: 7,
        target: far,
        type: 9,
        microseconds,
        packets: [94, 1, 2, 2, 1],
        sum: 94 * 250,
        min: 200,
        max: 900,
        jitter: 12,
      }),
    ]);
    expect(seen?.result).toMatchObject({
      sent: 100,
      received: 94,
      directions: { forward: 1, backward: 2 },
      delay: {
        min: expect.closeTo(200 * unit, 9),
        average: expect.closeTo(250 * unit, 9),
        max: expect.closeTo(900 * unit, 9),
      },
      jitter: expect.closeTo(12 * unit, 9),
    });
  });

  it("a jitter operation that failed as a whole has lost what it was to send", async () => {
    const [seen] = await firstOf([ipSla({ number: 7, target: far, type: 9, sense: 4 })]);
    expect(seen?.result).toMatchObject({ sense: "timeout", sent: 10, received: 0, delay: undefined });
  });

  it("a sum that has wrapped makes no average", async () => {
    const [seen] = await firstOf([
      ipSla({ number: 7, target: far, type: 9, packets: [100, 0, 0, 0, 0], sum: 17, min: 200, max: 900 }),
    ]);
    expect(seen?.result?.delay).toMatchObject({ min: 0.2, average: undefined, max: 0.9 });
  });

  it("an ICMP jitter operation tells no directions", async () => {
    const [seen] = await firstOf([
      ipSla({
        number: 7,
        target: far,
        type: 16,
        packets: [8, 1, 0, 0, 1],
        sum: 80,
        min: 9,
        max: 12,
        jitter: 2,
      }),
    ]);
    expect(seen?.result).toMatchObject({
      sent: 10,
      received: 8,
      directions: undefined,
      delay: { min: 0.009, average: 0.01, max: 0.012 },
      jitter: 0.002,
    });
  });

  it("a result of before the SNMP agent's restart has no time of ours", async () => {
    expect((await firstOf([ipSla({ number: 7, target: far, time: 50_000 })]))[0]?.result).toMatchObject({
      mark: "50000",
      completedAt: undefined,
    });
  });
});

describe("DISMAN-PING-MIB", () => {
  const test = { owner: "noc", test: "azure-primary", target: far };

  it("is told in milliseconds, and named by owner and test", async () => {
    expect(await firstOf([ping(test)], { routerProbes: [{ owner: "noc", test: "azure-primary" }] })).toMatchObject([
      {
        mib: "DISMAN-PING-MIB",
        name: "noc/azure-primary",
        target: far,
        frequency: seconds(10),
        running: true,
        result: {
          sense: "ok",
          sent: 5,
          received: 5,
          complete: true,
          delay: { min: 0.002, average: 0.003, max: 0.005 },
        },
      },
    ]);
  });

  it("switched off is not running", async () => {
    expect(await firstOf([ping({ ...test, admin: 2 })])).toMatchObject([{ running: false }]);
  });

  it("a test that goes on is not complete until all has come back", async () => {
    const going = async (sent: number, received: number) =>
      (await firstOf([ping({ ...test, oper: 1, sent, received })]))[0]?.result?.complete;
    expect(await going(3, 2)).toBe(false);
    expect(await going(5, 4)).toBe(false);
    expect(await going(5, 5)).toBe(true);
  });

  it("a test that was never answered is a timeout without a delay", async () => {
    expect((await firstOf([ping({ ...test, received: 0 })]))[0]?.result).toMatchObject({
      sense: "timeout",
      received: 0,
      delay: undefined,
    });
  });
});

describe("RPM", () => {
  const test = { owner: "AZURE", test: "primary" };

  it("its last completed test is told in microseconds; the ping MIB says where it goes", async () => {
    const seen = await firstOf([
      rpm({ ...test, completed: [15, 14, 5] }),
      ping({ ...test, target: far, source: near }),
    ]);
    expect(seen).toMatchObject([
      {
        mib: "JUNIPER-RPM-MIB",
        name: "AZURE/primary",
        target: far,
        source: near,
        frequency: seconds(10),
        result: { sent: 15, received: 14, delay: { min: 0.0019, average: 0.002345, max: 0.0042 } },
      },
    ]);
  });

  it("without the ping MIB it is known by owner and test only", async () => {
    const shown = rpm({ ...test, completed: [15, 15, 5] });
    expect(await firstOf([shown])).toEqual([]);
    expect(await firstOf([shown], { routerProbes: [{ owner: "AZURE", test: "primary" }] })).toMatchObject([
      { running: true, frequency: undefined, result: { sent: 15 } },
    ]);
  });

  it("has no result before its first test was completed, and no delay when all was lost", async () => {
    const named = { routerProbes: [{ owner: "AZURE", test: "primary" }] };
    expect(await firstOf([rpm(test)], named)).toMatchObject([{ result: undefined }]);
    expect((await firstOf([rpm({ ...test, completed: [15, 0, 5] })], named))[0]?.result).toMatchObject({
      sense: "timeout",
      sent: 15,
      received: 0,
      delay: undefined,
    });
  });
});

describe("NQA", () => {
  const test = { owner: "admin", test: "azure", target: far };

  it("its latest finished run is looked up by its number", async () => {
    expect(await firstOf([nqa({ ...test, tag: "cloud", received: 2 })])).toMatchObject([
      {
        mib: "NQA-MIB",
        name: "admin/azure",
        running: true,
        result: {
          mark: "186177",
          sense: "success",
          sent: 3,
          received: 2,
          delay: { min: 0.001, average: 0.002, max: 0.004 },
        },
      },
    ]);
  });

  it.each([
    ["of the test", { unit: 1 }, 1e-6],
    ["of the row, which is nearer", { unit: 1, rowUnit: 2 }, 1e-3],
    ["milliseconds where none is told", {}, 1e-3],
  ])("a jitter test is in the unit %s", async (_, units, unit) => {
    const [seen] = await firstOf([
      nqa({ ...test, type: 5, ...units, sent: 60, received: 57, lost: [2, 1], delays: [100, 400, 200] }),
    ]);
    expect(seen?.result).toMatchObject({
      sent: 60,
      received: 57,
      directions: { forward: 2, backward: 1 },
      delay: { min: expect.closeTo(100 * unit, 9), average: expect.closeTo(200 * unit, 9) },
    });
  });

  it("has no result before its first run, and none while the row says so", async () => {
    expect(await firstOf([nqa({ ...test, finished: 0 })])).toMatchObject([{ result: undefined }]);
    expect(await firstOf([nqa({ ...test, completion: 0 })])).toMatchObject([{ result: undefined }]);
  });

  it("that was stopped is not running", async () => {
    expect(await firstOf([nqa({ ...test, status: 5 })])).toMatchObject([{ running: false }]);
  });

  it("moves on with its runs, by GETs alone", async () => {
    const router = routerWith(nqa({ ...test, frequency: 1 }));
    const { pass } = startPolling(router, oneRouter({ session }));
    await pass(1_000);
    const walks = asked(router, "walk");
    router.mib = joined(plain(), nqa({ ...test, frequency: 1, finished: 186_178, received: 1 }));
    const [seen] = of(await pass(1_000), "routerProbe");
    expect(seen?.result).toMatchObject({ mark: "186178", received: 1 });
    expect(asked(router, "walk")).toBe(walks);
  });
});
