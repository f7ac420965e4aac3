// Values of many subjects, of which each has few.

interface Entry<K, V> {
  readonly of: K;
  value: V;
  readonly next: Entry<K, V> | undefined;
}

/** A Map takes more memory than so many entries, and more time than to look through them. */
const mostListed = 8;

/** Values by a subject and what of it. Names joined to one key would have to be joined, and hashed, at every look. */
export function createTable<K, V>() {
  const rows = new Map<string, Entry<K, V> | Map<K, V>>();

  function add(subject: string, row: Entry<K, V> | undefined, of: K, value: V): void {
    const all: [K, V][] = [[of, value]];
    for (let entry = row; entry !== undefined; entry = entry.next) all.push([entry.of, entry.value]);
    rows.set(subject, all.length > mostListed ? new Map(all) : { of, value, next: row });
  }

  return {
    get(subject: string, of: K): V | undefined {
      // Of many tables none has anything, and they are asked of each subject at every judgement.
      if (rows.size === 0) return undefined;
      const row = rows.get(subject);
      return row instanceof Map ? row.get(of) : find(row, of)?.value;
    },
    set(subject: string, of: K, value: V): void {
      const row = rows.get(subject);
      const entry = row instanceof Map ? undefined : find(row, of);
      if (row instanceof Map) row.set(of, value);
      else if (entry === undefined) add(subject, row, of, value);
      else entry.value = value;
    },
  };
}

function find<K, V>(row: Entry<K, V> | undefined, of: K): Entry<K, V> | undefined {
  for (let entry = row; entry !== undefined; entry = entry.next) if (entry.of === of) return entry;
  return undefined;
}
