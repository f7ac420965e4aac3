// Rows of numbers, first in, first out, in one piece of memory. A class, as are those that are made of it: thousands of
// streams have several each, and closures would take more memory than the numbers.

export class Rows {
  readonly #times: number;
  readonly #counts: number;
  #ofTimes!: Float64Array;
  #ofCounts!: Uint32Array;
  #rows = 0;
  #first = 0;
  length = 0;

  /** A row has `times`, floats of 64 bits, and `counts`, of 32 bits. `rows`: for how many there is room at first. */
  constructor(times: number, counts: number, rows: number) {
    this.#times = times;
    this.#counts = counts;
    this.#make(rows);
  }

  /** Row 0 is the oldest. */
  time(row: number, field: number): number {
    return this.#ofTimes[this.#place(row) * this.#times + field] ?? 0;
  }

  setTime(row: number, field: number, value: number): void {
    this.#ofTimes[this.#place(row) * this.#times + field] = value;
  }

  count(row: number, field: number): number {
    return this.#ofCounts[this.#place(row) * this.#counts + field] ?? 0;
  }

  setCount(row: number, field: number, value: number): void {
    this.#ofCounts[this.#place(row) * this.#counts + field] = value;
  }

  add(row: number, field: number, count: number): void {
    const place = this.#place(row) * this.#counts + field;
    this.#ofCounts[place] = (this.#ofCounts[place] ?? 0) + count;
  }

  /** A new row of zeros. */
  push(): void {
    if (this.length === this.#rows) this.#grow();
    const place = this.#place(this.length++);
    this.#ofTimes.fill(0, place * this.#times, (place + 1) * this.#times);
    this.#ofCounts.fill(0, place * this.#counts, (place + 1) * this.#counts);
  }

  shift(): void {
    if (this.length === 0) return;
    this.#first = this.#first + 1 === this.#rows ? 0 : this.#first + 1;
    this.length--;
  }

  #place(row: number): number {
    const place = this.#first + row;
    return place < this.#rows ? place : place - this.#rows;
  }

  #make(rows: number): void {
    const octets = rows * this.#times * Float64Array.BYTES_PER_ELEMENT;
    const memory = new ArrayBuffer(octets + rows * this.#counts * Uint32Array.BYTES_PER_ELEMENT);
    this.#ofTimes = new Float64Array(memory, 0, rows * this.#times);
    this.#ofCounts = new Uint32Array(memory, octets);
    this.#rows = rows;
  }

  #grow(): void {
    const [times, counts] = [this.#ofTimes, this.#ofCounts];
    const [time, count] = [this.#first * this.#times, this.#first * this.#counts];
    this.#make(2 * this.#rows);
    this.#ofTimes.set(times.subarray(time));
    this.#ofTimes.set(times.subarray(0, time), times.length - time);
    this.#ofCounts.set(counts.subarray(count));
    this.#ofCounts.set(counts.subarray(0, count), counts.length - count);
    this.#first = 0;
  }
}
