import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  readDevices,
  readPressure,
  readRunDelay,
  readUdp6BufferErrors,
  readUdpBufferErrors,
} from "../../agent/wire/proc/counters.ts";
import { longestTable } from "../../agent/wire/proc/lines.ts";
import { type Route, readIpv4Routes, readIpv6Routes } from "../../agent/wire/proc/routes.ts";
import { deviceTable, ipv4Table, ipv6Table } from "../support/proc.ts";

const bytes = (text: string) => Buffer.from(text);

const four: readonly Route[] = [
  { family: 4, network: 0n, length: 0, gateway: 0xc0000201n, metric: 100, interface: "eth0", refuses: false },
  { family: 4, network: 0x0a000000n, length: 8, gateway: undefined, metric: 0, interface: "", refuses: true },
  { family: 4, network: 0xc0000200n, length: 24, gateway: undefined, metric: 0, interface: "eth0", refuses: false },
];

describe("/proc/net/route", () => {
  it("is read in either byte order", () => {
    for (const littleEndian of [true, false]) {
      const read = readIpv4Routes(ipv4Table(four, littleEndian), littleEndian);
      expect(read).toEqual({ ok: true, value: { routes: four, cut: false } });
    }
  });

  it("is written by the test as a kernel does (Linux 6.18, x86-64)", () => {
    const kernel =
      "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0                                                                             ";
    const [, line = ""] = ipv4Table(four).toString().split("\n");
    expect(line.trimEnd()).toBe(kernel.trimEnd());
  });

  it("refuses what is not the table, a mask with holes, and a line that is cut off", () => {
    expect(readIpv4Routes(bytes(""), true)).toMatchObject({ error: { kind: "form" } });
    const text = ipv4Table(four).toString();
    expect(readIpv4Routes(bytes(text.replace("00FFFFFF", "00FF00FF")), true)).toMatchObject({
      error: { kind: "field", line: 3 },
    });
    expect(readIpv4Routes(bytes(text.slice(0, 150)), true)).toMatchObject({ error: { kind: "field", line: 1 } });
  });

  it("says that it looked at the beginning of a very long table only", () => {
    const many = Array.from({ length: 5_000 }, () => four).flat();
    const read = readIpv4Routes(ipv4Table(many), true);
    expect(read).toMatchObject({ ok: true, value: { cut: true } });
    expect(read.ok && read.value.routes.length).toBe(Math.floor(longestTable / 128) - 1);
  });
});

describe("/proc/net/ipv6_route", () => {
  const doc = 0x2001_0db8n << 96n;
  const six: readonly Route[] = [
    { family: 6, network: 0n, length: 0, gateway: doc + 1n, metric: 1024, interface: "eth0", refuses: false },
    { family: 6, network: doc, length: 64, gateway: undefined, metric: 256, interface: "eth0", refuses: false },
    { family: 6, network: 0n, length: 0, gateway: undefined, metric: 0xffffffff, interface: "lo", refuses: true },
  ];

  it("is read", () => {
    expect(readIpv6Routes(ipv6Table(six))).toEqual({ ok: true, value: { routes: six, cut: false } });
  });

  it("leaves out the host's own addresses and reads the refusing default of a kernel (Linux 6.18)", () => {
    const own =
      "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n";
    const none =
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
    expect(readIpv6Routes(bytes(own + none))).toMatchObject({ ok: true, value: { routes: [six[2]] } });
  });

  it("refuses a prefix of 129 bits and a short address", () => {
    const text = ipv6Table(six).toString();
    expect(readIpv6Routes(bytes(text.replace(" 40 ", " 81 ")))).toMatchObject({ error: { kind: "field", line: 1 } });
    expect(readIpv6Routes(bytes(text.slice(1)))).toMatchObject({ error: { kind: "field", line: 0 } });
    expect(readIpv6Routes(bytes("nonsense\n"))).toMatchObject({ error: { kind: "form", line: 0 } });
  });
});

describe("counters", () => {
  it("of interfaces, also where the first count touches the name", () => {
    const read = readDevices(
      bytes(
        deviceTable([["eth0", 7, 2]])
          .toString()
          .replace("eth0: 7", "eth0:7"),
      ),
    );
    expect(read.ok && read.value.get("eth0")).toEqual({
      receiveBytes: 7,
      receiveErrors: 2,
      receiveDrops: 2,
      transmitBytes: 7,
      transmitErrors: 2,
      transmitDrops: 2,
    });
    expect(readDevices(bytes("eth0: 1 2 3"))).toMatchObject({ error: { kind: "form" } });
    expect(readDevices(bytes(deviceTable([["eth0", -7, 2]]).toString()))).toMatchObject({ error: { kind: "field" } });
  });

  it("of UDP by the name of the column, not by its place", () => {
    const text = "Udp: NoPorts RcvbufErrors InDatagrams\nUdp: 1 42 3\nUdpLite: RcvbufErrors\nUdpLite: 9\n";
    expect(readUdpBufferErrors(bytes(text))).toEqual({ ok: true, value: 42 });
    expect(readUdpBufferErrors(bytes("Udp: RcvbufErrors\nTcp: 1\n"))).toMatchObject({ error: { kind: "field" } });
    expect(readUdp6BufferErrors(bytes("Udp6RcvbufErrors       \t5\n"))).toEqual({ ok: true, value: 5 });
    expect(readUdp6BufferErrors(bytes(""))).toMatchObject({ error: { kind: "form" } });
  });

  it("of the CPU", () => {
    expect(readRunDelay(bytes("954655 1500000000 4\n"))).toEqual({ ok: true, value: 1.5 });
    expect(readRunDelay(bytes("954655 x 4\n"))).toMatchObject({ error: { kind: "field" } });
    expect(readPressure(bytes("some avg10=25.00 avg60=27.04 avg300=19.87 total=1\n"))).toEqual({
      ok: true,
      value: 0.25,
    });
    expect(readPressure(bytes("some avg10=134.16 avg60=1\n"))).toMatchObject({ error: { kind: "field" } });
  });

  it.runIf(process.platform === "linux")("of this very kernel", () => {
    expect(readDevices(readFileSync("/proc/net/dev"))).toMatchObject({ ok: true });
    expect(readIpv4Routes(readFileSync("/proc/net/route"), true)).toMatchObject({ ok: true });
    expect(readUdpBufferErrors(readFileSync("/proc/net/snmp"))).toMatchObject({ ok: true });
  });
});
