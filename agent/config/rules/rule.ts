import { type KeyPath, nearest, quote } from "../error.ts";
import { meantName } from "../scalars.ts";
import type { ConfigurationInput, Draft } from "../schema.ts";

export type ConfigurationDraft = Draft<ConfigurationInput>;

/** What a rule sees and how it speaks. */
export interface RuleContext {
  /** What is left of the file without the values that were found wrong: every part may be absent. */
  readonly draft: ConfigurationDraft;
  /** The file as it is written: a thing that is described wrongly is still defined. */
  readonly given: unknown;
  /** `at` is the value unless said otherwise; a path that does not exist stands for its parent. */
  readonly report: (path: KeyPath, problem: string, fix: string, at?: "key" | "value") => void;
}

/** Finds what no single key can show. */
export type Rule = (context: RuleContext) => void;

/** The entries of a map that are there. */
export function present<T>(
  map: Readonly<Record<string, T | undefined>> | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(map ?? {}).filter((entry): entry is [string, T] => entry[1] !== undefined);
}

/** The items of a list that are there, with their places. */
export function items<T>(list: readonly (T | undefined)[] | undefined): readonly (readonly [number, T])[] {
  return [...(list ?? []).entries()].filter((entry): entry is [number, T] => entry[1] !== undefined);
}

/** The names defined under a path of the file; undefined when no map stands there, which is reported elsewhere. */
export function namesUnder(given: unknown, path: readonly string[]): readonly string[] | undefined {
  let value = given;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined;
}

/** A name that is written wrongly where it is defined is reported there, and not again where it is used rightly. */
export function isDefined(name: string, defined: readonly string[]): boolean {
  return defined.includes(name) || defined.some((other) => meantName(other) === name);
}

/** A value that was found wrong is gone from the draft, and not missing from the file. */
export function isWritten(given: unknown, path: KeyPath): boolean {
  let value = given;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return false;
    value = (value as Record<string | number, unknown>)[part];
  }
  return true;
}

const longestList = 8;

/** The fix of a reference that leads nowhere. */
export function choose(name: string, defined: readonly string[], where: string): string {
  if (defined.length === 0) return `define it under ${where}`;
  // A name that is written wrongly may hold what would break the line.
  const shown = (one: string) => (/\p{C}/u.test(one) ? quote(one) : one);
  const some = defined.slice(0, longestList).map(shown).join(", ");
  const all = defined.length > longestList ? `${some}, and ${defined.length - longestList} more` : some;
  const near = nearest(name, defined);
  return near === undefined ? `define it, or use one of: ${all}` : `did you mean ${shown(near)}? (defined: ${all})`;
}

export function notDefined(name: string, where: string): string {
  return `${quote(name)} is not defined under ${where}`;
}
