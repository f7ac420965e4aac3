// What arrives at a Session-Reflector, and authenticated packets at either end.

import { createHmac, createSecretKey } from "node:crypto";
import { parseSubnet } from "../../../agent/estate/address.ts";
import type { Instant } from "../../../agent/lib/clock.ts";
import { readStampReply } from "../../../agent/probe/answer.ts";
import { createStampReflector } from "../../../agent/probe/reflector.ts";
import {
  decodeReflector,
  encodeSender,
  errorOf,
  lengthError,
  readHead,
  readReflection,
  unsynchronised,
} from "../../../agent/wire/stamp.ts";
import {
  authenticatedLength,
  decodeAuthenticatedReflector,
  decodeAuthenticatedSender,
  isAuthentic,
  writeAuthenticatedReflector,
  writeAuthenticatedSender,
} from "../../../agent/wire/stamp-authenticated.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";
import { estimateOf, senderOf, timeOf } from "./probes.ts";

const keyText = "the fuzzer's own key";
const key = createSecretKey(Buffer.from(keyText));

/** Puts the right HMAC in, where there is room for one. */
function authenticated(message: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(message);
  if (copy.length < authenticatedLength) return copy;
  const hmac = createHmac("sha256", keyText).update(copy.subarray(0, 96)).digest();
  copy.set(hmac.subarray(0, 16), 96);
  return copy;
}

function requestOf(dice: Dice): Uint8Array {
  const into = new Uint8Array(authenticatedLength + (dice.next() < 0.5 ? 0 : dice.below(60)));
  writeAuthenticatedSender(into, senderOf(dice), key);
  return into;
}

export const authenticatedRequests: FuzzTarget = {
  name: "authenticated STAMP requests",
  weight: 1,
  exercises: [decodeAuthenticatedSender, isAuthentic],
  seed: (dice) => ({
    bytes: requestOf(dice),
    seal: authenticated,
    read(octets) {
      const asked = decodeAuthenticatedSender(octets);
      const authentic = isAuthentic(octets, key);
      if (!asked.ok) {
        hold(!authentic || asked.error.kind === "oversized", "a packet that is too short is authentic");
        return asked.error.kind;
      }
      hold(authentic === sameBytes(authenticated(octets), octets), "another HMAC than node:crypto's");
      if (!authentic) return "unauthentic";
      const again = new Uint8Array(authenticatedLength);
      writeAuthenticatedSender(again, asked.value, key);
      const reread = decodeAuthenticatedSender(again);
      hold(reread.ok && JSON.stringify(reread.value) === JSON.stringify(asked.value), "a request differs");
      return "accepted";
    },
  }),
};

export const authenticatedReplies: FuzzTarget = {
  name: "authenticated STAMP answers",
  weight: 1,
  exercises: [decodeAuthenticatedReflector],
  seed: (dice) => {
    const bytes = new Uint8Array(authenticatedLength);
    const sender = { ...senderOf(dice), ttl: dice.below(256) };
    writeAuthenticatedReflector(bytes, { ...senderOf(dice), receiveTimestamp: timeOf(dice), sender }, key);
    return {
      bytes,
      seal: authenticated,
      read(octets) {
        const reply = decodeAuthenticatedReflector(octets);
        const claim = readStampReply(octets, true);
        hold((claim === "malformed") === !reply.ok, "the prober takes another packet than the decoder");
        if (!reply.ok || claim === "malformed") return reply.ok ? "" : reply.error.kind;
        hold(Number.isFinite(claim.turnaround), "a turnaround that is no number");
        return isAuthentic(octets, key) ? "accepted" : "unauthentic";
      },
    };
  },
};

const subnet = parseSubnet("192.0.2.0/24");
const address = Uint8Array.of(192, 0, 2, 9);

/** A whole reflector, which is asked anew each time. */
export const reflections: FuzzTarget = {
  name: "STAMP reflector",
  weight: 1,
  exercises: [errorOf, lengthError, readHead, readReflection],
  seed: (dice) => {
    const estimate = estimateOf(dice);
    return {
      bytes: Buffer.concat([encodeSender(senderOf(dice)), dice.octets(dice.next() < 0.5 ? 0 : dice.below(100))]),
      read(octets) {
        const reflector = createStampReflector(
          { now: () => 5e9, errorEstimate: () => estimate, port: 862, refused: () => undefined },
          {
            senders: subnet.ok ? [subnet.value] : [],
            key: undefined,
            stateful: true,
            senderRate: 1,
            totalRate: 1,
          },
        );
        const bytes = Uint8Array.from(octets);
        const request = { bytes, address, port: 5_000, ttl: 64, realtime: 1e9, readAt: 0 as Instant };
        const length = reflector.answer(request);
        const counted = Object.values(reflector.outcomes.read()).reduce((sum, n) => sum + n, 0);
        // An answer is counted when it has left.
        hold(counted === (length === 0 ? 1 : 0), "a datagram has not exactly one outcome");
        hold(length === 0 || length === octets.length, "an answer of another length");
        if (length === 0) return octets.length < 41 ? "truncated" : "oversized";
        const answer = decodeReflector(bytes);
        hold(answer.ok && answer.value.sequence === 0, "an answer that cannot be read");
        hold(sameBytes(bytes.subarray(44), octets.subarray(44)), "padding that comes back changed");
        if (answer.ok) hold(errorOf(answer.value.errorEstimate) === errorOf(estimate), "another error estimate");
        hold(errorOf(unsynchronised) === 1, "an unknown error that is not 1 s");
        return "accepted";
      },
    };
  },
};
