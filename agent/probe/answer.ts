// What an arrived datagram claims to be, before anybody believes it.

import { epochBase, type ProbeSocket } from "../net/probe-sockets.ts";
import { decodeProbeEcho, type EchoTypes } from "../wire/icmp.ts";
import { decodeReflector, errorOf, ntpTimestamp, type ReflectorPacket, timestampDifference } from "../wire/stamp.ts";
import { decodeAuthenticatedReflector } from "../wire/stamp-authenticated.ts";
import type { FarEnd, Nonce } from "./session.ts";

/** `turnaround`: seconds that the far end says it kept the probe; not part of the round-trip delay. */
export interface Claim {
  readonly sequence: number;
  readonly nonce: Nonce;
  readonly tag: number;
  readonly turnaround: number;
}

export interface StampClaim extends Claim {
  readonly ssid: number;
  /** Its sequence number, its stamps and what it says of its clock. */
  readonly reflector: Pick<ReflectorPacket, "sequence" | "receiveTimestamp" | "timestamp" | "errorEstimate">;
}

const ours = ntpTimestamp(epochBase, 0);

/**
 * Delay of each way in seconds, between clocks that both say how far off they can be; undefined where one does not. `left`
 * and `arrived` are nanoseconds after `epochBase`, `error` is our clock's.
 */
export function oneWayDelays(
  { receiveTimestamp, timestamp, errorEstimate }: StampClaim["reflector"],
  left: number,
  arrived: number,
  error: number | undefined,
): FarEnd["oneWay"] {
  // PTP stamps count TAI, which is whole seconds from UTC.
  if (error === undefined || !errorEstimate.synchronised || errorEstimate.format === "ptp") return undefined;
  const both = error + errorOf(errorEstimate);
  const forward = timestampDifference(ours, receiveTimestamp) - left / 1e9;
  const backward = arrived / 1e9 - timestampDifference(ours, timestamp);
  // A clock that is further off than it says.
  return forward < -both || backward < -both ? undefined : { forward, backward, error: both };
}

/**
 * An echo reply names the stream by its number, and brings the whole payload back, `size` octets.
 * `notOurs`: an answer to somebody else on this host.
 */
export function readEchoReply(
  types: EchoTypes,
  bytes: Uint8Array,
  socket: Pick<ProbeSocket, "identifier" | "raw">,
): (Claim & { readonly stream: number; readonly size: number }) | "malformed" | "foreign" | "notOurs" {
  const echo = decodeProbeEcho(types, bytes);
  if (!echo.ok) return "malformed";
  const { type, identifier, sequence: tag, probe, size } = echo.value;
  if (identifier !== socket.identifier) return socket.raw ? "notOurs" : "foreign";
  if (type !== "reply" || probe === undefined) return "foreign";
  return { stream: probe.stream, sequence: probe.sequence, nonce: probe.cookie, tag, turnaround: 0, size };
}

/**
 * A Session-Reflector's packet names the session by its identifier, or, from a reflector that does not know
 * RFC 8972, only by where it comes from (`ssid` 0). The copied transmit stamp is the nonce.
 */
export function readStampReply(bytes: Uint8Array, authenticated = false): StampClaim | "malformed" {
  const reply = authenticated ? decodeAuthenticatedReflector(bytes) : decodeReflector(bytes);
  if (!reply.ok) return "malformed";
  const { sender, ssid, receiveTimestamp, timestamp, errorEstimate } = reply.value;
  return {
    ssid,
    reflector: reply.value,
    sequence: sender.sequence,
    nonce: [sender.timestamp.seconds, sender.timestamp.fraction],
    tag: 0,
    turnaround: timestampDifference(receiveTimestamp, timestamp, errorEstimate.format),
  };
}
