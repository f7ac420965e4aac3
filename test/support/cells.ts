// Values as an answer that holds them gives them to a table's reader.

import { type Cells, createCells, setCell } from "../../agent/wire/snmp/cells.ts";
import { encodeMessage } from "../../agent/wire/snmp/message.ts";
import { createResponseReader, nextBinding, readResponse } from "../../agent/wire/snmp/response.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";

export function cellsOf(values: readonly Value[]): Cells {
  const varbinds = values.map((value) => ({ oid: [1, 3], value }));
  const pdu = { type: "response", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds } as const;
  const r = createResponseReader();
  if (!readResponse(r, encodeMessage({ version: "2c", community: new Uint8Array(0), pdu }))) {
    throw new Error("unreadable answer");
  }
  const cells = createCells(values.length);
  for (let i = 0; nextBinding(r); i++) setCell(cells, i, r);
  return cells;
}

export const absent: Value = { type: "noSuchInstance" };
/** One octet for each character. */
export const text = (s: string): Value => ({ type: "octets", value: Uint8Array.from(Buffer.from(s, "latin1")) });
export const integer = (value: number): Value => ({ type: "integer", value });
export const gauge = (value: number): Value => ({ type: "gauge32", value });
export const counter = (value: number): Value => ({ type: "counter32", value });
