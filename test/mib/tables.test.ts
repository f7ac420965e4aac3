import { describe, expect, it } from "vitest";
import { ifPolled, ifTable, ifXTable, readInterface } from "../../agent/mib/if-mib.ts";
import { readSystem, systemGroup } from "../../agent/mib/snmpv2-mib.ts";
import { instance } from "../../agent/mib/table.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { absent, cellsOf, counter, gauge, integer, text } from "../support/cells.ts";

describe("RFC 2863: IF-MIB", () => {
  it("has the objects at their places", () => {
    expect(formatOid(instance(ifTable.ifOperStatus, [3]))).toBe("1.3.6.1.2.1.2.2.1.8.3");
    expect(formatOid(instance(ifXTable.ifHCInOctets, [3]))).toBe("1.3.6.1.2.1.31.1.1.1.6.3");
    expect(ifPolled[64].map(({ name }) => name)).toEqual([
      ...["ifAdminStatus", "ifOperStatus", "ifHighSpeed", "ifSpeed"],
      ...["ifInDiscards", "ifInErrors", "ifOutDiscards", "ifOutErrors", "ifCounterDiscontinuityTime"],
      ...["ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"],
    ]);
    expect(ifPolled[32]).toHaveLength(ifPolled[64].length);
  });

  const row = (values: readonly Value[]) =>
    readInterface(cellsOf([...values, ...Array<Value>(13).fill(absent)].slice(0, 13)), 0);

  it.each([
    ["ifHighSpeed in Mbit/s", [gauge(100_000), gauge(0xffff_ffff)], 100e9],
    ["ifSpeed below 1 Mbit/s", [gauge(0), gauge(64_000)], 64_000],
    ["0 when ifSpeed is at its limit and nothing else is known", [absent, gauge(0xffff_ffff)], 0],
    ["0 when there is neither", [absent, absent], 0],
  ])("reads the speed: %s", (_, speeds, expected) => {
    expect(row([integer(1), integer(2), ...speeds]).speed).toBe(expected);
  });

  it("loses a value of the wrong type alone", () => {
    expect(row([text("up"), integer(7), gauge(10), gauge(0), counter(1), text("x"), counter(3)])).toMatchObject({
      ifAdminStatus: undefined,
      ifOperStatus: "lowerLayerDown",
      speed: 10e6,
      inDiscards: 1n,
      inErrors: undefined,
      outDiscards: 3n,
    });
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
