// Known answers: from the RFCs where they give any, from NIST for the ciphers, and for the two key extensions
// from the keys that Debian's snmpd wrote to its own persistent file (net-snmp 5.9.3).

import { describe, expect, it } from "vitest";
import {
  type AuthProtocol,
  authenticate,
  authKeyOf,
  isAuthentic,
  localiseKey,
  macOf,
  passwordToKey,
} from "../../../agent/wire/snmp/usm.ts";
import {
  decrypt,
  encrypt,
  type PrivacyProtocol,
  privacyKey,
  privacyKeyOf,
  saltOf,
} from "../../../agent/wire/snmp/usm-privacy.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString("hex");
const text = (s: string) => Uint8Array.from(Buffer.from(s));

describe("RFC 3414 section A.3: password to key", () => {
  const engineId = bytes("000000000000000000000002");
  it.each<readonly [AuthProtocol, string, string]>([
    ["md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"],
    ["sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"],
  ])("%s", (protocol, key, localised) => {
    const digest = passwordToKey(protocol, text("maplesyrup"));
    expect(hex(digest)).toBe(key);
    expect(hex(localiseKey(protocol, digest, engineId))).toBe(localised);
  });

  it("refuses an empty password, which has no repetition", () => {
    expect(() => passwordToKey("md5", text(""))).toThrow(RangeError);
  });
});

describe("RFC 2202 and RFC 4231, case 2: digests, cut to their place in the message", () => {
  it.each<readonly [AuthProtocol, string]>([
    ["md5", "750c783e6ab0b503eaa86e31"],
    ["sha1", "effcdf6ae5eb2fa2d27416d5"],
    // RFC 7860 section 4.1: 128, 192, 256 and 384 bits.
    ["sha224", "a30e01098bc6dbbf45690f3a7e9e6d0f"],
    ["sha256", "5bdcc146bf60754e6a042426089575c75a003f089d273983"],
    ["sha384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"],
    ["sha512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"],
  ])("%s", (protocol, expected) => {
    expect(hex(macOf(authKeyOf(protocol, text("Jefe")), text("what do ya want for nothing?")))).toBe(expected);
  });

  it("are found in the message that holds them, and in no other", () => {
    const key = text("a key of sixteen");
    for (const [protocol, length] of [
      ["md5", 12],
      ["sha256", 24],
      ["sha512", 48],
    ] as const) {
      const message = Uint8Array.from({ length: 120 }, (_, i) => (i >= 20 && i < 20 + length ? 0 : i));
      authenticate(authKeyOf(protocol, key), message, 20);
      const signed = message.slice();
      expect(isAuthentic(authKeyOf(protocol, key), message, 20, 20 + length)).toBe(true);
      expect(message).toEqual(signed);
      expect(isAuthentic(authKeyOf(protocol, key), message, 20, 20 + length - 1)).toBe(false);
      expect(isAuthentic(authKeyOf(protocol, text("another key")), message, 20, 20 + length)).toBe(false);
      for (let at = 0; at < message.length; at++) {
        const flipped = message.slice();
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        expect(isAuthentic(authKeyOf(protocol, key), flipped, 20, 20 + length), `octet ${at}`).toBe(false);
      }
    }
  });
});

describe("key extension", () => {
  const engineId = bytes("80001f8804616263");
  const key = (auth: AuthProtocol, privacy: PrivacyProtocol) =>
    hex(privacyKey(auth, privacy, localiseKey(auth, passwordToKey(auth, text("privpass12345")), engineId), engineId));
  const blumenthal = "c9348d9cadbe0e5442e37028c22cf3b7f834e8d9f32ee19217964e38c681bb70";
  const reeder = "c9348d9cadbe0e5442e37028c22cf3b7f834e8d9b36573edf13841a05346a1ba";

  it("makes the keys that snmpd makes of SHA-1", () => {
    expect(key("sha1", "aes256")).toBe(blumenthal);
    expect(key("sha1", "aes256Reeder")).toBe(reeder);
    expect(key("sha1", "aes192")).toBe(blumenthal.slice(0, 48));
    expect(key("sha1", "aes192Reeder")).toBe(reeder.slice(0, 48));
    expect(key("sha1", "aes128")).toBe(blumenthal.slice(0, 32));
    expect(key("sha1", "des")).toBe(blumenthal.slice(0, 32));
  });

  it("changes nothing where the digest is long enough", () => {
    for (const auth of ["sha256", "sha384", "sha512"] as const) {
      expect(key(auth, "aes256Reeder")).toBe(key(auth, "aes256"));
      expect(key(auth, "aes256")).toHaveLength(64);
    }
  });
});

describe("ciphers", () => {
  // NIST SP 800-38A sections F.3.13 to F.3.17; the initial vector is boots, time and salt (RFC 3826 section 3.1.2.1).
  const counting = { boots: 0x00010203, time: 0x04050607, salt: bytes("08090a0b0c0d0e0f") };
  const plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  it.each<readonly [PrivacyProtocol, string, string]>([
    ["aes128", "2b7e151628aed2a6abf7158809cf4f3c", "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"],
    [
      "aes192",
      "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
      "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a",
    ],
    [
      "aes256Reeder",
      "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
      "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b",
    ],
  ])("%s in 128-bit cipher feedback", (protocol, key, secret) => {
    expect(hex(encrypt(privacyKeyOf(protocol, bytes(key)), counting, plain))).toBe(secret);
    expect(decrypt(privacyKeyOf(protocol, bytes(key)), counting, bytes(secret))).toEqual(Buffer.from(plain));
    const part = encrypt(privacyKeyOf(protocol, bytes(key)), counting, plain.subarray(0, 5));
    expect(part).toHaveLength(5);
  });

  it("des in cipher block chaining (FIPS 81 table C1)", () => {
    // The second half of the key, exclusive-or the salt, is the initial vector 1234567890abcdef (RFC 3414 section 8.1.1.1).
    const salt = saltOf("des", 7, 0x1_0000_0009n);
    expect(hex(salt)).toBe("0000000700000009");
    const key = bytes("0123456789abcdef1234567f90abcde6");
    const secret = "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6";
    const encryption = { boots: 7, time: 0, salt };
    expect(hex(encrypt(privacyKeyOf("des", key), encryption, text("Now is the time for all ")))).toBe(secret);
    expect(hex(decrypt(privacyKeyOf("des", key), encryption, bytes(secret)))).toBe(
      hex(text("Now is the time for all ")),
    );
    expect(encrypt(privacyKeyOf("des", key), encryption, text("nine byte"))).toHaveLength(16);
    expect(decrypt(privacyKeyOf("des", key), encryption, bytes(secret).subarray(1))).toBeUndefined();
  });

  it("salts of AES are the whole counter, which wraps", () => {
    expect(hex(saltOf("aes128", 7, 2n ** 64n + 258n))).toBe("0000000000000102");
    expect(
      decrypt(
        privacyKeyOf("aes128", bytes("2b7e151628aed2a6abf7158809cf4f3c")),
        { ...counting, salt: text("") },
        plain,
      ),
    ).toBe(undefined);
  });
});
