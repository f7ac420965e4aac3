// Privacy of the User-based Security Model: CBC-DES (RFC 3414 section 8), CFB-AES-128 (RFC 3826), and
// AES-192 and AES-256 with the two key extensions that vendors use.

import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from "node:crypto";
import { type AuthProtocol, authProtocols, localiseKey, passwordToKey } from "./usm.ts";

/**
 * Octets of key, and how a digest that is shorter is extended: `blumenthal` (draft-blumenthal-aes-usm-04 section
 * 3.1.2.1) appends the digest of the key, `reeder` (draft-reeder-snmpv3-usm-3desede-00 section 2.1, used by
 * Cisco) the localised key of the key taken as a password.
 */
export const privacyProtocols = {
  // OpenSSL 3 refuses des-cbc: triple DES with the same key three times is DES.
  des: { cipher: "des-ede3-cbc", key: 16, extension: "blumenthal" },
  aes128: { cipher: "aes-128-cfb", key: 16, extension: "blumenthal" },
  aes192: { cipher: "aes-192-cfb", key: 24, extension: "blumenthal" },
  aes256: { cipher: "aes-256-cfb", key: 32, extension: "blumenthal" },
  aes192Reeder: { cipher: "aes-192-cfb", key: 24, extension: "reeder" },
  aes256Reeder: { cipher: "aes-256-cfb", key: 32, extension: "reeder" },
} as const;
export type PrivacyProtocol = keyof typeof privacyProtocols;

/** Octets of msgPrivacyParameters, of every protocol here. */
export const saltLength = 8;

const desBlock = 8;

/** Octets that may follow a scoped PDU once it is decrypted: DES fills its last block, and some fill a whole one. */
export function mostPadding(protocol: PrivacyProtocol): number {
  return protocol === "des" ? desBlock : 0;
}

/** The privacy key of a user at an engine. `localised` is the privacy password's key there, by the authentication protocol. */
export function privacyKey(
  auth: AuthProtocol,
  privacy: PrivacyProtocol,
  localised: Uint8Array,
  engineId: Uint8Array,
): Uint8Array {
  const { key: length, extension } = privacyProtocols[privacy];
  if (localised.length >= length) return localised.subarray(0, length);
  // The shortest digest has 16 octets and the longest key 32, so one extension is always enough.
  const more =
    extension === "reeder"
      ? localiseKey(auth, passwordToKey(auth, localised), engineId)
      : createHash(authProtocols[auth].hash).update(localised).digest();
  return Buffer.concat([localised, more]).subarray(0, length);
}

/** A privacy key, ready for use. */
export interface PrivacyKey {
  readonly protocol: PrivacyProtocol;
  readonly key: KeyObject;
  /** DES: the half of the key that is exclusive-ored with the salt (RFC 3414 section 8.1.1.1). A KeyObject does not print. */
  readonly preVector: KeyObject | undefined;
}

/** From the octets that `privacyKey` gives. */
export function privacyKeyOf(protocol: PrivacyProtocol, octets: Uint8Array): PrivacyKey {
  if (protocol !== "des") return { protocol, key: createSecretKey(octets), preVector: undefined };
  const single = octets.subarray(0, desBlock);
  const preVector = createSecretKey(octets.subarray(desBlock, 2 * desBlock));
  return { protocol, key: createSecretKey(Buffer.concat([single, single, single])), preVector };
}

/** msgPrivacyParameters from a counter that never repeats (RFC 3414 section 8.1.1.1, RFC 3826 section 3.1.2.1). */
export function saltOf(protocol: PrivacyProtocol, boots: number, counter: bigint): Uint8Array {
  const salt = Buffer.alloc(saltLength);
  if (protocol === "des") {
    salt.writeUInt32BE(boots, 0);
    salt.writeUInt32BE(Number(BigInt.asUintN(32, counter)), 4);
  } else {
    salt.writeBigUInt64BE(BigInt.asUintN(64, counter));
  }
  return salt;
}

/** What a message was encrypted with besides the key: all of it stands in its security parameters. */
export interface Encryption {
  readonly boots: number;
  /** Seconds. */
  readonly time: number;
  /** `saltLength` octets. */
  readonly salt: Uint8Array;
}

export function encrypt(key: PrivacyKey, encryption: Encryption, plain: Uint8Array): Uint8Array {
  const { protocol } = key;
  const { cipher } = privacyProtocols[protocol];
  const encipher = createCipheriv(cipher, key.key, initialVector(key, encryption));
  if (protocol !== "des") return encipher.update(plain);
  encipher.setAutoPadding(false);
  const padded = Buffer.alloc(Math.ceil(plain.length / desBlock) * desBlock);
  padded.set(plain);
  return encipher.update(padded);
}

/** Undefined when the octets cannot have been encrypted so. A wrong key gives octets that mean nothing. */
export function decrypt(key: PrivacyKey, encryption: Encryption, secret: Uint8Array): Uint8Array | undefined {
  const { protocol } = key;
  if (encryption.salt.length !== saltLength) return undefined;
  if (protocol === "des" && secret.length % desBlock !== 0) return undefined;
  const { cipher } = privacyProtocols[protocol];
  const decipher = createDecipheriv(cipher, key.key, initialVector(key, encryption));
  if (protocol === "des") decipher.setAutoPadding(false);
  return decipher.update(secret);
}

/** DES: the second half of the key, exclusive-or the salt. AES: boots, time and salt. */
function initialVector({ protocol, preVector }: PrivacyKey, { boots, time, salt }: Encryption): Uint8Array {
  if (protocol === "des") {
    const half = preVector?.export();
    return salt.map((octet, i) => octet ^ (half?.[i] ?? 0));
  }
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(boots, 0);
  vector.writeUInt32BE(time, 4);
  vector.set(salt, 8);
  return vector;
}
