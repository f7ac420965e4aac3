// What the scenes with live sockets share: one attacker, one tally.

import { type Mutated, mutated, mutationClasses } from "../classes.ts";
import { type Dice, diceAt } from "../dice.ts";
import { hexOf, type TargetTally } from "../tally.ts";
import { type Parsed, parsed } from "../tree.ts";

/** Datagrams between two honest ones: well below what the kernel's default receive buffer holds. */
export const batch = 24;

export interface Scene {
  readonly name: string;
  /** Sends until `enough` says so, then closes its sockets. Throws a `Violation` when a promise does not hold. */
  readonly run: (attacker: Attacker, enough: () => boolean) => Promise<void>;
}

/** Makes hostile datagrams out of honest ones, and counts them. */
export interface Attacker {
  readonly dice: Dice;
  /** A mutated copy of an honest message. */
  attack(honest: Uint8Array): Uint8Array;
  /** Notes how a request ended. */
  ended(outcome: string): void;
  /** Says that the datagram handled now is handled by the test, whose time does not count. */
  mine(): void;
  /** Hexadecimal of the datagrams made last, for a report. */
  recent(): readonly string[];
}

export function createAttacker(seed: number, of: TargetTally, mine: () => void, beat: () => void): Attacker {
  const dice = diceAt(seed, 0);
  let honest: Parsed = parsed(new Uint8Array(0));
  let other = honest;
  const recent: Uint8Array[] = [];
  return {
    dice,
    mine,
    attack(bytes) {
      if (bytes !== honest.bytes) {
        other = honest;
        honest = parsed(bytes);
      }
      let made: Mutated = mutated(dice, honest, other);
      // A larger one does not fit the loopback interface in one piece.
      while (made.bytes.length > 60_000) made = mutated(dice, honest, other);
      beat();
      of.messages += 1;
      of.timed += 1;
      of.octets += made.bytes.length;
      const name = mutationClasses[made.by]?.name ?? "";
      of.classes[name] = (of.classes[name] ?? 0) + 1;
      recent.push(made.bytes);
      if (recent.length > 2 * batch) recent.shift();
      return made.bytes;
    },
    ended(outcome) {
      of.outcomes[outcome] = (of.outcomes[outcome] ?? 0) + 1;
    },
    recent: () => recent.map(hexOf),
  };
}
