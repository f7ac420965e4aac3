// The ways in which a message is made wrong: the classes of the PROTOS test suite for SNMP (lengths, tags, integers,
// object identifiers, nesting), and those that know nothing of the format. Each has a name and is counted by it.

import type { Dice } from "./dice.ts";
import { type Element, element, joined, type Parsed, parsed, replaced } from "./tree.ts";

/** The mutated message; undefined when the message has no place for it. */
type Mutate = (dice: Dice, message: Parsed, other: Parsed) => Uint8Array | undefined;

export interface MutationClass {
  readonly name: string;
  /** How often it is taken, compared with others. */
  readonly weight: number;
  readonly mutate: Mutate;
}

/** No UDP payload is larger. */
export const mostOctets = 65_507;

const one = 1;
/** Messages of a whole datagram cost a hundred times as much. */
const rarely = 0.02;

const content = ({ bytes }: Parsed, { at, to }: Element) => bytes.subarray(at, to);

/** Another header, or more, for any element. */
const withLength =
  (length: (dice: Dice, octets: number) => readonly number[] | undefined): Mutate =>
  (dice, message) => {
    if (message.all.length === 0) return undefined;
    const of = dice.pick(message.all);
    const octets = length(dice, of.to - of.at);
    if (octets === undefined) return undefined;
    return replaced(message.bytes, of, joined([Uint8Array.of(of.tag, ...octets), content(message, of)]));
  };

/** Length octets of the shortest form. */
function shortest(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

const withTag =
  (tag: (dice: Dice) => readonly number[]): Mutate =>
  (dice, message) => {
    if (message.all.length === 0) return undefined;
    const of = dice.pick(message.all);
    const { bytes } = message;
    return replaced(bytes, of, joined([Uint8Array.from(tag(dice)), bytes.subarray(of.from + 1, of.to)]));
  };

const withInteger =
  (octets: (dice: Dice, old: Uint8Array) => readonly number[] | Uint8Array): Mutate =>
  (dice, message) => {
    if (message.integers.length === 0) return undefined;
    const of = dice.pick(message.integers);
    return replaced(message.bytes, of, element(of.tag, Uint8Array.from(octets(dice, content(message, of)))));
  };

const withOid =
  (octets: (dice: Dice, old: Uint8Array) => readonly number[] | Uint8Array): Mutate =>
  (dice, message) => {
    if (message.oids.length === 0) return undefined;
    const of = dice.pick(message.oids);
    return replaced(message.bytes, of, element(of.tag, Uint8Array.from(octets(dice, content(message, of)))));
  };

const withBindings =
  (change: (dice: Dice, bindings: Uint8Array[]) => readonly Uint8Array[]): Mutate =>
  (dice, { bytes, list }) => {
    if (list === undefined) return undefined;
    const bindings = list.children.map(({ from, to }) => bytes.subarray(from, to));
    return replaced(bytes, list, element(list.tag, joined(change(dice, bindings))));
  };

const knownTags = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x24, 0x30, 0x31, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x80,
  0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8,
];

function deepNest(dice: Dice, message: Parsed): Uint8Array | undefined {
  if (message.all.length === 0) return undefined;
  const of = dice.pick(message.all);
  const most = dice.next() < rarely ? 12_000 : 200;
  const levels = 1 + dice.below(most);
  const octets = new Uint8Array(levels * 4);
  let at = octets.length;
  for (let level = 0; level < levels; level++) {
    const length = shortest(octets.length - at);
    at -= length.length;
    octets.set(length, at);
    octets[--at] = 0x30;
  }
  return replaced(message.bytes, of, octets.subarray(at));
}

/** The last child reaches beyond the end of what encloses it. */
function overlapping(dice: Dice, message: Parsed): Uint8Array | undefined {
  if (message.constructed.length === 0) return undefined;
  const of = dice.pick(message.constructed);
  const last = of.children.at(-1);
  if (last === undefined || last.to - last.from < 2) return undefined;
  const declared = of.to - of.at - 1 - dice.below(last.to - last.from - 1);
  return replaced(message.bytes, of, joined([Uint8Array.of(of.tag, ...shortest(declared)), content(message, of)]));
}

function flipped(dice: Dice, { bytes }: Parsed): Uint8Array | undefined {
  if (bytes.length === 0) return undefined;
  const copy = Uint8Array.from(bytes);
  for (let flips = 1 + dice.below(4); flips > 0; flips--) {
    const at = dice.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
  }
  return copy;
}

