// Object identifiers: arcs for people and tables, content octets (X.690 section 8.19) for the wire.

/** The arcs of an object identifier, each an unsigned 32-bit number. */
export type Oid = readonly number[];

/** RFC 3416 section 4.1: at most 128 sub-identifiers. */
export const maxArcs = 128;

const maxArc = 0xffff_ffff;

/** Reads `1.3.6.1.2.1` (a leading dot is allowed); undefined when it is none. */
export function parseOid(text: string): Oid | undefined {
  if (!/^\.?\d+(\.\d+)+$/.test(text)) return undefined;
  const arcs = text.replace(/^\./, "").split(".").map(Number);
  return isOid(arcs) ? arcs : undefined;
}

/** As `parseOid`, for constants of the program: throws on one that is none. */
export function oid(text: string): Oid {
  const arcs = parseOid(text);
  if (arcs === undefined) throw new RangeError(`not an object identifier: ${text}`);
  return arcs;
}

export function isOid(arcs: readonly number[]): boolean {
  const [first = 3, second = 0] = arcs;
  if (arcs.length < 2 || arcs.length > maxArcs || first > 2) return false;
  if (second > (first === 2 ? maxArc - 80 : 39)) return false;
  return arcs.every((arc) => Number.isInteger(arc) && arc >= 0 && arc <= maxArc);
}

export function formatOid(arcs: Oid): string {
  return arcs.join(".");
}

/** Lexicographic order, as GETNEXT walks it. */
export function compareOids(a: Oid, b: Oid): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isUnder(arcs: Oid, root: Oid): boolean {
  return arcs.length > root.length && root.every((arc, i) => arcs[i] === arc);
}

/** Content octets of an object identifier; throws on arcs that are none (`isOid`). */
export function encodeOid(arcs: Oid): Uint8Array {
  if (!isOid(arcs)) throw new RangeError(`not an object identifier: ${formatOid(arcs)}`);
  const [first = 0, second = 0] = arcs;
  return encodeArcs([first * 40 + second, ...arcs.slice(2)]);
}

/** Octets of bare arcs, as they follow a table's column: an index. */
export function encodeArcs(arcs: readonly number[]): Uint8Array {
  const octets: number[] = [];
  for (const arc of arcs) {
    for (let shift = 28; shift > 0; shift -= 7) {
      if (arc >= 2 ** shift) octets.push(0x80 | (Math.floor(arc / 2 ** shift) & 0x7f));
    }
    octets.push(arc & 0x7f);
  }
  return Uint8Array.from(octets);
}

/** The arcs in content octets `from`..`to`; undefined when they are no object identifier. */
export function decodeOid(bytes: Uint8Array, from: number, to: number): Oid | undefined {
  const subidentifiers = decodeArcs(bytes, from, to);
  if (subidentifiers === undefined) return undefined;
  const [head, ...rest] = subidentifiers;
  if (head === undefined || rest.length > maxArcs - 2) return undefined;
  const first = Math.min(2, Math.floor(head / 40));
  return [first, head - first * 40, ...rest];
}

/** Bare arcs (an index) in octets; undefined when one is padded, cut off, or above 2^32-1, or there are too many. */
export function decodeArcs(bytes: Uint8Array, from: number, to: number): number[] | undefined {
  const arcs: number[] = [];
  let at = from;
  while (at < to) {
    // A leading 0x80 is padding (X.690 section 8.19.2): two encodings of one arc would compare unequal.
    if (bytes[at] === 0x80 || arcs.length >= maxArcs) return undefined;
    let arc = 0;
    for (;;) {
      if (at >= to) return undefined;
      const octet = bytes[at] ?? 0;
      at += 1;
      arc = arc * 128 + (octet & 0x7f);
      if (arc > maxArc) return undefined;
      if (octet < 0x80) break;
    }
    arcs.push(arc);
  }
  return arcs;
}
