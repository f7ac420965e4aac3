// Probes of one flow that can still be told apart, so that routers which spread flows over several ways send all of them one
// way: the fields that they hash (addresses, ports; of ICMP also identifier and checksum) stay the same from probe to probe.

import { err, ok, type Result } from "../lib/result.ts";
import { type EchoTypes, type IcmpError, sealEcho } from "./icmp.ts";
import { unsynchronised, writeSender } from "./stamp.ts";
import { writePadding } from "./stamp-padding.ts";

/** `tag`: 16 bits, another for each probe in flight. `cookie`: 64 random bits, the same for all probes of a trace. */
export interface TraceProbe {
  readonly tag: number;
  readonly cookie: readonly [high: number, low: number];
}

const headerLength = 8;
const cookieLength = 8;
/** Of an echo: the cookie, and the word that makes up for the tag. */
export const leastTracePayload = 10;

/** Writes an echo request with `payloadLength` octets of payload (10 at least); gives its length. */
export function writeTraceEcho(
  into: Uint8Array,
  types: EchoTypes,
  identifier: number,
  { tag, cookie }: TraceProbe,
  payloadLength: number,
): number {
  const view = viewOf(into);
  into.fill(0, headerLength, headerLength + payloadLength);
  view.setUint32(headerLength, cookie[0]);
  view.setUint32(headerLength + 4, cookie[1]);
  // With the sequence number it always sums up to the same, and so does the checksum.
  view.setUint16(headerLength + cookieLength, 0xffff - tag);
  return sealEcho(into, types, { type: "request", identifier, sequence: tag }, payloadLength);
}

/** The cookie in the payload of an echo reply. */
export function decodeTracePayload(payload: Uint8Array): Result<TraceProbe["cookie"], IcmpError> {
  if (payload.byteLength < leastTracePayload) {
    return err({ kind: "truncated", offset: headerLength + payload.byteLength });
  }
  const view = viewOf(payload);
  return ok([view.getUint32(0), view.getUint32(4)]);
}

/** Writes a STAMP test packet of `size` octets (44, or 48 and more); gives its length. */
export function writeTraceDatagram(into: Uint8Array, { tag, cookie }: TraceProbe, size: number): number {
  const timestamp = { seconds: cookie[0], fraction: cookie[1] };
  writeSender(into, { sequence: tag, timestamp, errorEstimate: unsynchronised, ssid: 0 });
  return writePadding(into, size);
}

/** What an ICMP error quotes of a probe. Routers may quote no more than 8 octets behind the IP header (RFC 792). */
export interface Quoted {
  readonly tag: number | undefined;
  /** Undefined where the quote ends before it. */
  readonly cookie: TraceProbe["cookie"] | undefined;
}

/** Reads a quoted echo request from its ICMP header on; it may end after that. */
export function decodeQuotedEcho(
  types: EchoTypes,
  quoted: Uint8Array,
): Result<Quoted & { readonly identifier: number }, IcmpError> {
  if (quoted.byteLength < headerLength) return err({ kind: "truncated", offset: quoted.byteLength });
  const view = viewOf(quoted);
  if (view.getUint8(0) !== types.request) return err({ kind: "otherType", offset: 0 });
  if (view.getUint8(1) !== 0) return err({ kind: "otherCode", offset: 1 });
  const whole = quoted.byteLength >= headerLength + cookieLength;
  return ok({
    identifier: view.getUint16(4),
    tag: view.getUint16(6),
    cookie: whole ? [view.getUint32(8), view.getUint32(12)] : undefined,
  });
}

/** Reads a quoted test packet behind its UDP header, where the kernel begins; nothing of it may be there. */
export function decodeQuotedDatagram(quoted: Uint8Array): Quoted {
  const view = viewOf(quoted);
  const tag = quoted.byteLength >= 4 ? view.getUint32(0) : undefined;
  const cookie = quoted.byteLength >= 12 ? ([view.getUint32(4), view.getUint32(8)] as const) : undefined;
  return { tag, cookie };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
