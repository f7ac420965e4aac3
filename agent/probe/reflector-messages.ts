// What the reflector's thread and the main thread say to each other: plain data only.

import type { Subnet } from "../estate/address.ts";
import type { SocketKind } from "../net/probe-open.ts";
import type { ProbeLog } from "./messages.ts";

/**
 * What became of a datagram. `notASender`: its source is none of the configured, or a port that no Session-Sender has.
 * `malformed`: too short for an answer of its size, or longer than a test packet. `tableFull`: no room for another sender or
 * session. `unsendable`: this host refused the answer. `overflow`: never read, the receive buffer was full.
 */
export const reflectionOutcomes = [
  "answered",
  "notASender",
  "rateLimited",
  "malformed",
  "unauthenticated",
  "tableFull",
  "unsendable",
  "overflow",
] as const;
export type ReflectionOutcome = (typeof reflectionOutcomes)[number];

export interface ReflectorStart {
  readonly sockets: SocketKind;
  readonly listen: { readonly host: string; readonly octets: Uint8Array; readonly port: number };
  readonly senders: readonly Subnet[];
  /** The text of the key: a Secret does not cross threads. */
  readonly key: string | undefined;
  readonly stateful: boolean;
  readonly senderRate: number;
  readonly totalRate: number;
}

export type FromReflector =
  | ProbeLog
  | { readonly kind: "listening"; readonly port: number }
  /** One line for people; the thread ends. */
  | { readonly kind: "cannotListen"; readonly message: string }
  /** Since the message before. */
  | { readonly kind: "outcomes"; readonly outcomes: Readonly<Record<ReflectionOutcome, number>> };
