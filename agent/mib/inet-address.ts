// Addresses in cells: an InetAddressType and an InetAddress (RFC 4001), or an IpAddress.

import { formatAddress, parseAddress } from "../estate/address.ts";
import { type Cells, contentAt, numberAt, octetsAt, textAt } from "../wire/snmp/cells.ts";
import { tagIpAddress } from "../wire/snmp/value.ts";
import { addressOf } from "./bgp-peer-index.ts";

/** Octets of the address and of its zone index, by InetAddressType: ipv4, ipv6, ipv4z, ipv6z. */
const forms: Readonly<Record<number, readonly [address: number, zone: number]>> = {
  1: [4, 0],
  2: [16, 0],
  3: [4, 4],
  4: [16, 4],
};

/**
 * Canonical text, without a zone; undefined for what is no IP address. `type`: the cell of the InetAddressType, if the
 * table has one. Octets of the length that the type asks for are an address whatever they spell; others are read as
 * text, which some agents write.
 */
export function inetAddressAt(cells: Cells, type: number | undefined, address: number): string | undefined {
  const plain = cells.tags[address] === tagIpAddress ? contentAt(cells, address) : undefined;
  const octets = octetsAt(cells, address) ?? plain;
  if (octets === undefined) return undefined;
  const form = type === undefined ? undefined : forms[numberAt(cells, type) ?? 0];
  if (form === undefined) return addressOf(octets) ?? spelt(textAt(cells, address));
  const [length, zone] = form;
  if (octets.length !== length && octets.length !== length + zone) return spelt(textAt(cells, address));
  return addressOf(octets.subarray(0, length));
}

function spelt(text: string | undefined): string | undefined {
  const parsed = text === undefined ? undefined : parseAddress(text.replace(/%.*$/, ""));
  return parsed === undefined ? undefined : formatAddress(parsed);
}

/** InetAddressType, length and octets of an address, as an index has them; undefined for what is no address. */
export function inetIndex(address: string): readonly [type: number, length: number, ...octets: number[]] | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const length = parsed.family === 4 ? 4 : 16;
  const octets = Array.from({ length }, (_, i) => Number((parsed.value >> BigInt(8 * (length - 1 - i))) & 0xffn));
  return [parsed.family === 4 ? 1 : 2, length, ...octets];
}
