// Numbers written as text into octets, without making a string of them.

const zero = 0x30;
const minus = 0x2d;

/**
 * Writes a safe integer in decimal so that it fills `from` to `to` exactly; false, with some of it overwritten, when it has
 * another length.
 */
export function writeInteger(into: Uint8Array, from: number, to: number, value: number): boolean {
  let first = from;
  let left = value;
  if (value < 0) {
    if (into[from] !== minus || to - from < 2) return false;
    first += 1;
    left = -value;
  }
  let at = to;
  // Nine digits at a time: what is left of a number above 2^31 is no small integer, and slow to divide.
  while (left > 0x7fff_ffff) {
    const upper = Math.floor(left / 1e9);
    let lower = left - upper * 1e9;
    for (let digits = 0; digits < 9; digits++) {
      if (at === first) return false;
      const rest = (lower / 10) | 0;
      into[--at] = zero + lower - rest * 10;
      lower = rest;
    }
    left = upper;
  }
  do {
    if (at === first) return false;
    const rest = (left / 10) | 0;
    into[--at] = zero + left - rest * 10;
    left = rest;
  } while (left > 0);
  return at === first;
}
