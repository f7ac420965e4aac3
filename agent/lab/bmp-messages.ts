// BGP and BMP messages as the routers of the lab write them: RFC 4271, 4760, 5492 and 6793; RFC 7854 and 8671. IPv4 alone.

import { bgpTypes } from "../wire/bgp/header.ts";
import { afiIpv4, safiUnicast } from "../wire/bgp/update.ts";
import { type BmpType, bmpTypes, bmpVersion, initiationTlvs } from "../wire/bmp/message.ts";
import type { BgpError } from "./network.ts";

/** What a router knows of one of its peers. */
export interface BmpNeighbour {
  readonly address: string;
  readonly asn: number;
  readonly localAddress: string;
  readonly localAsn: number;
  /** Written like an address. */
  readonly localBgpId: string;
  /** Seconds, as both ends propose it. */
  readonly holdTime: number;
}

/** Routes of one view that share their path. */
export interface BmpRoutes {
  /** What the peer sent; what of it the router's policy let in; what the router sends to the peer (Adj-RIB-Out, after policy). */
  readonly view: "received" | "accepted" | "advertised";
  readonly announced: readonly string[];
  readonly withdrawn: readonly string[];
  readonly asPath: readonly number[];
  readonly nextHop: string;
  /** RFC 1997. */
  readonly communities: readonly number[];
}

/** Flags of the per-peer header: post-policy 0x40, Adj-RIB-Out 0x10. */
const viewFlags: Readonly<Record<BmpRoutes["view"], number>> = { received: 0, accepted: 0x40, advertised: 0x50 };
const asTrans = 23_456;
const twoOctets = 0xffff;

const u8 = (...octets: readonly number[]) => Uint8Array.from(octets);
const u16 = (n: number) => u8(n >> 8, n & 255);
const u32 = (n: number) => u8(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const ipv4 = (address: string) => Uint8Array.from(address.split("."), Number);
const counted = (octets: Uint8Array) => joined(u16(octets.length), octets);

function bgp(type: number, body: Uint8Array): Uint8Array {
  return joined(new Uint8Array(16).fill(255), u16(19 + body.length), u8(type), body);
}

function bmp(type: BmpType, body: Uint8Array): Uint8Array {
  return joined(u8(bmpVersion), u32(6 + body.length), u8(bmpTypes.indexOf(type)), body);
}

function perPeer({ address, asn }: BmpNeighbour, flag: number): Uint8Array {
  const unknownTime = new Uint8Array(8);
  return joined(u8(0, flag), new Uint8Array(8 + 12), ipv4(address), u32(asn), ipv4(address), unknownTime);
}

function open(asn: number, bgpId: string, holdTime: number): Uint8Array {
  const capabilities = joined(u8(1, 4, 0, afiIpv4, 0, safiUnicast), u8(65, 4), u32(asn));
  const parameters = joined(u8(2, capabilities.length), capabilities);
  const myAs = asn > twoOctets ? asTrans : asn;
  return bgp(bgpTypes.open, joined(u8(4), u16(myAs), u16(holdTime), ipv4(bgpId), u8(parameters.length), parameters));
}

/** Attribute flags: transitive, and optional besides. */
const wellKnown = 0x40;
const optional = 0xc0;

function attribute(type: number, value: Uint8Array, flags = wellKnown): Uint8Array {
  return joined(u8(flags, type, value.length), value);
}

function prefix(text: string): Uint8Array {
  const [address = "", length = ""] = text.split("/");
  return joined(u8(Number(length)), ipv4(address).subarray(0, Math.ceil(Number(length) / 8)));
}

export function initiation(sysName: string, sysDescr: string): Uint8Array {
  const text = new TextEncoder();
  const tlv = (type: number, value: string) => joined(u16(type), counted(text.encode(value)));
  return bmp("initiation", joined(tlv(initiationTlvs.sysDescr, sysDescr), tlv(initiationTlvs.sysName, sysName)));
}

export function peerUp(of: BmpNeighbour): Uint8Array {
  const ends = joined(new Uint8Array(12), ipv4(of.localAddress), u16(179), u16(40_000));
  const sent = open(of.localAsn, of.localBgpId, of.holdTime);
  return bmp("peerUp", joined(perPeer(of, 0), ends, sent, open(of.asn, of.address, of.holdTime)));
}

/** `closedWith`: the far end's NOTIFICATION; without one the router saw its carrier go (RFC 4271, event 18). */
export function peerDown(of: BmpNeighbour, closedWith: BgpError | undefined): Uint8Array {
  const why =
    closedWith === undefined ? joined(u8(2), u16(18)) : joined(u8(3), bgp(bgpTypes.notification, u8(...closedWith)));
  return bmp("peerDown", joined(perPeer(of, 0), why));
}

export function routeMonitoring(of: BmpNeighbour, routes: BmpRoutes): Uint8Array {
  const { view, announced, withdrawn, asPath, nextHop, communities } = routes;
  const sequence = joined(u8(2, asPath.length), ...asPath.map(u32));
  const marks = communities.length === 0 ? u8() : attribute(8, joined(...communities.map(u32)), optional);
  const path = joined(attribute(1, u8(0)), attribute(2, sequence), attribute(3, ipv4(nextHop)), marks);
  const attributes = announced.length === 0 ? u8() : path;
  const update = joined(counted(joined(...withdrawn.map(prefix))), counted(attributes), ...announced.map(prefix));
  return bmp("routeMonitoring", joined(perPeer(of, viewFlags[view]), bgp(bgpTypes.update, update)));
}
