// A STAMP test packet of a wanted size: the Extra Padding TLV of RFC 8972 section 4.1. Reflectors that know no TLVs
// (RFC 8762 section 4.6, TWAMP-Light) take it for the padding that they copy.

import { stampLength } from "./stamp.ts";

const tlvHeader = 4;
const extraPadding = 1;
/** U: set by the Session-Sender, cleared by a reflector that understood the TLV (RFC 8972 section 4). */
const unrecognised = 0x80;

/** Lengthens the 44 octets of a packet at the start of `into` to `size`: 44, or 48 and more, for the TLV's head. Gives its length. */
export function writePadding(into: Uint8Array, size: number): number {
  if (size === stampLength) return size;
  const length = size - stampLength - tlvHeader;
  into[stampLength] = unrecognised;
  into[stampLength + 1] = extraPadding;
  into[stampLength + 2] = length >> 8;
  into[stampLength + 3] = length & 0xff;
  into.fill(0, stampLength + tlvHeader, size);
  return size;
}
