// Delays in bins of equal relative width, as an HDR histogram of three significant digits has them: 2,048 to each power of
// two, so that the middle of a bin is within 0.025 % of all that is in it. A bin fits 16 bits, from 7 ns to 32 s.

/** Of a 32-bit float the exponent and this many bits of its mantissa name the bin. */
const mantissaBits = 11;
const cut = 23 - mantissaBits;
/** The bin of 2^-27 s is the first; what is shorter is in it too, and counts as 0. */
const first = (127 - 27) << mantissaBits;
export const binCount = 65_536;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

export function binOf(seconds: number): number {
  float[0] = seconds;
  return Math.min(Math.max(((bits[0] ?? 0) >>> cut) - first, 0), binCount - 1);
}

/** The middle of a bin in seconds, to the nanosecond: more digits would only look exact. */
export function middleOf(bin: number): number {
  if (bin === 0) return 0;
  bits[0] = ((bin + first) << cut) | (1 << (cut - 1));
  return Math.round((float[0] ?? 0) * 1e9) / 1e9;
}

const blockSize = 256;

/** Counts by bin, of which the place of a rank is found in few steps. One serves for all: it is emptied after use. */
export interface Tally {
  add(bin: number, count: number): void;
  /** The bin of the sample at `rank`, from 0, in ascending order. */
  at(rank: number): number;
  /** Takes back what was added. */
  clear(bin: number): void;
}

export function createTally(): Tally {
  const counts = new Uint32Array(binCount);
  const blocks = new Uint32Array(binCount / blockSize);
  return {
    add(bin, count) {
      counts[bin] = (counts[bin] ?? 0) + count;
      const block = bin >>> 8;
      blocks[block] = (blocks[block] ?? 0) + count;
    },
    at(rank) {
      let before = 0;
      let block = 0;
      while (block < blocks.length - 1 && before + (blocks[block] ?? 0) <= rank) before += blocks[block++] ?? 0;
      let bin = block * blockSize;
      while (bin < binCount - 1 && before + (counts[bin] ?? 0) <= rank) before += counts[bin++] ?? 0;
      return bin;
    },
    clear(bin) {
      counts[bin] = 0;
      blocks[bin >>> 8] = 0;
    },
  };
}
