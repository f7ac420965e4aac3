import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { counterAt, createCells, numberAt, octetsAt, oidAt, setCell } from "../../agent/wire/snmp/cells.ts";
import { decodeMessage, encodeMessage, type Message, type Pdu, versionV1 } from "../../agent/wire/snmp/message.ts";
import { compareOids, decodeArcs, encodeArcs, encodeOid, type Oid } from "../../agent/wire/snmp/oid.ts";
import { encodeRequest, greatestRequestId, leastRequestId, setRequestId } from "../../agent/wire/snmp/request.ts";
import { createResponseReader, nextBinding, readResponse, sameOctets } from "../../agent/wire/snmp/response.ts";
import type { Value, VarBind } from "../../agent/wire/snmp/value.ts";
import { compareOctets, createWalk, takeBulkAnswer } from "../../agent/wire/snmp/walk.ts";

const u32 = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.nat(0xffff_ffff));
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const octets = fc.uint8Array({ maxLength: 300 });
const arc = fc.oneof(fc.constantFrom(127, 128, 16_383, 16_384, 0xffff_ffff), u32);
const oids: fc.Arbitrary<Oid> = fc.oneof(
  fc.tuple(fc.constantFrom(0, 1), fc.nat(39), fc.array(arc, { maxLength: 30 })).map(([a, b, rest]) => [a, b, ...rest]),
  fc.tuple(fc.nat(0xffff_ffff - 80), fc.array(arc, { maxLength: 30 })).map(([b, rest]) => [2, b, ...rest]),
);
const values: fc.Arbitrary<Value> = fc.oneof(
  i32.map((value) => ({ type: "integer" as const, value })),
  fc.record({ type: fc.constantFrom("counter32" as const, "gauge32" as const, "timeTicks" as const), value: u32 }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ type: "counter64" as const, value })),
  fc.record({ type: fc.constantFrom("octets" as const, "opaque" as const), value: octets }),
  oids.map((value) => ({ type: "oid" as const, value })),
  fc.ipV4().map((value) => ({ type: "ipAddress" as const, value })),
  fc.record({
    type: fc.constantFrom("null" as const, "noSuchObject" as const, "noSuchInstance" as const, "endOfMibView" as const),
  }),
);
const varbinds: fc.Arbitrary<readonly VarBind[]> = fc.array(fc.record({ oid: oids, value: values }), { maxLength: 20 });
const pdus: fc.Arbitrary<Pdu> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      "getRequest",
      "getNextRequest",
      "response",
      "setRequest",
      "informRequest",
      "snmpV2Trap",
      "report",
    ),
    requestId: i32,
    errorStatus: i32,
    errorIndex: i32,
    varbinds,
  }),
  fc.record({
    type: fc.constant("getBulkRequest" as const),
    requestId: i32,
    nonRepeaters: i32,
    maxRepetitions: i32,
    varbinds,
  }),
);
const v1Pdus = ["getRequest", "getNextRequest", "response", "setRequest"];
const messages: fc.Arbitrary<Message> = fc
  .record({ community: octets, pdu: pdus, old: fc.boolean() })
  .map(({ community, pdu, old }) => ({ version: old && v1Pdus.includes(pdu.type) ? "1" : "2c", community, pdu }));
const responses = messages.filter(({ pdu }) => pdu.type === "response");

