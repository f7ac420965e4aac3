// OPEN, RFC 4271 section 4.2, with its capabilities (RFC 5492) and the long form of its parameters (RFC 9072).

import { ok, type Result } from "../../lib/result.ts";
import { type BgpFault, failed } from "./fault.ts";
import { bgpHeaderLength, bgpTypes, decodeBgpHeader } from "./header.ts";
import { u16, u32 } from "./octets.ts";

/** An address family: RFC 4760. */
export interface Family {
  readonly afi: number;
  readonly safi: number;
}

/** Codes of IANA's registry of capabilities; those that are read further have a value of their own. */
export type Capability =
  | ({ readonly code: 1 } & Family)
  /** Four-octet AS number, RFC 6793. */
  | { readonly code: 65; readonly asn: number }
  /** ADD-PATH, RFC 7911: 1 receives, 2 sends, 3 both. */
  | { readonly code: 69; readonly families: readonly (Family & { readonly sendReceive: number })[] }
  | { readonly code: number; readonly value: Uint8Array };

export interface OpenMessage {
  readonly version: number;
  /** 23456 (AS_TRANS) where the number does not fit. */
  readonly myAs: number;
  /** Seconds that this end proposes; the lower of both ends counts. */
  readonly holdTime: number;
  /** 32 bits, written like an IPv4 address. */
  readonly bgpIdentifier: number;
  readonly capabilities: readonly Capability[];
  /** Octets of the whole message. */
  readonly length: number;
}

const parameterCapabilities = 2;
const extendedParameters = 255;

export function decodeOpen(bytes: Uint8Array, at: number, end: number): Result<OpenMessage, BgpFault> {
  const header = decodeBgpHeader(bytes, at, end);
  if (!header.ok) return header;
  const { length, type } = header.value;
  if (type !== bgpTypes.open) return failed("type", at + 18);
  if (length < bgpHeaderLength + 10) return failed("length", at + 16);
  const to = at + length;
  let from = at + 29;
  // RFC 9072: 255 twice, then lengths of two octets.
  const extended = bytes[at + 28] === extendedParameters && from < to && bytes[from] === extendedParameters;
  if (extended && from + 3 > to) return failed("truncated", to);
  const given = extended ? u16(bytes, from + 1) : (bytes[at + 28] ?? 0);
  if (extended) from += 3;
  if (from + given !== to) return failed("length", at + 28);
  const capabilities: Capability[] = [];
  const header2 = extended ? 3 : 2;
  while (from < to) {
    if (from + header2 > to) return failed("truncated", to);
    const size = extended ? u16(bytes, from + 1) : (bytes[from + 1] ?? 0);
    const value = from + header2;
    if (value + size > to) return failed("truncated", to);
    if (bytes[from] === parameterCapabilities) {
      const bad = readCapabilities(bytes, value, value + size, capabilities);
      if (bad !== undefined) return failed(bad.kind, bad.offset);
    }
    from = value + size;
  }
  return ok({
    version: bytes[at + 19] ?? 0,
    myAs: u16(bytes, at + 20),
    holdTime: u16(bytes, at + 22),
    bgpIdentifier: u32(bytes, at + 24),
    capabilities,
    length,
  });
}

function readCapabilities(bytes: Uint8Array, from: number, to: number, into: Capability[]): BgpFault | undefined {
  let at = from;
  while (at < to) {
    if (at + 2 > to) return { kind: "truncated", offset: to };
    const code = bytes[at] ?? 0;
    const size = bytes[at + 1] ?? 0;
    const value = at + 2;
    if (value + size > to) return { kind: "truncated", offset: to };
    if (code === 1) {
      if (size !== 4) return { kind: "length", offset: at + 1 };
      into.push({ code, afi: u16(bytes, value), safi: bytes[value + 3] ?? 0 });
    } else if (code === 65) {
      if (size !== 4) return { kind: "length", offset: at + 1 };
      into.push({ code, asn: u32(bytes, value) });
    } else if (code === 69) {
      if (size % 4 !== 0) return { kind: "length", offset: at + 1 };
      const families = [];
      for (let i = value; i < value + size; i += 4) {
        families.push({ afi: u16(bytes, i), safi: bytes[i + 2] ?? 0, sendReceive: bytes[i + 3] ?? 0 });
      }
      into.push({ code, families });
    } else {
      into.push({ code, value: bytes.slice(value, value + size) });
    }
    at = value + size;
  }
  return undefined;
}

/** The AS number of who sent it, with all of its 32 bits. */
export function asnOf({ myAs, capabilities }: OpenMessage): number {
  for (const capability of capabilities) if ("asn" in capability) return capability.asn;
  return myAs;
}

function addPathOf({ capabilities }: OpenMessage, { afi, safi }: Family): number {
  for (const capability of capabilities) {
    if (!("families" in capability)) continue;
    const found = capability.families.find((family) => family.afi === afi && family.safi === safi);
    if (found !== undefined) return found.sendReceive;
  }
  return 0;
}

/** Whether prefixes of a family carry path identifiers on their way from `sender` to `receiver` (RFC 7911 section 4). */
export function hasPathIds(sender: OpenMessage, receiver: OpenMessage, family: Family): boolean {
  return (addPathOf(sender, family) & 2) !== 0 && (addPathOf(receiver, family) & 1) !== 0;
}
