// A long text kept as pieces of compressed octets: a page of 118 MB, which is a scrape of 10,000 routers, takes 7 MB
// until it is sent, and most who ask for it take it as it is. The pieces can be put in any order, which is why each is
// compressed for itself and none is the end of its stream (RFC 1951 section 3.2.3).

import { constants, crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { followedBy } from "../lib/crc32.ts";

/** Octets that are compressed at a time. */
export const pieceSize = 32_768;

export interface PackedText {
  /** Octets of the text. */
  readonly length: number;
  /** One piece after the other. */
  plain(): Iterable<Uint8Array>;
  /** As one gzip member (RFC 1952). */
  gzip(): Iterable<Uint8Array>;
}

/** A piece that ends on an octet and refers to nothing before it. */
interface Deflated {
  readonly deflated: Uint8Array;
  readonly length: number;
  readonly crc: number;
}

/** What is short may stay as it is. */
export type Piece = Uint8Array | Deflated;

/** More than the fastest saves nothing worth its time: lines differ in a name and a number. */
const packing = { level: 1, finishFlush: constants.Z_FULL_FLUSH, chunkSize: pieceSize };
const unpacking = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: pieceSize };

export function pack(octets: Uint8Array): Deflated {
  // A copy: what zlib gives stands in a block of the size of what it took.
  const deflated = Uint8Array.prototype.slice.call(deflateRawSync(octets, packing));
  return { deflated, length: octets.length, crc: crc32(octets) };
}

/** No name, no time, no operating system. */
const head = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** An empty block that says it is the last. */
const last = Uint8Array.of(3, 0);

export function packedText(pieces: readonly Piece[]): PackedText {
  return {
    length: pieces.reduce((sum, piece) => sum + piece.length, 0),
    *plain() {
      for (const piece of pieces) yield "deflated" in piece ? inflateRawSync(piece.deflated, unpacking) : piece;
    },
    *gzip() {
      let crc = 0;
      let length = 0;
      yield head;
      for (const piece of pieces) {
        const packed = "deflated" in piece ? piece : pack(piece);
        crc = followedBy(crc, packed.crc, packed.length);
        length += packed.length;
        yield packed.deflated;
      }
      const end = Buffer.alloc(8);
      end.writeUInt32LE(crc);
      end.writeUInt32LE(length % 2 ** 32, 4);
      yield last;
      yield end;
    },
  };
}
