// Polls BGP4-MIB bgpPeerTable (RFC 4273) for the configured sessions of one router.

import type { SessionObservation } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { bgpPeerTable, bgpPolled, peerIndex, readPeer } from "../mib/bgp4-mib.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import { instance } from "../mib/table.ts";
import { type Cells, isAbsent } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken } from "./collector.ts";

/** A routing daemon that restarts leaves its rows out for a moment: absent is what was absent this often in a row. */
const pollsUntilAbsent = 3;

const tableColumns: readonly Oid[] = [bgpPeerTable.bgpPeerState.oid];
const ask = { group: "bgp", table: "bgpPeerTable" } as const;

/** `peers`: the remote addresses of the configured sessions, each once. */
export function bgpCollector(deps: CollectorDeps, router: string, peers: readonly string[]): Collector {
  const { clock, target, uptime } = deps;
  const asked = peers.flatMap((remoteAddress) => {
    const index = peerIndex(remoteAddress);
    return index === undefined ? [] : [{ remoteAddress, index, row: index.join(".") }];
  });
  const unseen = peers.filter((peer) => peerIndex(peer) === undefined);
  const notCovered =
    unseen.length === 0 ? [] : [`${router}: BGP4-MIB holds no IPv6 sessions, so not seen: ${unseen.join(", ")}`];
  const oids = [sysUpTime, ...asked.flatMap(({ index }) => bgpPolled.map((column) => instance(column, index)))];
  const absences = new Map<string, number>();

  /** The rows that the table has, when no asked one was there: none means that the table itself is missing. */
  async function rowsOfTable() {
    const walked = await target.walk(tableColumns, ask);
    if (!walked.ok) return walked;
    const rows = walked.value.rows.map((index) => (decodeArcs(index, 0, index.length) ?? []).join("."));
    return { ok: true, value: new Set(rows) } as const;
  }

  return async () => {
    if (asked.length === 0) return nothing("noSuchTable", notCovered.join("; "));
    const askedAt = clock.now();
    const got = await target.get(oids, ask);
    if (!got.ok) return failed(got.error);
    const at = clock.now();
    if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, ask.table);
    const missing = asked.filter((_, i) => isAbsent(got.value, cellOf(i)));
    if (missing.length === asked.length) {
      const rows = await rowsOfTable();
      if (!rows.ok) return failed(rows.error);
      if (rows.value.size === 0) {
        return nothing(
          "noSuchTable",
          `${router} answers, but its bgpPeerTable has no row; check that its BGP daemon runs and is connected to its SNMP agent`,
        );
      }
      if (missing.some(({ row }) => rows.value.has(row))) {
        return nothing(
          "incomplete",
          `${router}: bgpPeerTable changed while it was being read; the next poll looks again`,
        );
      }
    }
    const observations: SessionObservation[] = [];
    const remarks = [...notCovered];
    asked.forEach(({ remoteAddress }, i) => {
      const seen = observe(router, remoteAddress, got.value, i, at);
      if (seen !== "absent") absences.delete(remoteAddress);
      if (seen === "absent") {
        const times = (absences.get(remoteAddress) ?? 0) + 1;
        absences.set(remoteAddress, times);
        if (times >= pollsUntilAbsent) {
          observations.push({ kind: "session", router, remoteAddress, at, present: false });
        } else {
          remarks.push(
            `${router}: bgpPeerTable has no ${remoteAddress} (${times} of ${pollsUntilAbsent} polls until absent)`,
          );
        }
      } else if (seen === "unreadable") {
        remarks.push(`${router}: bgpPeerState or bgpPeerAdminStatus of ${remoteAddress} is no number of BGP4-MIB`);
      } else {
        observations.push(seen);
      }
    });
    return { result: "ok", detail: remarks.join("; "), observations };
  };
}

/** First cell of a peer: sysUpTime stands before the first. */
const cellOf = (i: number) => 1 + i * bgpPolled.length;

function observe(
  router: string,
  remoteAddress: string,
  cells: Cells,
  i: number,
  at: Instant,
): SessionObservation | "absent" | "unreadable" {
  if (isAbsent(cells, cellOf(i))) return "absent";
  const row = readPeer(cells, cellOf(i));
  if (row.bgpPeerState === undefined || row.bgpPeerAdminStatus === undefined) return "unreadable";
  return {
    kind: "session",
    router,
    remoteAddress,
    at,
    present: true,
    state: row.bgpPeerState,
    adminUp: row.bgpPeerAdminStatus === "start",
    remoteAsn: row.bgpPeerRemoteAs ?? 0,
    establishedTransitions: row.bgpPeerFsmEstablishedTransitions ?? 0,
    establishedSeconds: row.bgpPeerFsmEstablishedTime ?? 0,
    lastError: row.bgpPeerLastError ?? [0, 0],
  };
}
