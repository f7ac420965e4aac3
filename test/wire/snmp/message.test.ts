import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, type Message } from "../../../agent/wire/snmp/message.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import type { Value } from "../../../agent/wire/snmp/value.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const text = (s: string) => Uint8Array.from(Buffer.from(s));

// Constructed by hand after RFC 1901 section 3, RFC 3416 section 3 and X.690 section 8.
const getRequest = hex(
  `
  30 29                               -- Message
     02 01 01                         --   version 1 (v2c)
     04 06 70 75 62 6c 69 63          --   "public"
     a0 1c                            --   GetRequest-PDU
        02 04 01 02 03 04             --     request-id
        02 01 00 02 01 00             --     error-status, error-index
        30 0e 30 0c
           06 08 2b 06 01 02 01 01 03 00   -- sysUpTime.0
           05 00`.replace(/--.*$/gm, ""),
);

const getRequestMessage: Message = {
  version: "2c",
  community: text("public"),
  pdu: {
    type: "getRequest",
    requestId: 0x01020304,
    errorStatus: 0,
    errorIndex: 0,
    varbinds: [{ oid: oid("1.3.6.1.2.1.1.3.0"), value: { type: "null" } }],
  },
};

const value = (encoded: string) => {
  const body = hex(`06 03 2b 06 01 ${encoded}`);
  const binding = [0x30, body.length, ...body];
  const list = [0x30, binding.length, ...binding];
  const pdu = [2, 1, 1, 2, 1, 0, 2, 1, 0, ...list];
  const inner = [2, 1, 1, 4, 1, 0x63, 0xa2, pdu.length, ...pdu];
  return Uint8Array.from([0x30, inner.length, ...inner]);
};

const decoded = (bytes: Uint8Array) => {
  const message = decodeMessage(bytes);
  return message.ok ? message.value.pdu.varbinds[0]?.value : message.error;
};

describe("RFC 3416 section 3: PDUs", () => {
  it("reads and writes a GetRequest-PDU", () => {
    expect(decodeMessage(getRequest)).toEqual({ ok: true, value: getRequestMessage });
    expect(encodeMessage(getRequestMessage)).toEqual(getRequest);
  });

  it("reads and writes a GetBulkRequest-PDU", () => {
    const bytes = hex(
      "30 22 02 01 01 04 01 63 a5 1a 02 02 30 39 02 01 01 02 01 0a 30 0e 30 0c 06 08 2b 06 01 02 01 02 02 01 05 00",
    );
    const message: Message = {
      version: "2c",
      community: text("c"),
      pdu: {
        type: "getBulkRequest",
        requestId: 12345,
        nonRepeaters: 1,
        maxRepetitions: 10,
        varbinds: [{ oid: oid("1.3.6.1.2.1.2.2.1"), value: { type: "null" } }],
      },
    };
    expect(decodeMessage(bytes)).toEqual({ ok: true, value: message });
    expect(encodeMessage(message)).toEqual(bytes);
  });

  it("reads every PDU type by its tag", () => {
    for (const [tag, type] of [
      [0xa0, "getRequest"],
      [0xa1, "getNextRequest"],
      [0xa2, "response"],
      [0xa3, "setRequest"],
      [0xa5, "getBulkRequest"],
      [0xa6, "informRequest"],
      [0xa7, "snmpV2Trap"],
      [0xa8, "report"],
    ] as const) {
      const bytes = Uint8Array.from(getRequest);
      bytes[13] = tag;
      expect(decodeMessage(bytes)).toMatchObject({ ok: true, value: { pdu: { type } } });
    }
  });
});

