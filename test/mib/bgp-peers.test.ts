import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asNumber, instancesOf, layoutOf, readPeer } from "../../agent/mib/bgp-peers.ts";
import { prefixKey, prefixTables, readPrefixes } from "../../agent/mib/bgp-prefixes.ts";
import { bgpTables } from "../../agent/mib/bgp-tables.ts";
import { domColumns, readDom, readSensor } from "../../agent/mib/optics.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, counter, gauge, integer, text } from "../support/cells.ts";

const bgp4 = bgpTables.find(({ name }) => name === "bgpPeerTable") ?? expect.fail();
const layout = layoutOf(bgp4, "session");
const index = [192, 0, 2, 2];

describe("RFC 4273: bgpPeerTable", () => {
  it("has the objects at their places, indexed by the remote address", () => {
    expect(instancesOf(layout, index, "192.0.2.2").map(formatOid)).toEqual(
      [2, 3, 9, 14, 15, 16, 18].map((column) => `1.3.6.1.2.1.15.3.1.${column}.192.0.2.2`),
    );
  });

  it.each([
    [-1_294_967_296, 3_000_000_000],
    [-1, 4_294_967_295],
    [12_076, 12_076],
    [23_456, 23_456],
    [0, 0],
  ])("reads remote AS %i of FRR as %i", (given, expected) => {
    expect(asNumber(given)).toBe(expected);
  });

  it("reads a peer, and loses bad values alone", () => {
    const good = [integer(3), integer(1), integer(65_010), text("\x04\x00"), counter(9), gauge(12), integer(90)];
    expect(readPeer(layout, index, cellsOf(good), 0)).toMatchObject({
      remoteAddress: "192.0.2.2",
      state: "active",
      admin: "down",
      remoteAsn: 65_010,
      lastError: [4, 0],
      transitions: 9,
      establishedSeconds: 12,
      holdTime: 90,
    });
    const bad = [integer(6), integer(9), absent, text("abc"), absent, text("soon"), integer(0)];
    expect(readPeer(layout, index, cellsOf(bad), 0)).toMatchObject({
      state: "established",
      admin: undefined,
      remoteAsn: undefined,
      lastError: undefined,
      transitions: undefined,
      establishedSeconds: undefined,
      holdTime: undefined,
    });
  });

  it("tells an administrative status that is not there from one that is no number of the MIB", () => {
    expect(
      readPeer(layout, index, cellsOf([integer(6), absent, absent, absent, absent, absent, absent]), 0)?.admin,
    ).toBe("none");
  });
});

describe("the established time of a Nokia peer", () => {
  const nokia = bgpTables.find(({ name }) => name === "tBgpPeerNgTable") ?? expect.fail();
  it("is asked in BGP4-MIB by the address alone", () => {
    const names = instancesOf(layoutOf(nokia, "session"), [1, 1, 4, 192, 0, 2, 2], "192.0.2.2").map(formatOid);
    expect(names).toContain("1.3.6.1.2.1.15.3.1.16.192.0.2.2");
    expect(names).toContain("1.3.6.1.4.1.6527.3.1.2.14.4.7.1.59.1.1.4.192.0.2.2");
  });
});

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map(integer),
  fc.nat({ max: 0xffff_ffff }).map(gauge),
  fc.uint8Array({ maxLength: 20 }).map((octets): Value => ({ type: "octets", value: octets })),
  fc.constant<Value>({ type: "ipAddress", value: "192.0.2.2" }),
  fc.constant(absent),
  fc.constant<Value>({ type: "null" }),
);
const values = fc.array(value, { minLength: 40, maxLength: 40 });
const arcs = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.nat({ max: 0xffff_ffff })), { maxLength: 40 });

describe("whatever an agent answers", () => {
  it("is a peer of some address or none, never a throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(...bgpTables), arcs, values, (table, anyIndex, any) => {
        for (const what of ["session", "identity", "all"] as const) {
          const row = readPeer(layoutOf(table, what), anyIndex, cellsOf(any), 0);
          expect(row === undefined || /^[0-9a-f:.]+$/.test(row.remoteAddress)).toBe(true);
        }
      }),
    );
  });

  it("is a count that is no negative number, or a reading, never a throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(...prefixTables), arcs, values, (table, anyIndex, any) => {
        const cells = cellsOf(any);
        expect(() => prefixKey(table, anyIndex)).not.toThrow();
        expect(readPrefixes(table, anyIndex, cells, 0)?.advertised ?? 0).toBeGreaterThanOrEqual(0);
        for (const reading of [readSensor(cells, 0) ?? [], readDom(cells, 0)].flat()) {
          expect(reading.value ?? 0).not.toBeNaN();
        }
      }),
    );
  });
});

