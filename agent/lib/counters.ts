/**
 * Named tallies that start at zero (style, rule 8). The part that owns them increments,
 * `export/` reads: the kinds are closed, so each can be a metric label.
 */
export interface Counters<K extends string> {
  add(kind: K, n?: number): void;
  read(): Readonly<Record<K, number>>;
}

export function createCounters<const K extends string>(kinds: readonly K[]): Counters<K> {
  const tally = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>;
  return {
    add(kind, n = 1) {
      tally[kind] += n;
    },
    read: () => ({ ...tally }),
  };
}
