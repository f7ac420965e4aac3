// Whom a Session-Reflector answers, how often, and the sessions that it counts. Everything is bounded: whoever may send
// can fill no more than a share of it.

import type { Subnet } from "../estate/address.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import { seconds } from "../lib/duration.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";

/** RFC 5357 section 4.2, REFWAIT: a session of which nothing was heard for this long is forgotten. */
export const sessionAge = seconds(900);
export const mostSenders = 4_096;
export const mostSessions = 16_384;
export const mostSessionsOfASender = 1_024;
/** A full table is looked through for what is too old at most this often. */
const sweepEvery = seconds(1);

interface Session {
  next: number;
  lastAt: Instant;
}

export interface Sender {
  readonly bucket: TokenBucket;
  lastAt: Instant;
  /** Requests without the right HMAC, until the first with it. */
  inVain: number;
  /** By port and session identifier. */
  readonly sessions: Map<number, Session>;
}

export interface Senders {
  /** Undefined when there is no room for another. */
  of(address: Uint8Array, now: Instant): Sender | undefined;
  /** The sequence number of the next answer of a session, from 0; undefined when there is no room for another. */
  next(sender: Sender, port: number, ssid: number, now: Instant): number | undefined;
}

/** `rate`: requests per second that one sender may make in the long run, and at once. */
export function createSenders(rate: number): Senders {
  const senders = new Map<string, Sender>();
  let sessions = 0;
  let sweptAt: Instant | undefined;

  function sweep(now: Instant): void {
    if (sweptAt !== undefined && elapsed(sweptAt, now) < sweepEvery) return;
    sweptAt = now;
    for (const [address, sender] of senders) {
      for (const [key, { lastAt }] of sender.sessions) {
        if (elapsed(lastAt, now) > sessionAge && sender.sessions.delete(key)) sessions--;
      }
      if (sender.sessions.size === 0 && elapsed(sender.lastAt, now) > sessionAge) senders.delete(address);
    }
  }

  return {
    of(address, now) {
      const key = String.fromCharCode(...address);
      const known = senders.get(key);
      if (known !== undefined) {
        known.lastAt = now;
        return known;
      }
      if (senders.size >= mostSenders) sweep(now);
      if (senders.size >= mostSenders) return undefined;
      const sender: Sender = {
        bucket: createTokenBucket({ perSecond: rate, burst: rate }),
        lastAt: now,
        inVain: 0,
        sessions: new Map(),
      };
      senders.set(key, sender);
      return sender;
    },
    next(sender, port, ssid, now) {
      const key = port * 0x1_0000 + ssid;
      let session = sender.sessions.get(key);
      // Too old, though nobody needed its room: it begins anew all the same.
      if (session !== undefined && elapsed(session.lastAt, now) > sessionAge) session.next = 0;
      if (session === undefined) {
        const full = () => sessions >= mostSessions || sender.sessions.size >= mostSessionsOfASender;
        if (full()) sweep(now);
        if (full()) return undefined;
        session = { next: 0, lastAt: now };
        sender.sessions.set(key, session);
        sessions++;
      }
      session.lastAt = now;
      const sequence = session.next;
      session.next = (sequence + 1) >>> 0;
      return sequence;
    },
  };
}

/** Whether an address (4 or 16 octets) lies in one of the subnets. */
export function addressMatcher(subnets: readonly Subnet[]): (address: Uint8Array) => boolean {
  const prefixes = subnets.map(({ family, network, length }) => ({ octets: octetsOf(family, network), length }));
  return (address) =>
    prefixes.some(({ octets, length }) => {
      if (octets.length !== address.length) return false;
      const whole = length >> 3;
      for (let i = 0; i < whole; i++) if (octets[i] !== address[i]) return false;
      const bits = length & 7;
      return bits === 0 || ((octets[whole] ?? 0) ^ (address[whole] ?? 0)) >> (8 - bits) === 0;
    });
}

export function octetsOf(family: 4 | 6, value: bigint): Uint8Array {
  const length = family === 4 ? 4 : 16;
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn));
}
