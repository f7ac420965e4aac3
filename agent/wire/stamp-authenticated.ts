// STAMP, authenticated mode: RFC 8762 section 4.2.2 (Session-Sender), 4.3.2 (Session-Reflector) and 4.4 (HMAC), with the
// session identifier of RFC 8972 section 3. Nothing is encrypted: it says who sent the packet, and that nobody changed it.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../lib/result.ts";
import type { Secret } from "../lib/secret.ts";
import { putUint16, putUint32, uint16, uint32 } from "./octets.ts";
import {
  longestPacket,
  type ReflectorPacket,
  readErrorEstimate,
  readTimestamp,
  type SenderPacket,
  type StampError,
  writeErrorEstimate,
  writeTimestamp,
} from "./stamp.ts";

/** Octets of a base packet, in both directions. */
export const authenticatedLength = 112;
/** The HMAC covers what stands before it: six blocks of 16 octets. */
const hmacAt = 96;

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

function lengthError(bytes: Uint8Array): StampError | undefined {
  if (bytes.byteLength < authenticatedLength) return { kind: "truncated", offset: bytes.byteLength };
  if (bytes.byteLength > longestPacket) return { kind: "oversized", offset: longestPacket };
  return undefined;
}

/** Octets 0 to 27, which both packets have in common; the rest of the base packet becomes zero. */
function writeHead(into: Uint8Array, packet: SenderPacket): void {
  into.fill(0, 0, authenticatedLength);
  putUint32(into, 0, packet.sequence);
  writeTimestamp(into, 16, packet.timestamp);
  writeErrorEstimate(into, 24, packet.errorEstimate);
  putUint16(into, 26, packet.ssid);
}

function readHead(bytes: Uint8Array): SenderPacket {
  return {
    sequence: uint32(bytes, 0),
    timestamp: readTimestamp(bytes, 16),
    errorEstimate: readErrorEstimate(bytes, 24),
    ssid: uint16(bytes, 26),
  };
}

/** Writes a Session-Sender packet into the first 112 octets of `into`; gives their number. */
export function writeAuthenticatedSender(into: Uint8Array, packet: SenderPacket, key: KeyObject): number {
  writeHead(into, packet);
  into.set(hmacOf(into, key), hmacAt);
  return authenticatedLength;
}

/** Reads the fields only: whether they are to be believed, `isAuthentic` says. */
export function decodeAuthenticatedSender(bytes: Uint8Array): Result<SenderPacket, StampError> {
  const bad = lengthError(bytes);
  return bad === undefined ? ok(readHead(bytes)) : err(bad);
}

/** Writes a Session-Reflector packet over the first 112 octets of `into`. */
export function writeAuthenticatedReflector(into: Uint8Array, packet: ReflectorPacket, key: KeyObject): void {
  writeHead(into, packet);
  writeTimestamp(into, 32, packet.receiveTimestamp);
  putUint32(into, 48, packet.sender.sequence);
  writeTimestamp(into, 64, packet.sender.timestamp);
  writeErrorEstimate(into, 72, packet.sender.errorEstimate);
  into[80] = packet.sender.ttl;
  into.set(hmacOf(into, key), hmacAt);
}

/** Reads the fields only: whether they are to be believed, `isAuthentic` says. */
export function decodeAuthenticatedReflector(bytes: Uint8Array): Result<ReflectorPacket, StampError> {
  const bad = lengthError(bytes);
  if (bad !== undefined) return err(bad);
  return ok({
    ...readHead(bytes),
    receiveTimestamp: readTimestamp(bytes, 32),
    sender: {
      sequence: uint32(bytes, 48),
      timestamp: readTimestamp(bytes, 64),
      errorEstimate: readErrorEstimate(bytes, 72),
      ttl: bytes[80] ?? 0,
    },
  });
}
