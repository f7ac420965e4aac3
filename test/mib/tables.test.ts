import { describe, expect, it } from "vitest";
import { asNumber, bgpPeerTable, bgpPolled, peerIndex, readPeer } from "../../agent/mib/bgp4-mib.ts";
import { ifPolled, ifTable, ifXTable, readInterface } from "../../agent/mib/if-mib.ts";
import { readSystem, systemGroup } from "../../agent/mib/snmpv2-mib.ts";
import { instance } from "../../agent/mib/table.ts";
import { type Cells, createCells, setCell } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { formatOid } from "../../agent/wire/snmp/oid.ts";
import { createResponseReader, nextBinding, readResponse } from "../../agent/wire/snmp/response.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";

/** Cells of the values, as an answer that holds them gives. */
function cellsOf(values: readonly Value[]): Cells {
  const varbinds = values.map((value) => ({ oid: [1, 3], value }));
  const pdu = { type: "response", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds } as const;
  const r = createResponseReader();
  expect(readResponse(r, encodeMessage({ version: "2c", community: new Uint8Array(0), pdu }))).toBe(true);
  const cells = createCells(values.length);
  for (let i = 0; nextBinding(r); i++) setCell(cells, i, r);
  return cells;
}

const absent: Value = { type: "noSuchInstance" };
const text = (s: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(s, "latin1")) });
const integer = (value: number): Value => ({ type: "integer", value });
const gauge = (value: number): Value => ({ type: "gauge32", value });
const counter = (value: number): Value => ({ type: "counter32", value });

describe("RFC 2863: IF-MIB", () => {
  it("has the objects at their places", () => {
    expect(formatOid(instance(ifTable.ifOperStatus, [3]))).toBe("1.3.6.1.2.1.2.2.1.8.3");
    expect(formatOid(instance(ifXTable.ifHCInOctets, [3]))).toBe("1.3.6.1.2.1.31.1.1.1.6.3");
    expect(ifPolled.wide.map(({ name }) => name)).toEqual([
      ...["ifAdminStatus", "ifOperStatus", "ifHighSpeed", "ifSpeed"],
      ...["ifInDiscards", "ifInErrors", "ifOutDiscards", "ifOutErrors"],
      ...["ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"],
    ]);
    expect(ifPolled.narrow).toHaveLength(ifPolled.wide.length);
  });

  const row = (values: readonly Value[]) =>
    readInterface(cellsOf([...values, ...Array<Value>(12).fill(absent)].slice(0, 12)), 0);

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

describe("RFC 4273: BGP4-MIB", () => {
  it("has the objects at their places, indexed by the remote address", () => {
    expect(formatOid(instance(bgpPeerTable.bgpPeerState, peerIndex("172.16.0.2") ?? []))).toBe(
      "1.3.6.1.2.1.15.3.1.2.172.16.0.2",
    );
    expect(bgpPolled).toHaveLength(6);
    expect(peerIndex("fd00::2")).toBeUndefined();
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
    const good = [integer(3), integer(1), integer(65_010), text("\x04\x00"), counter(9), gauge(12)];
    expect(readPeer(cellsOf(good), 0)).toEqual({
      bgpPeerState: "active",
      bgpPeerAdminStatus: "stop",
      bgpPeerRemoteAs: 65_010,
      bgpPeerLastError: [4, 0],
      bgpPeerFsmEstablishedTransitions: 9,
      bgpPeerFsmEstablishedTime: 12,
    });
    expect(readPeer(cellsOf([integer(6), integer(9), absent, text("abc"), absent, absent]), 0)).toEqual({
      bgpPeerState: "established",
      bgpPeerAdminStatus: undefined,
      bgpPeerRemoteAs: undefined,
      bgpPeerLastError: undefined,
      bgpPeerFsmEstablishedTransitions: undefined,
      bgpPeerFsmEstablishedTime: undefined,
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