describe("RFC 3433 and CISCO-ENTITY-SENSOR-MIB: a sensor", () => {
  const sensor = (name: string, fields: readonly (number | string | undefined)[]) => {
    const cells = [...fields, undefined].slice(0, 6).map((one) => {
      if (one === undefined) return absent;
      return typeof one === "string" ? text(one) : integer(one);
    });
    return readSensor(cellsOf([text(name), absent, ...cells]), 0);
  };
  // SensorDataType, scale, precision, value, status, units.
  it.each<[string, string, readonly (number | string | undefined)[], object | undefined]>([
    ["dBm that only the units name", "Rx Power", [1, 9, 2, -712, 1, "dBm"], { value: expect.closeTo(-7.12, 9) }],
    ["no other units", "Rx Power", [1, 9, 2, -712, 1, "lumen"], undefined],
    [
      "0.0006322 W of light as dBm",
      "DOM TX Power Sensor for Ethernet1",
      [6, 8, 4, 6_322, 1],
      { quantity: "transmitPower", value: expect.closeTo(-1.99, 2) },
    ],
    [
      "millidecibels",
      "Ethernet1/25 Lane 1 Transceiver Receive Power Sensor",
      [14, 8, 0, -2_345, 1],
      { quantity: "receivePower", value: expect.closeTo(-2.345, 9) },
    ],
    [
      "tenths of a dBm",
      "Transceiver Rx Power Sensor",
      [14, 9, 1, -71, 1],
      { quantity: "receivePower", value: expect.closeTo(-7.1, 9) },
    ],
    ["dBm of no known direction", "Optics0/0/0/1", [14, 9, 0, -3, 1], { quantity: "power", value: -3 }],
    [
      "a bias current in milliamperes",
      "Transceiver Transmit Bias Current Sensor",
      [5, 8, 1, 65, 1],
      { quantity: "biasCurrent", value: expect.closeTo(0.0065, 9) },
    ],
    [
      "darkness below the sensor's range",
      "DOM RX Power Sensor for Ethernet13",
      [6, 8, 4, -1_000_000_000, 1],
      { quantity: "receivePower", value: undefined },
    ],
    [
      "no light at all",
      "DOM RX Power Sensor for Ethernet13",
      [6, 8, 4, 0, 1],
      { quantity: "receivePower", value: undefined },
    ],
    [
      "a sensor that is not operational",
      "DOM RX Power Sensor for Eth6/4",
      [6, 8, 4, 6_000, 2],
      { quantity: "receivePower", value: undefined },
    ],
    ["one without a status", "Rx Power", [14, 9, 1, -71, undefined], { value: expect.closeTo(-7.1, 9) }],
    ["one without a value", "Rx Power", [14, 9, 1, undefined, 1], { quantity: "receivePower", value: undefined }],
    ["the power of a power supply", "Power for PSU 1", [6, 9, 3, 72_000, 1], undefined],
    [
      "the temperature of a transceiver",
      "DOM Temperature Sensor for Ethernet1",
      [8, 9, 1, 301, 1],
      { quantity: "temperature", value: expect.closeTo(30.1, 9) },
    ],
    ["the temperature of a board", "Inlet Temperature", [8, 9, 1, 301, 1], undefined],
  ])("reads %s", (_, name, fields, expected) => {
    const reading = sensor(name, fields);
    if (expected === undefined) expect(reading).toBeUndefined();
    else expect(reading).toMatchObject(expected);
  });
});

describe("JUNIPER-DOM-MIB: a port", () => {
  it("gives light in hundredths of a dBm, and nothing without a module", () => {
    expect(domColumns.map(formatOid)).toEqual([5, 6, 7, 8].map((arc) => `1.3.6.1.4.1.2636.3.60.1.1.1.1.${arc}`));
    const module = [integer(-2_677), integer(6_340), integer(-214), integer(31)];
    const cells = cellsOf([...module, ...[0, 0, 0, 0].map(integer), ...[0, 0, 0, 28].map(integer)]);
    expect(readDom(cells, 0)).toEqual([
      { quantity: "receivePower", value: -26.77 },
      { quantity: "biasCurrent", value: 0.00634 },
      { quantity: "transmitPower", value: -2.14 },
      { quantity: "temperature", value: 31 },
    ]);
    expect(readDom(cells, 1)).toEqual([]);
    // Its light is in its lanes.
    expect(readDom(cells, 2)).toEqual([{ quantity: "temperature", value: 28 }]);
  });
});
