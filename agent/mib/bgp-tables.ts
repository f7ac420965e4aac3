// BGP peer tables as data: BGP4-MIB (RFC 4273) and those of the vendors, which also hold IPv6 peers.

import type { BgpTableName } from "../estate/estate.ts";
import { type BgpState, bgpStates } from "../estate/observation.ts";
import { type Oid, oid } from "../wire/snmp/oid.ts";
import type { IndexPart } from "./bgp-peer-index.ts";
import type { Column } from "./table.ts";

/**
 * What a peer table may tell of a peer.
 * `lastError` and `lastErrorSent`: two octets, code and subcode; the `error…` fields: each a number of its own.
 * `peerIndex`: the number by which other tables of the MIB name the peer. `holdTime`: seconds, as negotiated.
 */
export type PeerField =
  | "remoteAddress"
  | "state"
  | "adminStatus"
  | "remoteAs"
  | "transitions"
  | "establishedTime"
  | "lastError"
  | "lastErrorSent"
  | "errorCode"
  | "errorSubcode"
  | "errorCodeSent"
  | "errorSubcodeSent"
  | "holdTime"
  | "description"
  | "vrf"
  | "peerIndex";

export interface BgpTable {
  readonly name: BgpTableName;
  readonly mib: string;
  /** sysObjectID subtrees of the agents that may have it; none for BGP4-MIB, which any may have. */
  readonly agents: readonly Oid[];
  readonly index: readonly IndexPart[];
  /** False where the table cannot hold IPv6 peers. */
  readonly ipv6: boolean;
  readonly states: Readonly<Record<number, BgpState>>;
  /** Numbers of the administrative status; undefined where the table has none. */
  readonly admin: { readonly down: number; readonly up: number } | undefined;
  readonly columns: Readonly<Partial<Record<PeerField, Column>>> & { readonly state: Column };
  /** A field that is another table's column, indexed by the remote IPv4 address alone. */
  readonly byAddress?: PeerField;
}

/** A column by its MIB name, under `root`. */
const at = (root: string, name: string, arcs: string | number): Column => ({ name, oid: oid(`${root}.${arcs}`) });

const enterprises = "1.3.6.1.4.1";
const netSnmp = oid(`${enterprises}.8072`);
const startStop = { down: 1, up: 2 } as const;

/** Columns that BGP4-MIB and its copies have at the same places. */
function bgp4Columns(entry: string, prefix: string) {
  return {
    state: at(entry, `${prefix}State`, 2),
    adminStatus: at(entry, `${prefix}AdminStatus`, 3),
    remoteAs: at(entry, `${prefix}RemoteAs`, 9),
    lastError: at(entry, `${prefix}LastError`, 14),
    transitions: at(entry, `${prefix}FsmEstablishedTransitions`, 15),
    establishedTime: at(entry, `${prefix}FsmEstablishedTime`, 16),
    holdTime: at(entry, `${prefix}HoldTime`, 18),
  };
}

/** draft-ietf-idr-bgp4-mibv2, which Arista, Dell and FRR implement under roots of their own. */
function bgp4V2Columns(root: string, prefix: string) {
  return {
    state: at(root, `${prefix}PeerState`, "2.1.13"),
    adminStatus: at(root, `${prefix}PeerAdminStatus`, "2.1.12"),
    remoteAs: at(root, `${prefix}PeerRemoteAs`, "2.1.10"),
    description: at(root, `${prefix}PeerDescription`, "2.1.14"),
    errorCode: at(root, `${prefix}PeerLastErrorCodeReceived`, "3.1.1"),
    errorSubcode: at(root, `${prefix}PeerLastErrorSubCodeReceived`, "3.1.2"),
    errorCodeSent: at(root, `${prefix}PeerLastErrorCodeSent`, "3.1.6"),
    errorSubcodeSent: at(root, `${prefix}PeerLastErrorSubCodeSent`, "3.1.7"),
    establishedTime: at(root, `${prefix}PeerFsmEstablishedTime`, "4.1.1"),
    transitions: at(root, `${prefix}PeerFsmEstablishedTransitions`, "7.1.5"),
    holdTime: at(root, `${prefix}PeerHoldTime`, "6.1.1"),
  };
}

const bgpPeerTable: BgpTable = {
  name: "bgpPeerTable",
  mib: "BGP4-MIB",
  agents: [],
  index: ["v4"],
  ipv6: false,
  states: bgpStates,
  admin: startStop,
  columns: bgp4Columns("1.3.6.1.2.1.15.3.1", "bgpPeer"),
};

