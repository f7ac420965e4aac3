// Declared prefixes, held against the routes of a peer.

import { type Address, formatSubnet, type Subnet } from "../estate/address.ts";
import type { DeclaredPrefixes } from "../estate/declared.ts";
import type { PrefixFamily } from "../estate/link-observation.ts";
import { oncePer } from "../lib/once-per.ts";
import type { RouteTable } from "./bmp-routes.ts";

/** A prefix as a table of routes is asked for it. */
export interface Wanted {
  readonly text: string;
  readonly octets: Uint8Array;
  readonly length: number;
}

export type WantedByFamily = Readonly<Record<PrefixFamily, readonly Wanted[]>>;

/** By direction and family. */
export const wantedOf = oncePer(
  ({ received, advertised }: DeclaredPrefixes): Readonly<Record<"received" | "advertised", WantedByFamily>> => ({
    received: byFamily(received),
    advertised: byFamily(advertised),
  }),
);

function byFamily(subnets: readonly Subnet[]): WantedByFamily {
  const of = (family: 4 | 6) => subnets.filter((subnet) => subnet.family === family).map(wanted);
  return { ipv4: of(4), ipv6: of(6) };
}

function wanted(subnet: Subnet): Wanted {
  const octets = octetsOf({ family: subnet.family, value: subnet.network });
  return { text: formatSubnet(subnet), octets, length: subnet.length };
}

function octetsOf({ family, value }: Address): Uint8Array {
  const count = family === 4 ? 4 : 16;
  return Uint8Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * (count - 1 - i))) & 0xffn));
}

/** Those that the table does not have, as text. The table has each prefix once. */
export function missingOf(table: RouteTable, all: readonly Wanted[]): readonly string[] {
  return all.filter(({ octets, length }) => table.get(octets, 0, length, 0) === 0).map(({ text }) => text);
}
