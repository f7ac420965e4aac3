// Control messages as the kernel lays them out for recvmsg(2) with MSG_ERRQUEUE (LP64, little-endian).

import type { ErrorOrigin, ExtendedError, Offender } from "../../agent/wire/extended-error.ts";

const origins: Readonly<Record<ErrorOrigin, number>> = { local: 1, icmp: 2, icmpv6: 3 };

/** `before`: octets of another control message in front, 0 for none. */
export function encodeControl({ origin, type, code, info, offender }: ExtendedError, before = 0): Uint8Array {
  const six = offender?.family === 6;
  const other = before === 0 ? 0 : 16 + ((before + 7) & ~7);
  const length = 16 + 16 + (six ? 28 : 16);
  const bytes = new Uint8Array(other + length);
  const view = new DataView(bytes.buffer);
  if (other > 0) writeHeader(view, 0, 16 + before, 1, 29);
  writeHeader(view, other, length, six ? 41 : 0, six ? 25 : 11);
  const at = other + 16;
  view.setUint32(at, 113, true);
  bytes.set([origins[origin], type, code], at + 4);
  view.setUint32(at + 8, info, true);
  if (offender !== undefined && origin !== "local") writeOffender(view, at + 16, offender);
  return bytes;
}

function writeHeader(view: DataView, at: number, length: number, level: number, type: number): void {
  view.setBigUint64(at, BigInt(length), true);
  view.setInt32(at + 8, level, true);
  view.setInt32(at + 12, type, true);
}

function writeOffender(view: DataView, at: number, { family, words }: Offender): void {
  view.setUint16(at, family === 4 ? 2 : 10, true);
  if (family === 4) view.setUint32(at + 4, words[3]);
  else for (const [i, word] of words.entries()) view.setUint32(at + 8 + 4 * i, word);
}
