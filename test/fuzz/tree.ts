// The elements of a BER message by their places, and cutting one out for another. Not the agent's reader: a fuzzer
// that finds its places with the code under test is blind where that is.

/** One element: header at `from`, content from `at` up to `to`. */
export interface Element {
  readonly tag: number;
  readonly from: number;
  readonly at: number;
  readonly to: number;
  readonly parent: Element | undefined;
  readonly children: Element[];
}

/** A message and its elements, by what a mutation looks for. */
export interface Parsed {
  readonly bytes: Uint8Array;
  /** Outer ones before inner ones; none when the message is no BER. */
  readonly all: readonly Element[];
  readonly integers: readonly Element[];
  readonly oids: readonly Element[];
  readonly constructed: readonly Element[];
  /** The list of variable bindings, when there is one with any in it. */
  readonly list: Element | undefined;
}

const numbers: ReadonlySet<number> = new Set([0x02, 0x41, 0x42, 0x43, 0x46]);

export function parsed(bytes: Uint8Array): Parsed {
  const all: Element[] = [];
  if (collect(bytes, 0, bytes.length, undefined, all) !== bytes.length) all.length = 0;
  return {
    bytes,
    all,
    integers: all.filter(({ tag }) => numbers.has(tag)),
    oids: all.filter(({ tag }) => tag === 0x06),
    constructed: all.filter(({ children }) => children.length > 0),
    list: all.find(({ children }) => children.length > 0 && children.every(isBinding)),
  };
}

function isBinding({ tag, children }: Element): boolean {
  return tag === 0x30 && children.length === 2 && children[0]?.tag === 0x06;
}

/** Adds what lies from `from` to `to`; gives the place where it stopped, which is `to` when all could be read. */
function collect(bytes: Uint8Array, from: number, to: number, parent: Element | undefined, into: Element[]): number {
  let at = from;
  while (at < to) {
    const element = elementAt(bytes, at, to, parent);
    if (element === undefined) return at;
    into.push(element);
    parent?.children.push(element);
    const before = into.length;
    // SNMPv3 hides a sequence in an octet string.
    if ((element.tag & 0x20) !== 0 || (element.tag === 0x04 && bytes[element.at] === 0x30)) {
      if (collect(bytes, element.at, element.to, element, into) !== element.to) {
        into.length = before;
        element.children.length = 0;
      }
    }
    at = element.to;
  }
  return at;
}

function elementAt(bytes: Uint8Array, from: number, limit: number, parent: Element | undefined): Element | undefined {
  const [tag, first] = [bytes[from], bytes[from + 1]];
  if (tag === undefined || first === undefined) return undefined;
  let at = from + 2;
  let length = first;
  if (first > 0x80) {
    length = 0;
    for (const end = at + (first & 0x7f); at < end; at++) length = length * 256 + (bytes[at] ?? 0);
  }
  if (first === 0x80 || at + length > limit) return undefined;
  return { tag, from, at, to: at + length, parent, children: [] };
}

/** An element of this tag around content, with its length in the shortest form. */
export function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 0x80) return joined([Uint8Array.of(tag, length), content]);
  if (length < 0x100) return joined([Uint8Array.of(tag, 0x81, length), content]);
  return joined([Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The message with other octets in the place of an element; everything around it has its right length again. */
export function replaced(bytes: Uint8Array, old: Element, by: Uint8Array): Uint8Array {
  let inner = by;
  let child = old;
  for (let { parent } = old; parent !== undefined; child = parent, { parent } = parent) {
    inner = element(
      parent.tag,
      joined([bytes.subarray(parent.at, child.from), inner, bytes.subarray(child.to, parent.to)]),
    );
  }
  return joined([bytes.subarray(0, child.from), inner, bytes.subarray(child.to)]);
}
