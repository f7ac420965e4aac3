import { expect, it } from "vitest";
import { giveBackCells, takeCells } from "../../agent/net/snmp-spare-cells.ts";
import { isAbsent, numberAt, setAbsent, setCellFrom, textAt } from "../../agent/wire/snmp/cells.ts";

const octets = new TextEncoder().encode("er0");
const tagOctets = 4;

it("cells that come again are empty, and never fewer than are asked for", () => {
  for (const count of [0, 1, 2, 15, 16, 17, 300, 4_096, 5_000]) {
    const cells = takeCells(count);
    expect(cells.tags.length).toBeGreaterThanOrEqual(count);
    for (let i = 0; i < count; i++) setCellFrom(cells, i, octets, tagOctets, 0, 3);
    if (count > 0) setAbsent(cells, 0);
    giveBackCells(cells);
    const again = takeCells(count);
    for (let i = 0; i < count; i++) {
      expect([textAt(again, i), numberAt(again, i), isAbsent(again, i)]).toEqual([undefined, undefined, false]);
    }
    expect(takeCells(count)).not.toBe(again);
  }
});

it("cells that somebody still holds do not change when others are taken", () => {
  const held = takeCells(4);
  setCellFrom(held, 3, octets, tagOctets, 0, 3);
  giveBackCells(takeCells(4));
  const other = takeCells(4);
  setCellFrom(other, 3, octets, tagOctets, 1, 3);
  expect([textAt(held, 3), textAt(other, 3)]).toEqual(["er0", "r0"]);
});
