// Sets of path attributes, each kept once however many routes have it, and for as long as one has it.

import { attributeTypes, decodeAttributes, type PathAttributes, truePath } from "../wire/bgp/attributes.ts";
import { u16 } from "../wire/bgp/octets.ts";
import type { UpdateLayout } from "../wire/bgp/update.ts";
import { type CommunityNumbers, createCommunityNumbers, unread } from "./bmp-communities.ts";

/** How a path begins: its first two AS numbers that differ, and how often each stands there in a row. */
export interface PathHead {
  readonly asns: readonly [number, number];
  readonly runs: readonly [number, number];
}

export interface AttributeSets {
  /** The id of the attributes of an UPDATE, for one route more. Those of prefixes are no part of them. */
  take(bytes: Uint8Array, layout: UpdateLayout, asOctets: 2 | 4): number;
  /** One route more, or less, has this set. */
  retain(id: number): void;
  release(id: number): void;
  head(id: number): PathHead;
  /** The numbers of Microsoft's communities in it. */
  communities(id: number): readonly number[];
  readonly numbers: CommunityNumbers;
  /** Undefined where they are not kept, or cannot be read. */
  attributes(id: number): PathAttributes | undefined;
  /** Sets that are kept. */
  size(): number;
  /** Octets that they take, as far as it is of their making. */
  memory(): number;
  /** Sets that cannot be read, and sets for which there was no room. */
  readonly counts: { readonly unreadable: number; readonly notKept: number };
}

interface Kept {
  readonly octets: Uint8Array;
  readonly hash: number;
  readonly head: PathHead;
  readonly communities: readonly number[];
  routes: number;
}

const unknownHead: PathHead = { asns: [0, 0], runs: [0, 0] };

/** The set of those that are not kept: nothing is known of it. */
export const notKept = 1;

/** What an entry takes beside its octets, measured over a million of them. */
const entryOctets = 260;

/** What an entry takes in all; a community is four of its octets. */
const memoryOf = ({ octets, communities }: Kept) =>
  entryOctets + octets.length + (communities.length === 0 ? 0 : 56 + 8 * communities.length);
const mostMemoryOf = (length: number) => entryOctets + length + 56 + 2 * length;

