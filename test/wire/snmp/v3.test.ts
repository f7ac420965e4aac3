import { describe, expect, it } from "vitest";
import { createReader } from "../../../agent/wire/ber.ts";
import { encodeRequestPdu, setRequestId } from "../../../agent/wire/snmp/request.ts";
import { authKeyOf, isAuthentic } from "../../../agent/wire/snmp/usm.ts";
import { decrypt, privacyKeyOf } from "../../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagAuth,
  flagPrivacy,
  flagReportable,
  noKeys,
  readScopedPdu,
  readV3Header,
} from "../../../agent/wire/snmp/v3.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/--.*$/gm, "").replace(/\s/g, ""), "hex"));
const nothing = new Uint8Array(0);

// Constructed by hand after RFC 3412 section 6, RFC 3414 sections 2.4 and 4.
const discovery = hex(`
  30 3b                                -- SNMPv3Message
     02 01 03                          --   msgVersion
     30 0f                             --   msgGlobalData
        02 04 01 02 03 04              --     msgID
        02 02 05 c0                    --     msgMaxSize 1472
        04 01 04                       --     msgFlags: reportable
        02 00                          --     (replaced below)
     04 10 30 0e 04 00 02 01 00 02 01 00 04 00 04 00 04 00   -- msgSecurityParameters: all empty
     30 13                             --   ScopedPDU
        04 00 04 00                    --     contextEngineID, contextName
        a0 0d 02 03 01 02 03 02 01 00 02 01 00 30 00          --     GetRequest-PDU without bindings
`);

/** Changes of a good message, by what replaces what. */
function changed(from: string, to: string): Uint8Array {
  const text = Buffer.from(good).toString("hex");
  const [a, b] = [from, to].map((part) => part.replace(/\s/g, ""));
  if (a === undefined || b === undefined || text.split(a).length !== 2) throw new Error(`not exactly once: ${from}`);
  const bytes = hex(text.replace(a, b));
  bytes[1] = bytes.length - 2;
  return bytes;
}

const good = (() => {
  const bytes = Buffer.from(discovery)
    .toString("hex")
    .replace("040104" + "0200", "040104" + "020103")
    .replace("300f", "3010");
  const fixed = hex(bytes);
  fixed[1] = fixed.length - 2;
  return fixed;
})();

const read = (bytes: Uint8Array) => {
  const h = createV3Header();
  const r = createReader(bytes);
  return readV3Header(h, r, bytes) ? h : { fault: r.fault, offset: r.faultAt };
};

describe("RFC 3412 section 6: messages", () => {
  it("are read into their parts", () => {
    const h = createV3Header();
    const r = createReader(good);
    expect(readV3Header(h, r, good)).toBe(true);
    expect(h).toMatchObject({ messageId: 0x01020304, flags: flagReportable, boots: 0, time: 0 });
    for (const part of ["engine", "user", "mac", "salt"] as const) expect(h[`${part}From`]).toBe(h[`${part}To`]);
    const scope = createScopedPdu();
    expect(readScopedPdu(scope, r, good, h.dataFrom, h.dataTo, 0)).toBe(true);
    expect(Buffer.from(good.subarray(scope.pduFrom, scope.pduTo)).toString("hex")).toBe(
      "a00d0203010203020100020100" + "3000",
    );
    expect(scope.engineFrom).toBe(scope.engineTo);
  });

  it.each([
    ["an SNMPv2c message", "0201033010", "0201013010", "version"],
    ["a negative msgID", "020401020304", "0204ff020304", "integer"],
    ["a msgID of five octets", "3010020401020304", "301102050001020304", "integer"],
    ["two octets of flags", "3010020401020304020205c0040104", "3011020401020304020205c004020404", "value"],
    ["privacy without authentication", "040104", "040102", "value"],
    ["another security model", "040104020103", "040104020102", "value"],
    ["something behind the global data", "3010020401020304", "300f020401020304", "truncated"],
    ["an engine id of 33 octets", "0410300e0400", `0431302f0421${"80".repeat(33)}`, "value"],
    ["a user of 33 octets", "0201000201000400", `02010002010004${"21"}${"41".repeat(33)}`, "truncated"],
    ["negative boots", "04000201000201000400", "04000201ff0201000400", "integer"],
    ["security parameters that are no sequence", "0410300e", "0410310e", "tag"],
    ["security parameters with a rest", "0410300e", "0410300d", "trailing"],
    ["data that is encrypted, without the flag", "3013", "0413", "tag"],
  ])("are refused: %s", (_, from, to, fault) => {
    expect(read(changed(from, to))).toMatchObject({ fault });
  });

  it("are refused when octets follow, or when any is missing", () => {
    expect(read(Uint8Array.from([...good, 0]))).toMatchObject({ fault: "trailing" });
    for (let length = 0; length < good.length; length++) {
      expect(read(good.subarray(0, length)), `${length} octets`).toHaveProperty("fault");
    }
  });
});

describe("RFC 3414 section 3.1: made messages", () => {
  const engineId = hex("80001f8804616263");
  const keys = {
    auth: authKeyOf("sha256", new Uint8Array(32).fill(7)),
    privacy: privacyKeyOf("des", new Uint8Array(16).fill(9)),
  };
  const scoped = encodeScopedPdu(
    engineId,
    Buffer.from("vrf-a"),
    setRequestId(encodeRequestPdu({ type: "getRequest", maxRepetitions: 0 }, [hex("2b06010201010500")]), 0x0a0b0c0d),
  );
  const envelope = {
    messageId: 0x7fff_ffff,
    reportable: true,
    engineId,
    boots: 0x7fff_ffff,
    time: 300,
    user: Buffer.from("nms"),
    salt: hex("0102030405060708"),
  };

  it("are authenticated as a whole and encrypted", () => {
    const bytes = encodeV3({ ...envelope, keys }, scoped);
    const h = createV3Header();
    const r = createReader(bytes);
    expect(readV3Header(h, r, bytes)).toBe(true);
    expect(h).toMatchObject({ messageId: 0x7fff_ffff, boots: 0x7fff_ffff, time: 300 });
    expect(h.flags).toBe(flagAuth | flagPrivacy | flagReportable);
    expect(Uint8Array.from(bytes.subarray(h.engineFrom, h.engineTo))).toEqual(engineId);
    expect(Buffer.from(bytes.subarray(h.userFrom, h.userTo)).toString()).toBe("nms");
    expect(isAuthentic(keys.auth, bytes, h.macFrom, h.macTo)).toBe(true);
    const salt = bytes.subarray(h.saltFrom, h.saltTo);
    const secret = bytes.subarray(h.dataFrom, h.dataTo);
    const plain = decrypt(keys.privacy, { boots: h.boots, time: h.time, salt }, secret) ?? nothing;
    expect(Buffer.from(plain.subarray(0, scoped.length))).toEqual(Buffer.from(scoped));
    const scope = createScopedPdu();
    expect(readScopedPdu(scope, r, plain, 0, plain.length, 8)).toBe(true);
    expect(Buffer.from(plain.subarray(scope.contextFrom, scope.contextTo)).toString()).toBe("vrf-a");
    expect(readScopedPdu(scope, r, plain, 0, plain.length, 0)).toBe(plain.length === scoped.length);
  });

  it("are plain without keys", () => {
    const bytes = encodeV3({ ...envelope, keys: noKeys }, scoped);
    expect(Buffer.from(bytes).includes(Buffer.from(scoped))).toBe(true);
    expect(read(bytes)).toMatchObject({ flags: flagReportable });
  });
});
