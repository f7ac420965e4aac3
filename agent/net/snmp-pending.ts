// A request under way, and whom it is for.

import type { Instant } from "../lib/clock.ts";
import type { Waiting } from "../lib/deadlines.ts";
import type { RequestTemplate } from "../wire/snmp/request.ts";
import type { ResponseReader } from "../wire/snmp/response.ts";
import type { ExchangeFailure } from "./snmp-error.ts";
import { newTimeout, type RetransmissionTimeout, type TimeoutLimits } from "./snmp-timeout.ts";
import type { V3Attempt, V3Drop, V3Session } from "./snmp-v3.ts";
import type { AddressFamily, Destination } from "./udp.ts";

/** What a router asks of those who ask it. */
export type Security =
  | { readonly version: 1 | "2c"; readonly community: Uint8Array }
  | { readonly version: 3; readonly session: V3Session };

/** Whom to ask, and from where its answers must come. */
export interface Peer {
  readonly destination: Destination;
  readonly family: AddressFamily;
  readonly anySource: boolean;
  readonly security: Security;
  /** Which of the shared sockets. */
  readonly slot: number;
  /** Malformed datagrams that came from its address and port. */
  malformed: number;
}

/** Requests of one router and group: they share a measured round-trip time and a limit. One object, for there are many. */
export interface Lane extends RetransmissionTimeout {
  readonly group: string;
  /** Of the same router. */
  readonly next: Lane | undefined;
  inFlight: number;
  /** Undefined until one had to wait. */
  waiting: Pending[] | undefined;
}

export function newLane(group: string, limits: TimeoutLimits, next: Lane | undefined): Lane {
  const { smoothed, variation, base } = newTimeout(limits);
  // Not spread: the rest would stand in an array of its own.
  return { limits, smoothed, variation, base, group, next, inFlight: 0, waiting: undefined };
}

/** What a request does with an answer that is from the right router: takes it, or has it dropped. */
export type Accept = (r: ResponseReader) => "accepted" | "wrongOid" | "malformed";

export interface Pending extends Waiting {
  readonly peer: Peer;
  readonly lane: Lane;
  readonly template: RequestTemplate;
  readonly accept: Accept;
  readonly done: (failure: ExchangeFailure | undefined) => void;
  readonly retries: number;
  /** Of the messages sent, oldest first. The first is the request id of them all; v2c has no other. */
  ids: readonly number[];
  /** SNMPv3 only: what its messages went through. */
  readonly attempt: V3Attempt | undefined;
  sent: number;
  sentAt: Instant;
  startedAt: Instant;
  holdsWindow: boolean;
  finished: boolean;
  malformedBefore: number;
  otherSource: string | undefined;
  otherCommunity: boolean;
  /** Version of an answer from the router that was not of its own. */
  otherVersion: "1" | "2c" | undefined;
  malformed: boolean;
  wrongOid: boolean;
  /** SNMPv3: why an answer with an id of ours was not believed. */
  disbelieved: V3Drop | undefined;
}