/** `most`: octets that all of them may take. */
export function createAttributeSets(most: number, seed: number): AttributeSets {
  // Ids 0 and 1 are no entries.
  const entries: (Kept | undefined)[] = [undefined, undefined];
  const free: number[] = [];
  let slots = new Uint32Array(256);
  let used = 0;
  let memory = 0;
  const numbers = createCommunityNumbers();
  const counts = { unreadable: 0, notKept: 0 };
  let scratch = new Uint8Array(4_096);
  let length = 0;

  function put(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    if (length + size > scratch.length) {
      const larger = new Uint8Array((length + size) * 2);
      larger.set(scratch.subarray(0, length));
      scratch = larger;
    }
    for (let i = 0; i < size; i++) scratch[length + i] = bytes[from + i] ?? 0;
    length += size;
  }

  /** Writes into the scratch what makes the set: the form of its AS numbers, then every attribute without its prefixes. */
  function write(bytes: Uint8Array, { attributesFrom, attributesTo }: UpdateLayout, asOctets: 2 | 4): void {
    length = 0;
    scratch[length++] = asOctets;
    for (let at = attributesFrom; at < attributesTo; ) {
      const extended = ((bytes[at] ?? 0) & 0x10) !== 0;
      const valueAt = at + (extended ? 4 : 3);
      const next = valueAt + (extended ? u16(bytes, at + 2) : (bytes[at + 2] ?? 0));
      const type = bytes[at + 1];
      if (type === attributeTypes.mpReachNlri) {
        const nextHop = bytes[valueAt + 3] ?? 0;
        put(Uint8Array.of(0x90, type, 0, 5 + nextHop), 0, 4);
        put(bytes, valueAt, valueAt + 4 + nextHop);
        scratch[length++] = 0;
      } else if (type !== attributeTypes.mpUnreachNlri) {
        put(bytes, at, next);
      }
      at = next;
    }
  }

  function hashOf(): number {
    let h = seed ^ length;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ (scratch[i] ?? 0), 0x01000193);
    h ^= h >>> 15;
    return Math.imul(h, 0x85ebca77) >>> 0;
  }

  /** Where the set stands in `slots`, or the free slot where it belongs. */
  function find(hash: number): number {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = entries[slots[slot] ?? 0];
      if (entry === undefined) return slot;
      if (entry.hash === hash && isSame(entry.octets)) return slot;
    }
  }

  function isSame(octets: Uint8Array): boolean {
    if (octets.length !== length) return false;
    for (let i = 0; i < length; i++) if (octets[i] !== scratch[i]) return false;
    return true;
  }

  function add(hash: number): number {
    if (memory + mostMemoryOf(length) > most) {
      counts.notKept += 1;
      return notKept;
    }
    if ((used + 1) * 2 > slots.length) grow();
    const octets = scratch.slice(0, length);
    const id = free.pop() ?? entries.length;
    const read = decodeAttributes(octets, 1, octets.length, octets[0] === 2 ? 2 : 4);
    if (!read.ok) counts.unreadable += 1;
    const head = read.ok ? headOf(read.value) : unknownHead;
    const communities = read.ok ? numbers.of(read.value.communities) : unread;
    const entry = { octets, hash, routes: 1, head, communities };
    entries[id] = entry;
    slots[find(hash)] = id;
    used += 1;
    memory += memoryOf(entry);
    return id;
  }

  function grow(): void {
    const old = slots;
    slots = new Uint32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const id of old) {
      const entry = entries[id];
      if (entry === undefined) continue;
      let slot = entry.hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
  }

  function remove(id: number, entry: Kept): void {
    const mask = slots.length - 1;
    let hole = entry.hash & mask;
    while (slots[hole] !== id) hole = (hole + 1) & mask;
    for (let i = (hole + 1) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const own = (entries[slots[i] ?? 0]?.hash ?? 0) & mask;
      if (((i - own) & mask) < ((i - hole) & mask)) continue;
      slots[hole] = slots[i] ?? 0;
      hole = i;
    }
    slots[hole] = 0;
    entries[id] = undefined;
    free.push(id);
    used -= 1;
    memory -= memoryOf(entry);
  }

  return {
    take(bytes, layout, asOctets) {
      write(bytes, layout, asOctets);
      const hash = hashOf();
      const id = slots[find(hash)] ?? 0;
      const entry = entries[id];
      if (entry === undefined) return add(hash);
      entry.routes += 1;
      return id;
    },
    retain(id) {
      const entry = entries[id];
      if (entry !== undefined) entry.routes += 1;
    },
    release(id) {
      const entry = entries[id];
      if (entry === undefined) return;
      entry.routes -= 1;
      if (entry.routes === 0) remove(id, entry);
    },
    head: (id) => entries[id]?.head ?? unknownHead,
    communities: (id) => entries[id]?.communities ?? unread,
    numbers,
    attributes(id) {
      const octets = entries[id]?.octets;
      const read = octets && decodeAttributes(octets, 1, octets.length, octets[0] === 2 ? 2 : 4);
      return read?.ok === true ? read.value : undefined;
    },
    size: () => used,
    memory: () => memory,
    counts,
  };
}

function headOf(attributes: PathAttributes): PathHead {
  const asns: [number, number] = [0, 0];
  const runs: [number, number] = [0, 0];
  let which = -1;
  for (const segment of truePath(attributes)) {
    if (segment.type !== "asSequence") break;
    for (const asn of segment.asns) {
      if (which < 0 || asn !== asns[which]) which += 1;
      if (which > 1) return { asns, runs };
      asns[which] = asn;
      runs[which] = (runs[which] ?? 0) + 1;
    }
  }
  return { asns, runs };
}
