import { describe, expect, it } from "vitest";
import { decodeEcho, icmpEcho, icmpv6Echo } from "../../agent/wire/icmp.ts";
import { decodeSender } from "../../agent/wire/stamp.ts";
import {
  decodeQuotedDatagram,
  decodeQuotedEcho,
  decodeTracePayload,
  writeTraceDatagram,
  writeTraceEcho,
} from "../../agent/wire/trace-probe.ts";

const cookie = [0x01234567, 0x89abcdef] as const;
const echo = (tag: number, types = icmpEcho) => {
  const into = new Uint8Array(128).fill(0xee);
  return into.subarray(0, writeTraceEcho(into, types, 4_711, { tag, cookie }, 56));
};

describe("an echo of a trace", () => {
  it("has the same checksum, identifier and length for every tag, so that all of them are one flow", () => {
    const all = Array.from({ length: 65_536 }, (_, tag) => echo(tag));
    expect(new Set(all.map((bytes) => Buffer.from(bytes.subarray(0, 6)).toString("hex"))).size).toBe(1);
    expect(all.every((bytes) => decodeEcho(icmpEcho, bytes).ok)).toBe(true);
    expect(new Set(all.map(({ length }) => length))).toEqual(new Set([64]));
  });

  it("brings its cookie back", () => {
    const read = decodeEcho(icmpEcho, echo(7));
    expect(read.ok && decodeTracePayload(read.value.payload)).toEqual({ ok: true, value: cookie });
    expect(decodeTracePayload(new Uint8Array(9))).toEqual({ ok: false, error: { kind: "truncated", offset: 17 } });
  });

  it("is known from a quote of 8 octets, and checked by its cookie where more is quoted", () => {
    const whole = { identifier: 4_711, tag: 9, cookie };
    expect(decodeQuotedEcho(icmpEcho, echo(9))).toEqual({ ok: true, value: whole });
    expect(decodeQuotedEcho(icmpEcho, echo(9).subarray(0, 16))).toEqual({ ok: true, value: whole });
    const short = { ok: true, value: { ...whole, cookie: undefined } };
    for (const length of [8, 15]) expect(decodeQuotedEcho(icmpEcho, echo(9).subarray(0, length))).toEqual(short);
    expect(decodeQuotedEcho(icmpEcho, echo(9).subarray(0, 7))).toMatchObject({
      error: { kind: "truncated", offset: 7 },
    });
    expect(decodeQuotedEcho(icmpv6Echo, echo(9))).toMatchObject({ error: { kind: "otherType", offset: 0 } });
    const coded = echo(9).slice();
    coded[1] = 1;
    expect(decodeQuotedEcho(icmpEcho, coded)).toMatchObject({ error: { kind: "otherCode", offset: 1 } });
  });
});

describe("a datagram of a trace", () => {
  it("is a STAMP test packet", () => {
    const into = new Uint8Array(1_472);
    const length = writeTraceDatagram(into, { tag: 77, cookie }, 1_472);
    expect(length).toBe(1_472);
    expect(decodeSender(into)).toMatchObject({
      ok: true,
      value: { sequence: 77, timestamp: { seconds: cookie[0], fraction: cookie[1] }, ssid: 0 },
    });
    expect(decodeQuotedDatagram(into)).toEqual({ tag: 77, cookie });
    expect(decodeQuotedDatagram(into.subarray(0, 11))).toEqual({ tag: 77, cookie: undefined });
    expect(decodeQuotedDatagram(into.subarray(0, 3))).toEqual({ tag: undefined, cookie: undefined });
  });
});
