// Whom the reflector does not answer, for the log: that two ends do not agree is to be seen nowhere else, for the sender hears
// nothing. Bounded, since everybody can send.

import { formatAddress } from "../estate/address.ts";
import { elapsed, type Instant, later } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import type { ReflectorRequest } from "../net/reflector-socket.ts";
import type { ProbeLog } from "./messages.ts";
import type { ReflectionOutcome } from "./reflector-messages.ts";

export type Refusal = Extract<ReflectionOutcome, "notASender" | "rateLimited" | "unauthenticated">;

const words: Readonly<Record<Refusal, string>> = {
  notASender:
    "its address is in none of reflector.senders, or its port is one that no Session-Sender has (below 1024, or ours)",
  rateLimited: "it sends more than reflector.senderRate, or all together more than reflector.totalRate",
  unauthenticated: "its HMAC is not one of our key: both ends need the same key, or neither has one",
};

/** Each address and reason is told once in this time, and no more than so many. */
const forgetAfter = seconds(3_600);
const most = 16;
/** A flood costs a comparison for each of its datagrams, and no more. */
const lookEvery = milliseconds(10);

export function createRefusals(log: (line: ProbeLog) => void): (why: Refusal, request: ReflectorRequest) => void {
  const told = new Set<string>();
  let since: Instant | undefined;
  let lookAt: Instant | undefined;
  return (why, { address, port, readAt }) => {
    if (lookAt !== undefined && readAt < lookAt) return;
    lookAt = later(readAt, lookEvery);
    if (since === undefined || elapsed(since, readAt) >= forgetAfter) {
      since = readAt;
      told.clear();
    }
    if (told.size >= most) return;
    const key = `${why} ${address}`;
    if (told.has(key)) return;
    told.add(key);
    const value = address.reduce((all, octet) => (all << 8n) | BigInt(octet), 0n);
    const from = formatAddress({ family: address.length === 4 ? 4 : 6, value });
    const message = `STAMP requests from ${from} are not answered: ${words[why]}`;
    log({ kind: "log", level: "warn", fields: { address: from, port, reason: why }, message });
  };
}
