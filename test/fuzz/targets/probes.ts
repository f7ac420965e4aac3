// What arrives at the sockets of the prober and of the reflector, and what fping says.

import { readEchoReply, readStampReply } from "../../../agent/probe/answer.ts";
import { decodeFpingLine } from "../../../agent/wire/fping.ts";
import {
  decodeEcho,
  decodeProbeEcho,
  type EchoMessage,
  encodeEcho,
  icmpEcho,
  icmpv6Echo,
  internetChecksum,
  ipv4Payload,
  probePayloadLength,
  writeProbeRequest,
} from "../../../agent/wire/icmp.ts";
import { uint16, uint32 } from "../../../agent/wire/octets.ts";
import {
  decodeReflector,
  decodeSender,
  type ErrorEstimate,
  encodeReflector,
  encodeSender,
  ntpTimestamp,
  reflect,
  type SenderPacket,
  type StampTimestamp,
  timestampDifference,
} from "../../../agent/wire/stamp.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold, sameBytes } from "../target.ts";

/** Puts the right checksum in, where there is room for one. */
function checksummed(message: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(message);
  if (copy.length < 8) return copy;
  copy.fill(0, 2, 4);
  const sum = internetChecksum(copy);
  copy[2] = sum >> 8;
  copy[3] = sum & 0xff;
  return copy;
}

function echoOf(dice: Dice): Uint8Array {
  const identifier = dice.below(65_536);
  const sequence = dice.below(65_536);
  if (dice.next() < 0.3) {
    const message: EchoMessage = { type: "request", identifier, sequence, payload: dice.octets(dice.below(80)) };
    return encodeEcho(icmpEcho, message);
  }
  const into = new Uint8Array(8 + probePayloadLength);
  const cookie = [dice.below(2 ** 32), dice.below(2 ** 32)] as const;
  writeProbeRequest(into, icmpEcho, { identifier, sequence }, { stream: dice.below(2 ** 32), sequence, cookie });
  into[0] = icmpEcho.reply;
  return into;
}

const socket = { identifier: 4_711, raw: false };

function readEcho(octets: Uint8Array): string {
  const echo = decodeEcho(icmpEcho, octets);
  const claim = readEchoReply(icmpEcho, octets, socket);
  hold((claim === "malformed") === !echo.ok, "the prober takes another message than the decoder");
  const six = decodeEcho(icmpv6Echo, octets);
  hold((readEchoReply(icmpv6Echo, octets, socket) === "malformed") === !six.ok, "the same over IPv6");
  if (!echo.ok) {
    hold(echo.error.offset <= octets.length, "a fault outside of the datagram");
    return echo.error.kind;
  }
  hold(sameBytes(encodeEcho(icmpEcho, echo.value), octets), "an echo is not written as it was read");
  const { payload, ...head } = echo.value;
  const short = decodeProbeEcho(icmpEcho, octets);
  hold(short.ok && short.value.size === payload.length, "a payload of another length");
  hold(short.ok && (short.value.probe !== undefined) === payload.length >= 16, "a probe where none can be, or none");
  const same = short.ok && (["type", "identifier", "sequence"] as const).every((of) => short.value[of] === head[of]);
  hold(same, "the two decoders do not agree");
  return "accepted";
}

export const echoes: FuzzTarget = {
  name: "ICMP echo",
  weight: 2,
  exercises: [decodeEcho, decodeProbeEcho, internetChecksum, uint16, uint32],
  seed: (dice) => ({ bytes: echoOf(dice), seal: checksummed, read: readEcho }),
};

export const ipv4Datagrams: FuzzTarget = {
  name: "ICMP in IPv4",
  weight: 1,
  exercises: [ipv4Payload],
  seed: (dice) => {
    const options = dice.below(11) * 4;
    const head = dice.octets(20 + options);
    head[0] = 0x40 | ((20 + options) / 4);
    return {
      bytes: Buffer.concat([head, checksummed(echoOf(dice))]),
      read(octets) {
        const payload = ipv4Payload(octets);
        if (!payload.ok) return payload.error.kind;
        hold(payload.value.length <= octets.length - 20, "a payload that holds its header");
        return readEcho(payload.value);
      },
    };
  },
};

export const timeOf = (dice: Dice): StampTimestamp =>
  dice.next() < 0.5
    ? ntpTimestamp(dice.below(2 ** 32), dice.below(1e9))
    : { seconds: dice.below(2 ** 32), fraction: dice.below(2 ** 32) };

