// BFD session tables as data: BFD-STD-MIB (RFC 7331), CISCO-IETF-BFD-MIB, and Juniper's, which has the sessions in its
// copy of an early draft and their timers in JUNIPER-BFD-MIB. All number the sessions: the far end is a column.

import { type BfdState, bfdStates } from "../estate/link-observation.ts";
import { oid } from "../wire/snmp/oid.ts";
import type { IndexPart } from "./bgp-peer-index.ts";
import type { Column } from "./table.ts";

/** What a table may tell of a session. Intervals and `detectionTime` are microseconds, `upTime` is a sysUpTime. */
export type BfdField =
  | "addressType"
  | "address"
  | "state"
  | "diagnostic"
  | "lostDiagnostic"
  | "transmitInterval"
  | "receiveInterval"
  | "negotiatedInterval"
  | "detectionTime"
  | "multiplier"
  | "negotiatedMultiplier"
  | "upTime"
  | "upCount"
  | "localDiscriminator"
  | "remoteDiscriminator";

export interface BfdTable {
  readonly name: string;
  readonly mib: string;
  readonly states: Readonly<Record<number, BfdState>>;
  /** The number of noDiagnostic, from which the others follow as in the protocol. */
  readonly noDiagnostic: number;
  readonly columns: Readonly<Partial<Record<BfdField, Column>>> & { readonly state: Column; readonly address: Column };
  /** Tables that have the address in their index and the number of the session as their value. */
  readonly maps: readonly { readonly column: Column; readonly index: readonly IndexPart[] }[];
}

/** Columns of tables that share their index, each by its place under `root`. */
function columns<const Fields extends Partial<Record<BfdField, readonly [name: string, arcs: string]>>>(
  root: string,
  fields: Fields,
): { readonly [F in keyof Fields]: Column } {
  const made = Object.entries(fields).map(([field, [name, arcs]]) => [field, { name, oid: oid(`${root}.${arcs}`) }]);
  return Object.fromEntries(made) as { readonly [F in keyof Fields]: Column };
}

const standard = "1.3.6.1.2.1.222.1";
const cisco = "1.3.6.1.4.1.9.10.137.1";
const juniper = "1.3.6.1.4.1.2636";
const juniperDraft = `${juniper}.5.3.1.1`;

/** draft-ietf-bfd-mib-03: no negotiated values, and diagnostics that count from 1. */
function draftColumns(root: string, prefix: string) {
  return columns(root, {
    localDiscriminator: [`${prefix}Discriminator`, "2.1.3"],
    remoteDiscriminator: [`${prefix}RemoteDiscr`, "2.1.4"],
    state: [`${prefix}State`, "2.1.6"],
    diagnostic: [`${prefix}Diag`, "2.1.8"],
    addressType: [`${prefix}AddrType`, "2.1.13"],
    address: [`${prefix}Addr`, "2.1.14"],
    transmitInterval: [`${prefix}DesiredMinTxInterval`, "2.1.15"],
    receiveInterval: [`${prefix}ReqMinRxInterval`, "2.1.16"],
    multiplier: [`${prefix}DetectMult`, "2.1.18"],
    upTime: [`${prefix}UpTime`, "3.1.3"],
    lostDiagnostic: [`${prefix}PerfLastCommLostDiag`, "3.1.5"],
    upCount: [`${prefix}PerfSessUpCount`, "3.1.6"],
  });
}

export const bfdTables: readonly BfdTable[] = [
  {
    name: "bfdSessTable",
    mib: "BFD-STD-MIB",
    states: bfdStates,
    noDiagnostic: 0,
    columns: columns(standard, {
      localDiscriminator: ["bfdSessDiscriminator", "2.1.4"],
      remoteDiscriminator: ["bfdSessRemoteDiscr", "2.1.5"],
      state: ["bfdSessState", "2.1.11"],
      diagnostic: ["bfdSessDiag", "2.1.13"],
      addressType: ["bfdSessDstAddrType", "2.1.21"],
      address: ["bfdSessDstAddr", "2.1.22"],
      transmitInterval: ["bfdSessDesiredMinTxInterval", "2.1.25"],
      receiveInterval: ["bfdSessReqMinRxInterval", "2.1.26"],
      multiplier: ["bfdSessDetectMult", "2.1.28"],
      negotiatedInterval: ["bfdSessNegotiatedInterval", "2.1.29"],
      negotiatedMultiplier: ["bfdSessNegotiatedDetectMult", "2.1.31"],
      upTime: ["bfdSessPerfUpTime", "3.1.9"],
      lostDiagnostic: ["bfdSessPerfLastCommLostDiag", "3.1.11"],
      upCount: ["bfdSessPerfSessUpCount", "3.1.12"],
    }),
    maps: [
      {
        column: { name: "bfdSessIpMapIndex", oid: oid(`${standard}.5.1.1`) },
        index: ["row", "local", "remote"],
      },
    ],
  },
  {
    name: "ciscoBfdSessTable",
    mib: "CISCO-IETF-BFD-MIB",
    states: bfdStates,
    noDiagnostic: 1,
    columns: draftColumns(cisco, "ciscoBfdSess"),
    maps: [
      { column: { name: "ciscoBfdSessIpMapIndex", oid: oid(`${cisco}.6.1.1`) }, index: ["row", "remote"] },
      { column: { name: "ciscoBfdSessMapBfdIndex", oid: oid(`${cisco}.4.1.1`) }, index: ["row", "row", "remote"] },
    ],
  },
  {
    name: "bfdSessTable of Juniper",
    mib: "JUNIPER-BFD-MIB",
    states: bfdStates,
    noDiagnostic: 1,
    columns: {
      ...draftColumns(juniperDraft, "bfdSess"),
      ...columns(`${juniper}.3.45.1.1.1.1`, {
        negotiatedInterval: ["jnxBfdSessCurrTxInterval", "2"],
        detectionTime: ["jnxBfdSessCurrDectTime", "4"],
      }),
    },
    maps: [
      {
        column: { name: "bfdSessMapBfdIndex", oid: oid(`${juniperDraft}.4.1.1`) },
        index: ["row", "row", "remote"],
      },
    ],
  },
];
