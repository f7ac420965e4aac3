// SNMPv3: the message outside, the scoped PDU inside, and what lies between them.

import { createReader } from "../../../agent/wire/ber.ts";
import { createCells } from "../../../agent/wire/snmp/cells.ts";
import { encodePdu } from "../../../agent/wire/snmp/message.ts";
import { createResponseReader, readResponsePdu } from "../../../agent/wire/snmp/response.ts";
import { type AuthProtocol, authKeyOf, authProtocols, isAuthentic, macOf } from "../../../agent/wire/snmp/usm.ts";
import {
  decrypt,
  encrypt,
  mostPadding,
  type PrivacyProtocol,
  privacyKeyOf,
  privacyProtocols,
  saltLength,
} from "../../../agent/wire/snmp/usm-privacy.ts";
import {
  createScopedPdu,
  createV3Header,
  encodeScopedPdu,
  encodeV3,
  flagAuth,
  flagPrivacy,
  levelOf,
  readScopedPdu,
  readV3Header,
  type UsmKeys,
  type V3Header,
} from "../../../agent/wire/snmp/v3.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";
import { pduOf } from "../values.ts";
import { readBindings } from "./messages.ts";

const auths = Object.keys(authProtocols) as readonly AuthProtocol[];
const privacies = Object.keys(privacyProtocols) as readonly PrivacyProtocol[];

export function keysOf(dice: Dice, level = dice.below(3)): UsmKeys {
  const auth = dice.pick(auths);
  const privacy = dice.pick(privacies);
  const secret = dice.octets(64);
  return {
    auth: level === 0 ? undefined : authKeyOf(auth, secret.subarray(0, 20)),
    privacy: level < 2 ? undefined : privacyKeyOf(privacy, secret.subarray(0, privacyProtocols[privacy].key)),
  };
}

const cells = createCells(64);
const header = createV3Header();
const scope = createScopedPdu();
const r = createResponseReader();

function scopedOf(dice: Dice): Uint8Array {
  const pdu = encodePdu(pduOf(dice, dice.next() < 0.8 ? "response" : "report"));
  return encodeScopedPdu(dice.octets(dice.below(33)), dice.octets(dice.below(20)), pdu);
}

function envelopeOf(dice: Dice, keys: UsmKeys) {
  return {
    messageId: dice.below(2 ** 31),
    reportable: dice.next() < 0.5,
    engineId: dice.octets(dice.pick([0, 5, 12, 17, 32])),
    boots: dice.below(2 ** 31),
    time: dice.below(2 ** 31),
    user: dice.octets(dice.below(33)),
    keys,
    salt: dice.octets(saltLength),
  };
}

/** Reads what `session.judge` of the client reads, whether it is to be believed or not. */
function readMessage(octets: Uint8Array, keys: UsmKeys): string {
  if (!readV3Header(header, r, octets)) {
    hold(r.fault !== undefined && r.faultAt <= octets.length, "neither header nor fault");
    return r.fault ?? "";
  }
  inOrder(header, octets.length);
  const level = header.flags & (flagAuth | flagPrivacy);
  hold(level !== flagPrivacy, "privacy without authentication");
  let data = octets.subarray(header.dataFrom, header.dataTo);
  let padding = 0;
  if ((level & flagPrivacy) !== 0) {
    if (keys.privacy === undefined) return "level";
    const salt = octets.subarray(header.saltFrom, header.saltTo);
    const plain = decrypt(keys.privacy, { boots: header.boots, time: header.time, salt }, data);
    if (plain === undefined) return "decryption";
    data = plain;
    padding = mostPadding(keys.privacy.protocol);
  }
  const fault = readScope(data, padding);
  if (fault !== "accepted") return fault;
  return level === levelOf(keys) ? "accepted" : "level";
}

