import { describe, expect, it } from "vitest";
import {
  decodeReflector,
  decodeSender,
  encodeReflector,
  encodeSender,
  ntpTimestamp,
  type ReflectorPacket,
  reflect,
  type SenderPacket,
  timestampDifference,
  unsynchronised,
} from "../../agent/wire/stamp.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s|\|/g, ""), "hex"));

const sender: SenderPacket = {
  sequence: 0x01020304,
  timestamp: { seconds: 0xe0000001, fraction: 0x80000000 },
  errorEstimate: { synchronised: true, format: "ptp", scale: 5, multiplier: 7 },
  ssid: 0xbeef,
};

// Laid out by hand along the figure of the section: sequence, timestamp, error estimate, SSID (RFC 8972), zeros.
const senderOctets = hex(`01020304 e000000180000000 c507 beef ${"00".repeat(28)}`);

describe("RFC 8762 section 4.2.1: Session-Sender packet, unauthenticated", () => {
  it("is 44 octets in the order of the figure", () => {
    expect(encodeSender(sender)).toEqual(senderOctets);
    expect(decodeSender(senderOctets)).toEqual({ ok: true, value: sender });
  });

  it("is sent with the S bit unset", () => {
    const sent = encodeSender({ ...sender, errorEstimate: unsynchronised });
    expect((sent[12] ?? 0xff) & 0x80).toBe(0);
    // RFC 4656 section 4.1.2: a multiplier of zero would be corrupt.
    expect(sent[13]).toBeGreaterThan(0);
  });

  it("says where a request ends too early, and takes the shortest of TWAMP-Light", () => {
    expect(decodeSender(senderOctets.subarray(0, 13))).toEqual({ ok: false, error: { kind: "truncated", offset: 13 } });
    expect(decodeSender(senderOctets.subarray(0, 14))).toEqual({ ok: true, value: { ...sender, ssid: 0 } });
    expect(decodeSender(new Uint8Array(9_217))).toEqual({ ok: false, error: { kind: "oversized", offset: 9_216 } });
  });
});

const reflector: ReflectorPacket = {
  sequence: 9,
  timestamp: { seconds: 0xe0000002, fraction: 0x11223344 },
  errorEstimate: unsynchronised,
  ssid: 0xbeef,
  receiveTimestamp: { seconds: 0xe0000002, fraction: 0x11220000 },
  sender: { sequence: sender.sequence, timestamp: sender.timestamp, errorEstimate: sender.errorEstimate, ttl: 61 },
};
const reflectorOctets = hex(
  "00000009 e000000211223344 2001 beef e000000211220000 01020304 e000000180000000 c507 0000 3d 000000",
);

describe("RFC 8762 section 4.3.1: Session-Reflector packet, unauthenticated", () => {
  it("is 44 octets in the order of the figure", () => {
    expect(reflectorOctets.byteLength).toBe(44);
    expect(encodeReflector(reflector)).toEqual(reflectorOctets);
    expect(decodeReflector(reflectorOctets)).toEqual({ ok: true, value: reflector });
  });

  it.each([41, 42, 43, 44, 45, 128])("takes an answer of %i octets (TWAMP-Light, padding, TLVs)", (length) => {
    const padded = new Uint8Array(Math.max(length, 44)).fill(0xaa);
    padded.set(reflectorOctets);
    expect(decodeReflector(padded.subarray(0, length))).toEqual({ ok: true, value: reflector });
  });

  it.each([0, 1, 40])("refuses an answer of %i octets", (length) => {
    const error = { kind: "truncated", offset: length };
    expect(decodeReflector(reflectorOctets.subarray(0, length))).toEqual({ ok: false, error });
  });

  it("reflects: copies what the sender sent, adds its own", () => {
    const own = { receiveTimestamp: reflector.receiveTimestamp, timestamp: reflector.timestamp, ttl: 61 };
    expect(reflect(senderOctets, { ...own, sequence: 9 })).toEqual({ ok: true, value: reflectorOctets });
    const stateless = reflect(senderOctets, own);
    expect(stateless.ok && decodeReflector(stateless.value)).toMatchObject({ value: { sequence: sender.sequence } });
  });

  it("answers in the size of the request, with its padding, and never below 44 octets", () => {
    const own = { receiveTimestamp: reflector.receiveTimestamp, timestamp: reflector.timestamp };
    const long = Uint8Array.from([...senderOctets, 1, 2, 3]);
    const answer = reflect(long, own);
    expect(answer.ok && [...answer.value.subarray(44)]).toEqual([1, 2, 3]);
    const short = reflect(senderOctets.subarray(0, 14), own);
    expect(short.ok && short.value.byteLength).toBe(44);
    expect(reflect(senderOctets.subarray(0, 4), own)).toEqual({ ok: false, error: { kind: "truncated", offset: 4 } });
  });
});

describe("RFC 5905 section 6: NTP timestamps", () => {
  it("counts seconds from 1900 and fractions of 2^-32 s", () => {
    expect(ntpTimestamp(0, 500_000_000)).toEqual({ seconds: 2_208_988_800, fraction: 0x8000_0000 });
  });

  it("takes differences across the change of the era in 2036", () => {
    const before = ntpTimestamp(2 ** 32 - 2_208_988_800 - 1, 750_000_000);
    const after = ntpTimestamp(2 ** 32 - 2_208_988_800, 250_000_000);
    expect(after.seconds).toBe(0);
    expect(timestampDifference(before, after)).toBe(0.5);
    expect(timestampDifference(after, before)).toBe(-0.5);
  });

  it("reads fractions as nanoseconds where the Z bit says PTP (RFC 8186)", () => {
    expect(timestampDifference({ seconds: 5, fraction: 0 }, { seconds: 5, fraction: 250_000_000 }, "ptp")).toBe(0.25);
  });
});
