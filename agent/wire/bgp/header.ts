// The header of a BGP message, RFC 4271 section 4.1.

import { ok, type Result } from "../../lib/result.ts";
import { type BgpFault, failed } from "./fault.ts";
import { u16 } from "./octets.ts";

export const bgpHeaderLength = 19;

export const bgpTypes = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

export interface BgpHeader {
  /** Of the whole message. Up to 65,535 with extended messages (RFC 8654), else up to 4,096. */
  readonly length: number;
  readonly type: number;
}

/** The message that begins at `at`, all of which must lie before `end`. */
export function decodeBgpHeader(bytes: Uint8Array, at: number, end: number): Result<BgpHeader, BgpFault> {
  if (at + bgpHeaderLength > end) return failed("truncated", end);
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0xff) return failed("marker", i);
  const length = u16(bytes, at + 16);
  if (length < bgpHeaderLength) return failed("length", at + 16);
  if (at + length > end) return failed("truncated", end);
  return ok({ length, type: bytes[at + 18] ?? 0 });
}