const cisco = `${enterprises}.9.9.187.1.2`;
const juniper = `${enterprises}.2636.5.1.1.2`;
const huawei = `${enterprises}.2011.5.25.177.1.1`;
const nokia = `${enterprises}.6527.3.1.2.14.4`;
const foundry = `${enterprises}.1991.1.2.11.17.1.1`;
const firebrick = `${enterprises}.24693.100.179.1.1`;

/** Vendors' tables, those of one vendor in the order in which they are asked. */
const vendorBgpTables: readonly BgpTable[] = [
  {
    name: "cbgpPeer2Table",
    mib: "CISCO-BGP4-MIB",
    // SONiC has it too, state only, and calls itself net-snmp.
    agents: [oid(`${enterprises}.9`), netSnmp],
    index: ["remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: {
      state: at(cisco, "cbgpPeer2State", "5.1.3"),
      adminStatus: at(cisco, "cbgpPeer2AdminStatus", "5.1.4"),
      remoteAs: at(cisco, "cbgpPeer2RemoteAs", "5.1.11"),
      lastError: at(cisco, "cbgpPeer2LastError", "5.1.17"),
      transitions: at(cisco, "cbgpPeer2FsmEstablishedTransitions", "5.1.18"),
      establishedTime: at(cisco, "cbgpPeer2FsmEstablishedTime", "5.1.19"),
      holdTime: at(cisco, "cbgpPeer2HoldTime", "5.1.21"),
    },
  },
  {
    name: "cbgpPeer3Table",
    mib: "CISCO-BGP4-MIB",
    agents: [oid(`${enterprises}.9`)],
    index: ["vrf", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: {
      vrf: at(cisco, "cbgpPeer3VrfName", "9.1.4"),
      state: at(cisco, "cbgpPeer3State", "9.1.5"),
      adminStatus: at(cisco, "cbgpPeer3AdminStatus", "9.1.6"),
      remoteAs: at(cisco, "cbgpPeer3RemoteAs", "9.1.13"),
      lastError: at(cisco, "cbgpPeer3LastError", "9.1.19"),
      transitions: at(cisco, "cbgpPeer3FsmEstablishedTransitions", "9.1.20"),
      establishedTime: at(cisco, "cbgpPeer3FsmEstablishedTime", "9.1.21"),
      holdTime: at(cisco, "cbgpPeer3HoldTime", "9.1.23"),
    },
  },
  {
    name: "jnxBgpM2PeerTable",
    mib: "BGP4-V2-MIB-JUNIPER",
    agents: [oid(`${enterprises}.2636`)],
    index: ["vrf", "local", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: {
      state: at(juniper, "jnxBgpM2PeerState", "1.1.1.2"),
      adminStatus: at(juniper, "jnxBgpM2PeerStatus", "1.1.1.3"),
      remoteAs: at(juniper, "jnxBgpM2PeerRemoteAs", "1.1.1.13"),
      peerIndex: at(juniper, "jnxBgpM2PeerIndex", "1.1.1.14"),
      lastError: at(juniper, "jnxBgpM2PeerLastErrorReceived", "2.1.1.1"),
      lastErrorSent: at(juniper, "jnxBgpM2PeerLastErrorSent", "2.1.1.2"),
      establishedTime: at(juniper, "jnxBgpM2PeerFsmEstablishedTime", "4.1.1.1"),
      transitions: at(juniper, "jnxBgpM2PeerFsmEstablishedTrans", "6.1.1.5"),
      holdTime: at(juniper, "jnxBgpM2PeerHoldTime", "4.3.1.1"),
    },
  },
  {
    name: "aristaBgp4V2PeerTable",
    mib: "ARISTA-BGP4V2-MIB",
    agents: [oid(`${enterprises}.30065`)],
    index: ["vrf", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: bgp4V2Columns(`${enterprises}.30065.4.1.1`, "aristaBgp4V2"),
  },
  {
    name: "os10bgp4V2PeerTable",
    mib: "OS10-BGP4V2-MIB",
    agents: [oid(`${enterprises}.674`)],
    index: ["vrf", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: bgp4V2Columns(`${enterprises}.674.11000.5000.200.1.1`, "os10bgp4V2"),
  },
  {
    name: "hwBgpPeerTable",
    mib: "HUAWEI-BGP-VPN-MIB",
    agents: [oid(`${enterprises}.2011`)],
    index: ["vrf", "afi", "safi", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: {
      vrf: at(huawei, "hwBgpPeerVrfName", "1.1.6"),
      remoteAs: at(huawei, "hwBgpPeerRemoteAs", "2.1.2"),
      state: at(huawei, "hwBgpPeerState", "2.1.5"),
      transitions: at(huawei, "hwBgpPeerFsmEstablishedCounter", "2.1.6"),
      establishedTime: at(huawei, "hwBgpPeerFsmEstablishedTime", "2.1.7"),
      lastError: at(huawei, "hwBgpPeerLastError", "2.1.9"),
      adminStatus: at(huawei, "hwBgpPeerAdminStatus", "2.1.11"),
    },
  },
  {
    name: "tBgpPeerNgTable",
    mib: "TIMETRA-BGP-MIB",
    agents: [oid(`${enterprises}.6527`)],
    index: ["vrf", "remote"],
    ipv6: true,
    states: bgpStates,
    // tBgpPeerNgShutdown is a TruthValue: true(1) means shut.
    admin: { down: 1, up: 2 },
    columns: {
      adminStatus: at(nokia, "tBgpPeerNgShutdown", "7.1.6"),
      description: at(nokia, "tBgpPeerNgDescription", "7.1.7"),
      state: at(nokia, "tBgpPeerNgConnState", "7.1.59"),
      remoteAs: at(nokia, "tBgpPeerNgPeerAS4Byte", "7.1.66"),
      transitions: at(nokia, "tBgpPeerNgOperFsmEstablishedTransitions", "8.1.10"),
      establishedTime: at("1.3.6.1.2.1.15.3.1", "bgpPeerFsmEstablishedTime", 16),
    },
    byAddress: "establishedTime",
  },
  {
    name: "bgpUnnumberedPeerTable",
    mib: "CUMULUS-BGPUN-MIB",
    agents: [oid(`${enterprises}.40310`), netSnmp],
    index: ["v4"],
    ipv6: false,
    states: bgpStates,
    admin: startStop,
    columns: {
      ...bgp4Columns(`${enterprises}.40310.4.3.1.1`, "bgpPeer"),
      description: at(`${enterprises}.40310.4.3.1.1`, "bgpPeerDesc", 26),
    },
  },
  {
    name: "bgp4V2PeerTable",
    mib: "BGP4V2-MIB",
    agents: [netSnmp, oid(`${enterprises}.40310`), oid(`${enterprises}.44641`)],
    index: ["vrf", "remote"],
    ipv6: true,
    states: bgpStates,
    admin: startStop,
    columns: bgp4V2Columns("1.3.6.1.3.5.1.1", "bgp4V2"),
  },
  {
    name: "snBgp4NeighborSummaryTable",
    mib: "FOUNDRY-SN-BGP4-GROUP-MIB",
    agents: [oid(`${enterprises}.1991`)],
    index: ["row"],
    ipv6: false,
    states: bgpStates,
    admin: undefined,
    columns: {
      remoteAddress: at(foundry, "snBgp4NeighborSummaryIp", 2),
      state: at(foundry, "snBgp4NeighborSummaryState", 3),
      establishedTime: at(foundry, "snBgp4NeighborSummaryStateChgTime", 4),
    },
  },
  {
    name: "fbBgpPeerTable",
    mib: "FIREBRICK-BGP-MIB",
    agents: [oid(`${enterprises}.24693`)],
    index: ["remote"],
    ipv6: true,
    // Numbers of its own; openWait has no word in RFC 4271 and lies between connecting and OpenSent.
    states: {
      0: "idle",
      1: "active",
      2: "active",
      3: "opensent",
      4: "openconfirm",
      5: "established",
      6: "idle",
      7: "idle",
      8: "idle",
    },
    admin: undefined,
    columns: {
      description: at(firebrick, "fbBgpPeerName", 3),
      state: at(firebrick, "fbBgpPeerState", 4),
      remoteAs: at(firebrick, "fbBgpPeerRemoteAS", 5),
      establishedTime: at(firebrick, "fbBgpPeerSecondsSinceLastChange", 7),
      vrf: at(firebrick, "fbBgpPeerTableId", 13),
    },
  },
];

export const bgpTables: readonly BgpTable[] = [bgpPeerTable, ...vendorBgpTables];

/**
 * The tables to try, in this order, on an agent of that sysObjectID: its vendor's, then BGP4-MIB. An agent of
 * unknown make may have any.
 */
export function proposedBgpTables(sysObjectId: Oid): readonly BgpTable[] {
  const own = vendorBgpTables.filter(({ agents }) =>
    agents.some((root) => root.every((arc, i) => arc === sysObjectId[i])),
  );
  return [...(own.length > 0 ? own : vendorBgpTables), bgpPeerTable];
}
