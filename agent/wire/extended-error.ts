// struct sock_extended_err as recvmsg(2) hands it out of a socket's error queue, within its control messages
// (linux/errqueue.h; LP64, little-endian; IP_RECVERR in ip(7), IPV6_RECVERR in ipv6(7)).

import { err, ok, type Result } from "../lib/result.ts";

/** Who found the error: this host, or a router (or host) that said so by ICMP or ICMPv6. */
export type ErrorOrigin = "local" | "icmp" | "icmpv6";

/** An address as `Endpoint` has it: the last word alone for IPv4. */
export interface Offender {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

export interface ExtendedError {
  readonly origin: ErrorOrigin;
  /** Type and code of the ICMP message; 0 where this host found the error. */
  readonly type: number;
  readonly code: number;
  /** Next-hop MTU where a packet was too large (RFC 1191, RFC 8201); 0 where none is named. */
  readonly info: number;
  /** Who sent the ICMP message; undefined where this host found the error. */
  readonly offender: Offender | undefined;
}

export const extendedErrorKinds = ["truncated", "absent", "otherOrigin", "otherFamily"] as const;

/** `offset`: the octet that is wrong, or at which the control messages end too early. */
export interface ExtendedErrorFault {
  readonly kind: (typeof extendedErrorKinds)[number];
  readonly offset: number;
}

const SOL_IP = 0;
const SOL_IPV6 = 41;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;

const controlHeader = 16;
const errorLength = 16;
const inetLength = 8;
const inet6Length = 24;

const origins: Readonly<Record<number, ErrorOrigin>> = { 1: "local", 2: "icmp", 3: "icmpv6" };

/** Finds the extended error among the control messages of one receive; the others are passed over. */
export function decodeExtendedError(control: Uint8Array): Result<ExtendedError, ExtendedErrorFault> {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  for (let at = 0; at < control.byteLength; ) {
    if (at + controlHeader > control.byteLength) return err({ kind: "truncated", offset: control.byteLength });
    const length = view.getBigUint64(at, true);
    if (length < controlHeader || length > control.byteLength - at) return err({ kind: "truncated", offset: at });
    const end = at + Number(length);
    const [level, type] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    if ((level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR)) {
      return decodeError(view, at + controlHeader, end);
    }
    at += (Number(length) + 7) & ~7;
  }
  return err({ kind: "absent", offset: control.byteLength });
}

function decodeError(view: DataView, at: number, end: number): Result<ExtendedError, ExtendedErrorFault> {
  if (at + errorLength > end) return err({ kind: "truncated", offset: end });
  const origin = origins[view.getUint8(at + 4)];
  if (origin === undefined) return err({ kind: "otherOrigin", offset: at + 4 });
  const [type, code, info] = [view.getUint8(at + 5), view.getUint8(at + 6), view.getUint32(at + 8, true)];
  if (origin === "local") return ok({ origin, type, code, info, offender: undefined });
  const offender = decodeOffender(view, at + errorLength, end);
  return offender.ok ? ok({ origin, type, code, info, offender: offender.value }) : offender;
}

/** SO_EE_OFFENDER: a struct sockaddr_in or sockaddr_in6 behind the error. */
function decodeOffender(view: DataView, at: number, end: number): Result<Offender | undefined, ExtendedErrorFault> {
  if (at + 2 > end) return err({ kind: "truncated", offset: end });
  const family = view.getUint16(at, true);
  if (family === AF_UNSPEC) return ok(undefined);
  if (family === AF_INET) {
    if (at + inetLength > end) return err({ kind: "truncated", offset: end });
    return ok({ family: 4, words: [0, 0, 0, view.getUint32(at + 4)] });
  }
  if (family !== AF_INET6) return err({ kind: "otherFamily", offset: at });
  if (at + inet6Length > end) return err({ kind: "truncated", offset: end });
  const word = (i: number) => view.getUint32(at + 8 + 4 * i);
  return ok({ family: 6, words: [word(0), word(1), word(2), word(3)] });
}

/** What an ICMP error says of the packet that it answers to. */
export type IcmpVerdict =
  | { readonly kind: "timeExceeded" }
  /** `mtu`: of the next hop; undefined where the router does not name it (RFC 1191 section 4). */
  | { readonly kind: "tooBig"; readonly mtu: number | undefined }
  /** `port`: the packet arrived, and nobody listens there. */
  | { readonly kind: "unreachable"; readonly what: string; readonly port: boolean }
  | { readonly kind: "other" };

/** RFC 792 and RFC 1812 section 5.2.7.1. */
const unreachable: Readonly<Record<number, string>> = {
  0: "network unreachable",
  1: "host unreachable",
  2: "protocol unreachable",
  3: "port unreachable",
  9: "network administratively prohibited",
  10: "host administratively prohibited",
  13: "communication administratively prohibited",
};

/** RFC 4443 section 3.1. */
const unreachable6: Readonly<Record<number, string>> = {
  0: "no route",
  1: "communication administratively prohibited",
  2: "beyond the scope of the source address",
  3: "address unreachable",
  4: "port unreachable",
  5: "source address failed policy",
  6: "route rejected",
};

/** Of errors that came by ICMP (RFC 792) or ICMPv6 (RFC 4443). */
export function icmpVerdict({ origin, type, code, info }: ExtendedError): IcmpVerdict {
  const named = info === 0 ? undefined : info;
  if (origin === "icmp") {
    // Code 1 is that of a fragment that waited too long for the others.
    if (type === 11 && code === 0) return { kind: "timeExceeded" };
    if (type === 3 && code === 4) return { kind: "tooBig", mtu: named };
    if (type === 3)
      return { kind: "unreachable", what: unreachable[code] ?? `unreachable, code ${code}`, port: code === 3 };
  }
  if (origin === "icmpv6") {
    if (type === 3 && code === 0) return { kind: "timeExceeded" };
    if (type === 2) return { kind: "tooBig", mtu: named };
    if (type === 1)
      return { kind: "unreachable", what: unreachable6[code] ?? `unreachable, code ${code}`, port: code === 4 };
  }
  return { kind: "other" };
}
