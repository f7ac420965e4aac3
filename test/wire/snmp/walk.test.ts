import { describe, expect, it } from "vitest";
import {
  createWriter,
  putAround,
  putInteger,
  tagInteger,
  tagOctets,
  tagOid,
  tagSequence,
  takeWritten,
} from "../../../agent/wire/ber.ts";
import { numberAt } from "../../../agent/wire/snmp/cells.ts";
import { pduTags, versionV2c } from "../../../agent/wire/snmp/message.ts";
import { encodeOid, oid } from "../../../agent/wire/snmp/oid.ts";
import { createResponseReader, readResponse } from "../../../agent/wire/snmp/response.ts";
import { putPrimitive, type Value } from "../../../agent/wire/snmp/value.ts";
import { createWalk, takeBulkAnswer } from "../../../agent/wire/snmp/walk.ts";
import { seededRandom } from "../../support/clock.ts";
import { scriptedRouter } from "../../support/scripted-router.ts";
import { mibOf } from "../../support/snmp-responder.ts";

describe("a walk of columns side by side", () => {
  it.each([
    ["at the end of a long one", [18, 19, 20]],
    ["at its beginning", [1, 2, 3]],
    ["here and there", [2, 9, 10, 20]],
    ["behind its end", [20, 21, 22]],
  ])("keeps every value of a column that has rows only %s", async (_, few) => {
    const long = Array.from({ length: 20 }, (_, i) => i + 1);
    const instances: Record<string, Value> = {};
    for (const row of long) instances[`1.3.6.1.1.${row}`] = { type: "integer", value: row };
    for (const row of few) instances[`1.3.6.1.2.${row}`] = { type: "integer", value: -row };
    const { target } = scriptedRouter(mibOf(instances));
    const walked = await target.walk([oid("1.3.6.1.1"), oid("1.3.6.1.2")], { group: "g", table: "t" });
    if (!walked.ok) throw new Error(walked.error.detail);
    const rows = [...new Set([...long, ...few])];
    expect(walked.value.rows.map((index) => index[0])).toEqual(rows);
    expect(rows.map((_, i) => [numberAt(walked.value.cells, 2 * i), numberAt(walked.value.cells, 2 * i + 1)])).toEqual(
      rows.map((row) => [long.includes(row) ? row : undefined, few.includes(row) ? -row : undefined]),
    );
  });
});

describe("columns with holes", () => {
  it("are joined by index, whichever of them waits for which", async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 200; round++) {
      const width = 2 + Math.floor(random() * 5);
      const instances: Record<string, Value> = {};
      const expected = new Map<number, (number | undefined)[]>();
      for (let row = 1; row <= 12; row++) {
        const has = Array.from({ length: width }, () => random() < 0.4);
        if (!has.includes(true)) continue;
        expected.set(
          row,
          has.map((there, column) => (there ? 100 * column + row : undefined)),
        );
        has.forEach((there, column) => {
          if (there) instances[`1.3.6.1.${column + 1}.${row}`] = { type: "integer", value: 100 * column + row };
        });
      }
      const { target } = scriptedRouter(mibOf(instances));
      const columns = Array.from({ length: width }, (_, column) => [1, 3, 6, 1, column + 1]);
      const walked = await target.walk(columns, { group: "g", table: "t" });
      if (!walked.ok) throw new Error(walked.error.detail);
      const { rows, cells } = walked.value;
      const got = rows.map((index, row) => [index[0], columns.map((_, i) => numberAt(cells, row * width + i))]);
      expect(got).toEqual([...expected]);
    }
  });
});

describe("an index in an answer", () => {
  const column = oid("1.3.6.1.1");

  /** What a walk of one column makes of a row with these index octets. */
  function walked(index: readonly number[]) {
    const name = encodeOid(column);
    const w = createWriter();
    putInteger(w, tagInteger, 5);
    putPrimitive(w, tagOid, Uint8Array.of(...name, ...index));
    for (const tag of [tagSequence, tagSequence]) putAround(w, tag, 0);
    for (const number of [0, 0, 1]) putInteger(w, tagInteger, number);
    putAround(w, pduTags.response, 0);
    putPrimitive(w, tagOctets, new Uint8Array(0));
    putInteger(w, tagInteger, versionV2c);
    putAround(w, tagSequence, 0);
    const bytes = takeWritten(w);
    const r = createResponseReader();
    if (!readResponse(r, bytes)) throw new Error(r.fault);
    const walk = createWalk([name]);
    return { step: takeBulkAnswer(walk, r), rows: walk.rows.map((row) => [...row]) };
  }

  it.each([
    ["the greatest arc", [0x8f, 0xff, 0xff, 0xff, 0x7f]],
    ["arcs of every length", [1, 0x81, 1, 0x81, 0x80, 1]],
  ])("may be %s", (_, index) => {
    expect(walked(index)).toEqual({ step: "more", rows: [index] });
  });

  it.each([
    ["an arc of 2^32", [0x90, 0x80, 0x80, 0x80, 0x00]],
    ["an arc of more than 32 bits", [0x81, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["an arc padded to six octets", [0x81, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["an arc that does not end", [1, 0x81]],
    ["more arcs than a name has", new Array<number>(129).fill(1)],
  ])("is no row when it is %s", (_, index) => {
    expect(walked(index)).toEqual({ step: "notIncreasing", rows: [] });
  });
});
