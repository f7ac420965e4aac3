import { describe, expect, it } from "vitest";
import {
  decodeEcho,
  decodeProbeEcho,
  encodeEcho,
  icmpEcho,
  icmpv6Echo,
  internetChecksum,
  ipv4Payload,
  probePayloadLength,
  writeProbeRequest,
} from "../../agent/wire/icmp.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("RFC 1071 section 3: the Internet checksum", () => {
  it("gives the sum of the section's example", () => {
    expect(internetChecksum(hex("0001 f203 f4f5 f6f7"))).toBe(~0xddf2 & 0xffff);
  });

  it("pads an odd octet with zero", () => {
    expect(internetChecksum(hex("0102 03"))).toBe(internetChecksum(hex("0102 0300")));
  });

  it("carries twice where one fold is not enough", () => {
    expect(internetChecksum(new Uint8Array(65_534).fill(0xff))).toBe(0);
    // ffff + ffff + 0001 = 1ffff: the first fold gives 10000, the second 0001.
    expect(internetChecksum(hex("ffff ffff 0001"))).toBe(0xfffe);
  });
});

// The example of RFC 792's figure, with the sum worked out by hand: 0800 + 1234 + 0007 + 6869 = 82a4, its complement 7d5b.
const request = hex("08 00 7d5b 1234 0007 6869");

describe("RFC 792: Echo or Echo Reply Message", () => {
  const message = { type: "request" as const, identifier: 0x1234, sequence: 7, payload: hex("6869") };

  it("stands in the order of the figure", () => {
    expect(encodeEcho(icmpEcho, message)).toEqual(request);
    expect(decodeEcho(icmpEcho, request)).toEqual({ ok: true, value: message });
  });

  it("refuses what it cannot be, with the octet that says so", () => {
    const refused = (bytes: Uint8Array) => decodeEcho(icmpEcho, bytes);
    expect(refused(request.subarray(0, 7))).toEqual({ ok: false, error: { kind: "truncated", offset: 7 } });
    expect(refused(hex("03 00 0000 1234 0007"))).toEqual({ ok: false, error: { kind: "otherType", offset: 0 } });
    expect(refused(hex("08 01 0000 1234 0007"))).toEqual({ ok: false, error: { kind: "otherCode", offset: 1 } });
    expect(refused(hex("08 00 7d5a 1234 0007 6869"))).toEqual({ ok: false, error: { kind: "badChecksum", offset: 2 } });
    expect(refused(new Uint8Array(65_516))).toEqual({ ok: false, error: { kind: "oversized", offset: 65_515 } });
  });
});

describe("RFC 4443 section 4: echo of ICMPv6", () => {
  const message = { type: "request" as const, identifier: 0x1234, sequence: 7, payload: hex("6869") };
  const bytes = hex("80 00 0000 1234 0007 6869");

  it("has other type numbers, and leaves the checksum to the kernel", () => {
    expect(encodeEcho(icmpv6Echo, message)).toEqual(bytes);
    expect(encodeEcho(icmpv6Echo, { ...message, type: "reply" })[0]).toBe(129);
    bytes.set([0xab, 0xcd], 2);
    expect(decodeEcho(icmpv6Echo, bytes)).toEqual({ ok: true, value: message });
  });

  it("is none of the other family", () => {
    expect(decodeEcho(icmpEcho, bytes)).toMatchObject({ ok: false, error: { kind: "otherType" } });
    expect(decodeEcho(icmpv6Echo, request)).toMatchObject({ ok: false, error: { kind: "otherType" } });
  });
});

describe("the payload of a probe", () => {
  const probe = { stream: 3, sequence: 0xfffffffe, cookie: [0xdeadbeef, 0x01020304] as const };

  it("comes back as it was written, in a message as long as that of ping", () => {
    const into = new Uint8Array(100).fill(0xee);
    const length = writeProbeRequest(into, icmpEcho, { identifier: 1, sequence: 2 }, probe);
    expect(length).toBe(8 + probePayloadLength);
    const head = { type: "request", identifier: 1, sequence: 2 };
    expect(decodeEcho(icmpEcho, into.subarray(0, length))).toMatchObject({ ok: true, value: head });
    const value = { ...head, size: probePayloadLength, probe };
    expect(decodeProbeEcho(icmpEcho, into.subarray(0, length))).toEqual({ ok: true, value });
    expect(into.subarray(24, length)).toEqual(new Uint8Array(probePayloadLength - 16));
    expect(into.subarray(length).every((octet) => octet === 0xee)).toBe(true);
  });

  it("is none where it is too short, in a message that is refused like any other", () => {
    const echo = (payload: number) =>
      encodeEcho(icmpEcho, { type: "reply", identifier: 1, sequence: 2, payload: new Uint8Array(payload) });
    expect(decodeProbeEcho(icmpEcho, echo(15))).toMatchObject({ ok: true, value: { size: 15, probe: undefined } });
    expect(decodeProbeEcho(icmpEcho, echo(16))).toMatchObject({ ok: true, value: { size: 16, probe: { stream: 0 } } });
    expect(decodeProbeEcho(icmpEcho, echo(16).with(20, 1))).toEqual({
      ok: false,
      error: { kind: "badChecksum", offset: 2 },
    });
    expect(decodeProbeEcho(icmpEcho, echo(0).subarray(0, 7))).toEqual({
      ok: false,
      error: { kind: "truncated", offset: 7 },
    });
  });
});

describe("RFC 791 section 3.1: the header before it, on a raw socket", () => {
  it("is skipped with its options", () => {
    expect(ipv4Payload(Uint8Array.from([0x45, ...new Array(19).fill(0), 7]))).toEqual({ ok: true, value: hex("07") });
    expect(ipv4Payload(Uint8Array.from([0x46, ...new Array(23).fill(0), 7]))).toEqual({ ok: true, value: hex("07") });
  });

  it("is refused when it is of another version, too short, or longer than the datagram", () => {
    expect(ipv4Payload(hex(""))).toEqual({ ok: false, error: { kind: "truncated", offset: 0 } });
    expect(ipv4Payload(Uint8Array.from([0x65, ...new Array(40).fill(0)]))).toMatchObject({
      error: { kind: "otherType" },
    });
    expect(ipv4Payload(Uint8Array.from([0x44, ...new Array(40).fill(0)]))).toMatchObject({
      error: { kind: "truncated" },
    });
    expect(ipv4Payload(Uint8Array.from([0x4f, ...new Array(40).fill(0)]))).toMatchObject({
      error: { kind: "truncated" },
    });
  });
});