describe("RFC 1157 section 4: SNMPv1", () => {
  // By hand: a GetResponse-PDU with noSuchName for the second of two names, and the request's own bindings.
  const refusal = hex(
    `
    30 35
       02 01 00                         -- version-1
       04 06 70 75 62 6c 69 63
       a2 28                            -- GetResponse-PDU
          02 04 01 02 03 04
          02 01 02                      -- error-status: noSuchName
          02 01 02                      -- error-index
          30 1a 30 0c 06 08 2b 06 01 02 01 01 03 00 05 00
                30 0a 06 06 2b 06 01 02 01 63 05 00`.replace(/--.*$/gm, ""),
  );
  const refusalMessage: Message = {
    version: "1",
    community: text("public"),
    pdu: {
      type: "response",
      requestId: 0x01020304,
      errorStatus: 2,
      errorIndex: 2,
      varbinds: [
        { oid: oid("1.3.6.1.2.1.1.3.0"), value: { type: "null" } },
        { oid: oid("1.3.6.1.2.1.99"), value: { type: "null" } },
      ],
    },
  };

  it("reads and writes a GetResponse-PDU with an error", () => {
    expect(decodeMessage(refusal)).toEqual({ ok: true, value: refusalMessage });
    expect(encodeMessage(refusalMessage)).toEqual(refusal);
  });

  it.each([
    [0xa0, "getRequest"],
    [0xa1, "getNextRequest"],
    [0xa3, "setRequest"],
  ])("has the PDU of tag %i", (tag, type) => {
    const bytes = Uint8Array.from(refusal);
    bytes[13] = tag;
    expect(decodeMessage(bytes)).toMatchObject({ ok: true, value: { version: "1", pdu: { type } } });
  });

  it.each([0xa5, 0xa6, 0xa7, 0xa8])("does not have the PDU of tag %i, which came with v2", (tag) => {
    const bytes = Uint8Array.from(refusal);
    bytes[13] = tag;
    expect(decodeMessage(bytes)).toEqual({ ok: false, error: { kind: "pdu", offset: 13 } });
  });
});

describe("RFC 2578 section 7.1: values", () => {
  it.each<readonly [string, string, Value]>([
    ["Integer32 0", "02 01 00", { type: "integer", value: 0 }],
    ["Integer32 128", "02 02 00 80", { type: "integer", value: 128 }],
    ["Integer32 -1", "02 01 ff", { type: "integer", value: -1 }],
    ["Integer32 -129", "02 02 ff 7f", { type: "integer", value: -129 }],
    ["Integer32 -2^31", "02 04 80 00 00 00", { type: "integer", value: -(2 ** 31) }],
    ["Counter32 2^32-1", "41 05 00 ff ff ff ff", { type: "counter32", value: 2 ** 32 - 1 }],
    ["Gauge32 2^31", "42 05 00 80 00 00 00", { type: "gauge32", value: 2 ** 31 }],
    ["TimeTicks 256", "43 02 01 00", { type: "timeTicks", value: 256 }],
    ["Counter64 2^64-1", "46 09 00 ff ff ff ff ff ff ff ff", { type: "counter64", value: 2n ** 64n - 1n }],
    ["Counter64 2^53+1", "46 07 20 00 00 00 00 00 01", { type: "counter64", value: 2n ** 53n + 1n }],
    ["Counter64 0", "46 01 00", { type: "counter64", value: 0n }],
    ["OCTET STRING", "04 03 65 72 30", { type: "octets", value: text("er0") }],
    ["empty OCTET STRING", "04 00", { type: "octets", value: text("") }],
    ["Opaque", "44 02 9f 78", { type: "opaque", value: hex("9f78") }],
    ["OBJECT IDENTIFIER 2.999.4294967295", "06 07 88 37 8f ff ff ff 7f", { type: "oid", value: [2, 999, 4294967295] }],
    [
      "OBJECT IDENTIFIER 2.100.3, the example of X.690 section 8.19.5",
      "06 03 81 34 03",
      { type: "oid", value: [2, 100, 3] },
    ],
    ["zeroDotZero", "06 01 00", { type: "oid", value: [0, 0] }],
    ["IpAddress", "40 04 ac 10 00 02", { type: "ipAddress", value: "172.16.0.2" }],
    ["noSuchObject", "80 00", { type: "noSuchObject" }],
    ["noSuchInstance", "81 00", { type: "noSuchInstance" }],
    ["endOfMibView", "82 00", { type: "endOfMibView" }],
  ])("reads and writes %s", (_, encoded, expected) => {
    const bytes = value(encoded);
    expect(decoded(bytes)).toEqual(expected);
    const message = decodeMessage(bytes);
    expect(message.ok && encodeMessage(message.value)).toEqual(bytes);
  });

  it("takes an unsigned value without its leading zero, as some agents send it", () => {
    expect(decoded(value("41 04 ff ff ff ff"))).toEqual({ type: "counter32", value: 2 ** 32 - 1 });
  });

  it("reads the padded long form of a length (X.690 section 8.1.3.5)", () => {
    expect(decoded(value("04 82 00 01 41"))).toEqual({ type: "octets", value: text("A") });
  });
});

