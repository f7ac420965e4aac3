// CRC-32 of ISO 3309, as gzip uses it (RFC 1952 section 8). zlib computes it; what it does not show to JavaScript is how
// two of them make that of both texts together.

const polynomial = 0xedb8_8320;

/** The product of two polynomials modulo that of the CRC; the highest bit is the coefficient of x^0. */
function times(a: number, b: number): number {
  let product = 0;
  let left = b;
  for (let bit = 0x8000_0000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= left;
    left = (left & 1) === 0 ? left >>> 1 : (left >>> 1) ^ polynomial;
  }
  return product >>> 0;
}

/** x to the power of `n`. */
function power(n: number): number {
  let result = 0x8000_0000;
  let square = 0x4000_0000;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = times(square, result);
    square = times(square, square);
  }
  return result;
}

/** The CRC of one text followed by another of `length` octets. */
export function followedBy(crc: number, next: number, length: number): number {
  return (times(power(8 * length), crc) ^ next) >>> 0;
}
