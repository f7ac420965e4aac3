// NOTIFICATION, RFC 4271 section 4.5. The names of its codes are in estate/bgp-error.ts.

import { ok, type Result } from "../../lib/result.ts";
import { type BgpFault, failed } from "./fault.ts";
import { bgpHeaderLength, bgpTypes, decodeBgpHeader } from "./header.ts";

export interface NotificationMessage {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** Octets of the whole message. */
  readonly length: number;
}

export function decodeNotification(bytes: Uint8Array, at: number, end: number): Result<NotificationMessage, BgpFault> {
  const header = decodeBgpHeader(bytes, at, end);
  if (!header.ok) return header;
  const { length, type } = header.value;
  if (type !== bgpTypes.notification) return failed("type", at + 18);
  if (length < bgpHeaderLength + 2) return failed("length", at + 16);
  return ok({
    code: bytes[at + 19] ?? 0,
    subcode: bytes[at + 20] ?? 0,
    data: bytes.slice(at + 21, at + length),
    length,
  });
}

const longestReason = 255;

/**
 * What an operator wrote when he shut or reset the session (RFC 9003: Cease with subcode 2 or 4); undefined where
 * there is nothing, or no UTF-8. Control characters are left out: it goes into logs and pages.
 */
export function shutdownReason({ code, subcode, data }: NotificationMessage): string | undefined {
  const length = data[0] ?? 0;
  const tells = code === 6 && (subcode === 2 || subcode === 4);
  if (!tells || length === 0 || length > longestReason || length + 1 > data.length) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1, 1 + length));
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim() || undefined;
  } catch {
    return undefined;
  }
}
