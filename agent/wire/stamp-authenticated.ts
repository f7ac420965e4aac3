// STAMP, authenticated mode: RFC 8762 section 4.2.2 (Session-Sender), 4.3.2 (Session-Reflector) and 4.4 (HMAC), with the
// session identifier of RFC 8972 section 3. Nothing is encrypted: it says who sent the packet, and that nobody changed it.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../lib/result.ts";
import type { Secret } from "../lib/secret.ts";
import {
  type Layout,
  lengthError,
  type ReflectorPacket,
  readHead,
  readReflection,
  type SenderPacket,
  type StampError,
  writeHead,
  writeReflection,
} from "./stamp.ts";

/** Octets of a base packet, in both directions. */
export const authenticatedLength = 112;
/** The HMAC covers what stands before it: six blocks of 16 octets. */
const hmacAt = 96;

const layout: Layout = {
  length: authenticatedLength,
  timestamp: 16,
  errorEstimate: 24,
  ssid: 26,
  receiveTimestamp: 32,
  senderSequence: 48,
  senderTimestamp: 64,
  senderErrorEstimate: 72,
  senderTtl: 80,
};

/** Its octets are those of the text in UTF-8. */
export function stampKey(secret: Secret): KeyObject {
  return createSecretKey(Buffer.from(secret.reveal(), "utf8"));
}

function hmacOf(bytes: Uint8Array, key: KeyObject): Uint8Array {
  return createHmac("sha256", key)
    .update(bytes.subarray(0, hmacAt))
    .digest()
    .subarray(0, authenticatedLength - hmacAt);
}

/** Whether the packet carries the HMAC that the key makes of it; TLVs behind the base packet are not covered. */
export function isAuthentic(bytes: Uint8Array, key: KeyObject): boolean {
  return (
    bytes.byteLength >= authenticatedLength &&
    timingSafeEqual(bytes.subarray(hmacAt, authenticatedLength), hmacOf(bytes, key))
  );
}

/** Writes a Session-Sender packet into the first 112 octets of `into`; gives their number. */
export function writeAuthenticatedSender(into: Uint8Array, packet: SenderPacket, key: KeyObject): number {
  writeHead(into, layout, packet);
  into.set(hmacOf(into, key), hmacAt);
  return authenticatedLength;
}

/** Reads the fields only: whether they are to be believed, `isAuthentic` says. */
export function decodeAuthenticatedSender(bytes: Uint8Array): Result<SenderPacket, StampError> {
  const bad = lengthError(bytes, authenticatedLength);
  return bad === undefined ? ok(readHead(bytes, layout)) : err(bad);
}

/** Writes a Session-Reflector packet over the first 112 octets of `into`. */
export function writeAuthenticatedReflector(into: Uint8Array, packet: ReflectorPacket, key: KeyObject): void {
  writeReflection(into, layout, packet);
  into.set(hmacOf(into, key), hmacAt);
}

/** Reads the fields only: whether they are to be believed, `isAuthentic` says. */
export function decodeAuthenticatedReflector(bytes: Uint8Array): Result<ReflectorPacket, StampError> {
  const bad = lengthError(bytes, authenticatedLength);
  return bad === undefined ? ok(readReflection(bytes, layout)) : err(bad);
}
