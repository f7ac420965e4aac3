/** One thing that is wrong in a configuration file, and what would be right. */
export interface ConfigError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** Dotted path of the key, `circuits.ams-1.sku`; empty when the file as a whole is meant. */
  readonly key: string;
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string;
}

/** `estate.yaml:14:7: circuits.ams-1.sku: "gold" is not a SKU; use local, standard or premium`, always one line. */
export function formatConfigError({ file, line, column, key, problem, fix }: ConfigError): string {
  return `${file}:${line}:${column}: ${key === "" ? "" : `${key}: `}${problem}; ${fix}`;
}

export type KeyPath = readonly (string | number)[];

/** `globalReach.ams-sin.probes[0].port`. */
export function dotted(path: KeyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${/^[\w-]{1,80}$/.test(part) ? part : quote(part)}`;
  }
  return text;
}

/** A finding of a rule, before its position is known. */
export interface Finding {
  readonly path: KeyPath;
  /** Whether the key itself is meant, or the value under it. */
  readonly at: "key" | "value";
  readonly problem: string;
  readonly fix: string;
  /** Place in the text, where the path alone does not tell (the second of two equal keys). */
  readonly offset?: number;
}

const longestQuote = 60;

/** A value as the reader wrote it: quoted, on one line, bounded. Never for anything near a secret. */
export function quote(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = String(value);
  const cut = text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return joined(words, "or");
}

/** `a, b and c`. */
export function allOf(words: readonly string[]): string {
  return joined(words, "and");
}

function joined(words: readonly string[], by: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${by} ${words.at(-1)}`;
}

/** The word that was probably meant, when one is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // Beyond a few letters a resemblance is chance, and long keys must not cost time.
  if (word.length > 40) return undefined;
  const lower = word.toLowerCase();
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word ?? theOnlyOneWithin(lower, known);
}

/** `asn` for customerAsn, `azurePrivatePeering` for azurePrivate. */
function theOnlyOneWithin(lower: string, known: readonly string[]): string | undefined {
  if (lower.length < 3) return undefined;
  const [one, ...others] = known.filter((word) => {
    const candidate = word.toLowerCase();
    return candidate.includes(lower) || (candidate.length >= 3 && lower.includes(candidate));
  });
  return others.length === 0 ? one : undefined;
}

/** Levenshtein, with a swap of neighbours counted as one. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}