export const estimateOf = (dice: Dice): ErrorEstimate => ({
  synchronised: dice.next() < 0.5,
  format: dice.pick(["ntp", "ptp"]),
  scale: dice.below(64),
  multiplier: dice.below(256),
});

export const senderOf = (dice: Dice): SenderPacket => ({
  sequence: dice.below(2 ** 32),
  timestamp: timeOf(dice),
  errorEstimate: estimateOf(dice),
  ssid: dice.below(65_536),
});

export const stampRequests: FuzzTarget = {
  name: "STAMP requests",
  weight: 1,
  exercises: [decodeSender, reflect],
  seed: (dice) => {
    const own = { receiveTimestamp: timeOf(dice), timestamp: timeOf(dice) };
    const padding = dice.next() < 0.5 ? 0 : dice.below(100);
    return {
      bytes: Buffer.concat([encodeSender(senderOf(dice)), dice.octets(padding)]),
      read(octets) {
        const asked = decodeSender(octets);
        const answer = reflect(octets, own);
        hold(asked.ok === answer.ok, "a reflector answers what cannot be read");
        if (!asked.ok || !answer.ok) return asked.ok ? "" : asked.error.kind;
        const again = decodeSender(encodeSender(asked.value));
        hold(again.ok && sameBytes(encodeSender(again.value), encodeSender(asked.value)), "a request differs");
        hold(answer.value.length === Math.max(44, octets.length), "an answer larger than its request");
        const reply = decodeReflector(answer.value);
        hold(reply.ok && reply.value.sender.sequence === asked.value.sequence, "an answer to another request");
        return "accepted";
      },
    };
  },
};

export const stampReplies: FuzzTarget = {
  name: "STAMP answers",
  weight: 1,
  exercises: [decodeReflector, timestampDifference],
  seed: (dice) => ({
    bytes: encodeReflector({
      ...senderOf(dice),
      receiveTimestamp: timeOf(dice),
      sender: { sequence: dice.below(2 ** 32), timestamp: timeOf(dice), errorEstimate: estimateOf(dice), ttl: 255 },
    }),
    read(octets) {
      const reply = decodeReflector(octets);
      const claim = readStampReply(octets);
      hold((claim === "malformed") === !reply.ok, "the prober takes another packet than the decoder");
      if (!reply.ok || claim === "malformed") return reply.ok ? "" : reply.error.kind;
      hold(Number.isFinite(claim.turnaround), "a turnaround that is no number");
      const { receiveTimestamp, timestamp } = reply.value;
      const there = timestampDifference(receiveTimestamp, timestamp);
      const back = timestampDifference(timestamp, receiveTimestamp);
      hold(Math.abs(there + back) < 1e-6 || Math.abs(there) > 2 ** 31 - 2, "a difference that is not its own reverse");
      const written = encodeReflector(reply.value);
      // Octets 38 and 39 must be zero, and nobody reads them.
      hold(sameBytes(written.subarray(0, 38), octets.subarray(0, 38)), "an answer is not written as it was read");
      return "accepted";
    },
  }),
};

export const fpingLines: FuzzTarget = {
  name: "fping's lines",
  weight: 1,
  exercises: [decodeFpingLine],
  seed(dice) {
    const target = dice.next() < 0.5 ? `10.0.${dice.below(256)}.${dice.below(256)}` : `2001:db8::${dice.below(9999)}`;
    const head = `${target.padEnd(dice.below(20))} : `;
    const n = dice.below(1e6);
    const lines = [
      `${head}[${n}], 64 bytes, ${(dice.next() * 10 ** dice.below(3)).toPrecision(3)} ms (1.00 avg, 0% loss)`,
      `${head}[${n}], timed out (NaN avg, 100% loss)`,
      `${head}duplicate for [${n}], 64 bytes, 0.05 ms`,
    ];
    return {
      bytes: Buffer.from(dice.pick(lines), "latin1"),
      read(octets) {
        const event = decodeFpingLine(Buffer.from(octets).toString("latin1"));
        if (!event.ok) return event.error.kind;
        hold(Number.isSafeInteger(event.value.sequence), "a sequence that is no count");
        hold(/^[0-9a-fA-F:.%]+$/.test(event.value.target), "a target that is no address");
        const { kind } = event.value;
        if (kind === "reply") hold(event.value.milliseconds >= 0, "a delay below zero, or none");
        return "accepted";
      },
    };
  },
};
