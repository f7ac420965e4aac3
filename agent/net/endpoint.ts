// Where a datagram goes to or comes from, in either family: as numbers, so that the answers of thousands of probes a
// second are compared without making a text of each.

import { isIPv4, isIPv6, SocketAddress } from "node:net";

export type Family = 4 | 6;

/**
 * An address and a UDP port (0 for ICMP). One shape for both families, and no zone: a link-local address is used on a
 * socket that is bound to its interface.
 */
export interface Endpoint {
  readonly family: Family;
  /** The four 32-bit words of an IPv6 address, first to last; an IPv4 address is the last, after zeros. */
  readonly words: readonly [number, number, number, number];
  readonly port: number;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.words[3] === b.words[3] &&
    a.port === b.port &&
    a.family === b.family &&
    a.words[2] === b.words[2] &&
    a.words[1] === b.words[1] &&
    a.words[0] === b.words[0]
  );
}

export function ipv4Endpoint(address: number, port: number): Endpoint {
  return { family: 4, words: [0, 0, 0, address], port };
}

/** `0.0.0.0` or `::`: whatever address the host takes. */
export function anyAddress(family: Family): Endpoint {
  return { family, words: [0, 0, 0, 0], port: 0 };
}

/** Reads an address of either family, without its zone where it has one; undefined when the text is none. */
export function parseEndpoint(text: string, port: number): Endpoint | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return ipv4Endpoint(ipv4, port);
  const [address = ""] = text.split("%");
  return isIPv6(address) ? { family: 6, words: ipv6Words(address), port } : undefined;
}

/** The words of a text that is known to be an IPv6 address (RFC 4291 section 2.2). */
function ipv6Words(text: string): Endpoint["words"] {
  // The last 32 bits may stand in dotted decimal.
  const hex = text.replace(/[\d.]+\.\d+$/, (dotted) => {
    const low = parseIpv4(dotted) ?? 0;
    return `${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`;
  });
  const [head = [], tail = []] = hex.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  const word = (i: number) => (groups[i] ?? 0) * 0x1_0000 + (groups[i + 1] ?? 0);
  return [word(0), word(2), word(4), word(6)];
}

/** Dotted decimal, or the form of RFC 5952. */
export function formatAddress({ family, words }: Endpoint): string {
  if (family === 4) return formatIpv4(words[3]);
  const groups = words.map((word) => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`).join(":");
  return new SocketAddress({ address: groups, family: "ipv6" }).address;
}

/** Dotted quad to number; undefined when the text is not one. */
export function parseIpv4(text: string): number | undefined {
  if (!isIPv4(text)) return undefined;
  return text.split(".").reduce((address, octet) => address * 256 + Number(octet), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}