function readScope(data: Uint8Array, padding: number): string {
  if (!readScopedPdu(scope, r, data, 0, data.length, padding)) return r.fault ?? "";
  const { engineFrom, engineTo, contextFrom, contextTo, pduFrom, pduTo } = scope;
  hold(
    0 < engineFrom && engineFrom <= engineTo && engineTo <= contextFrom && contextFrom <= contextTo,
    "places out of order",
  );
  hold(contextTo === pduFrom && pduFrom <= pduTo && pduTo <= data.length, "a PDU outside of the datagram");
  if (readResponsePdu(r, scope.pduTo)) readBindings(r, cells);
  return r.fault ?? "accepted";
}

function inOrder(h: V3Header, length: number): void {
  const places = [h.engineFrom, h.engineTo, h.userFrom, h.userTo, h.macFrom, h.macTo, h.saltFrom, h.saltTo];
  const all = [0, ...places, h.dataFrom, h.dataTo, length];
  hold(
    all.every((place, i) => i === 0 || place >= (all[i - 1] ?? 0)),
    "places out of order",
  );
  hold(h.messageId >= 0 && h.boots >= 0 && h.time >= 0, "a number below zero");
}

/** A message that somebody changed on its way: with a digest, never authentic again. */
export const v3Messages: FuzzTarget = {
  name: "SNMPv3 messages",
  weight: 2,
  exercises: [createV3Header, readV3Header, isAuthentic, macOf, levelOf],
  seed: (dice) => {
    const keys = keysOf(dice);
    const bytes = encodeV3(envelopeOf(dice, keys), scopedOf(dice));
    return {
      bytes,
      read(octets) {
        const outcome = readMessage(octets, keys);
        if (keys.auth !== undefined && (outcome === "accepted" || outcome === "decryption")) {
          const authentic = isAuthentic(keys.auth, octets, header.macFrom, header.macTo);
          hold(authentic === sameBytes(octets, bytes), "a changed message is authentic, or an unchanged one is not");
        }
        return outcome;
      },
    };
  },
};

/** What only somebody with the keys can send: a wrong scoped PDU, rightly encrypted and authenticated. */
export const v3Insiders: FuzzTarget = {
  name: "SNMPv3 scoped PDUs, sealed",
  weight: 2,
  exercises: [createScopedPdu, readScopedPdu, decrypt, mostPadding],
  seed: (dice) => {
    const keys = keysOf(dice);
    const envelope = envelopeOf(dice, keys);
    return {
      bytes: scopedOf(dice),
      seal: (scoped) => encodeV3(envelope, scoped),
      read: (octets) => readMessage(octets, keys),
    };
  },
};

/** Scoped PDUs that lie anywhere in a datagram. */
export const scopedPdus: FuzzTarget = {
  name: "scoped PDUs",
  weight: 1,
  exercises: [readScopedPdu],
  seed: (dice) => {
    const padding = dice.pick([0, 8]);
    return { bytes: scopedOf(dice), read: (octets) => readScope(octets, padding) };
  },
};

/** Octets that are said to be encrypted, with a salt that is said to be one. */
export const ciphers: FuzzTarget = {
  name: "encrypted octets",
  weight: 1,
  exercises: [decrypt, privacyKeyOf, authKeyOf],
  seed: (dice) => {
    const { privacy } = keysOf(dice, 2);
    if (privacy === undefined) throw new Error("no key");
    const times = { boots: dice.below(2 ** 31), time: dice.below(2 ** 31) };
    const salt = dice.octets(saltLength);
    const plain = scopedOf(dice);
    const padding = mostPadding(privacy.protocol);
    return {
      // The salt and what is encrypted with it, so that both are changed.
      bytes: Buffer.concat([salt, encrypt(privacy, { ...times, salt }, plain)]),
      read(octets) {
        const saltTo = Math.min(saltLength, octets.length);
        const secret = octets.subarray(saltTo);
        const got = decrypt(privacy, { ...times, salt: octets.subarray(0, saltTo) }, secret);
        if (got === undefined) return "decryption";
        hold(got.length === secret.length, "decryption changed the length");
        const reader = createReader(got);
        return readScopedPdu(scope, reader, got, 0, got.length, padding) ? "accepted" : (reader.fault ?? "");
      },
    };
  },
};
