/** First in, first out, at the same cost however long it is: `Array.shift` moves all that stands behind. */
export interface Queue<T> {
  push(item: T): void;
  /** The oldest, which stays. */
  peek(): T | undefined;
  shift(): T | undefined;
  /** All of them, oldest first, which leaves it empty. */
  drain(): readonly T[];
}

const leastToTrim = 1_024;

export function createQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let first = 0;
  return {
    push: (item) => void items.push(item),
    peek: () => items[first],
    shift() {
      const item = items[first];
      if (first < items.length) items[first++] = undefined;
      if (first === items.length) items.length = first = 0;
      else if (first >= leastToTrim && first * 2 >= items.length) {
        items.splice(0, first);
        first = 0;
      }
      return item;
    },
    drain() {
      const rest = items.slice(first) as T[];
      items = [];
      first = 0;
      return rest;
    },
  };
}
