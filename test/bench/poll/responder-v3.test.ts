import { describe, expect, it } from "vitest";
import { createReader } from "../../../agent/wire/ber.ts";
import { decrypt } from "../../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  noKeys,
  readScopedPdu,
  readV3Header,
  type V3Envelope,
} from "../../../agent/wire/snmp/v3.ts";
import { createV3Engine } from "./responder-v3.ts";
import { engineIdOf, keysAt, userName } from "./security.ts";

const port = 40_000;
const engineId = engineIdOf(port);
const keys = keysAt(engineId);
const envelope: V3Envelope = {
  messageId: 7,
  reportable: true,
  engineId,
  boots: 1,
  time: 0,
  user: Buffer.from(userName),
  keys,
  salt: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
};
const nothing = new Uint8Array(0);
const question = Uint8Array.of(0xa0, 1, 1);
const answer = Uint8Array.of(0xa2, 1, 2);

describe("the benchmark's SNMPv3 engine", () => {
  const heard: string[] = [];
  const engine = createV3Engine(port, (pdu) => {
    heard.push(Buffer.from(pdu).toString("hex"));
    return answer;
  });
  const request = encodeV3(envelope, encodeScopedPdu(engineId, nothing, question));

  it("decrypts the question and encrypts the answer", () => {
    const answered = engine(request) ?? nothing;
    expect(heard).toEqual([Buffer.from(question).toString("hex")]);
    const h = createV3Header();
    const r = createReader(nothing);
    expect(readV3Header(h, r, answered)).toBe(true);
    expect(h.messageId).toBe(7);
    const encryption = { boots: h.boots, time: h.time, salt: answered.subarray(h.saltFrom, h.saltTo) };
    const secret = answered.subarray(h.dataFrom, h.dataTo);
    const plain = (keys.privacy && decrypt(keys.privacy, encryption, secret)) ?? nothing;
    const scope = createScopedPdu();
    expect(readScopedPdu(scope, r, plain, 0, plain.length, 0)).toBe(true);
    expect(Uint8Array.from(plain.subarray(scope.pduFrom, scope.pduTo))).toEqual(answer);
  });

  it("tells its id to who asks with none", () => {
    const discovery = { ...envelope, engineId: nothing, user: nothing, keys: noKeys, salt: nothing };
    const report = engine(encodeV3(discovery, encodeScopedPdu(nothing, nothing, question))) ?? nothing;
    const h = createV3Header();
    expect(readV3Header(h, createReader(nothing), report)).toBe(true);
    expect(Uint8Array.from(report.subarray(h.engineFrom, h.engineTo))).toEqual(Uint8Array.from(engineId));
  });

  it("does not answer what was changed, or what is not encrypted", () => {
    const forged = Uint8Array.from(request);
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    expect(engine(forged)).toBeUndefined();
    const open = { ...envelope, keys: { auth: keys.auth, privacy: undefined } };
    expect(engine(encodeV3(open, encodeScopedPdu(engineId, nothing, question)))).toBeUndefined();
  });
});
