// Rows of numbers, first in, first out, in one piece of memory. A class, as are those that are made of it: thousands of
// streams have several each, and closures would take more memory than the numbers.

/** A piece of memory as both kinds of numbers. */
interface Memory {
  readonly times: Float64Array;
  readonly counts: Uint32Array;
}

const timeOctets = Float64Array.BYTES_PER_ELEMENT;
const countOctets = Uint32Array.BYTES_PER_ELEMENT;
/** The first rows of many owners share pieces of so many octets: a piece for each costs more than what is in it. */
const sharedOctets = 65_536;
let shared: Memory | undefined;
let sharedUsed = 0;

function memoryOf(octets: number): Memory {
  const buffer = new ArrayBuffer(octets);
  return { times: new Float64Array(buffer), counts: new Uint32Array(buffer) };
}

export class Rows {
  readonly #times: number;
  readonly #counts: number;
  #memory: Memory;
  /** Where its rows begin in each kind. */
  #timesAt = 0;
  #countsAt = 0;
  #rows: number;
  #first = 0;
  length = 0;

  /** A row has `times`, floats of 64 bits, and `counts`, of 32 bits. `rows`: for how many there is room at first. */
  constructor(times: number, counts: number, rows: number) {
    this.#times = times;
    this.#counts = counts;
    this.#rows = rows;
    const octets = this.#octets();
    if (octets > sharedOctets / 8) this.#memory = memoryOf(octets);
    else {
      if (shared === undefined || sharedUsed + octets > sharedOctets) {
        shared = memoryOf(sharedOctets);
        sharedUsed = 0;
      }
      this.#memory = shared;
      this.#timesAt = sharedUsed / timeOctets;
      sharedUsed += octets;
    }
    this.#countsAt = this.#countsAfterTimes();
  }

  /** Row 0 is the oldest. */
  time(row: number, field: number): number {
    return this.#memory.times[this.#timesAt + this.#place(row) * this.#times + field] ?? 0;
  }

  setTime(row: number, field: number, value: number): void {
    this.#memory.times[this.#timesAt + this.#place(row) * this.#times + field] = value;
  }

  count(row: number, field: number): number {
    return this.#memory.counts[this.#countsAt + this.#place(row) * this.#counts + field] ?? 0;
  }

  setCount(row: number, field: number, value: number): void {
    this.#memory.counts[this.#countsAt + this.#place(row) * this.#counts + field] = value;
  }

  add(row: number, field: number, count: number): void {
    const place = this.#countsAt + this.#place(row) * this.#counts + field;
    this.#memory.counts[place] = (this.#memory.counts[place] ?? 0) + count;
  }

  /** A new row of zeros. */
  push(): void {
    if (this.length === this.#rows) this.#grow();
    const place = this.#place(this.length++);
    const time = this.#timesAt + place * this.#times;
    const count = this.#countsAt + place * this.#counts;
    this.#memory.times.fill(0, time, time + this.#times);
    this.#memory.counts.fill(0, count, count + this.#counts);
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

  /** In whole times, so that whoever is next in a shared piece begins at one. */
  #octets(): number {
    const octets = this.#rows * (this.#times * timeOctets + this.#counts * countOctets);
    return Math.ceil(octets / timeOctets) * timeOctets;
  }

  #countsAfterTimes(): number {
    return ((this.#timesAt + this.#rows * this.#times) * timeOctets) / countOctets;
  }

  /** Into memory of its own, twice as large. */
  #grow(): void {
    const { times, counts } = this.#memory;
    const rows = this.#rows;
    const [timesAt, countsAt, first] = [this.#timesAt, this.#countsAt, this.#first];
    this.#rows = 2 * rows;
    this.#memory = memoryOf(this.#octets());
    this.#timesAt = 0;
    this.#countsAt = this.#countsAfterTimes();
    this.#first = 0;
    for (let row = 0; row < rows; row++) {
      const place = first + row < rows ? first + row : first + row - rows;
      const time = timesAt + place * this.#times;
      const count = countsAt + place * this.#counts;
      this.#memory.times.set(times.subarray(time, time + this.#times), row * this.#times);
      this.#memory.counts.set(counts.subarray(count, count + this.#counts), this.#countsAt + row * this.#counts);
    }
  }
}
