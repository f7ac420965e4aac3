// A walk of a table, of which one answer is not as the router sent it.

import { createCells, growCells, setAbsent, setCellFrom } from "../../../agent/wire/snmp/cells.ts";
import { decodeMessage, encodeMessage, type Message } from "../../../agent/wire/snmp/message.ts";
import { compareOids, decodeOid, encodeOid, type Oid } from "../../../agent/wire/snmp/oid.ts";
import { createResponseReader, readResponse, startsWith } from "../../../agent/wire/snmp/response.ts";
import type { Value, VarBind } from "../../../agent/wire/snmp/value.ts";
import { createWalk, namesToAsk, takeBulkAnswer, type Walk } from "../../../agent/wire/snmp/walk.ts";
import { answerTo } from "../../support/snmp-responder.ts";
import { byName, wrongInWalk } from "../answers.ts";
import type { Dice } from "../dice.ts";
import { answerIn } from "../oracle.ts";
import { type FuzzTarget, hold, type Seed } from "../target.ts";
import { arcOf, valueBy } from "../values.ts";

const root: Oid = [1, 3, 6, 1, 2, 1, 2, 2, 1];
const ofColumns: readonly Value["type"][] = ["integer", "counter32", "counter64", "octets", "oid", "ipAddress"];

/** Rows of a table, some of them with holes. */
function tableOf(dice: Dice, columns: readonly Oid[]): readonly VarBind[] {
  const width = 1 + dice.below(3);
  const indexes = Array.from({ length: 1 + dice.below(12) }, () => Array.from({ length: width }, () => arcOf(dice)));
  const all = columns.flatMap((column) =>
    indexes
      .filter(() => dice.next() < 0.9)
      .map((index) => ({ oid: [...column, ...index], value: valueBy(dice, ofColumns) })),
  );
  const sorted = all.sort((a, b) => compareOids(a.oid, b.oid));
  return sorted.filter(({ oid }, i) => i === 0 || compareOids(sorted[i - 1]?.oid ?? [], oid) !== 0);
}

/** What the router answers to a walk that stands where this one stands. */
function honest(walk: Walk, mib: readonly VarBind[], maxRepetitions: number): Uint8Array {
  const varbinds = namesToAsk(walk).map((name) => ({
    oid: decodeOid(name, 0, name.length) ?? [],
    value: { type: "null" } as const,
  }));
  const request: Message = {
    version: "2c",
    community: new Uint8Array(0),
    pdu: { type: "getBulkRequest", requestId: 1, nonRepeaters: 0, maxRepetitions, varbinds },
  };
  return encodeMessage(answerTo(request, mib, 60_000));
}

function seedOf(columns: readonly Uint8Array[], before: readonly Uint8Array[], bytes: Uint8Array): Seed {
  const r = createResponseReader();
  return {
    bytes,
    read(octets) {
      const walk = createWalk(columns, 2);
      for (const answer of before) if (readResponse(r, answer)) takeBulkAnswer(walk, r);
      const first = walk.rows.length;
      if (!readResponse(r, octets)) return r.fault ?? "";
      if (r.errorStatus !== 0) return "error status";
      const step = takeBulkAnswer(walk, r);
      if (step === "malformed" || step === "notIncreasing") {
        hold(walk.rows.length === first, "a walk took rows of an answer that it refused");
        return step;
      }
      return () => {
        const answer = answerIn(octets);
        hold(answer !== undefined, "rows from a datagram that is no answer");
        const wrong = wrongInWalk(walk, first, columns, byName([answer]));
        hold(wrong === undefined, wrong ?? "");
        hold(step !== "more" || namesToAsk(walk).length > 0, "a walk that goes on asks nothing");
        return step === "tooWide" ? step : "accepted";
      };
    },
  };
}

export const walks: FuzzTarget = {
  name: "answers to GETBULK",
  weight: 5,
  exercises: [createWalk, namesToAsk, takeBulkAnswer, createCells, growCells, setAbsent, setCellFrom, startsWith],
  seed(dice) {
    if (dice.next() < 0.02) return heldBack(dice);
    const columns = Array.from({ length: 1 + dice.below(6) }, (_, i) => [...root, i + 1]);
    const mib = tableOf(dice, columns);
    const octets = columns.map(encodeOid);
    const walk = createWalk(octets);
    const r = createResponseReader();
    const before: Uint8Array[] = [];
    for (let answers = dice.below(3); ; answers--) {
      const answer = honest(walk, mib, 1 + dice.below(8));
      if (answers === 0) return seedOf(octets, before, answer);
      // One step ahead: the last answer of a walk must be fuzzed too.
      const ahead = readResponse(r, answer) && takeBulkAnswer(walk, r);
      if (ahead !== "more") return seedOf(octets, before, answer);
      before.push(answer);
    }
  },
};

/**
 * The costliest answer to join: many columns that hold one row each, far behind, with names alike up to their last
 * octet, while the last column gives row after row before them.
 */
function heldBack(dice: Dice): Seed {
  const width = 2 + dice.below(20);
  const columns = Array.from({ length: width }, (_, i) => [...root, i + 1]);
  const last = columns.at(-1) ?? root;
  const far = Array.from({ length: dice.below(110) }, () => 0xffff_ffff);
  const value = { type: "integer", value: 1 } as const;
  const varbinds: VarBind[] = columns.slice(0, -1).map((column, i) => ({ oid: [...column, ...far, i + 1], value }));
  varbinds.push({ oid: [...last, 1], value });
  const ended = columns.slice(0, -1).map(() => ({ oid: [2, 99], value: { type: "endOfMibView" } }) as const);
  const rows = Math.floor(Math.min(60_000 / (width * 9 + 20), 1 + dice.below(2_000)));
  for (let row = 2; row < rows; row++) varbinds.push(...ended, { oid: [...last, row], value });
  const pdu = { type: "response", requestId: 1, errorStatus: 0, errorIndex: 0, varbinds } as const;
  const bytes = encodeMessage({ version: "2c", community: new Uint8Array(0), pdu });
  const decoded = decodeMessage(bytes);
  hold(decoded.ok && bytes.length <= 65_507, "a seed that is no datagram");
  return seedOf(columns.map(encodeOid), [], bytes);
}