/** One, two or four octets anywhere at the edges of their range: the numbers of a message without tags. */
function edged(dice: Dice, { bytes }: Parsed): Uint8Array | undefined {
  if (bytes.length < 4) return undefined;
  const copy = Uint8Array.from(bytes);
  const width = dice.pick([1, 2, 4]);
  const edge = dice.pick([
    [0x00, 0x00],
    [0xff, 0xff],
    [0x7f, 0xff],
    [0x80, 0x00],
  ]);
  const at = dice.below(bytes.length - width + 1);
  for (let i = 0; i < width; i++) copy[at + i] = edge[i === 0 ? 0 : 1] ?? 0;
  return copy;
}

const arcsOf = (dice: Dice, count: number) => Array.from({ length: count }, () => dice.below(128));

const classList: Readonly<Record<string, readonly [weight: number, mutate: Mutate]>> = {
  lengthShort: [one, withLength((dice, n) => (n === 0 ? undefined : shortest(dice.below(n))))],
  lengthLong: [one, withLength((dice, n) => shortest(n + 1 + dice.below(300)))],
  lengthZero: [one, withLength((_, n) => (n === 0 ? undefined : [0]))],
  lengthOverLong: [
    2 * one,
    withLength((dice, n) => {
      const octets = dice.pick([1, 2, 3, 4]);
      if (n > 0xff && octets === 1) return undefined;
      return [0x80 | octets, ...[0, 0, n >> 8, n & 0xff].slice(4 - octets)];
    }),
  ],
  lengthPadded: [
    one,
    withLength((dice, n) => {
      const zeros = 3 + dice.below(120);
      return [0x80 | (zeros + 2), ...new Array<number>(zeros).fill(0), n >> 8, n & 0xff];
    }),
  ],
  lengthIndefinite: [
    one,
    (dice, message) => {
      if (message.all.length === 0) return undefined;
      const of = dice.pick(message.all);
      const ended = joined([Uint8Array.of(of.tag, 0x80), content(message, of), Uint8Array.of(0, 0)]);
      return replaced(message.bytes, of, ended);
    },
  ],
  lengthBeyondDatagram: [
    one,
    withLength((dice) =>
      dice.pick([
        [0x82, 0xff, 0xff],
        [0x83, 0x01, 0x00, 0x00],
        [0x84, 0x7f, 0xff, 0xff, 0xff],
        [0x84, 0x80, 0x00, 0x00, 0x00],
        [0x84, 0xff, 0xff, 0xff, 0xff],
        [0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xff],
      ]),
    ),
  ],
  tagOfAnotherType: [2 * one, withTag((dice) => [dice.pick(knownTags)])],
  tagAny: [one, withTag((dice) => [dice.below(256)])],
  tagOfSeveralOctets: [one, withTag((dice) => [dice.pick([0x1f, 0x3f, 0x5f, 0xbf, 0xff]), 0x80 | dice.below(128), 1])],
  integerZero: [one, withInteger(() => [0])],
  // A request id is never as small, an error status or index is.
  integerSmall: [one, withInteger((dice) => [1 + dice.below(20)])],
  integerMinusOne: [one, withInteger((dice) => new Uint8Array(1 + dice.below(8)).fill(0xff))],
  integerTwoTo31: [
    one,
    withInteger((dice) =>
      dice.pick([
        [0x80, 0, 0, 0],
        [0, 0x80, 0, 0, 0],
        [0x7f, 0xff, 0xff, 0xff],
        [0xff, 0x7f, 0xff, 0xff, 0xff],
        [0, 0xff, 0xff, 0xff, 0xff],
        [1, 0, 0, 0, 0],
      ]),
    ),
  ],
  integerTwoTo63: [
    one,
    withInteger((dice) =>
      dice.pick([
        [0x80, 0, 0, 0, 0, 0, 0, 0],
        [0, 0x80, 0, 0, 0, 0, 0, 0, 0],
        [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [1, 0, 0, 0, 0, 0, 0, 0, 0],
      ]),
    ),
  ],
  integerTooLong: [one, withInteger((dice) => dice.octets(5 + dice.below(300)))],
  integerEmpty: [one, withInteger(() => [])],
  integerPadded: [one, withInteger((dice, old) => joined([new Uint8Array(1 + dice.below(4)), old]))],
  oidEmpty: [one, withOid(() => [])],
  oidPaddedArc: [
    one,
    withOid((dice, old) => {
      const at = dice.below(old.length + 1);
      return joined([old.subarray(0, at), Uint8Array.of(0x80), old.subarray(at)]);
    }),
  ],
  oidUnterminated: [one, withOid((dice, old) => joined([old, new Uint8Array(1 + dice.below(6)).fill(0x81)]))],
  oidManyArcs: [one, withOid((dice, old) => joined([old, Uint8Array.from(arcsOf(dice, 120 + dice.below(200)))]))],
  oidGreatArc: [
    one,
    withOid((dice, old) => joined([old, new Uint8Array(4 + dice.below(12)).fill(0xff), Uint8Array.of(0x7f)])),
  ],
  oidNotAsked: [
    3 * one,
    withOid((dice, old) => {
      const copy = Uint8Array.from(old);
      if (copy.length > 0) copy[copy.length - 1] = dice.below(128);
      return copy;
    }),
  ],
  oidLonger: [one, withOid((dice, old) => joined([old, Uint8Array.from(arcsOf(dice, 1 + dice.below(3)))]))],
  oidPrefix: [one, withOid((dice, old) => old.subarray(0, dice.below(old.length + 1)))],
  nestingDeep: [one, deepNest],
  nestingEmpty: [
    one,
    (dice, message) => {
      if (message.constructed.length === 0) return undefined;
      const of = dice.pick(message.constructed);
      return replaced(message.bytes, of, Uint8Array.of(of.tag, 0));
    },
  ],
  nestingOverlapping: [one, overlapping],
  elementOfAnother: [
    2 * one,
    (dice, message, other) => {
      if (message.all.length === 0 || other.all.length === 0) return undefined;
      const { from, to } = dice.pick(other.all);
      return replaced(message.bytes, dice.pick(message.all), other.bytes.subarray(from, to));
    },
  ],
  bindingsDuplicated: [
    one,
    withBindings((dice, all) => {
      const at = dice.below(all.length);
      return [...all.slice(0, at), dice.pick(all), ...all.slice(at)];
    }),
  ],
  bindingsReordered: [
    one,
    withBindings((dice, all) => {
      const [i, j] = [dice.below(all.length), dice.below(all.length)];
      return all.map((binding, at) => (at === i ? all[j] : at === j ? all[i] : undefined) ?? binding);
    }),
  ],
  bindingsMissing: [
    one,
    withBindings((dice, all) => {
      const at = dice.below(all.length);
      return [...all.slice(0, at), ...all.slice(at + 1)];
    }),
  ],
  bindingsFillDatagram: [
    rarely,
    withBindings((dice, all) => {
      const many: Uint8Array[] = [];
      const room = mostOctets - 200;
      for (let size = 0; ; ) {
        const binding = dice.pick(all);
        size += binding.length;
        if (size > room) return many;
        many.push(binding);
      }
    }),
  ],
  truncated: [3 * one, (dice, { bytes }) => bytes.subarray(0, dice.below(Math.max(1, bytes.length)))],
  trailing: [one, (dice, { bytes }) => joined([bytes, dice.octets(1 + dice.below(40))])],
  octetsRemoved: [
    one,
    (dice, { bytes }) => {
      const at = dice.below(bytes.length + 1);
      return joined([bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(8))]);
    },
  ],
  octetsInserted: [
    one,
    (dice, { bytes }) => {
      const at = dice.below(bytes.length + 1);
      return joined([bytes.subarray(0, at), dice.octets(1 + dice.below(8)), bytes.subarray(at)]);
    },
  ],
  fieldAtItsEdge: [2 * one, edged],
  splicedWithAnother: [
    2 * one,
    (dice, { bytes }, other) =>
      joined([
        bytes.subarray(0, dice.below(bytes.length + 1)),
        other.bytes.subarray(dice.below(other.bytes.length + 1)),
      ]),
  ],
  random: [one, (dice) => dice.octets(dice.next() < rarely ? dice.below(mostOctets) : dice.below(200))],
  bitsFlipped: [4 * one, flipped],
};

