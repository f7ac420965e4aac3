// IP-FORWARD-MIB (RFC 4292): the routes by which a router forwards. The tables are as long as its forwarding table is, and
// what stands in their indexes is the prefix first: so the rows of one prefix lie together, and are read alone.

import type { Subnet } from "../estate/address.ts";
import { type Cells, numberAt } from "../wire/snmp/cells.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import { addressOf } from "./bgp-peer-index.ts";

export interface RouteTableMib {
  readonly name: "inetCidrRouteTable" | "ipCidrRouteTable";
  /** Where the rows of a prefix begin, in the column that says of what type they are; undefined: it has none of the family. */
  under(prefix: Subnet): Oid | undefined;
  /** The next hop, of what stands in the index behind the prefix; undefined for what is no index. */
  nextHop(arcs: readonly number[]): string | undefined;
}

const inetCidrRouteType = oid("1.3.6.1.2.1.4.24.7.1.8");
const ipCidrRouteType = oid("1.3.6.1.2.1.4.24.4.1.6");

export const routeTables: readonly RouteTableMib[] = [
  {
    name: "inetCidrRouteTable",
    // inetCidrRouteDestType, inetCidrRouteDest with its length, inetCidrRoutePfxLen.
    under: (prefix) => {
      const octets = octetsOf(prefix.family, prefix.network);
      return [...inetCidrRouteType, prefix.family === 4 ? 1 : 2, octets.length, ...octets, prefix.length];
    },
    // inetCidrRoutePolicy, an OID with its length, means nothing here; inetCidrRouteNextHopType; inetCidrRouteNextHop.
    nextHop(arcs) {
      const behind = arcs.slice(1 + (arcs[0] ?? 0));
      const [, length, ...octets] = behind;
      // A zone stands behind the address (RFC 4001).
      const size = length === 8 ? 4 : length === 20 ? 16 : length;
      return octets.length === length ? addressOf(octets.slice(0, size)) : undefined;
    },
  },
  {
    name: "ipCidrRouteTable",
    // ipCidrRouteDest, ipCidrRouteMask.
    under: ({ family, network, length }) => {
      if (family !== 4) return undefined;
      const mask = length === 0 ? 0n : (0xffff_ffffn << BigInt(32 - length)) & 0xffff_ffffn;
      return [...ipCidrRouteType, ...octetsOf(4, network), ...octetsOf(4, mask)];
    },
    // ipCidrRouteTos, ipCidrRouteNextHop.
    nextHop: ([tos, ...octets]) => (tos === undefined || octets.length !== 4 ? undefined : addressOf(octets)),
  },
];

/** inetCidrRouteType and ipCidrRouteType; what is rejected or thrown away goes nowhere. */
const remote = 4;

/** Whether the row leads to a next hop. */
export function isRemote(cells: Cells, at: number): boolean {
  return numberAt(cells, at) === remote;
}

function octetsOf(family: 4 | 6, value: bigint): readonly number[] {
  const count = family === 4 ? 4 : 16;
  return Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * (count - 1 - i))) & 0xffn));
}
