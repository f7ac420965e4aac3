// The User-based Security Model (RFC 3414): from a password to the keys of one user at one engine, and the
// authentication of whole messages. HMAC-SHA-2 by RFC 7860.

import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

/** Names of hashes as OpenSSL knows them, and octets of the digest that stand in a message. */
export const authProtocols = {
  md5: { hash: "md5", mac: 12 },
  sha1: { hash: "sha1", mac: 12 },
  sha224: { hash: "sha224", mac: 16 },
  sha256: { hash: "sha256", mac: 24 },
  sha384: { hash: "sha384", mac: 32 },
  sha512: { hash: "sha512", mac: 48 },
} as const;
export type AuthProtocol = keyof typeof authProtocols;

/** RFC 3414 section 2.1: the window in which an authenticated message is timely, in seconds. */
export const timeWindow = 150;

/** RFC 3414 section 2.2.2: an engine whose boots stand here refuses every authenticated message. */
export const greatestBoots = 0x7fff_ffff;

const expandedPassword = 1_048_576;

/** RFC 3414 section A.2: the digest of a mebibyte of the repeated password. Takes milliseconds: keep the result. */
export function passwordToKey(protocol: AuthProtocol, password: Uint8Array): Uint8Array {
  if (password.length === 0) throw new RangeError("an empty password has no key");
  const expanded = Buffer.alloc(expandedPassword, password);
  const key = createHash(authProtocols[protocol].hash).update(expanded).digest();
  expanded.fill(0);
  return key;
}

/** RFC 3414 section 2.6: the key that is good at one engine only. */
export function localiseKey(protocol: AuthProtocol, key: Uint8Array, engineId: Uint8Array): Uint8Array {
  return createHash(authProtocols[protocol].hash).update(key).update(engineId).update(key).digest();
}

/** A localised key, ready for use: as a KeyObject a digest takes a quarter of the time, and it does not print. */
export interface AuthKey {
  readonly protocol: AuthProtocol;
  readonly key: KeyObject;
}

export function authKeyOf(protocol: AuthProtocol, localised: Uint8Array): AuthKey {
  return { protocol, key: createSecretKey(localised) };
}

/** The digest of a message in which its own place holds zeros (RFC 3414 section 6.3.1, RFC 7860 section 4.2.1). */
export function macOf({ protocol, key }: AuthKey, message: Uint8Array): Uint8Array {
  const { hash, mac } = authProtocols[protocol];
  return createHmac(hash, key).update(message).digest().subarray(0, mac);
}

/** Puts the digest into the place that was kept for it. */
export function authenticate(key: AuthKey, message: Uint8Array, macAt: number): void {
  message.set(macOf(key, message), macAt);
}

const noDigest = new Uint8Array(64);

/** True when octets `from`..`to` are the digest of the message. Leaves the message as it is. */
export function isAuthentic({ protocol, key }: AuthKey, message: Uint8Array, from: number, to: number): boolean {
  const { hash, mac } = authProtocols[protocol];
  if (to - from !== mac) return false;
  const expected = createHmac(hash, key)
    .update(message.subarray(0, from))
    .update(noDigest.subarray(0, mac))
    .update(message.subarray(to))
    .digest();
  return timingSafeEqual(expected.subarray(0, mac), message.subarray(from, to));
}