export const mutationClasses: readonly MutationClass[] = Object.entries(classList).map(([name, [weight, mutate]]) => ({
  name,
  weight,
  mutate,
}));

const total = mutationClasses.reduce((sum, { weight }) => sum + weight, 0);

/** One of the classes by weight, as a number in `mutationClasses`. */
function drawn(dice: Dice): number {
  let left = dice.next() * total;
  const at = mutationClasses.findIndex(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return Math.max(0, at);
}

export interface Mutated {
  readonly bytes: Uint8Array;
  /** Number of its (first) class in `mutationClasses`. */
  readonly by: number;
}

/** A message made wrong in one way, now and then in two. */
export function mutated(dice: Dice, message: Parsed, other: Parsed): Mutated {
  const first = once(dice, message, other);
  if (dice.next() < 0.85) return first;
  const second = dice.next() < 0.5 ? flipped(dice, { ...message, bytes: first.bytes }) : undefined;
  return { bytes: second ?? once(dice, parsed(first.bytes), other).bytes, by: first.by };
}

function once(dice: Dice, message: Parsed, other: Parsed): Mutated {
  for (;;) {
    const by = drawn(dice);
    const bytes = mutationClasses[by]?.mutate(dice, message, other);
    if (bytes !== undefined && bytes.length <= mostOctets) return { bytes, by };
  }
}
