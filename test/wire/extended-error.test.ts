// struct sock_extended_err in control messages, as recvmsg(2) gives them.

import { describe, expect, it } from "vitest";
import { decodeExtendedError, type ExtendedError, icmpVerdict } from "../../agent/wire/extended-error.ts";
import { encodeControl } from "../support/extended-error.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

/**
 * Control messages of recvmsg(2) with MSG_ERRQUEUE on Linux 6.18 (x86-64), printed by a program of our own (Python): echo requests
 * with TTL 1 to 10.98.0.1 and fd00:98::1, answered by a router in another namespace, 10.97.1.2 and fd00:97:1::2.
 */
const captured = {
  v4: "3000000000000000000000000b000000 71000000020b00000000000000000000 020000000a6101020000000000000000",
  v6: "3c000000000000002900000019000000 71000000030300000000000000000000 0a00000000000000fd00009700010000 000000000000000200000000",
};

const error = (rest: Partial<ExtendedError>): ExtendedError => ({
  origin: "icmp",
  type: 11,
  code: 0,
  info: 0,
  offender: { family: 4, words: [0, 0, 0, 0x0a610102] },
  ...rest,
});

describe("an extended error", () => {
  it("is read as the kernel wrote it", () => {
    expect(decodeExtendedError(hex(captured.v4))).toEqual({ ok: true, value: error({}) });
    expect(decodeExtendedError(hex(captured.v6))).toEqual({
      ok: true,
      value: error({ origin: "icmpv6", type: 3, offender: { family: 6, words: [0xfd000097, 0x00010000, 0, 2] } }),
    });
  });

  it("is found behind another control message, in both families", () => {
    const six = error({ origin: "icmpv6", type: 2, info: 1_400, offender: { family: 6, words: [1, 2, 3, 4] } });
    for (const value of [error({}), six])
      expect(decodeExtendedError(encodeControl(value, 64))).toEqual({ ok: true, value });
  });

  it("of this host has no offender", () => {
    const local = error({ origin: "local", type: 0, info: 1_500, offender: undefined });
    expect(decodeExtendedError(encodeControl(local))).toEqual({ ok: true, value: local });
  });

  it("is refused where it ends too early, at every length", () => {
    const whole = encodeControl(error({}));
    for (let length = 1; length < whole.length; length++) {
      expect(decodeExtendedError(whole.subarray(0, length))).toMatchObject({ ok: false, error: { kind: "truncated" } });
    }
    expect(decodeExtendedError(new Uint8Array(0))).toEqual({ ok: false, error: { kind: "absent", offset: 0 } });
  });

  it.each([0n, 8n, 15n, 1_000n, 2n ** 63n])("with a length of %d is refused", (length) => {
    const bytes = encodeControl(error({}));
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    expect(decodeExtendedError(bytes)).toEqual({ ok: false, error: { kind: "truncated", offset: 0 } });
  });

  it("of another origin or family is refused", () => {
    const origin = encodeControl(error({}));
    origin[20] = 4;
    expect(decodeExtendedError(origin)).toEqual({ ok: false, error: { kind: "otherOrigin", offset: 20 } });
    const family = encodeControl(error({}));
    family[32] = 17;
    expect(decodeExtendedError(family)).toEqual({ ok: false, error: { kind: "otherFamily", offset: 32 } });
  });
});

describe("what an ICMP error says (RFC 792, RFC 1191, RFC 4443)", () => {
  it.each([
    ["icmp", 11, 0, 0, { kind: "timeExceeded" }],
    ["icmp", 11, 1, 0, { kind: "other" }],
    ["icmp", 3, 4, 1_400, { kind: "tooBig", mtu: 1_400 }],
    ["icmp", 3, 4, 0, { kind: "tooBig", mtu: undefined }],
    ["icmp", 3, 3, 0, { kind: "unreachable", what: "port unreachable", port: true }],
    ["icmp", 3, 13, 0, { kind: "unreachable", what: "communication administratively prohibited", port: false }],
    ["icmp", 3, 77, 0, { kind: "unreachable", what: "unreachable, code 77", port: false }],
    ["icmp", 5, 0, 0, { kind: "other" }],
    ["icmpv6", 3, 0, 0, { kind: "timeExceeded" }],
    ["icmpv6", 2, 0, 1_280, { kind: "tooBig", mtu: 1_280 }],
    ["icmpv6", 1, 4, 0, { kind: "unreachable", what: "port unreachable", port: true }],
    ["icmpv6", 1, 0, 0, { kind: "unreachable", what: "no route", port: false }],
    ["local", 0, 0, 1_500, { kind: "other" }],
  ] as const)("%s type %d code %d", (origin, type, code, info, verdict) => {
    expect(icmpVerdict(error({ origin, type, code, info }))).toEqual(verdict);
  });
});
