// Walks by GETNEXT of SNMPv1 over real UDP: the same tables as by GETBULK, and the ways in which a router can be wrong.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { WalkedTable } from "../../agent/net/snmp-walk.ts";
import { numberAt } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { decodeArcs, type Oid, oid } from "../../agent/wire/snmp/oid.ts";
import type { VarBind } from "../../agent/wire/snmp/value.ts";
import { type Exchange, type Mib, mibOf, type ResponderOptions } from "../support/snmp-responder.ts";
import { ask, integer, misnaming, refusing, type V1Scene, v1Scene } from "../support/v1-scene.ts";

const scenes: V1Scene[] = [];
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene.stop();
});

async function open(options: ResponderOptions, version?: "2c"): Promise<V1Scene> {
  const scene = await v1Scene({ ...options, version: version ?? "1" }, version);
  scenes.push(scene);
  return scene;
}

const columns = ["1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.15"].map(oid);

/** Cells by the index of their row and the place of their column; 10 × index + column for a value. */
function table(has: (index: number, column: number) => boolean, indexes: readonly number[], last: boolean): Mib {
  const cells = indexes.flatMap((index) =>
    columns.flatMap((column, i) =>
      has(index, i) ? [[`${column.join(".")}.${index}`, integer(10 * index + i)] as const] : [],
    ),
  );
  const behind = last ? [] : [["1.3.6.1.2.1.99.1.0", integer(1)] as const];
  return mibOf({ "1.3.6.1.2.1.1.1.0": integer(1), ...Object.fromEntries([...cells, ...behind]) });
}

const indexes = Array.from({ length: 12 }, (_, i) => 100 + 60 * i);
const whole = table(() => true, indexes, false);

function shown({ rows, cells }: WalkedTable, width = columns.length): readonly (readonly (number | undefined)[])[] {
  return rows.map((index, row) => [
    ...(decodeArcs(index, 0, index.length) ?? []),
    ...Array.from({ length: width }, (_, i) => numberAt(cells, row * width + i)),
  ]);
}

async function walk({ target }: V1Scene, of: readonly Oid[] = columns) {
  const walked = await target.walk(of, ask);
  return walked.ok ? shown(walked.value, of.length) : walked.error.kind;
}

const expected = indexes.map((index) => [index, 10 * index, 10 * index + 1, 10 * index + 2]);

describe("walk by GETNEXT (RFC 1157 section 4.1.3)", () => {
  it("reads columns side by side, one row at a time", async () => {
    const scene = await open({ mib: () => whole });
    expect(await walk(scene)).toEqual(expected);
    expect(scene.asked()).toEqual(Array(13).fill(3));
    for (const { version, pdu } of scene.requests()) expect([version, pdu.type]).toEqual(["1", "getNextRequest"]);
  });

  it("ends columns at the end of the MIB by noSuchName, each when it is its turn", async () => {
    const scene = await open({ mib: () => table((index, i) => i !== 2 || index < 400, indexes, true) });
    const rows = indexes.map((index) => [index, 10 * index, 10 * index + 1, index < 400 ? 10 * index + 2 : undefined]);
    expect(await walk(scene)).toEqual(rows);
    expect(scene.asked()).toContain(2);
  });

  it("ends an empty table, within the MIB and at its end", async () => {
    const nothing = { target: (await open({ mib: () => whole })).target } as V1Scene;
    expect(await walk(nothing, [oid("1.3.6.1.2.1.15.3.1.2")])).toEqual([]);
    expect(await walk(nothing, ["1.3.6.1.2.1.99.2", "1.3.6.1.4.1.9.9"].map(oid))).toEqual([]);
  });

  it("finds the same table as a walk by GETBULK", async () => {
    let mib: Mib = whole;
    const [v1, v2c] = await Promise.all([open({ mib: () => mib }), open({ mib: () => mib }, "2c")]);
    let withEnds = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 40_000 }), { maxLength: 9 }),
        fc.array(fc.boolean(), { minLength: 27, maxLength: 27 }),
        fc.boolean(),
        async (some, holes, last) => {
          mib = table((index, i) => holes[some.indexOf(index) * 3 + i] ?? false, some, last);
          if (last) withEnds += 1;
          const found = await walk(v1);
          expect(Array.isArray(found)).toBe(true);
          expect(found).toEqual(await walk(v2c));
        },
      ),
      { numRuns: 80 },
    );
    expect(withEnds).toBeGreaterThan(10);
    expect(v1.requests().some(({ pdu }) => pdu.varbinds.length < 3)).toBe(true);
  });

  it("asks fewer columns after tooBig, and remembers it", async () => {
    const scene = await open({ mib: () => whole, largest: 75 });
    expect(await walk(scene)).toEqual(expected);
    expect(scene.asked()[0]).toBe(3);
    expect(await walk(scene)).toEqual(expected);
    expect(Math.max(...scene.asked())).toBeLessThan(3);
  });
});

