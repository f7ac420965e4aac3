// The routes of one session in one view and family: prefix and path identifier to the set of attributes they came with.
// Numbers in one typed array, found by hashing: a Map of objects takes five times the memory, and a collection of
// garbage for each table of a million.

import type { VisitPrefix } from "../wire/bgp/update.ts";

/** Ids of sets of attributes are from 1. */
export interface RouteTable {
  readonly bits: 32 | 128;
  size(): number;
  /** Gives the set that the route had before; 0: it is new. */
  set(bytes: Uint8Array, at: number, length: number, pathId: number, attributes: number): number;
  /** Gives the set that it had; 0: there was no such route. */
  delete(bytes: Uint8Array, at: number, length: number, pathId: number): number;
  /** What `set` would find: the attributes of a route, 0 where there is none. */
  get(bytes: Uint8Array, at: number, length: number, pathId: number): number;
  /** Every route, in no order. The octets are valid during the call only. */
  each(visit: (attributes: number, ...prefix: Parameters<VisitPrefix>) => void): void;
  /** Octets that it takes. */
  memory(): number;
}

/** Routes per place at most before it grows, and at least before it shrinks. */
const fullest = 3 / 4;
const emptiest = 1 / 8;
const leastPlaces = 16;

/** Octets that one route takes at most: the table has just grown, by doubling. */
export const routeOctets = (bits: 32 | 128) => Math.ceil((wordsOf(bits) * 4) / (fullest / 2));

const wordsOf = (bits: 32 | 128) => bits / 32 + 3;

/** `seed`: 32 bits that no router knows, so that none can choose prefixes that fall on one place. */
export function createRouteTable(bits: 32 | 128, seed: number): RouteTable {
  // A route is the words of its prefix, its length, its path identifier and its attributes, which are 0 in a free place.
  const addressWords = bits / 32;
  const words = wordsOf(bits);
  const attributesAt = words - 1;
  let places = leastPlaces;
  let table = new Uint32Array(places * words);
  let used = 0;
  const key = new Uint32Array(words - 1);
  const octets = new Uint8Array(16);

  function readKey(bytes: Uint8Array, at: number, length: number, pathId: number): void {
    for (let word = 0; word < addressWords; word++) {
      const left = length - word * 32;
      let value = 0;
      if (left > 0) {
        const from = at + word * 4;
        for (let i = 0; i < 4; i++) value = (value << 8) | (i * 8 < left ? (bytes[from + i] ?? 0) : 0);
        // Bits behind the prefix say nothing (RFC 4271 section 4.3).
        if (left < 32) value &= -1 << (32 - left);
      }
      key[word] = value;
    }
    key[addressWords] = length;
    key[addressWords + 1] = pathId;
  }

  function hash(from: Uint32Array, at: number): number {
    let h = seed;
    for (let i = 0; i < attributesAt; i++) {
      h = Math.imul(h ^ (from[at + i] ?? 0), 0x9e3779b1);
      h ^= h >>> 15;
    }
    h = Math.imul(h, 0x85ebca77);
    return (h ^ (h >>> 13)) >>> 0;
  }

  /** Where the key is, or the free place where it belongs; as an index of the table. */
  function find(): number {
    const mask = places - 1;
    let place = hash(key, 0) & mask;
    for (; ; place = (place + 1) & mask) {
      const at = place * words;
      if (table[at + attributesAt] === 0) return at;
      let i = 0;
      while (i < attributesAt && table[at + i] === key[i]) i++;
      if (i === attributesAt) return at;
    }
  }

  function resize(to: number): void {
    const old = table;
    places = to;
    table = new Uint32Array(places * words);
    const mask = places - 1;
    for (let at = 0; at < old.length; at += words) {
      if (old[at + attributesAt] === 0) continue;
      let place = hash(old, at) & mask;
      while (table[place * words + attributesAt] !== 0) place = (place + 1) & mask;
      table.set(old.subarray(at, at + words), place * words);
    }
  }

  /** What stands behind moves up, unless it would come to stand before its own place. */
  function close(gap: number): void {
    const mask = places - 1;
    let hole = gap;
    for (let i = (hole + 1) & mask; table[i * words + attributesAt] !== 0; i = (i + 1) & mask) {
      const own = hash(table, i * words) & mask;
      if (((i - own) & mask) < ((i - hole) & mask)) continue;
      table.copyWithin(hole * words, i * words, i * words + words);
      hole = i;
    }
    table[hole * words + attributesAt] = 0;
  }

  return {
    bits,
    size: () => used,
    set(bytes, at, length, pathId, attributes) {
      readKey(bytes, at, length, pathId);
      let found = find();
      const before = table[found + attributesAt] ?? 0;
      if (before === 0) {
        if (used + 1 > places * fullest) {
          resize(places * 2);
          found = find();
        }
        table.set(key, found);
        used += 1;
      }
      table[found + attributesAt] = attributes;
      return before;
    },
    delete(bytes, at, length, pathId) {
      readKey(bytes, at, length, pathId);
      const found = find();
      const before = table[found + attributesAt] ?? 0;
      if (before === 0) return 0;
      close(found / words);
      used -= 1;
      if (places > leastPlaces && used < places * emptiest) resize(places / 2);
      return before;
    },
    get(bytes, at, length, pathId) {
      readKey(bytes, at, length, pathId);
      return table[find() + attributesAt] ?? 0;
    },
    each(visit) {
      for (let at = 0; at < table.length; at += words) {
        const attributes = table[at + attributesAt] ?? 0;
        if (attributes === 0) continue;
        for (let i = 0; i < addressWords * 4; i++) octets[i] = (table[at + (i >> 2)] ?? 0) >>> (24 - 8 * (i & 3));
        visit(attributes, octets, 0, table[at + addressWords] ?? 0, table[at + addressWords + 1] ?? 0);
      }
    },
    memory: () => table.byteLength,
  };
}
