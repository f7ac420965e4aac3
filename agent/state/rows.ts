// Rows of numbers, first in, first out, in one piece of memory. A class, as are those that are made of it: thousands of
// streams have several each, and closures would take more memory than the numbers.

export class Rows {
  readonly #fields: number;
  #cells: Float64Array;
  #rows: number;
  #first = 0;
  length = 0;

  /** `rows`: for how many there is room at first. */
  constructor(fields: number, rows: number) {
    this.#fields = fields;
    this.#rows = rows;
    this.#cells = new Float64Array(fields * rows);
  }

  /** Row 0 is the oldest. */
  get(row: number, field: number): number {
    return this.#cells[this.#place(row) + field] ?? 0;
  }

  set(row: number, field: number, value: number): void {
    this.#cells[this.#place(row) + field] = value;
  }

  add(row: number, field: number, value: number): void {
    const place = this.#place(row) + field;
    this.#cells[place] = (this.#cells[place] ?? 0) + value;
  }

  /** A new row of zeros. */
  push(): void {
    if (this.length === this.#rows) this.#grow();
    const start = this.#place(this.length++);
    this.#cells.fill(0, start, start + this.#fields);
  }

  shift(): void {
    if (this.length === 0) return;
    this.#first = this.#first + 1 === this.#rows ? 0 : this.#first + 1;
    this.length--;
  }

  #place(row: number): number {
    const place = this.#first + row;
    return (place < this.#rows ? place : place - this.#rows) * this.#fields;
  }

  #grow(): void {
    const from = this.#first * this.#fields;
    const grown = new Float64Array(2 * this.#cells.length);
    grown.set(this.#cells.subarray(from));
    grown.set(this.#cells.subarray(0, from), this.#cells.length - from);
    this.#cells = grown;
    this.#first = 0;
    this.#rows *= 2;
  }
}
