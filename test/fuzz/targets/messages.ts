// Messages, PDUs and answers to polls, in both of the agent's readers.

import { takeGetAnswer } from "../../../agent/net/snmp-get.ts";
import { berFaults, createReader } from "../../../agent/wire/ber.ts";
import {
  type Cells,
  clearCells,
  contentAt,
  copyCell,
  counterAt,
  createCells,
  isAbsent,
  isCounter,
  isNoSuchObject,
  isText,
  numberAt,
  octetsAt,
  oidAt,
  setCell,
  setCellFrom,
  textAt,
} from "../../../agent/wire/snmp/cells.ts";
import {
  decodeMessage,
  encodeMessage,
  encodePdu,
  type Pdu,
  readPdu,
  varBindLength,
} from "../../../agent/wire/snmp/message.ts";
import { encodeOid } from "../../../agent/wire/snmp/oid.ts";
import { encodeRequestPdu } from "../../../agent/wire/snmp/request.ts";
import {
  createResponseReader,
  nextBinding,
  openEnclosing,
  type ResponseReader,
  readResponse,
  readResponsePdu,
  rewind,
  sameOctets,
  startsWith,
} from "../../../agent/wire/snmp/response.ts";
import type { Value } from "../../../agent/wire/snmp/value.ts";
import { wrongInGet } from "../answers.ts";
import type { Dice } from "../dice.ts";
import { answerIn, hex } from "../oracle.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";
import { bindingsOf, messageOf, pduOf } from "../values.ts";

export const messages: FuzzTarget = {
  name: "messages",
  weight: 4,
  exercises: [decodeMessage],
  seed: (dice) => ({
    bytes: encodeMessage(messageOf(dice)),
    read(octets) {
      const decoded = decodeMessage(octets);
      if (!decoded.ok) {
        hold(decoded.error.offset >= 0 && decoded.error.offset <= octets.length, "a fault outside of the datagram");
        return decoded.error.kind;
      }
      return () => {
        const written = encodeMessage(decoded.value);
        const again = decodeMessage(written);
        hold(again.ok && sameBytes(encodeMessage(again.value), written), "a message is not read as it was written");
        return "accepted";
      };
    },
  }),
};

export const pdus: FuzzTarget = {
  name: "PDUs",
  weight: 2,
  exercises: [readPdu, varBindLength],
  seed: (dice) => ({
    bytes: encodePdu(pduOf(dice)),
    read(octets) {
      const r = createReader(octets);
      const pdu = readPdu(r, octets.length);
      hold((pdu === undefined) === (r.fault !== undefined), "neither PDU nor fault");
      if (pdu === undefined) return r.fault ?? "";
      return () => {
        const written = encodePdu(pdu);
        const again = readPdu(createReader(written), written.length);
        hold(again !== undefined && sameBytes(encodePdu(again), written), "a PDU is not read as it was written");
        const [first] = pdu.varbinds;
        if (first !== undefined) hold(varBindLength(first) <= written.length, "a binding is longer than its message");
        return "accepted";
      };
    },
  }),
};

/** A PDU that the reader of answers takes; most often a Response-PDU. */
function answerPdu(dice: Dice): Pdu {
  return pduOf(dice, dice.next() < 0.9 ? "response" : "report");
}

/** Goes through the bindings of an answer, into cells; gives how many there are. */
export function readBindings(r: ResponseReader, cells: Cells): number {
  let count = 0;
  rewind(r);
  while (nextBinding(r)) {
    const i = count % cells.tags.length;
    hold(r.oidFrom <= r.oidTo && r.oidTo <= r.valueFrom && r.valueFrom <= r.valueTo, "places out of order");
    hold(r.valueTo <= r.end && r.end <= r.bytes.length, "a value outside of the datagram");
    setCell(cells, i, r);
    readCell(cells, i);
    count += 1;
  }
  return count;
}

/** Every view of one cell: at most one of them has something to say. */
function readCell(cells: Cells, i: number): void {
  const number = numberAt(cells, i);
  const counter = counterAt(cells, i);
  const octets = octetsAt(cells, i);
  const content = contentAt(cells, i);
  const text = textAt(cells, i);
  const oid = oidAt(cells, i);
  hold(number === undefined || Number.isFinite(number), "a number that is none");
  hold(counter === undefined || number !== undefined, "a counter that is no number");
  hold(
    octets === undefined || sameOctets(octets, 0, octets.length, content ?? new Uint8Array(0)),
    "octets that are no content",
  );
  hold(number === undefined || content === undefined, "a number with content");
  hold((text === undefined) === (octets === undefined), "a text without octets");
  hold(number === undefined || (octets === undefined && oid === undefined), "a number that is octets too");
  hold(!isAbsent(cells, i) || (number === undefined && octets === undefined), "an absent cell with a value");
  hold(!isNoSuchObject(cells, i) || isAbsent(cells, i), "noSuchObject that is not absent");
  hold(isCounter(cells, i) === (counter !== undefined), "a counter that is none, or one that is not seen");
  hold(text === undefined || isText(cells, i, text, Buffer.from(text)), "a text that is not itself");
  hold(!isText(cells, i, `${text ?? ""}?`, Buffer.from(`${text ?? ""}?`)), "a text that is another");
}

