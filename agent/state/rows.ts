// Rows of numbers, first in, first out, in one piece of memory: a thousand streams with fifty rows each would be as many
// objects for the garbage collector to look at.

export interface Rows {
  length(): number;
  /** Row 0 is the oldest. */
  get(row: number, field: number): number;
  set(row: number, field: number, value: number): void;
  /** A new row of zeros. */
  push(): void;
  shift(): void;
}

export function createRows(fields: number): Rows {
  let cells = new Float64Array(4 * fields);
  let rows = 4;
  let first = 0;
  let length = 0;
  const place = (row: number, field: number) => ((first + row) % rows) * fields + field;

  return {
    length: () => length,
    get: (row, field) => cells[place(row, field)] ?? 0,
    set(row, field, value) {
      cells[place(row, field)] = value;
    },
    push() {
      if (length === rows) {
        const grown = new Float64Array(2 * cells.length);
        grown.set(cells.subarray(first * fields));
        grown.set(cells.subarray(0, first * fields), (rows - first) * fields);
        cells = grown;
        first = 0;
        rows *= 2;
      }
      const start = place(length++, 0);
      cells.fill(0, start, start + fields);
    },
    shift() {
      if (length === 0) return;
      first = (first + 1) % rows;
      length--;
    },
  };
}
