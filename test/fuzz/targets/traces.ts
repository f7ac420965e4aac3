// What arrives at the sockets of the tracer: answers, and what the kernel hands out of the error queue.

import { readTraceAnswer, readTraceError } from "../../../agent/probe/trace-answer.ts";
import { decodeExtendedError, type ErrorOrigin, icmpVerdict } from "../../../agent/wire/extended-error.ts";
import { icmpEcho, icmpv6Echo } from "../../../agent/wire/icmp.ts";
import {
  decodeQuotedDatagram,
  decodeQuotedEcho,
  decodeTracePayload,
  type TraceProbe,
  writeTraceDatagram,
  writeTraceEcho,
} from "../../../agent/wire/trace-probe.ts";
import { encodeControl } from "../../support/extended-error.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold } from "../target.ts";

const word = (dice: Dice) => dice.below(2 ** 32);
const probeOf = (dice: Dice): TraceProbe => ({ tag: dice.below(65_536), cookie: [word(dice), word(dice)] });

export const extendedErrors: FuzzTarget = {
  name: "extended errors of a socket",
  weight: 2,
  exercises: [decodeExtendedError, icmpVerdict],
  seed: (dice) => {
    const family = dice.pick([4, 6] as const);
    const words = [family === 6 ? word(dice) : 0, 0, 0, word(dice)] as const;
    const origin = dice.pick<ErrorOrigin>(["local", "icmp", "icmpv6"]);
    const error = {
      origin,
      type: dice.below(256),
      code: dice.below(256),
      info: word(dice),
      offender: { family, words },
    };
    return {
      bytes: encodeControl(error, dice.below(2) === 0 ? 0 : dice.below(40)),
      read(octets) {
        const read = decodeExtendedError(octets);
        if (!read.ok) {
          hold(read.error.offset <= octets.length, "a fault outside of the control messages");
          return read.error.kind;
        }
        hold(read.value.origin !== "local" || read.value.offender === undefined, "this host as an offender");
        hold(read.value.origin !== "local" || icmpVerdict(read.value).kind === "other", "a verdict of no router");
        return "accepted";
      },
    };
  },
};

const socket = { identifier: 4_711, raw: false };

export const quotedEchoes: FuzzTarget = {
  name: "quoted echo requests",
  weight: 1,
  exercises: [decodeQuotedEcho],
  seed: (dice) => {
    const into = new Uint8Array(128);
    const probe = probeOf(dice);
    const length = writeTraceEcho(into, icmpEcho, socket.identifier, probe, 10 + dice.below(80));
    // Routers may quote as little as the ICMP header.
    return {
      bytes: into.slice(0, Math.max(8, dice.below(length + 1))),
      read(octets) {
        const quoted = decodeQuotedEcho(icmpEcho, octets);
        const claim = readTraceError({ technique: "icmp", family: 4 }, octets, socket);
        hold((claim === "malformed") === !quoted.ok, "the tracer takes another quote than the decoder");
        hold(
          !decodeQuotedEcho(icmpv6Echo, octets).ok || octets[0] === icmpv6Echo.request,
          "a request of the other family",
        );
        if (!quoted.ok) return quoted.error.kind;
        hold((quoted.value.cookie !== undefined) === octets.length >= 16, "a cookie that is not there");
        return "accepted";
      },
    };
  },
};

export const quotedDatagrams: FuzzTarget = {
  name: "quoted test packets",
  weight: 1,
  exercises: [decodeQuotedDatagram],
  seed: (dice) => {
    const into = new Uint8Array(128);
    const length = writeTraceDatagram(into, probeOf(dice), 48 + dice.below(80));
    return {
      bytes: into.slice(0, Math.max(4, dice.below(length + 1))),
      read(octets) {
        const { tag, cookie } = decodeQuotedDatagram(octets);
        hold((tag !== undefined) === octets.length >= 4, "a tag that is not there");
        hold((cookie !== undefined) === octets.length >= 12, "a cookie that is not there");
        return tag === undefined ? "unquoted" : "accepted";
      },
    };
  },
};

export const traceAnswers: FuzzTarget = {
  name: "answers to traces",
  weight: 1,
  exercises: [decodeTracePayload],
  seed: (dice) => {
    const into = new Uint8Array(128);
    const length = writeTraceEcho(into, icmpv6Echo, socket.identifier, probeOf(dice), 10 + dice.below(80));
    into[0] = icmpv6Echo.reply;
    return {
      bytes: into.slice(0, length),
      read(octets) {
        const claim = readTraceAnswer({ technique: "icmp", family: 6 }, octets, socket);
        const payload = decodeTracePayload(octets.subarray(8));
        if (claim === "notOurs") throw new Error("a datagram socket is handed nothing of others");
        if (claim === "malformed" || claim === "foreign") return claim;
        hold(payload.ok && claim.size === octets.length + 40, "an answer without our payload");
        return "accepted";
      },
    };
  },
};
