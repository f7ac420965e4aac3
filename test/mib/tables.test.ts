import { describe, expect, it } from "vitest";
import { ethernetPolled, ethernetSigns, readDuplex, readEthernet } from "../../agent/mib/etherlike-mib.ts";
import { ifPolled, ifTable, ifXTable, readInterface } from "../../agent/mib/if-mib.ts";
import { readSystem, systemGroup } from "../../agent/mib/snmpv2-mib.ts";
import { instance } from "../../agent/mib/table.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, counter, gauge, integer, text } from "../support/cells.ts";

/** An interface; the last cell is ifSpeed. */
const row = (values: readonly Value[], ifSpeed: Value = absent) =>
  readInterface(cellsOf([...[...values, ...Array<Value>(12).fill(absent)].slice(0, 12), ifSpeed]), 0, 12);

describe("RFC 2863: IF-MIB", () => {
  it("has the objects at their places", () => {
    expect(formatOid(instance(ifTable.ifOperStatus, [3]))).toBe("1.3.6.1.2.1.2.2.1.8.3");
    expect(formatOid(instance(ifXTable.ifHCInOctets, [3]))).toBe("1.3.6.1.2.1.31.1.1.1.6.3");
    expect(ifPolled[64].map(({ name }) => name)).toEqual([
      ...["ifAdminStatus", "ifOperStatus", "ifHighSpeed"],
      ...["ifInDiscards", "ifInErrors", "ifOutDiscards", "ifOutErrors", "ifCounterDiscontinuityTime"],
      ...["ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"],
    ]);
    expect(ifPolled[32]).toHaveLength(ifPolled[64].length);
  });

  it.each([
    ["ifHighSpeed in Mbit/s", gauge(100_000), gauge(0xffff_ffff), 100e9],
    ["ifSpeed below 1 Mbit/s", gauge(0), gauge(64_000), 64_000],
    ["0 when ifSpeed is at its limit and nothing else is known", absent, gauge(0xffff_ffff), 0],
    ["0 when there is neither", absent, absent, 0],
    ["0 when an agent says less than nothing", absent, integer(-64_000), 0],
  ])("reads the speed: %s", (_, ifHighSpeed, ifSpeed, expected) => {
    expect(row([integer(1), integer(2), ifHighSpeed], ifSpeed).speed).toBe(expected);
  });

  it("loses a value of the wrong type alone", () => {
    expect(row([text("up"), integer(7), gauge(10), counter(1), text("x"), counter(3)])).toMatchObject({
      ifAdminStatus: undefined,
      ifOperStatus: "lowerLayerDown",
      speed: 10e6,
      counters: { receiveDiscards: 1, receiveErrors: undefined, transmitDiscards: 3 },
    });
  });
});

describe("RFC 3635: EtherLike-MIB", () => {
  it("has the objects at their places, in both widths in the order of the counters", () => {
    const places = (bits: 32 | 64) => ethernetPolled[bits].map(({ oid }) => formatOid(oid.slice(-3)));
    expect(places(32)).toEqual(["2.1.2", "2.1.3", "2.1.10", "2.1.13", "2.1.16", "2.1.18", "2.1.8", "2.1.19"]);
    expect(places(64)).toEqual(["11.1.1", "11.1.2", "11.1.3", "11.1.4", "11.1.5", "11.1.6", "2.1.8", "2.1.19"]);
    for (const bits of [32, 64] as const) expect(ethernetPolled[bits]).toContain(ethernetSigns[bits]);
  });

  it("loses a value of the wrong type alone", () => {
    const cells = cellsOf([counter(1), text("x"), counter(3), absent, counter(5), counter(6), counter(7), integer(9)]);
    const { counters } = row([]);
    readEthernet(counters, cells, 0);
    expect(counters).toMatchObject({
      alignmentErrors: 1,
      fcsErrors: undefined,
      macTransmitErrors: 3,
      framesTooLong: undefined,
      macReceiveErrors: 5,
      symbolErrors: 6,
      lateCollisions: 7,
    });
    expect(readDuplex(cells, 0)).toBeUndefined();
    expect([1, 2, 3].map((n) => readDuplex(cellsOf([...Array<Value>(7).fill(absent), integer(n)]), 0))).toEqual([
      "unknown",
      "halfDuplex",
      "fullDuplex",
    ]);
  });
});

describe("RFC 3418: system group", () => {
  it("is asked with sysUpTime first", () => {
    expect(systemGroup.map(formatOid)).toEqual(["3", "1", "2", "5"].map((arc) => `1.3.6.1.2.1.1.${arc}.0`));
  });

  it("loses a text that is missing or no UTF-8 alone", () => {
    const ticks: Value = { type: "timeTicks", value: 4_294_967_295 };
    expect(readSystem(cellsOf([ticks, text("caf\xe9\0"), absent, absent]))).toEqual({
      sysUpTime: 4_294_967_295,
      sysDescr: "caf�",
      sysObjectID: "",
      sysName: "",
    });
    expect(readSystem(cellsOf([absent, text("x"), absent, text("y")]))).toBeUndefined();
  });
});
