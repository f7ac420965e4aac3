// The few things that were used last, by the identity of their keys. A WeakMap for each of many routers would do the
// same, but what all of them together cost the garbage collector is paid in one pause.

export interface Recent<K extends object, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
}

/** As many as a router is asked for again and again while it lacks something. */
const kept = 4;

export function createRecent<K extends object, V>(): Recent<K, V> {
  const entries: { readonly key: K; value: V }[] = [];
  const find = (key: K) => entries.find((entry) => entry.key === key);
  return {
    get: (key) => find(key)?.value,
    set(key, value) {
      const known = find(key);
      if (known !== undefined) {
        known.value = value;
        return;
      }
      if (entries.length === kept) entries.shift();
      entries.push({ key, value });
    },
  };
}
