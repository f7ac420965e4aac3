import { describe, expect, it } from "vitest";
import { numberAt } from "../../../agent/wire/snmp/cells.ts";
import { oid } from "../../../agent/wire/snmp/oid.ts";
import type { Value } from "../../../agent/wire/snmp/value.ts";
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
