// Which message is case number n: everything follows from the seed and n, so that one case can be made again alone.

import { mutated, mutationClasses } from "./classes.ts";
import { type Dice, diceAt } from "./dice.ts";
import { type FuzzTarget, outcomeOf, type Seed, Violation } from "./target.ts";
import { type Parsed, parsed } from "./tree.ts";

export interface Case {
  readonly index: number;
  readonly target: FuzzTarget;
  /** Number of the target in the list. */
  readonly of: number;
  /** Name of the mutation class. */
  readonly mutation: string;
  readonly bytes: Uint8Array;
  readonly read: Seed["read"];
}

interface Grown {
  readonly seed: Seed;
  readonly message: Parsed;
}

/** Honest messages of each target at a time. */
const poolSize = 128;
/** Cases after which there are new ones. */
const poolLife = 250_000;

export interface Corpus {
  readonly targets: readonly FuzzTarget[];
  /** Throws a `Violation` when a target does not take one of its own honest messages. */
  caseAt(index: number): Case;
  /** Drops the honest messages, which are made again when they are needed: what is left is what reading has left. */
  forget(): void;
}

export function createCorpus(targets: readonly FuzzTarget[], runSeed: number): Corpus {
  const weight = targets.reduce((sum, target) => sum + target.weight, 0);
  let life = -1;
  let pools: (Grown | undefined)[][] = targets.map(() => []);

  function grown(of: number, slot: number): Grown {
    const known = pools[of]?.[slot];
    if (known !== undefined) return known;
    const target = targets[of];
    if (target === undefined) throw new RangeError("no such target");
    const seed = target.seed(diceAt(runSeed ^ 0x0a11_ce5d, (life * targets.length + of) * poolSize + slot));
    const outcome = outcomeOf(seed.read(seed.seal?.(seed.bytes) ?? seed.bytes));
    if (outcome !== "accepted") throw new Violation(`an honest message of ${target.name} is not read: ${outcome}`);
    const made = { seed, message: parsed(seed.bytes) };
    const pool = pools[of];
    if (pool !== undefined) pool[slot] = made;
    return made;
  }

  function forget(): void {
    pools = targets.map(() => []);
  }

  function drawn(dice: Dice): number {
    let left = dice.next() * weight;
    const at = targets.findIndex((target) => {
      left -= target.weight;
      return left < 0;
    });
    return Math.max(0, at);
  }

  return {
    targets,
    forget,
    caseAt(index) {
      const now = Math.floor(index / poolLife);
      if (now !== life) {
        life = now;
        forget();
      }
      const dice = diceAt(runSeed, index);
      const of = drawn(dice);
      const { seed, message } = grown(of, dice.below(poolSize));
      const other = grown(dice.next() < 0.8 ? of : drawn(dice), dice.below(poolSize));
      const made = mutated(dice, message, other.message);
      const bytes = seed.seal !== undefined && dice.next() < 0.9 ? seed.seal(made.bytes) : made.bytes;
      const target = targets[of];
      const mutation = mutationClasses[made.by]?.name ?? "";
      if (target === undefined) throw new RangeError("no such target");
      return { index, target, of, mutation, bytes, read: seed.read };
    },
  };
}