export const responses: FuzzTarget = {
  name: "answers",
  weight: 4,
  exercises: [
    createResponseReader,
    readResponse,
    readResponsePdu,
    openEnclosing,
    nextBinding,
    rewind,
    sameOctets,
    startsWith,
    setCell,
    numberAt,
    counterAt,
    octetsAt,
    contentAt,
    clearCells,
    textAt,
    oidAt,
    isAbsent,
    isCounter,
    isNoSuchObject,
    isText,
  ],
  seed: (dice) => {
    const r = createResponseReader();
    const cells = createCells(64);
    return {
      bytes: encodeMessage(messageOf(dice, pduOf(dice, "response"))),
      read(octets) {
        const read = readResponse(r, octets);
        hold(read === (r.fault === undefined), "neither answer nor fault");
        clearCells(cells);
        const count = read ? readBindings(r, cells) : 0;
        return () => {
          const generic = decodeMessage(octets);
          if (r.fault !== undefined) {
            hold(berFaults.includes(r.fault) && r.faultAt <= octets.length, "a fault that is not known, or outside");
            hold(!generic.ok || generic.value.pdu.type !== "response", "an answer that only the other reader takes");
            return r.fault;
          }
          if (generic.ok) sameInBoth(r, generic.value.pdu, count);
          return "accepted";
        };
      },
    };
  },
};

function sameInBoth(r: ResponseReader, pdu: Pdu, count: number): void {
  hold(r.requestId === pdu.requestId && count === pdu.varbinds.length, "the two readers differ");
  const cells = createCells(1);
  rewind(r);
  for (const { oid, value } of pdu.varbinds) {
    const name = encodeOid(oid);
    nextBinding(r);
    hold(sameOctets(r.bytes, r.oidFrom, r.oidTo, name), "the two readers differ in a name");
    hold(startsWith(r.bytes, r.oidFrom, r.oidTo, name.subarray(0, 3)), "a name does not begin as it begins");
    setCell(cells, 0, r);
    hold(isSame(cells, value), `the two readers differ in a value of type ${value.type}`);
  }
}

function isSame(cells: Cells, value: Value): boolean {
  switch (value.type) {
    case "counter64":
      return BigInt(counterAt(cells, 0) ?? -1) === value.value;
    case "integer":
    case "counter32":
    case "gauge32":
    case "timeTicks":
      return numberAt(cells, 0) === value.value;
    case "octets":
      return sameBytes(octetsAt(cells, 0) ?? new Uint8Array(1), value.value);
    case "oid":
      return oidAt(cells, 0)?.join() === value.value.join();
    default:
      return numberAt(cells, 0) === undefined && octetsAt(cells, 0) === undefined;
  }
}

/** The PDU of an SNMPv3 answer, without a message around it. */
export const responsePdus: FuzzTarget = {
  name: "answer PDUs",
  weight: 2,
  exercises: [readResponsePdu, setCellFrom, copyCell],
  seed: (dice) => {
    const cells = createCells(64);
    const copies = createCells(1);
    return {
      bytes: encodePdu(answerPdu(dice)),
      read(octets) {
        const r = createResponseReader();
        r.bytes = octets;
        if (readResponsePdu(r, octets.length)) {
          readBindings(r, cells);
          copyCell(copies, 0, cells, 0);
          hold(copies.tags[0] === cells.tags[0] && numberAt(copies, 0) === numberAt(cells, 0), "a copy differs");
        }
        return r.fault ?? "accepted";
      },
    };
  },
};

/** The answer to a GET: its cells come from names that were asked for. */
export const getsWith = (take: typeof takeGetAnswer): FuzzTarget => ({
  name: "answers to GET",
  weight: 4,
  exercises: [sameOctets, setCell],
  seed: (dice) => {
    const varbinds = bindingsOf(dice, 30);
    const names = varbinds.map(({ oid }) => encodeOid(oid));
    const asked = names.map(hex);
    const template = encodeRequestPdu({ type: "getRequest", maxRepetitions: 0 }, names);
    const r = createResponseReader();
    const pdu: Pdu = { type: "response", requestId: dice.below(2 ** 31), errorStatus: 0, errorIndex: 0, varbinds };
    return {
      bytes: encodeMessage(messageOf(dice, pdu)),
      read(octets) {
        if (!readResponse(r, octets)) return r.fault ?? "";
        const cells = createCells(names.length + 1);
        const verdict = take(r, template, cells, 1);
        if (verdict !== "accepted") return verdict;
        if (r.errorStatus !== 0) return "error status";
        return () => {
          const wrong = wrongInGet(cells, 1, asked, answerIn(octets));
          hold(wrong === undefined, wrong ?? "");
          return "accepted";
        };
      },
    };
  },
});

export const gets = getsWith(takeGetAnswer);
