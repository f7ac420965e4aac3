// Peer tables of the vendors as their agents give them, made by hand after the MIBs (and, where agents depart from
// them, after what operators reported): two peers each, one of IPv6 where the table can hold it.
// Addresses are those of RFC 5737 and RFC 3849.

import type { BgpTableName } from "../../agent/estate/estate.ts";
import type { BgpPeerRow } from "../../agent/mib/bgp-peers.ts";
import type { PrefixCounts } from "../../agent/mib/bgp-prefixes.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { counter, gauge, integer, text } from "./cells.ts";

export const ipv4Peer = "192.0.2.2";
export const ipv6Peer = "2001:db8::2";

/** Octets as index arcs. */
const v4 = "192.0.2.2";
const v6 = "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2";
const local4 = "192.0.2.1";
const local6 = "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1";
const inet4 = `1.4.${v4}`;
const inet6 = `2.16.${v6}`;

type Instances = Readonly<Record<string, Value>>;
type Expected = Partial<BgpPeerRow> & { readonly prefixes?: readonly Partial<PrefixCounts>[] };

export interface VendorMib {
  readonly table: BgpTableName;
  readonly sysObjectId: string;
  readonly instances: Instances;
  readonly peers: readonly Expected[];
}

/** Columns of an entry, each with the values of the rows in their order. */
function entry(
  root: string,
  indexes: readonly string[],
  columns: Readonly<Record<string, readonly (Value | undefined)[]>>,
) {
  const instances: Record<string, Value> = {};
  for (const [column, values] of Object.entries(columns)) {
    values.forEach((value, row) => {
      if (value !== undefined) instances[`${root}.${column}.${indexes[row]}`] = value;
    });
  }
  return instances;
}

const E = "1.3.6.1.4.1";
const up = integer(6);
const active = integer(3);

/** draft-ietf-idr-bgp4-mibv2 under a root; with or without the length octet of the address. */
function bgp4V2(
  table: BgpTableName,
  sysObjectId: string,
  root: string,
  lengths: boolean,
  prefixes: boolean,
): VendorMib {
  const indexes = lengths ? [`1.${inet4}`, `1.${inet6}`] : [`1.1.${v4}`, `1.2.${v6}`];
  return {
    table,
    sysObjectId,
    instances: {
      ...entry(root, indexes, {
        "2.1.10": [gauge(12_076), gauge(4_200_000_000)],
        "2.1.12": [integer(2), integer(1)],
        "2.1.13": [up, active],
        "2.1.14": [text("to the MSEE"), text("")],
        "3.1.1": [gauge(0), gauge(4)],
        "3.1.2": [gauge(0), gauge(0)],
        "3.1.6": [gauge(6), gauge(6)],
        "3.1.7": [gauge(2), gauge(7)],
        "4.1.1": [gauge(600), gauge(30)],
        "6.1.1": [gauge(180), gauge(0)],
        "7.1.5": [counter(3), counter(0)],
      }),
      ...(prefixes
        ? entry(root, [`${indexes[0]}.1.1`, `${indexes[1]}.2.1`], {
            "8.1.3": [gauge(10), gauge(0)],
            "8.1.4": [gauge(9), gauge(0)],
            "8.1.5": [gauge(4), gauge(0)],
          })
        : {}),
    },
    peers: [
      {
        remoteAddress: ipv4Peer,
        remoteAsn: 12_076,
        state: "established",
        admin: "up",
        transitions: 3,
        establishedSeconds: 600,
        // Nothing was received, so what was sent counts.
        lastError: [6, 2],
        holdTime: 180,
        description: "to the MSEE",
        vrf: 1,
        prefixes: prefixes ? [{ afi: 1, safi: 1, received: 10, accepted: 9, advertised: 4 }] : [],
      },
      {
        remoteAddress: ipv6Peer,
        remoteAsn: 4_200_000_000,
        state: "active",
        admin: "down",
        transitions: 0,
        lastError: [4, 0],
        prefixes: prefixes ? [{ afi: 2, safi: 1, received: 0, accepted: 0, advertised: 0 }] : [],
      },
    ],
  };
}

const ciscoRoot = `${E}.9.9.187.1.2`;
const juniperRoot = `${E}.2636.5.1.1.2`;
const huaweiRoot = `${E}.2011.5.25.177.1.1`;
const nokiaRoot = `${E}.6527.3.1.2.14.4`;
const juniperIndexes = [`0.1.${local4}.1.${v4}`, `0.2.${local6}.2.${v6}`];
const huaweiIndexes = [`0.1.1.${inet4}`, `3.2.1.${inet6}`];

