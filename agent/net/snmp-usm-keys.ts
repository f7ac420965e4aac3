// The keys of SNMPv3 users. What a password costs to digest does not depend on the router, so it is done once for all.

import { createHmac, randomBytes } from "node:crypto";
import type { Secret } from "../lib/secret.ts";
import { type AuthProtocol, authKeyOf, localiseKey, passwordToKey } from "../wire/snmp/usm.ts";
import { type PrivacyProtocol, privacyKey, privacyKeyOf } from "../wire/snmp/usm-privacy.ts";
import type { UsmKeys } from "../wire/snmp/v3.ts";

/** A user of the User-based Security Model; what is absent decides the security level. */
export interface UsmUser {
  readonly name: string;
  readonly auth: { readonly protocol: AuthProtocol; readonly password: Secret } | undefined;
  /** Never without `auth`. */
  readonly privacy: { readonly protocol: PrivacyProtocol; readonly password: Secret } | undefined;
}

/** The keys of a user at one engine (RFC 3414 section 2.6). */
export type LocalKeys = (user: UsmUser, engineId: Uint8Array) => UsmKeys;

export function createLocalKeys(): LocalKeys {
  const digests = new Map<string, Uint8Array>();
  // The names in the map must not tell the passwords, nor be the same in two processes.
  const mask = randomBytes(32);

  function digestOf(protocol: AuthProtocol, password: Secret): Uint8Array {
    const text = Buffer.from(password.reveal());
    const name = createHmac("sha256", mask).update(`${protocol} `).update(text).digest("base64");
    let digest = digests.get(name);
    if (digest === undefined) {
      digest = passwordToKey(protocol, text);
      digests.set(name, digest);
    }
    return digest;
  }

  return ({ auth, privacy }, engineId) => {
    if (auth === undefined) return { auth: undefined, privacy: undefined };
    const local = (password: Secret) => localiseKey(auth.protocol, digestOf(auth.protocol, password), engineId);
    return {
      auth: authKeyOf(auth.protocol, local(auth.password)),
      privacy:
        privacy &&
        privacyKeyOf(privacy.protocol, privacyKey(auth.protocol, privacy.protocol, local(privacy.password), engineId)),
    };
  };
}