describe("a router at the end of its MIB", () => {
  const last = table((index, i) => i !== 2 || index < 400, indexes, true);

  it.each([
    ["names none", () => 0],
    ["names one that was not asked", () => 99],
    ["counts from 0", (honest: number) => honest - 1],
    ["names the first", () => 1],
  ])("cuts no column short when it %s", async (_, indexOf) => {
    const scene = await open({ mib: () => last, script: misnaming(indexOf) });
    const honest = await open({ mib: () => last });
    expect(await walk(scene)).toEqual(await walk(honest));
    expect(scene.asked().length).toBeLessThan(40);
  });

  it("is asked for each column alone when only all together are refused", async () => {
    const scene = await open({
      mib: () => whole,
      script: (exchange) =>
        exchange.request.pdu.varbinds.length > 1
          ? refusing(2, 1)(exchange)
          : exchange.send(encodeMessage(exchange.answer)),
    });
    expect(await walk(scene)).toEqual(expected);
  });

  it("cannot make it ask without end", async () => {
    const scene = await open({ mib: () => whole, script: refusing(2, 1) });
    expect(await walk(scene)).toEqual([]);
    expect(scene.asked()).toEqual([3, 1, 1, 1]);
  });
});

describe("a walk is an error", () => {
  const bound =
    (bind: (asked: readonly VarBind[], n: number) => readonly VarBind[]) =>
    ({ n, request, answer, send }: Exchange) => {
      const { requestId, varbinds } = request.pdu;
      const pdu = { type: "response", requestId, errorStatus: 0, errorIndex: 0, varbinds: bind(varbinds, n) } as const;
      send(encodeMessage({ ...answer, pdu }));
    };
  const rowAt = (index: number) => columns.map((column) => ({ oid: [...column, index], value: integer(1) }));

  it.each<readonly [string, (asked: readonly VarBind[], n: number) => readonly VarBind[]]>([
    ["the same rows again and again", (_, n) => rowAt(100 + (n % 2))],
    ["rows that go back", (_, n) => rowAt(1_000 - n)],
    ["the names that were asked", (asked) => asked.map(({ oid: name }) => ({ oid: name, value: integer(1) }))],
    ["names before the table", (asked) => asked.map(() => ({ oid: oid("1.3.6.1.2.1.1.1.0"), value: integer(1) }))],
  ])("against a router that answers %s", async (_, bind) => {
    const scene = await open({ mib: () => whole, script: bound(bind) });
    expect(await walk(scene)).toBe("notIncreasing");
  });

  it("when the table never ends", async () => {
    const [column = []] = columns;
    const scene = await open({
      mib: () => whole,
      script: bound(([first]) => [{ oid: [...column, (first?.oid[column.length] ?? 0) + 1], value: integer(1) }]),
    });
    expect(await walk(scene, [column])).toBe("tooManyRows");
  });

  it("when the router answers genErr, and the error says for which name", async () => {
    const scene = await open({ mib: () => whole, script: refusing(5, 2) });
    const walked = await scene.target.walk(columns, ask);
    expect(walked).toMatchObject({ ok: false, error: { kind: "refused" } });
    expect(walked.ok ? "" : walked.error.detail).toContain("GETNEXT of ifTable (1.3.6.1.2.1.2.2.1.2 and 2 more)");
    expect(walked.ok ? "" : walked.error.detail).toContain("answered genErr for 1.3.6.1.2.1.2.2.1.8;");
  });

  it.each<readonly [string, string, (asked: readonly VarBind[]) => readonly VarBind[]]>([
    ["one column too few", "malformed", () => rowAt(100).slice(1)],
    ["one too many", "malformed", () => [...rowAt(100), ...rowAt(101)]],
    ["nothing", "malformed", () => []],
  ])("after a row of %s, which is dropped", async (_, kind, bind) => {
    const scene = await open({ mib: () => whole, script: bound(bind) });
    expect(await walk(scene)).toBe(kind);
    expect(scene.drops()).toEqual({ wrongOid: 3 });
  });
});
