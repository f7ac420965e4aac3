import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../agent/estate/address.ts";
import { bfdLayout, readBfd } from "../../agent/mib/bfd.ts";
import { bfdTables } from "../../agent/mib/bfd-tables.ts";
import { decodePeerIndex } from "../../agent/mib/bgp-peer-index.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, counter, gauge, integer, text } from "../support/cells.ts";
import { inet } from "../support/link-mibs.ts";

const tableOf = (mib: string) => bfdTables.find((table) => table.mib === mib) ?? expect.fail();

/** One session of the MIB, with these values and no others. */
function session(mib: string, values: Readonly<Record<string, Value>>, now?: number) {
  const layout = bfdLayout(tableOf(mib), "session");
  return readBfd(layout, cellsOf(layout.fields.map((field) => values[field] ?? absent)), 0, now);
}

const ipv4 = { addressType: integer(1), address: text("\xc0\x00\x02\x02") };
const ticks = (value: number): Value => ({ type: "timeTicks", value });

describe("BFD session tables", () => {
  it.each([
    ["BFD-STD-MIB", "state", "1.3.6.1.2.1.222.1.2.1.11"],
    ["BFD-STD-MIB", "address", "1.3.6.1.2.1.222.1.2.1.22"],
    ["BFD-STD-MIB", "negotiatedMultiplier", "1.3.6.1.2.1.222.1.2.1.31"],
    ["BFD-STD-MIB", "upCount", "1.3.6.1.2.1.222.1.3.1.12"],
    ["CISCO-IETF-BFD-MIB", "state", "1.3.6.1.4.1.9.10.137.1.2.1.6"],
    ["CISCO-IETF-BFD-MIB", "upCount", "1.3.6.1.4.1.9.10.137.1.3.1.6"],
    ["JUNIPER-BFD-MIB", "state", "1.3.6.1.4.1.2636.5.3.1.1.2.1.6"],
    ["JUNIPER-BFD-MIB", "detectionTime", "1.3.6.1.4.1.2636.3.45.1.1.1.1.4"],
  ])("%s has %s at its place", (mib, field, place) => {
    const { columns } = tableOf(mib);
    const column = Object.entries(columns).find(([name]) => name === field)?.[1];
    expect(formatOid(column?.oid ?? [])).toBe(place);
  });

  it.each([
    ["BFD-STD-MIB", 1, "controlDetectionTimeExpired"],
    ["BFD-STD-MIB", 0, "noDiagnostic"],
    ["CISCO-IETF-BFD-MIB", 1, "noDiagnostic"],
    ["CISCO-IETF-BFD-MIB", 2, "controlDetectionTimeExpired"],
    ["CISCO-IETF-BFD-MIB", 0, undefined],
    ["JUNIPER-BFD-MIB", 4, "neighborSignaledSessionDown"],
    ["BFD-STD-MIB", 77, undefined],
  ])("%s counts its diagnostics so that %i is %s", (mib, value, expected) => {
    expect(session(mib, { ...ipv4, state: integer(2), diagnostic: integer(value) }).diagnostic).toBe(expected);
  });

  it("takes why the session was last lost where the diagnostic is for notifications only", () => {
    expect(session("JUNIPER-BFD-MIB", { ...ipv4, lostDiagnostic: integer(3) }).diagnostic).toBe("echoFunctionFailed");
  });

  it.each([
    [1, "adminDown"],
    [2, "down"],
    [3, "init"],
    [4, "up"],
    [5, "failing"],
    [0, undefined],
    [6, undefined],
  ])("reads state %i as %s, in every MIB", (value, expected) => {
    for (const { mib } of bfdTables) expect(session(mib, { state: integer(value) }).state).toBe(expected);
  });

  it("gives the detection time that was negotiated, and none where the router does not tell", () => {
    const negotiated = { negotiatedInterval: gauge(300_000), negotiatedMultiplier: gauge(3), multiplier: gauge(5) };
    expect(session("BFD-STD-MIB", negotiated)).toMatchObject({
      negotiatedInterval: 0.3,
      multiplier: 3,
      detectionTime: expect.closeTo(0.9, 9),
    });
    expect(session("JUNIPER-BFD-MIB", { detectionTime: gauge(1_500_000) }).detectionTime).toBe(1.5);
    const own = { transmitInterval: gauge(50_000), multiplier: gauge(3) };
    expect(session("CISCO-IETF-BFD-MIB", own)).toMatchObject({
      transmitInterval: 0.05,
      multiplier: 3,
      detectionTime: undefined,
    });
  });

  it("tells for how long it is up, over the wrap of sysUpTime, and only while it is", () => {
    const since = (state: number, upTime: number, now: number | undefined) =>
      session("BFD-STD-MIB", { state: integer(state), upTime: ticks(upTime) }, now).upSeconds;
    expect(since(4, 4_000, 10_000)).toBe(60);
    expect(since(4, 0xffff_ff00, 744)).toBe(10);
    expect(since(4, 0, 10_000)).toBeUndefined();
    expect(since(4, 4_000, undefined)).toBeUndefined();
    expect(since(2, 4_000, 10_000)).toBeUndefined();
  });

  it("loses a bad value alone", () => {
    const bad = { negotiatedInterval: text("300"), upCount: integer(-1), localDiscriminator: gauge(0) };
    expect(session("BFD-STD-MIB", { ...ipv4, state: integer(4), upTime: counter(1), ...bad })).toMatchObject({
      remoteAddress: "192.0.2.2",
      state: "up",
      negotiatedInterval: undefined,
      detectionTime: undefined,
      upCount: undefined,
      localDiscriminator: undefined,
    });
  });

  it("whatever an agent answers, is a session of some address or none, never a throw or a number that is none", () => {
    const value: fc.Arbitrary<Value> = fc.oneof(
      fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map(integer),
      fc.nat({ max: 0xffff_ffff }).map(gauge),
      fc.uint8Array({ maxLength: 24 }).map((octets): Value => ({ type: "octets", value: octets })),
      fc.constant<Value>({ type: "ipAddress", value: "192.0.2.2" }),
      fc.constant(absent),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...bfdTables),
        fc.array(value, { minLength: 20, maxLength: 20 }),
        fc.option(fc.nat({ max: 0xffff_ffff }), { nil: undefined }),
        (table, values, now) => {
          const row = readBfd(bfdLayout(table, "session"), cellsOf(values), 0, now);
          expect(row.remoteAddress === undefined || /^[0-9a-f:.]+$/.test(row.remoteAddress)).toBe(true);
          for (const number of Object.values(row).filter((one) => typeof one === "number")) {
            expect(number).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  it("find the far end in the index of every map", () => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => formatAddress({ family: 4, value })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => formatAddress({ family: 6, value })),
    );
    const number = fc.nat({ max: 0xffff_ffff });
    const maps = bfdTables.flatMap((table) => table.maps);
    fc.assert(
      fc.property(fc.constantFrom(...maps), address, address, number, number, (map, far, near, a, b) => {
        const numbers = [a, b];
        const index = map.index.flatMap((part) =>
          part === "remote" ? inet(far) : part === "local" ? inet(near) : (numbers.shift() ?? 0),
        );
        expect(decodePeerIndex(map.index, index)?.remoteAddress).toBe(far);
        // One arc less is no index, or one of another reading, but never a throw.
        expect(() => decodePeerIndex(map.index, index.slice(0, -1))).not.toThrow();
      }),
    );
  });
});
