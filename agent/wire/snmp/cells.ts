// Values of many bindings side by side: numbers in typed arrays, octets behind each other.

import { fits64, high64, low64, signed32, tagInteger, tagOctets, tagOid, unsigned32 } from "../ber.ts";
import { decodeOid, type Oid } from "./oid.ts";
import { type ResponseReader, sameOctets } from "./response.ts";
import {
  tagCounter32,
  tagCounter64,
  tagEndOfMibView,
  tagGauge32,
  tagIpAddress,
  tagNoSuchInstance,
  tagNoSuchObject,
  tagOpaque,
  tagTimeTicks,
} from "./value.ts";

/** Tag of a cell whose value could not be read: that value is lost, and nothing else. */
const unreadable = 0;

/** One cell per binding; a table's cells stand row by row. */
export interface Cells {
  /** BER tag of the value (RFC 3416 section 3); exceptions such as noSuchInstance are tags too. */
  tags: Uint8Array;
  /** Every number; a Counter64 above 2^53 is rounded here and exact in `high` and `low`. */
  numbers: Float64Array;
  /** The words of a Counter64. Of strings, addresses and object identifiers: where their content ends and begins in `octets`. */
  high: Uint32Array;
  low: Uint32Array;
  octets: Uint8Array;
  /** How much of `octets` is taken. */
  taken: number;
}

export function createCells(capacity: number): Cells {
  // One allocation for the four: made at every poll, four would cost more than reading the values.
  const buffer = new ArrayBuffer(capacity * 17);
  return {
    numbers: new Float64Array(buffer, 0, capacity),
    high: new Uint32Array(buffer, capacity * 8, capacity),
    low: new Uint32Array(buffer, capacity * 12, capacity),
    tags: new Uint8Array(buffer, capacity * 16, capacity),
    octets: noOctets,
    taken: 0,
  };
}

const noOctets = new Uint8Array(0);

/** Makes them as new. */
export function clearCells(cells: Cells): void {
  cells.tags.fill(unreadable);
  cells.taken = 0;
}

/** Makes room for `count` cells, keeping those that are there. */
export function growCells(cells: Cells, count: number): void {
  if (count <= cells.tags.length) return;
  const grown = createCells(Math.max(count, cells.tags.length * 2));
  grown.tags.set(cells.tags);
  grown.numbers.set(cells.numbers);
  grown.high.set(cells.high);
  grown.low.set(cells.low);
  Object.assign(cells, { ...grown, octets: cells.octets, taken: cells.taken });
}

/** A copy: the datagram's buffer is large and would be held by one short name. */
function keepOctets(cells: Cells, i: number, bytes: Uint8Array, from: number, to: number): void {
  const { taken } = cells;
  const end = taken + to - from;
  if (end > cells.octets.length) {
    const grown = new Uint8Array(Math.max(end, 2 * cells.octets.length, leastOctets));
    grown.set(cells.octets);
    cells.octets = grown;
  }
  const { octets } = cells;
  for (let at = from; at < to; at++) octets[taken + at - from] = bytes[at] ?? 0;
  cells.low[i] = taken;
  cells.high[i] = end;
  cells.taken = end;
}

const leastOctets = 64;

/** Takes the value the reader stands on. */
export function setCell(cells: Cells, i: number, r: ResponseReader): void {
  setCellFrom(cells, i, r.bytes, r.valueTag, r.valueFrom, r.valueTo);
}

export function setCellFrom(cells: Cells, i: number, bytes: Uint8Array, tag: number, from: number, to: number): void {
  cells.tags[i] = tag;
  switch (tag) {
    case tagCounter32:
    case tagGauge32:
    case tagTimeTicks:
    case tagInteger: {
      const value = tag === tagInteger ? signed32(bytes, from, to) : unsigned32(bytes, from, to);
      cells.numbers[i] = value;
      if (Number.isNaN(value)) cells.tags[i] = unreadable;
      break;
    }
    case tagCounter64:
      if (fits64(bytes, from, to)) {
        const high = high64(bytes, from, to);
        const low = low64(bytes, from, to);
        cells.high[i] = high;
        cells.low[i] = low;
        cells.numbers[i] = high * 0x1_0000_0000 + low;
      } else {
        cells.tags[i] = unreadable;
      }
      break;
    case tagOctets:
    case tagOid:
    case tagIpAddress:
    case tagOpaque:
      keepOctets(cells, i, bytes, from, to);
      break;
    case tagNoSuchObject:
    case tagNoSuchInstance:
    case tagEndOfMibView:
      break;
    default:
      cells.tags[i] = unreadable;
  }
}

