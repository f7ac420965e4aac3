// Text that a device wrote.

import type { Tlv } from "../wire/bmp/message.ts";

const longestText = 255;

/** What a device writes goes into logs and pages: UTF-8, without control characters, and not for long. */
export function textOf(tlvs: readonly Tlv[], type: number): string {
  const value = tlvs.find((tlv) => tlv.type === type)?.value;
  const text = new TextDecoder().decode(value?.subarray(0, longestText));
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
