// Scalars of the configuration whose text stands for a value.

import { formatAddress, parseAddress, parseListen } from "../estate/address.ts";

/**
 * Names of code points: CS0 to CS7 (RFC 2474), AF11 to AF43 (RFC 2597), EF (RFC 3246), VOICE-ADMIT (RFC 5865),
 * LE (RFC 8622).
 */
export const dscpNames: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, n) => [`CS${n}`, n * 8] as const),
  ...[1, 2, 3, 4].flatMap((n) => [1, 2, 3].map((drop) => [`AF${n}${drop}`, n * 8 + drop * 2] as const)),
  ["EF", 46],
  ["VOICE-ADMIT", 44],
  ["LE", 1],
]);

/** `46` or `EF` to a code point; undefined when it is neither a number from 0 to 63 nor a name. */
export function parseDscp(written: string | number): number | undefined {
  if (typeof written === "string") return dscpNames.get(written);
  return Number.isInteger(written) && written >= 0 && written <= 63 ? written : undefined;
}

/** `50Mbps` or `1Gbps` to bits per second; undefined when the text is not of that form. */
export function parseSpeed(text: string): number | undefined {
  const match = /^([1-9]\d{0,5})(Mbps|Gbps)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (match[2] === "Gbps" ? 1e9 : 1e6);
}

/** The shortest text that `parseSpeed` reads back. */
export function formatSpeed(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e9 && bitsPerSecond % 1e9 === 0
    ? `${bitsPerSecond / 1e9}Gbps`
    : `${bitsPerSecond / 1e6}Mbps`;
}

/** `5%` or `0.5%` to a ratio from 0 to 1; undefined when the text is not of that form. */
export function parsePercentage(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  if (match === null) return undefined;
  const percent = Number(match[1]);
  return percent <= 100 ? percent / 100 : undefined;
}

/** `2xx`, `200` or 200 to the codes that it stands for; undefined when it is none of these. */
export function parseStatus(written: string | number): { readonly from: number; readonly to: number } | undefined {
  const hundred = typeof written === "string" ? /^([1-5])xx$/i.exec(written)?.[1] : undefined;
  if (hundred !== undefined) return { from: Number(hundred) * 100, to: Number(hundred) * 100 + 99 };
  const code = typeof written === "number" || /^\d{3}$/.test(written) ? Number(written) : Number.NaN;
  return Number.isInteger(code) && code >= 100 && code <= 599 ? { from: code, to: code } : undefined;
}

/** An address with or without port to `address:port`, as Node's resolver takes it; undefined when it is neither. */
export function parseDnsServer(text: string): string | undefined {
  const alone = parseAddress(text);
  const parsed = alone === undefined ? parseListen(text) : { host: formatAddress(alone), port: 53 };
  if (parsed === undefined || parsed.port === 0 || parseAddress(parsed.host) === undefined) return undefined;
  return `${parsed.host.includes(":") ? `[${parsed.host}]` : parsed.host}:${parsed.port}`;
}
