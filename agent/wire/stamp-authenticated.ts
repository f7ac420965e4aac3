// STAMP, authenticated mode: RFC 8762 section 4.2.2 (Session-Sender), 4.3.2 (Session-Reflector) and 4.4 (HMAC), with the
// session identifier of RFC 8972 section 3. Nothing is encrypted: it says who sent the packet, and that nobody changed it.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../lib/result.ts";
import type { Secret } from "../lib/secret.ts";
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Octets 0 to 27, which both packets have in common; the rest of the base packet becomes zero. */
function writeHead(into: Uint8Array, packet: SenderPacket): DataView {
  into.fill(0, 0, authenticatedLength);
  const view = viewOf(into);
  view.setUint32(0, packet.sequence);
  writeTimestamp(view, 16, packet.timestamp);
  writeErrorEstimate(view, 24, packet.errorEstimate);
  view.setUint16(26, packet.ssid);
  return view;
}

function readHead(view: DataView): SenderPacket {
  return {
    sequence: view.getUint32(0),
    timestamp: readTimestamp(view, 16),
    errorEstimate: readErrorEstimate(view, 24),
    ssid: view.getUint16(26),
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
  return bad === undefined ? ok(readHead(viewOf(bytes))) : err(bad);
}

/** Writes a Session-Reflector packet over the first 112 octets of `into`. */
export function writeAuthenticatedReflector(into: Uint8Array, packet: ReflectorPacket, key: KeyObject): void {
  const view = writeHead(into, packet);
  writeTimestamp(view, 32, packet.receiveTimestamp);
  view.setUint32(48, packet.sender.sequence);
  writeTimestamp(view, 64, packet.sender.timestamp);
  writeErrorEstimate(view, 72, packet.sender.errorEstimate);
  view.setUint8(80, packet.sender.ttl);
  into.set(hmacOf(into, key), hmacAt);
}

/** Reads the fields only: whether they are to be believed, `isAuthentic` says. */
export function decodeAuthenticatedReflector(bytes: Uint8Array): Result<ReflectorPacket, StampError> {
  const bad = lengthError(bytes);
  if (bad !== undefined) return err(bad);
  const view = viewOf(bytes);
  return ok({
    ...readHead(view),
    receiveTimestamp: readTimestamp(view, 32),
    sender: {
      sequence: view.getUint32(48),
      timestamp: readTimestamp(view, 64),
      errorEstimate: readErrorEstimate(view, 72),
      ttl: view.getUint8(80),
    },
  });
}