/** Copies a cell of other cells. */
export function copyCell(cells: Cells, i: number, from: Cells, j: number): void {
  const tag = from.tags[j] ?? unreadable;
  const [low, high] = [from.low[j] ?? 0, from.high[j] ?? 0];
  cells.tags[i] = tag;
  cells.numbers[i] = from.numbers[j] ?? 0;
  cells.high[i] = high;
  cells.low[i] = low;
  if (hasContent(tag)) keepOctets(cells, i, from.octets, low, high);
}

function hasContent(tag: number | undefined): boolean {
  return tag === tagOctets || tag === tagOid || tag === tagIpAddress || tag === tagOpaque;
}

/** A cell that the table does not have in this row. */
export function setAbsent(cells: Cells, i: number): void {
  cells.tags[i] = tagNoSuchInstance;
}

/** The object type is not implemented at all. */
export function isNoSuchObject(cells: Cells, i: number): boolean {
  return cells.tags[i] === tagNoSuchObject;
}

/** Neither the object nor the instance is there. */
export function isAbsent(cells: Cells, i: number): boolean {
  const tag = cells.tags[i];
  return tag === tagNoSuchObject || tag === tagNoSuchInstance || tag === tagEndOfMibView;
}

/** Any number; undefined when the cell is absent, unreadable or no number. */
export function numberAt(cells: Cells, i: number): number | undefined {
  switch (cells.tags[i]) {
    case tagInteger:
    case tagCounter32:
    case tagGauge32:
    case tagTimeTicks:
    case tagCounter64:
      return cells.numbers[i];
    default:
      return undefined;
  }
}

/** A Counter64 or Counter32, exact: a number below 2^53, a bigint from there on. Undefined when the cell is neither. */
export function counterAt(cells: Cells, i: number): number | bigint | undefined {
  switch (cells.tags[i]) {
    case tagCounter64: {
      const high = cells.high[i] ?? 0;
      if (high < 0x20_0000) return cells.numbers[i];
      return (BigInt(high) << 32n) | BigInt(cells.low[i] ?? 0);
    }
    case tagCounter32:
      return cells.numbers[i];
    default:
      return undefined;
  }
}

/** Whether the cell is a Counter64 or Counter32. */
export function isCounter(cells: Cells, i: number): boolean {
  const tag = cells.tags[i];
  return tag === tagCounter64 || tag === tagCounter32;
}

/** The content of an OCTET STRING, in the memory of the cells; undefined when the cell is none. */
export function octetsAt(cells: Cells, i: number): Uint8Array | undefined {
  return cells.tags[i] === tagOctets ? contentOf(cells, i) : undefined;
}

/** The content of an OCTET STRING, IpAddress, OBJECT IDENTIFIER or Opaque; undefined when the cell is none of them. */
export function contentAt(cells: Cells, i: number): Uint8Array | undefined {
  return hasContent(cells.tags[i]) ? contentOf(cells, i) : undefined;
}

function contentOf({ octets, low, high }: Cells, i: number): Uint8Array {
  return octets.subarray(low[i], high[i]);
}

const utf8 = new TextDecoder();

/**
 * A DisplayString or SnmpAdminString; octets that are no UTF-8 become U+FFFD. Some agents end it with NULs. `before`: what
 * it was when last read, which is given again where it still is.
 */
export function textAt(cells: Cells, i: number, before?: string): string | undefined {
  const octets = octetsAt(cells, i);
  if (octets === undefined) return undefined;
  if (before !== undefined && isAscii(octets, before)) return before;
  return utf8.decode(octets).replace(/\0+$/, "");
}

/** Whether the octets are this text, which is ASCII. */
function isAscii(octets: Uint8Array, text: string): boolean {
  if (octets.length !== text.length) return false;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i] ?? 0x80;
    if (octet > 0x7f || octet !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether the cell's text is `text`, whose UTF-8 is `octets`: in the usual case no text is made of the cell. */
export function isText(cells: Cells, i: number, text: string, octets: Uint8Array): boolean {
  if (cells.tags[i] === tagOctets && sameOctets(cells.octets, cells.low[i] ?? 0, cells.high[i] ?? 0, octets))
    return true;
  return textAt(cells, i) === text;
}

/** An OBJECT IDENTIFIER; undefined when the cell is none or not readable as one. */
export function oidAt(cells: Cells, i: number): Oid | undefined {
  return cells.tags[i] === tagOid ? decodeOid(cells.octets, cells.low[i] ?? 0, cells.high[i] ?? 0) : undefined;
}