describe("SNMP codec", () => {
  it("gives back every message that it wrote", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message });
      }),
    );
  });

  it("never throws on any octets, with the bindings cut, flipped or random, in any reader", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(messages, fc.nat(), fc.nat(255), fc.nat()).map(([message, at, octet, cut]) => {
        const bytes = encodeMessage(message);
        bytes[at % bytes.length] = octet;
        return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      }),
    );
    const columns = [encodeOid([1, 3]), encodeOid([1, 4])];
    let refused = 0;
    fc.assert(
      fc.property(hostile, (bytes) => {
        const decoded = decodeMessage(bytes);
        if (!decoded.ok) {
          refused += 1;
          expect(decoded.error.offset).toBeLessThanOrEqual(bytes.length);
        }
        const r = createResponseReader();
        const cells = createCells(64);
        if (readResponse(r, bytes)) {
          for (let i = 0; nextBinding(r); i++) setCell(cells, i % 64, r);
          takeBulkAnswer(createWalk(columns), r);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it("refuses every truncation", () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message);
        expect(decodeMessage(bytes.subarray(0, cut % bytes.length)).ok).toBe(false);
      }),
    );
  });

  it("reads answers to polls as the generic decoder reads them", () => {
    fc.assert(
      fc.property(responses, (message) => {
        const r = createResponseReader();
        expect(readResponse(r, encodeMessage(message))).toBe(true);
        const { pdu } = message;
        expect(r.requestId).toBe(pdu.requestId);
        pdu.varbinds.forEach(({ oid, value }) => {
          expect(nextBinding(r)).toBe(true);
          expect(sameOctets(r.bytes, r.oidFrom, r.oidTo, encodeOid(oid))).toBe(true);
          const cells = createCells(1);
          setCell(cells, 0, r);
          if (value.type === "counter64") expect(BigInt(counterAt(cells, 0) ?? -1)).toBe(value.value);
          else if (value.type === "octets") expect(octetsAt(cells, 0)).toEqual(value.value);
          else if (value.type === "oid") expect(oidAt(cells, 0)).toEqual(value.value);
          else if ("value" in value && typeof value.value === "number") expect(numberAt(cells, 0)).toBe(value.value);
          else
            expect([numberAt(cells, 0), octetsAt(cells, 0), oidAt(cells, 0)]).toEqual([
              undefined,
              undefined,
              undefined,
            ]);
        });
        expect(nextBinding(r)).toBe(false);
        expect(r.fault).toBeUndefined();
      }),
    );
  });

  it("writes request templates as the generic encoder writes requests", () => {
    fc.assert(
      fc.property(
        fc.array(oids, { maxLength: 40 }),
        octets,
        fc.integer({ min: leastRequestId, max: greatestRequestId }),
        fc.nat(0x7fff_ffff),
        (names, community, requestId, maxRepetitions) => {
          const octetsOf = names.map(encodeOid);
          const template = encodeRequest(community, { type: "getBulkRequest", maxRepetitions }, octetsOf);
          const pdu = {
            type: "getBulkRequest",
            requestId,
            nonRepeaters: 0,
            maxRepetitions,
            varbinds: names.map((oid) => ({ oid, value: { type: "null" } as const })),
          } as const;
          expect(Uint8Array.from(setRequestId(template, requestId))).toEqual(
            encodeMessage({ version: "2c", community, pdu }),
          );
          for (const type of ["getRequest", "getNextRequest"] as const) {
            const v1 = encodeRequest(community, { type, maxRepetitions: 0 }, octetsOf, versionV1);
            const { varbinds } = pdu;
            expect(Uint8Array.from(setRequestId(v1, requestId))).toEqual(
              encodeMessage({
                version: "1",
                community,
                pdu: { type, requestId, errorStatus: 0, errorIndex: 0, varbinds },
              }),
            );
          }
        },
      ),
    );
  });

  it("orders encoded arcs as it orders arcs", () => {
    const index = fc.array(arc, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(index, index, fc.array(arc, { maxLength: 3 }), (a, b, shared) => {
        const [x, y] = [encodeArcs([...shared, ...a]), encodeArcs([...shared, ...b])];
        const order = compareOctets(x, 0, x.length, y, 0, y.length);
        expect(Math.sign(order)).toBe(Math.sign(compareOids([...shared, ...a], [...shared, ...b])));
        expect(decodeArcs(x, 0, x.length)).toEqual([...shared, ...a]);
      }),
      { numRuns: 2_000 },
    );
  });
});
