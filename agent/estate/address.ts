// Addresses and subnets as values. Written by hand because the far end of every path is derived
// by arithmetic on them, which node:net (validation only) does not offer.

import { err, ok, type Result } from "../lib/result.ts";

/** An IPv4 or IPv6 address; `value` is the address as an unsigned number of 32 or 128 bits. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** `network` has no host bits set. */
export interface Subnet {
  readonly family: 4 | 6;
  readonly network: bigint;
  readonly length: number;
}

/** Why a text is no subnet; `hostBits` carries the network that contains the given address. */
export type SubnetProblem =
  | { readonly kind: "form" }
  | { readonly kind: "noLength"; readonly address: Address }
  | { readonly kind: "length"; readonly maximum: number }
  | { readonly kind: "hostBits"; readonly meant: Subnet };

const bitsOf = (family: 4 | 6) => (family === 4 ? 32 : 128);

/** Reads an address of either family; undefined when the text is none. Zones (`%eth0`) are none. */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? ipv6Value(text) : ipv4Value(text);
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value };
}

/** Dotted decimal; octets with leading zeros are refused, since some programs read them as octal. */
function ipv4Value(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    value = (value << 8n) | BigInt(octet);
  }
  return value;
}

/** The text forms of RFC 4291 section 2.2. */
function ipv6Value(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** 16-bit groups; only the last part of the whole address may be in dotted decimal. */
function groupsOf(text: string, last: boolean): readonly bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes(".")) {
      const embedded = ipv4Value(part);
      if (embedded === undefined) return undefined;
      groups.push(embedded >> 16n, embedded & 0xffffn);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(BigInt(`0x${part}`));
    }
  }
  return groups;
}

/** Dotted decimal, or the canonical form of RFC 5952 section 4 (lower case, longest run of zeros as `::`). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  const run = longestZeros(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== "0") start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}

/** Reads `10.0.0.0/30` or `2001:db8::/126`. */
export function parseSubnet(text: string): Result<Subnet, SubnetProblem> {
  const [addressText = "", lengthText, ...rest] = text.split("/");
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0) return err({ kind: "form" });
  if (lengthText === undefined) return err({ kind: "noLength", address });
  const maximum = bitsOf(address.family);
  if (!/^\d{1,3}$/.test(lengthText) || Number(lengthText) > maximum) return err({ kind: "length", maximum });
  const subnet = subnetOf(address, Number(lengthText));
  return subnet.network === address.value ? ok(subnet) : err({ kind: "hostBits", meant: subnet });
}

/** The subnet of that length in which the address lies. */
export function subnetOf({ family, value }: Address, length: number): Subnet {
  const host = BigInt(bitsOf(family) - length);
  return { family, network: (value >> host) << host, length };
}

export function formatSubnet({ family, network, length }: Subnet): string {
  return `${formatAddress({ family, value: network })}/${length}`;
}

/** The address `n` places after the network's own: of a /30, 1 and 2 are the usable ones. */
export function addressIn({ family, network }: Subnet, n: number): Address {
  return { family, value: network + BigInt(n) };
}

function contains(subnet: Subnet, address: Address): boolean {
  return subnet.family === address.family && subnetOf(address, subnet.length).network === subnet.network;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  const [wide, narrow] = a.length <= b.length ? [a, b] : [b, a];
  return contains(wide, addressIn(narrow, 0));
}

/** The two halves of a subnet, in order; undefined for a single address. */
export function halvesOf(subnet: Subnet): readonly [Subnet, Subnet] | undefined {
  const bits = bitsOf(subnet.family);
  if (subnet.length >= bits) return undefined;
  const length = subnet.length + 1;
  const second = subnet.network | (1n << BigInt(bits - length));
  return [
    { ...subnet, length },
    { ...subnet, network: second, length },
  ];
}

const notPublicRanges: readonly (readonly [string, string])[] = [
  ["10.0.0.0/8", "RFC 1918"],
  ["172.16.0.0/12", "RFC 1918"],
  ["192.168.0.0/16", "RFC 1918"],
  ["100.64.0.0/10", "RFC 6598"],
  ["169.254.0.0/16", "RFC 3927"],
  ["127.0.0.0/8", "RFC 1122"],
  ["fc00::/7", "RFC 4193"],
  ["fe80::/10", "RFC 4291"],
];

/** The RFC that takes the subnet out of public addressing; undefined when it may be public. */
export function notPublic(subnet: Subnet): string | undefined {
  for (const [range, rfc] of notPublicRanges) {
    const parsed = parseSubnet(range);
    if (parsed.ok && overlap(parsed.value, subnet)) return rfc;
  }
  return undefined;
}

/** Reads `127.0.0.1:9580`, `[::1]:9580` or `localhost:9580`; port 0 lets the system choose. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, other, portText] = match;
  const port = Number(portText);
  if (port > 65_535) return undefined;
  if (other === "localhost") return { host: other, port };
  const address = parseAddress(ipv6 ?? other ?? "");
  if (address === undefined || (address.family === 6) !== (ipv6 !== undefined)) return undefined;
  return { host: formatAddress(address), port };
}
