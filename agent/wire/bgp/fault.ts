// Why octets are no BGP message. A fault is made once per bad message; nothing here is made for a good one.

import { err } from "../../lib/result.ts";

export const bgpFaultKinds = [
  /** Something ends behind the end of what holds it. */
  "truncated",
  /** The marker is not all ones (RFC 4271 section 4.1). */
  "marker",
  /** A length that its message, attribute or capability cannot have. */
  "length",
  /** A message of another type than is due here. */
  "type",
  /** A prefix longer than addresses of its family. */
  "prefixLength",
  /** MP_REACH_NLRI or MP_UNREACH_NLRI twice (RFC 7606 section 3). */
  "repeated",
  /** A segment of AS_PATH that is no such thing (RFC 4271 section 4.3, RFC 5065 section 3). */
  "asPath",
  /** ORIGIN above 2. */
  "origin",
] as const;
export type BgpFaultKind = (typeof bgpFaultKinds)[number];

/** `offset`: of the octet in what was given to read. */
export interface BgpFault {
  readonly kind: BgpFaultKind;
  readonly offset: number;
}

export function fault(kind: BgpFaultKind, offset: number): BgpFault {
  return { kind, offset };
}

export function failed(kind: BgpFaultKind, offset: number) {
  return err(fault(kind, offset));
}
