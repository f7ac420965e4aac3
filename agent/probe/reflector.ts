// A Session-Reflector (RFC 8762 section 4.3): which requests it answers, and with what. Every datagram ends in exactly one
// outcome; an answer is as long as its request, never longer.

import type { KeyObject } from "node:crypto";
import type { Subnet } from "../estate/address.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import { createTokenBucket } from "../lib/token-bucket.ts";
import { epochBase } from "../net/probe-sockets.ts";
import type { ReflectorRequest } from "../net/reflector-socket.ts";
import {
  decodeSender,
  type ErrorEstimate,
  ntpTimestamp,
  type ReflectorPacket,
  type SenderPacket,
  type StampTimestamp,
  shortestReply,
  stampPort,
  writeReflector,
} from "../wire/stamp.ts";
import { decodeAuthenticatedSender, isAuthentic, writeAuthenticatedReflector } from "../wire/stamp-authenticated.ts";
import { type ReflectionOutcome, reflectionOutcomes } from "./reflector-messages.ts";
import type { Refusal } from "./refusals.ts";
import { addressMatcher, createSenders } from "./senders.ts";

export interface ReflectorDeps {
  /** The wall clock: nanoseconds after `epochBase`. */
  readonly now: () => number;
  readonly errorEstimate: () => ErrorEstimate;
  /** The port that it listens on. */
  readonly port: number;
  /** Told of each request that is not answered for a reason that people can do something about. */
  readonly refused: (why: Refusal, request: ReflectorRequest) => void;
}

export interface ReflectorRules {
  readonly senders: readonly Subnet[];
  /** With one it answers authenticated requests only. */
  readonly key: KeyObject | undefined;
  readonly stateful: boolean;
  /** Requests per second of one sender, and of all. */
  readonly senderRate: number;
  readonly totalRate: number;
}

export interface StampReflector {
  /** Writes the answer over the request and gives its length; 0: none. What becomes of an answer, `sent` is told. */
  answer(request: ReflectorRequest): number;
  sent(left: boolean): void;
  readonly outcomes: Counters<ReflectionOutcome>;
}

/** RFC 5357 section 4.2.1: where the host cannot tell. */
const unknownTtl = 255;
const lowestSenderPort = 1_024;
/** A sender with the right key may also trace the way to us, which goes without; one without it sends nothing else. */
const doubtful = 50;

export function createStampReflector(
  { now, errorEstimate, port: ownPort, refused }: ReflectorDeps,
  { senders: subnets, key, stateful, senderRate, totalRate }: ReflectorRules,
): StampReflector {
  const outcomes = createCounters(reflectionOutcomes);
  const isSender = addressMatcher(subnets);
  const senders = createSenders(senderRate);
  const total = createTokenBucket({ perSecond: totalRate, burst: totalRate });

  function refuse(why: Refusal, request: ReflectorRequest): Refusal {
    refused(why, request);
    return why;
  }

  function judge(datagram: ReflectorRequest): ReflectionOutcome {
    const { bytes, address, port, ttl, realtime, readAt } = datagram;
    // Two reflectors would answer each other for ever: a Session-Sender has a port of its own.
    if (!isSender(address) || port < lowestSenderPort || port === ownPort || port === stampPort) {
      return refuse("notASender", datagram);
    }
    const sender = senders.of(address, readAt);
    if (sender === undefined) return "tableFull";
    // Before a single octet is read; and who sends too much takes nothing from the others.
    if (!sender.bucket.take(readAt) || !total.take(readAt)) return refuse("rateLimited", datagram);
    // Its answer would be longer.
    if (bytes.byteLength < shortestReply) return "malformed";
    if (key !== undefined && !isAuthentic(bytes, key)) {
      sender.inVain++;
      return sender.inVain < doubtful ? "unauthenticated" : refuse("unauthenticated", datagram);
    }
    sender.inVain = Number.NEGATIVE_INFINITY;
    const request = key === undefined ? decodeSender(bytes) : decodeAuthenticatedSender(bytes);
    if (!request.ok) return "malformed";
    const asked = request.value;
    const sequence = stateful ? senders.next(sender, port, asked.ssid, readAt) : asked.sequence;
    if (sequence === undefined) return "tableFull";
    const packet = reflection(asked, sequence, ttl ?? unknownTtl, stampAt(realtime));
    if (key === undefined) writeReflector(bytes, packet);
    else writeAuthenticatedReflector(bytes, packet, key);
    return "answered";
  }

  function reflection(
    { sequence: asked, timestamp, errorEstimate: estimate, ssid }: SenderPacket,
    sequence: number,
    ttl: number,
    receiveTimestamp: StampTimestamp,
  ): ReflectorPacket {
    return {
      sequence,
      ssid,
      receiveTimestamp,
      errorEstimate: errorEstimate(),
      sender: { sequence: asked, timestamp, errorEstimate: estimate, ttl },
      timestamp: stampAt(now()),
    };
  }

  return {
    answer(request) {
      const outcome = judge(request);
      if (outcome === "answered") return request.bytes.byteLength;
      outcomes.add(outcome);
      return 0;
    },
    sent: (left) => outcomes.add(left ? "answered" : "unsendable"),
    outcomes,
  };
}

function stampAt(realtime: number): StampTimestamp {
  const seconds = Math.floor(realtime / 1e9);
  return ntpTimestamp(epochBase + seconds, realtime - seconds * 1e9);
}
