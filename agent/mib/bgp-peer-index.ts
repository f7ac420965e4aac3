// Indexes of BGP peer tables. Vendors write an InetAddressType and InetAddress (RFC 4001 section 4) with the
// length of the address or without, and not always as their MIB says: the type and the number of arcs decide.

import { formatAddress } from "../estate/address.ts";

/**
 * What stands at a place of an index. `v4`: an IpAddress, four arcs. `remote` and `local`: type, length if any,
 * octets. `vrf`: number of a VRF, routing instance or router. `row`: a number without meaning.
 */
export type IndexPart = "v4" | "remote" | "local" | "vrf" | "afi" | "safi" | "row";

export interface PeerIndex {
  /** Canonical text, without a zone; undefined where the index does not hold it. */
  readonly remoteAddress: string | undefined;
  readonly vrf: number | undefined;
  /** Address family numbers (IANA), where the index holds them. */
  readonly afi: number | undefined;
  readonly safi: number | undefined;
}

/** Octets of an address by InetAddressType: unknown, ipv4, ipv6, ipv4z, ipv6z. */
const octetsOfType: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16, 3: 8, 4: 20 };

type Found = Partial<Record<IndexPart, string | number>>;

/** Undefined when the arcs are no index of that form; all of them must be used. */
export function decodePeerIndex(form: readonly IndexPart[], arcs: readonly number[]): PeerIndex | undefined {
  const found = readParts(form, arcs) ?? (form.includes("local") ? withoutLocal(arcs) : undefined);
  if (found === undefined) return undefined;
  const text = (part: IndexPart) => (typeof found[part] === "string" ? found[part] : undefined);
  const number = (part: IndexPart) => (typeof found[part] === "number" ? found[part] : undefined);
  return {
    remoteAddress: text("remote") ?? text("v4"),
    vrf: number("vrf"),
    afi: number("afi"),
    safi: number("safi"),
  };
}

function readParts(form: readonly IndexPart[], arcs: readonly number[]): Found | undefined {
  const [part, ...rest] = form;
  const [first] = arcs;
  if (part === undefined) return arcs.length === 0 ? {} : undefined;
  if (part === "v4") return continued(part, addressOf(arcs.slice(0, 4)), rest, arcs.slice(4));
  if (part !== "remote" && part !== "local") {
    return first === undefined ? undefined : continued(part, first, rest, arcs.slice(1));
  }
  const octets = octetsOfType[first ?? -1];
  if (octets === undefined) return undefined;
  const read = (from: number) => continued(part, inetOf(arcs, from, octets), rest, arcs.slice(from + octets));
  // An address of type ipv4 may begin with 4, as its length would: only one reading uses up all arcs.
  return (arcs[1] === octets ? read(2) : undefined) ?? read(1);
}

function continued(
  part: IndexPart,
  value: string | number | undefined,
  rest: readonly IndexPart[],
  arcs: readonly number[],
): Found | undefined {
  if (value === undefined) return undefined;
  const behind = readParts(rest, arcs);
  return behind === undefined ? undefined : { [part]: value, ...behind };
}

/** Empty text for type unknown, which is no address but uses its place. */
function inetOf(arcs: readonly number[], from: number, octets: number): string | undefined {
  if (octets === 0) return "";
  const zoned = octets === 8 || octets === 20;
  const all = arcs.slice(from, from + octets);
  return all.length === octets ? addressOf(zoned ? all.slice(0, -4) : all) : undefined;
}

/** Junos cuts the local address of a session that is not established: its remote address still ends the index. */
function withoutLocal(arcs: readonly number[]): Found | undefined {
  const vrf = arcs[0];
  if (vrf === undefined) return undefined;
  for (const [type, octets] of [
    [1, 4],
    [2, 16],
  ] as const) {
    const from = arcs.length - octets;
    const typeAt = arcs[from - 1] === octets && arcs[from - 2] === type ? from - 2 : from - 1;
    if (typeAt < 1 || arcs[typeAt] !== type) continue;
    const remote = addressOf(arcs.slice(from));
    if (remote !== undefined) return { vrf, remote };
  }
  return undefined;
}

/** Canonical text of 4 or 16 octets; undefined for anything else. */
export function addressOf(octets: ArrayLike<number>): string | undefined {
  const all = Array.from(octets);
  if ((all.length !== 4 && all.length !== 16) || all.some((octet) => octet > 255)) return undefined;
  const value = all.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return formatAddress({ family: all.length === 4 ? 4 : 6, value });
}
