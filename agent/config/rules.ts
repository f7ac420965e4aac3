// What no single key can show: references between parts of the file, and values that do not fit together.

import type { KeyPath } from "./error.ts";
import type { ConfigurationInput, Draft } from "./schema.ts";

export interface RuleContext {
  /** What is left of the file without the values that were found wrong. */
  readonly draft: Draft<ConfigurationInput>;
  /** The file as it is written: a name that is defined wrongly is still defined. */
  readonly given: unknown;
  readonly report: (path: KeyPath, problem: string, fix: string, at?: "key" | "value") => void;
}

export type Rule = (context: RuleContext) => void;

export const rules: readonly Rule[] = [];
