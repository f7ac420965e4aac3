import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../agent/lib/secret.ts";
import {
  errorOf,
  estimateOf,
  type ReflectorPacket,
  type SenderPacket,
  unsynchronised,
} from "../../agent/wire/stamp.ts";
import {
  decodeAuthenticatedReflector,
  decodeAuthenticatedSender,
  isAuthentic,
  stampKey,
  writeAuthenticatedReflector,
  writeAuthenticatedSender,
} from "../../agent/wire/stamp-authenticated.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s|\|/g, ""), "hex"));
const zeros = (octets: number) => "00".repeat(octets);
const text = "a key that both ends have";
const key = stampKey(new Secret(text));

/** The HMAC of the section, made without our codec. */
const withHmac = (base: Uint8Array) =>
  Uint8Array.from([...base, ...createHmac("sha256", Buffer.from(text)).update(base).digest().subarray(0, 16)]);

const sender: SenderPacket = {
  sequence: 0x01020304,
  timestamp: { seconds: 0xe0000001, fraction: 0x80000000 },
  errorEstimate: { synchronised: true, format: "ptp", scale: 5, multiplier: 7 },
  ssid: 0xbeef,
};
const senderOctets = withHmac(hex(`01020304 ${zeros(12)} e000000180000000 c507 beef ${zeros(68)}`));

const reflector: ReflectorPacket = {
  sequence: 9,
  timestamp: { seconds: 0xe0000002, fraction: 0x11223344 },
  errorEstimate: unsynchronised,
  ssid: 0xbeef,
  receiveTimestamp: { seconds: 0xe0000002, fraction: 0x11220000 },
  sender: { sequence: sender.sequence, timestamp: sender.timestamp, errorEstimate: sender.errorEstimate, ttl: 61 },
};
const reflectorOctets = withHmac(
  hex(`00000009 ${zeros(12)} e000000211223344 2001 beef ${zeros(4)} e000000211220000 ${zeros(8)}
       01020304 ${zeros(12)} e000000180000000 c507 ${zeros(6)} 3d ${zeros(15)}`),
);

describe("RFC 8762 section 4.2.2: Session-Sender packet, authenticated", () => {
  it("is 112 octets in the order of the figure", () => {
    const into = new Uint8Array(150).fill(0xaa);
    expect(senderOctets.length).toBe(112);
    expect(writeAuthenticatedSender(into, sender, key)).toBe(112);
    expect(into.subarray(0, 112)).toEqual(senderOctets);
    expect([...into.subarray(112)]).toEqual(Array(38).fill(0xaa));
    expect(decodeAuthenticatedSender(senderOctets)).toEqual({ ok: true, value: sender });
  });

  it("says where it ends too early or too late", () => {
    const error = { kind: "truncated", offset: 111 };
    expect(decodeAuthenticatedSender(senderOctets.subarray(0, 111))).toEqual({ ok: false, error });
    expect(decodeAuthenticatedSender(new Uint8Array(9_217))).toMatchObject({ error: { kind: "oversized" } });
  });
});

describe("RFC 8762 section 4.3.2: Session-Reflector packet, authenticated", () => {
  it("is 112 octets in the order of the figure", () => {
    const into = new Uint8Array(112).fill(0xaa);
    writeAuthenticatedReflector(into, reflector, key);
    expect(into).toEqual(reflectorOctets);
    expect(decodeAuthenticatedReflector(reflectorOctets)).toEqual({ ok: true, value: reflector });
    expect(decodeAuthenticatedReflector(reflectorOctets.subarray(0, 111))).toMatchObject({ ok: false });
  });
});

describe("RFC 8762 section 4.4: HMAC-SHA-256, cut to 128 bits, over the first 96 octets", () => {
  it("is known again", () => {
    expect(isAuthentic(senderOctets, key)).toBe(true);
    expect(isAuthentic(reflectorOctets, key)).toBe(true);
    // What follows the base packet is not covered.
    expect(isAuthentic(Uint8Array.from([...senderOctets, 1, 2, 3]), key)).toBe(true);
  });

  it("is missed for every octet that differs, and with another key", () => {
    for (let at = 0; at < 112; at++) {
      const changed = senderOctets.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(isAuthentic(changed, key), `octet ${at}`).toBe(false);
    }
    expect(isAuthentic(senderOctets, stampKey(new Secret(`${text}!`)))).toBe(false);
    expect(isAuthentic(senderOctets.subarray(0, 111), key)).toBe(false);
    expect(isAuthentic(new Uint8Array(0), key)).toBe(false);
  });
});

describe("RFC 4656 section 4.1.2: error estimate", () => {
  it.each([
    [0, 0, 1],
    [2 ** -32, 0, 1],
    [255 * 2 ** -32, 0, 255],
    [256 * 2 ** -32, 1, 128],
    [1, 25, 128],
    [16, 29, 128],
  ])("of %f s has scale %i and multiplier %i", (error, scale, multiplier) => {
    const estimate = estimateOf(error);
    expect(estimate).toEqual({ synchronised: true, format: "ntp", scale, multiplier });
    expect(errorOf(estimate)).toBeGreaterThanOrEqual(error);
  });

  it("of a clock of which nothing is known leaves S unset", () => {
    expect(estimateOf(undefined)).toEqual(unsynchronised);
    expect(errorOf(unsynchronised)).toBe(1);
  });
});
