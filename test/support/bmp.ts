// BGP and BMP messages, written after the RFCs (4271, 4760, 5492, 6793, 7911, 8092; 7854, 8671) for tests and benchmarks.

import type { Family } from "../../agent/wire/bgp/open.ts";

const u8 = (...numbers: readonly number[]) => Uint8Array.from(numbers);
export const u16 = (n: number) => u8(n >> 8, n & 0xff);
export const u32 = (n: number) => u8(n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
export const u64 = (n: number) => joined(u32(Math.floor(n / 2 ** 32)), u32(n % 2 ** 32));

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `10.20.0.0/16`, `2001:db8::/32` (groups in full, or one `::`), or octets and a length. */
export function prefix(text: string, pathId?: number): Uint8Array {
  const [host = "", length = ""] = text.split("/");
  const octets = addressOctets(host).subarray(0, (Number(length) + 7) >> 3);
  return joined(pathId === undefined ? u8() : u32(pathId), u8(Number(length)), octets);
}

export function addressOctets(text: string): Uint8Array {
  if (!text.includes(":")) return Uint8Array.from(text.split("."), Number);
  const [head = "", tail = ""] = text.split("::");
  const groups = (part: string) =>
    part
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return joined(...all.map(u16));
}

export function bgp(type: number, body: Uint8Array): Uint8Array {
  return joined(new Uint8Array(16).fill(0xff), u16(19 + body.length), u8(type), body);
}

export const capability = (code: number, value: Uint8Array) => joined(u8(code, value.length), value);
export const multiprotocol = ({ afi, safi }: Family) => capability(1, u8(0, afi, 0, safi));
export const addPath = ({ afi, safi }: Family, sendReceive: number) => capability(69, u8(0, afi, safi, sendReceive));

export interface OpenParts {
  readonly asn: number;
  readonly holdTime?: number;
  readonly bgpId?: string;
  readonly capabilities?: readonly Uint8Array[];
}

export function open({ asn, holdTime = 180, bgpId = "10.0.0.1", capabilities = [] }: OpenParts): Uint8Array {
  const all = joined(...capabilities, capability(65, u32(asn)));
  const parameter = joined(u8(2, all.length), all);
  const myAs = asn > 0xffff ? 23_456 : asn;
  return bgp(1, joined(u8(4), u16(myAs), u16(holdTime), addressOctets(bgpId), u8(parameter.length), parameter));
}

export function attribute(type: number, value: Uint8Array, flags = 0x40): Uint8Array {
  const long = value.length > 255;
  return joined(u8(flags | (long ? 0x10 : 0), type), long ? u16(value.length) : u8(value.length), value);
}

export const origin = (value: number) => attribute(1, u8(value));
export const nextHop = (address: string) => attribute(3, addressOctets(address));
export const communities = (...values: readonly number[]) => attribute(8, joined(...values.map(u32)), 0xc0);
export const largeCommunities = (...values: readonly (readonly [number, number, number])[]) =>
  attribute(32, joined(...values.flat().map(u32)), 0xc0);

/** Segments of AS_PATH: the numbers of sequences, or a set. */
export function asPath(segments: readonly { readonly type: number; readonly asns: readonly number[] }[], octets = 4) {
  const asn = octets === 4 ? u32 : u16;
  return attribute(2, joined(...segments.map(({ type, asns }) => joined(u8(type, asns.length), ...asns.map(asn)))));
}
export const sequence = (...asns: readonly number[]) => asPath([{ type: 2, asns }]);

export const mpReach = ({ afi, safi }: Family, hop: string, prefixes: readonly Uint8Array[]) => {
  const octets = addressOctets(hop);
  return attribute(14, joined(u8(0, afi, safi, octets.length), octets, u8(0), ...prefixes), 0x80);
};
export const mpUnreach = ({ afi, safi }: Family, prefixes: readonly Uint8Array[]) =>
  attribute(15, joined(u8(0, afi, safi), ...prefixes), 0x80);

export interface UpdateParts {
  readonly withdrawn?: readonly Uint8Array[];
  readonly attributes?: readonly Uint8Array[];
  readonly nlri?: readonly Uint8Array[];
}

export function update({ withdrawn = [], attributes = [], nlri = [] }: UpdateParts): Uint8Array {
  const [gone, with_] = [joined(...withdrawn), joined(...attributes)];
  return bgp(2, joined(u16(gone.length), gone, u16(with_.length), with_, ...nlri));
}

export const notification = (code: number, subcode: number, data: Uint8Array = u8()) =>
  bgp(3, joined(u8(code, subcode), data));

export function bmp(type: number, body: Uint8Array): Uint8Array {
  return joined(u8(3), u32(6 + body.length), u8(type), body);
}

export interface Peer {
  readonly address: string;
  readonly asn: number;
  readonly peerType?: number;
  /** Besides V, which follows from the address. */
  readonly flags?: number;
  readonly distinguisher?: Uint8Array;
  readonly bgpId?: string;
  readonly seconds?: number;
}

export const postPolicy = 0x40;
export const twoOctetAs = 0x20;
export const adjRibOut = 0x10;

export function perPeer(peer: Peer): Uint8Array {
  const { address, asn, peerType = 0, flags = 0, distinguisher = new Uint8Array(8), bgpId = "10.0.0.2" } = peer;
  const octets = addressOctets(address);
  const field = joined(new Uint8Array(16 - octets.length), octets);
  const head = u8(peerType, flags | (octets.length === 16 ? 0x80 : 0));
  return joined(head, distinguisher, field, u32(asn), addressOctets(bgpId), u32(peer.seconds ?? 0), u32(0));
}

export const tlv = (type: number, value: Uint8Array) => joined(u16(type), u16(value.length), value);
const text = (value: string) => new TextEncoder().encode(value);

export const initiation = (sysName: string, sysDescr: string) =>
  bmp(4, joined(tlv(1, text(sysDescr)), tlv(2, text(sysName))));
export const termination = (reason: number, said = "") =>
  bmp(5, joined(tlv(1, u16(reason)), ...(said === "" ? [] : [tlv(0, text(said))])));

/** The Loc-RIB of the global instance (RFC 9069): no address, the router's own ASN, and its name in the Peer Up. */
export const locRib: Peer = { address: "0.0.0.0", asn: 65010, peerType: 3 };
export const filtered = 0x80;
export const vrfTableName = (name: string) => tlv(3, text(name));

export function peerUp(
  peer: Peer,
  opens: { readonly sent: Uint8Array; readonly received: Uint8Array },
  ...tlvs: readonly Uint8Array[]
): Uint8Array {
  const local = addressOctets(peer.address.includes(":") ? "2001:db8::1" : "172.16.0.1");
  const address = joined(new Uint8Array(16 - local.length), local);
  return bmp(3, joined(perPeer(peer), address, u16(179), u16(40_000), opens.sent, opens.received, ...tlvs));
}

export const peerDown = (peer: Peer, reason: number, data: Uint8Array = u8()) =>
  bmp(2, joined(perPeer(peer), u8(reason), data));
export const routeMonitoring = (peer: Peer, of: UpdateParts) => bmp(0, joined(perPeer(peer), update(of)));

export function statistics(peer: Peer, tlvs: readonly Uint8Array[]): Uint8Array {
  return bmp(1, joined(perPeer(peer), u32(tlvs.length), ...tlvs));
}

export const ipv4Unicast = { afi: 1, safi: 1 } as const;
export const ipv6Unicast = { afi: 2, safi: 1 } as const;