describe("faults", () => {
  it.each([
    ["integer without octets", "02 00", "integer"],
    ["Integer32 of five octets", "02 05 00 00 00 00 01", "integer"],
    ["Counter32 of five octets without leading zero", "41 05 01 00 00 00 00", "integer"],
    ["Counter64 of nine octets without leading zero", "46 09 01 00 00 00 00 00 00 00 00", "integer"],
    ["padded sub-identifier", "06 03 2b 80 01", "oid"],
    ["sub-identifier cut off", "06 02 2b 86", "oid"],
    ["sub-identifier above 2^32-1", "06 06 2b 90 80 80 80 00", "oid"],
    ["empty OBJECT IDENTIFIER", "06 00", "oid"],
    ["IpAddress of three octets", "40 03 01 02 03", "value"],
    ["NULL with content", "05 01 00", "value"],
    ["unknown tag", "47 01 00", "tag"],
    ["indefinite length", "04 80 00 00", "length"],
    ["length of five octets", "04 85 00 00 00 00 01 41", "length"],
    ["length above any datagram", "04 84 7f ff ff ff 00", "length"],
    ["value longer than its binding", "04 05 41", "truncated"],
    ["octets after the value", "05 00 05 00", "trailing"],
  ])("%s", (_, encoded, kind) => {
    expect(decoded(value(encoded))).toMatchObject({ kind });
  });

  it("says at which octet", () => {
    expect(decoded(value("02 00"))).toEqual({ kind: "integer", offset: value("02 00").length });
    const version3 = Uint8Array.from(getRequest);
    version3[4] = 3;
    expect(decodeMessage(version3)).toEqual({ ok: false, error: { kind: "version", offset: 2 } });
    const v1Trap = Uint8Array.from(getRequest);
    v1Trap[13] = 0xa4;
    expect(decodeMessage(v1Trap)).toEqual({ ok: false, error: { kind: "pdu", offset: 13 } });
    expect(decodeMessage(Uint8Array.from([...getRequest, 0]))).toEqual({
      ok: false,
      error: { kind: "trailing", offset: 43 },
    });
  });

  it("finds every truncation", () => {
    for (let length = 0; length < getRequest.length; length++) {
      expect(decodeMessage(getRequest.subarray(0, length)).ok).toBe(false);
    }
  });

  it("throws only for what we must never write", () => {
    const response = (v: Value): Message => ({
      ...getRequestMessage,
      pdu: { type: "response", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds: [{ oid: [1, 3], value: v }] },
    });
    expect(() => encodeMessage(response({ type: "counter32", value: -1 }))).toThrow(RangeError);
    expect(() => encodeMessage(response({ type: "integer", value: 2 ** 31 }))).toThrow(RangeError);
    expect(() => encodeMessage(response({ type: "ipAddress", value: "10.0.0" }))).toThrow(RangeError);
    expect(() => encodeMessage(response({ type: "oid", value: [3, 1] }))).toThrow(RangeError);
  });
});
