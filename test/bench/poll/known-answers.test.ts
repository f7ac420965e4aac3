import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../../agent/wire/snmp/message.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import { createKnownAnswers } from "./known-answers.ts";
import { ifInstances, viewAfter } from "./load.ts";
import { community } from "./security.ts";

const name = ifInstances[0] ?? oid("0.0");

function request(requestId: number): Buffer {
  const varbinds = [{ oid: name, value: { type: "null" } as const }];
  const pdu = { type: "getRequest", requestId, errorStatus: 0, errorIndex: 0, varbinds } as const;
  return Buffer.from(encodeMessage({ version: "2c", community: Buffer.from(community), pdu }));
}

const longest = request(0x7f7f_7f7f);
const idAt = longest.indexOf("7f7f7f7f", "hex");

/** As gosnmp writes it: in four octets, however small it is. */
function inFourOctets(requestId: number): Buffer {
  const asked = Buffer.from(longest);
  asked.writeInt32BE(requestId, idAt);
  return asked;
}

function answered(answer: Uint8Array | undefined) {
  const message = decodeMessage(answer ?? new Uint8Array(0));
  if (!message.ok) throw new Error(JSON.stringify(message.error));
  return message.value.pdu;
}

describe("the answers that the benchmark's routers know", () => {
  it.each([[[5, 0x1234_5690]], [[0x1234_5690, 5]]])(
    "have the id of each request, also where it is longer than it must be: %j",
    (ids) => {
      const { answer } = createKnownAnswers(() => viewAfter(0));
      const pdus = ids.map((id) => answered(answer(inFourOctets(id))));
      expect(pdus).toMatchObject(ids.map((requestId) => ({ requestId, errorStatus: 0, varbinds: [{ oid: name }] })));
    },
  );

  it("have ids of one octet, and of four, to the same question", () => {
    const { answer } = createKnownAnswers(() => viewAfter(0));
    const ids = [5, 0x1234_5690, 7];
    expect(ids.map((id) => answered(answer(request(id))).requestId)).toEqual(ids);
  });

  it("are worked out again once they are forgotten", () => {
    let polls = 0;
    const { answer, forget } = createKnownAnswers(() => viewAfter(polls++));
    const ask = () => answer(request(5));
    ask();
    ask();
    forget();
    ask();
    expect(polls).toBe(2);
  });
});
