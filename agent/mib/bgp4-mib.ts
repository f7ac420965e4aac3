// BGP4-MIB (RFC 4273): bgpPeerTable. Its index is an IpAddress, so it can only hold IPv4 sessions; an IPv6
// session needs the vendor's table. A peer is known by its index: in a dead session the address columns
// read 0.0.0.0.

import { type BgpState, bgpStates } from "../estate/observation.ts";
import { type Cells, numberAt, octetsAt } from "../wire/snmp/cells.ts";
import { columnsOf } from "./table.ts";

export const bgpPeerTable = columnsOf("1.3.6.1.2.1.15.3.1", {
  bgpPeerState: 2,
  bgpPeerAdminStatus: 3,
  bgpPeerRemoteAs: 9,
  bgpPeerLastError: 14,
  bgpPeerFsmEstablishedTransitions: 15,
  bgpPeerFsmEstablishedTime: 16,
});

/** What is polled of one peer; `readPeer` reads cells in this order. */
export const bgpPolled = [
  bgpPeerTable.bgpPeerState,
  bgpPeerTable.bgpPeerAdminStatus,
  bgpPeerTable.bgpPeerRemoteAs,
  bgpPeerTable.bgpPeerLastError,
  bgpPeerTable.bgpPeerFsmEstablishedTransitions,
  bgpPeerTable.bgpPeerFsmEstablishedTime,
] as const;

export interface BgpPeerRow {
  readonly bgpPeerState: BgpState | undefined;
  /** stop(1) or start(2). */
  readonly bgpPeerAdminStatus: "stop" | "start" | undefined;
  readonly bgpPeerRemoteAs: number | undefined;
  readonly bgpPeerLastError: readonly [code: number, subcode: number] | undefined;
  readonly bgpPeerFsmEstablishedTransitions: number | undefined;
  /** Seconds since established, or since the drop. */
  readonly bgpPeerFsmEstablishedTime: number | undefined;
}

/** One peer from the cell `at` on. Each value that is missing or bad is lost alone. */
export function readPeer(cells: Cells, at: number): BgpPeerRow {
  const admin = numberAt(cells, at + 1);
  return {
    bgpPeerState: stateOf(numberAt(cells, at)),
    bgpPeerAdminStatus: admin === 1 ? "stop" : admin === 2 ? "start" : undefined,
    bgpPeerRemoteAs: asNumber(numberAt(cells, at + 2)),
    bgpPeerLastError: lastError(octetsAt(cells, at + 3)),
    bgpPeerFsmEstablishedTransitions: numberAt(cells, at + 4),
    bgpPeerFsmEstablishedTime: numberAt(cells, at + 5),
  };
}

function stateOf(value: number | undefined): BgpState | undefined {
  return value === undefined ? undefined : (bgpStates as Readonly<Record<number, BgpState>>)[value];
}

/** FRR writes AS numbers above 2^31-1 into this Integer32 as negative ones; others give 23456 (RFC 6793) or 0. */
export function asNumber(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value >>> 0;
}

function lastError(octets: Uint8Array | undefined): readonly [number, number] | undefined {
  return octets?.length === 2 ? [octets[0] ?? 0, octets[1] ?? 0] : undefined;
}

/** The index of a peer in bgpPeerTable; undefined for an address that is not IPv4. */
export function peerIndex(remoteAddress: string): readonly number[] | undefined {
  return /^\d+\.\d+\.\d+\.\d+$/.test(remoteAddress) ? remoteAddress.split(".").map(Number) : undefined;
}