export const vendorMibs: readonly VendorMib[] = [
  {
    table: "cbgpPeer2Table",
    sysObjectId: `${E}.9.1.1116`,
    instances: {
      ...entry(`${ciscoRoot}.5.1`, [inet4, inet6], {
        3: [up, active],
        4: [integer(2), integer(1)],
        11: [gauge(12_076), gauge(4_200_000_000)],
        17: [text("\x06\x07"), text("\x04\x00")],
        18: [counter(3), counter(0)],
        19: [gauge(600), gauge(0)],
        21: [integer(30), integer(0)],
      }),
      // The IPv4 peer of older IOS stands in the older table.
      ...entry(`${ciscoRoot}.4.1`, [`${v4}.1.1`], {
        1: [counter(9)],
        2: [gauge(1)],
        6: [gauge(7)],
        8: [gauge(3)],
      }),
      ...entry(`${ciscoRoot}.8.1`, [`${inet6}.2.1`], { 1: [counter(2)], 2: [gauge(0)], 6: [gauge(5)], 8: [gauge(5)] }),
    },
    peers: [
      {
        remoteAddress: ipv4Peer,
        remoteAsn: 12_076,
        state: "established",
        admin: "up",
        transitions: 3,
        establishedSeconds: 600,
        lastError: [6, 7],
        holdTime: 30,
        vrf: undefined,
        prefixes: [{ afi: 1, safi: 1, accepted: 9, rejected: 1, advertised: 4 }],
      },
      {
        remoteAddress: ipv6Peer,
        remoteAsn: 4_200_000_000,
        state: "active",
        admin: "down",
        lastError: [4, 0],
        prefixes: [{ afi: 2, safi: 1, accepted: 2, rejected: 0, advertised: 0 }],
      },
    ],
  },
  {
    table: "cbgpPeer3Table",
    sysObjectId: `${E}.9.1.2093`,
    instances: entry(`${ciscoRoot}.9.1`, [`5.${inet4}`, `5.${inet6}`], {
      4: [text("azure"), text("azure")],
      5: [up, active],
      6: [integer(2), integer(2)],
      13: [gauge(12_076), gauge(12_076)],
      19: [text("\x06\x0a"), text("\x00\x00")],
      20: [counter(2), counter(0)],
      21: [gauge(60), gauge(0)],
      23: [integer(9), integer(0)],
    }),
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "up",
        vrf: "azure",
        lastError: [6, 10],
        transitions: 2,
        holdTime: 9,
      },
      { remoteAddress: ipv6Peer, state: "active", admin: "up", vrf: "azure", lastError: [0, 0], establishedSeconds: 0 },
    ],
  },
  {
    table: "jnxBgpM2PeerTable",
    sysObjectId: `${E}.2636.1.1.1.2.57`,
    instances: {
      ...entry(juniperRoot, juniperIndexes, {
        "1.1.1.2": [up, active],
        "1.1.1.3": [integer(2), integer(1)],
        "1.1.1.13": [gauge(12_076), gauge(4_294_967_294)],
        "1.1.1.14": [gauge(4), gauge(0)],
        "2.1.1.1": [text("\x06\x02"), text("\x00\x00")],
        "2.1.1.2": [text("\x06\x04"), text("\x04\x00")],
        "4.1.1.1": [gauge(600), gauge(12)],
        "4.3.1.1": [gauge(90), gauge(0)],
        "6.1.1.5": [counter(3), counter(0)],
      }),
      ...entry(`${juniperRoot}.6.2.1`, ["0.2.1", "4.1.1"], {
        7: [gauge(0), gauge(21)],
        8: [gauge(0), gauge(20)],
        9: [gauge(0), gauge(1)],
        10: [gauge(0), gauge(3)],
        11: [gauge(0), gauge(19)],
      }),
    },
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "up",
        vrf: 0,
        lastError: [6, 2],
        holdTime: 90,
        prefixes: [{ afi: 1, safi: 1, received: 21, accepted: 20, rejected: 1, advertised: 3, active: 19 }],
      },
      {
        remoteAddress: ipv6Peer,
        remoteAsn: 4_294_967_294,
        state: "active",
        admin: "down",
        lastError: [4, 0],
        prefixes: [{ afi: 2, safi: 1, received: 0, accepted: 0, active: 0 }],
      },
    ],
  },
  bgp4V2("aristaBgp4V2PeerTable", `${E}.30065.1.3011.7050`, `${E}.30065.4.1.1`, true, true),
  bgp4V2("os10bgp4V2PeerTable", `${E}.674.11000.5000.100.2.1.7`, `${E}.674.11000.5000.200.1.1`, true, true),
  bgp4V2("bgp4V2PeerTable", `${E}.8072.3.2.10`, "1.3.6.1.3.5.1.1", false, false),
  {
    table: "hwBgpPeerTable",
    sysObjectId: `${E}.2011.2.360.1.5`,
    instances: {
      ...entry(`${huaweiRoot}.1.1`, huaweiIndexes, { 6: [text("Public"), text("azure")] }),
      ...entry(`${huaweiRoot}.2.1`, huaweiIndexes, {
        2: [gauge(12_076), gauge(12_076)],
        5: [up, active],
        6: [gauge(3), gauge(0)],
        7: [gauge(600), gauge(0)],
        9: [text("\x05\x00"), text("\x06\x02")],
        11: [integer(2), integer(1)],
      }),
      ...entry(`${huaweiRoot}.3.1`, huaweiIndexes, {
        1: [counter(8), counter(0)],
        2: [counter(7), counter(0)],
        3: [counter(2), counter(0)],
      }),
    },
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "up",
        vrf: "Public",
        transitions: 3,
        lastError: [5, 0],
        prefixes: [{ afi: 1, safi: 1, received: 8, active: 7, advertised: 2 }],
      },
      {
        remoteAddress: ipv6Peer,
        state: "active",
        admin: "down",
        vrf: "azure",
        prefixes: [{ afi: 2, safi: 1, received: 0, active: 0, advertised: 0 }],
      },
    ],
  },
  {
    table: "tBgpPeerNgTable",
    sysObjectId: `${E}.6527.1.3.17`,
    instances: {
      ...entry(`${nokiaRoot}.7.1`, [`1.${inet4}`, `2.${inet6}`], {
        6: [integer(2), integer(1)],
        7: [text("to the MSEE"), text("")],
        59: [up, active],
        66: [gauge(12_076), gauge(12_076)],
      }),
      ...entry(`${nokiaRoot}.8.1`, [`1.${inet4}`, `2.${inet6}`], {
        5: [counter(8), counter(0)],
        6: [counter(2), counter(0)],
        7: [gauge(7), gauge(0)],
        10: [counter(3), counter(0)],
        13: [counter(0), counter(0)],
        27: [counter(0), counter(0)],
        40: [counter(6), counter(0)],
        41: [counter(5), counter(0)],
        42: [gauge(4), gauge(0)],
      }),
      ...entry("1.3.6.1.2.1.15.3.1", [v4], { 2: [up], 16: [gauge(600)] }),
    },
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "up",
        vrf: 1,
        transitions: 3,
        description: "to the MSEE",
        prefixes: [
          { afi: 1, safi: 1, received: 8, advertised: 2, active: 7 },
          { afi: 2, safi: 128, received: 6, advertised: 5, active: 4 },
        ],
      },
      { remoteAddress: ipv6Peer, state: "active", admin: "down", vrf: 2, prefixes: [] },
    ],
  },
  {
    table: "bgpUnnumberedPeerTable",
    sysObjectId: `${E}.40310`,
    instances: entry(`${E}.40310.4.3.1.1`, [v4], {
      2: [up],
      3: [integer(2)],
      9: [integer(-94_967_296)],
      14: [text("\x00\x00")],
      15: [counter(1)],
      16: [gauge(600)],
      18: [integer(180)],
      26: [text("leaf")],
    }),
    peers: [
      {
        remoteAddress: ipv4Peer,
        remoteAsn: 4_200_000_000,
        state: "established",
        admin: "up",
        description: "leaf",
        holdTime: 180,
      },
    ],
  },
  {
    table: "snBgp4NeighborSummaryTable",
    sysObjectId: `${E}.1991.1.3.51.7`,
    instances: entry(`${E}.1991.1.2.11.17.1.1`, ["7"], {
      2: [{ type: "ipAddress", value: ipv4Peer }],
      3: [up],
      4: [gauge(600)],
      5: [gauge(8)],
      6: [gauge(7)],
    }),
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "none",
        establishedSeconds: 600,
        remoteAsn: undefined,
        prefixes: [{ afi: 1, safi: 1, received: 8, accepted: 7 }],
      },
    ],
  },
  {
    table: "fbBgpPeerTable",
    sysObjectId: `${E}.24693.1.1`,
    instances: entry(`${E}.24693.100.179.1.1`, [inet4, inet6], {
      3: [text("transit"), text("transit6")],
      4: [integer(5), integer(2)],
      5: [integer(12_076), integer(12_076)],
      6: [integer(8), integer(0)],
      7: [integer(600), integer(3)],
      8: [integer(1), integer(0)],
      13: [integer(0), integer(44)],
    }),
    peers: [
      {
        remoteAddress: ipv4Peer,
        state: "established",
        admin: "none",
        establishedSeconds: 600,
        vrf: 0,
        prefixes: [
          { afi: 1, safi: 1, received: 8 },
          { afi: 2, safi: 1, received: 1 },
        ],
      },
      { remoteAddress: ipv6Peer, state: "active", admin: "none", vrf: 44, description: "transit6" },
    ],
  },
];
