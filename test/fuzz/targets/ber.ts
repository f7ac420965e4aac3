// The elements, numbers and names that every SNMP message is made of.

import {
  berFaults,
  createReader,
  createWriter,
  fail,
  fits64,
  high64,
  low64,
  open,
  openAs,
  putInteger,
  putUnsigned64,
  readInteger,
  resetReader,
  signed32,
  tagInteger,
  takeWritten,
  unsigned32,
} from "../../../agent/wire/ber.ts";
import { encodeMessage } from "../../../agent/wire/snmp/message.ts";
import {
  compareOids,
  decodeArcs,
  decodeOid,
  encodeArcs,
  encodeOid,
  formatOid,
  isOid,
  isUnder,
  parseOid,
} from "../../../agent/wire/snmp/oid.ts";
import { putValue, readValue } from "../../../agent/wire/snmp/value.ts";
import { compareOctets } from "../../../agent/wire/snmp/walk.ts";
import { liesBehind, numberOf } from "../oracle.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";
import { messageOf, oidOf, valueBy } from "../values.ts";

/** Goes through all elements of a message, into those that hold others. */
export const elements: FuzzTarget = {
  name: "elements (BER)",
  weight: 3,
  exercises: [createReader, resetReader, fail, open, openAs, readInteger],
  seed: (dice) => ({
    bytes: encodeMessage(messageOf(dice)),
    read(octets) {
      const r = createReader(octets);
      let most = octets.length;
      const enter = (limit: number, depth: number): void => {
        while (r.at < limit && r.fault === undefined) {
          most -= 1;
          hold(most >= 0, "more elements than octets");
          const before = r.at;
          if (!open(r, limit)) return;
          const { tag, at, contentEnd } = r;
          hold(r.at > before && contentEnd >= r.at && contentEnd <= limit, "content outside of what encloses it");
          if (tag === tagInteger) {
            r.at = before;
            const value = readInteger(r, limit);
            if (r.fault !== undefined) return;
            hold(BigInt(value) === numberOf(octets.subarray(at, contentEnd), true), "another integer");
          } else if ((tag & 0x20) !== 0 && depth < 100) enter(contentEnd, depth + 1);
          r.at = contentEnd;
        }
      };
      enter(octets.length, 0);
      if (r.fault === undefined) return "accepted";
      hold(berFaults.includes(r.fault), "a fault that is not known");
      hold(r.faultAt <= octets.length, "a fault outside of the datagram");
      hold(!openAs(r, octets.length, tagInteger), "a reader goes on after a fault");
      return r.fault;
    },
  }),
};

/** Content octets of numbers. */
export const numbers: FuzzTarget = {
  name: "numbers",
  weight: 1,
  exercises: [signed32, unsigned32, fits64, high64, low64],
  seed: (dice) => {
    const w = createWriter();
    const value = valueBy(dice, ["integer", "counter32", "counter64"]);
    putValue(w, value);
    return { bytes: takeWritten(w).slice(2), read: readNumbers };
  },
};

function readNumbers(octets: Uint8Array): string {
  const { length } = octets;
  const signed = signed32(octets, 0, length);
  if (!Number.isNaN(signed)) {
    hold(BigInt(signed) === numberOf(octets, true), "another Integer32");
    const w = createWriter();
    putInteger(w, tagInteger, signed);
    const again = takeWritten(w).subarray(2);
    hold(signed32(again, 0, again.length) === signed, "an Integer32 is not read as it was written");
  }
  const unsigned = unsigned32(octets, 0, length);
  if (!Number.isNaN(unsigned)) hold(BigInt(unsigned) === numberOf(octets, false), "another Unsigned32");
  if (!fits64(octets, 0, length)) return length === 0 ? "empty" : "too long";
  const value = (BigInt(high64(octets, 0, length)) << 32n) | BigInt(low64(octets, 0, length));
  hold(value === numberOf(octets, false), "another Counter64");
  const w = createWriter();
  putUnsigned64(w, tagInteger, value);
  const again = takeWritten(w).subarray(2);
  hold(
    ((BigInt(high64(again, 0, again.length)) << 32n) | BigInt(low64(again, 0, again.length))) === value,
    "a Counter64 is not read as it was written",
  );
  return "accepted";
}

/** Content octets of object identifiers. */
export const oids: FuzzTarget = {
  name: "object identifiers",
  weight: 2,
  exercises: [decodeOid, decodeArcs, compareOctets, compareOids, isOid, isUnder],
  seed: (dice) => {
    const other = oidOf(dice);
    const otherOctets = encodeOid(other);
    return {
      bytes: encodeOid(oidOf(dice)),
      read(octets) {
        const arcs = decodeArcs(octets, 0, octets.length);
        if (arcs !== undefined) hold(sameBytes(encodeArcs(arcs), octets), "arcs are not written as they were read");
        const oid = decodeOid(octets, 0, octets.length);
        const order = compareOctets(otherOctets, 0, otherOctets.length, octets, 0, octets.length);
        if (oid === undefined) return arcs === undefined ? "arcs" : "oid";
        hold(isOid(oid), "what was read is no object identifier");
        hold(sameBytes(encodeOid(oid), octets), "an object identifier is not written as it was read");
        hold(Math.sign(order) === Math.sign(compareOids(other, oid)), "octets are not ordered as their arcs");
        hold(order < 0 === liesBehind(otherOctets, octets), "octets are not ordered as GETNEXT orders");
        hold(!isUnder(oid, other) || order < 0, "what lies under a name does not lie behind it");
        return "accepted";
      },
    };
  },
};

/** Names as people write them. */
export const dottedNames: FuzzTarget = {
  name: "dotted names",
  weight: 1,
  exercises: [parseOid, formatOid],
  seed: (dice) => ({
    bytes: Buffer.from(formatOid(oidOf(dice))),
    read(octets) {
      const oid = parseOid(Buffer.from(octets).toString("latin1"));
      if (oid === undefined) return "oid";
      hold(isOid(oid), "what was read is no object identifier");
      hold(compareOids(oid, parseOid(formatOid(oid)) ?? []) === 0, "a name is not read as it was written");
      return "accepted";
    },
  }),
};

/** One value of any type. */
export const values: FuzzTarget = {
  name: "values",
  weight: 2,
  exercises: [readValue],
  seed: (dice) => {
    const w = createWriter();
    putValue(w, valueBy(dice));
    return {
      bytes: takeWritten(w),
      read(octets) {
        const r = createReader(octets);
        const value = readValue(r, octets.length);
        hold((value === undefined) === (r.fault !== undefined), "neither value nor fault");
        if (value === undefined) return r.fault ?? "";
        const again = createWriter();
        putValue(again, value);
        const written = takeWritten(again);
        const reread = createReader(written);
        const second = readValue(reread, written.length);
        const third = createWriter();
        if (second !== undefined) putValue(third, second);
        hold(sameBytes(takeWritten(third), written), "a value is not read as it was written");
        return "accepted";
      },
    };
  },
};
