// Polls the configured BGP sessions of one router, in the tables where they were found.

import type { BgpTableName } from "../estate/estate.ts";
import type { SessionObservation } from "../estate/observation.ts";
import type { PeersObservation } from "../estate/session-observation.ts";
import { type Clock, type Instant, later } from "../lib/clock.ts";
import { milliseconds, seconds } from "../lib/duration.ts";
import { phase } from "../lib/hash.ts";
import { ok, type Result } from "../lib/result.ts";
import { type BgpPeerRow, readPeerAt } from "../mib/bgp-peers.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { PreparedGet } from "../net/snmp-get.ts";
import { giveBackCells } from "../net/snmp-spare-cells.ts";
import { type Cells, isAbsent } from "../wire/snmp/cells.ts";
import { candidateTables, findPeers, type KnownPeer, oidsOf, type PeersFound } from "./bgp-peers.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken } from "./collector.ts";
import { isLookDue, lookFailed, noLooks, pollPassed } from "./looks.ts";

/** A routing daemon that restarts leaves its rows out for a moment: absent is what was absent this often in a row. */
const pollsUntilAbsent = 3;

/** A session may come to stand in a table that had no rows: those are asked again after so many polls without it. */
const pollsUntilNewChoice = 20;

/** All peers are walked through again so often, each router at a time of its own, to see those that nobody configured. */
const peersEvery = seconds(600);

const group = "bgp";

/** What was found, and the GET that follows from it. */
interface Discovery extends PeersFound {
  /** Where sessions that are not found once were: asked all the same, as the first sign of their return. */
  readonly left: readonly KnownPeer[];
  readonly get: PreparedGet;
  readonly restarts: number;
}

/** `peers`: the remote addresses of the configured sessions, each once. `configured`: the only table to look in. */
export function bgpCollector(
  deps: CollectorDeps,
  router: string,
  peers: readonly string[],
  configured: BgpTableName | undefined,
): Collector {
  const { clock, target, uptime } = deps;
  let found: Discovery | undefined;
  let pollsSinceChoice = 0;
  let looks = noLooks;
  const absences = new Map<string, number>();
  let everShown = false;
  /** When no table had a peer any more, after one had; undefined while one has, and where none ever had. */
  let emptySince: Instant | undefined;
  /** The first time half as long or more: routers that are asked first at once must not go on so. */
  let nextWalk = later(clock.now(), milliseconds(peersEvery * (0.5 + phase(router) / 2)));

  /** Looks in the tables that had rows; in all that the router may have where none is known to have any. */
  async function discover(): Promise<Result<Discovery, SnmpError>> {
    const restarts = uptime.restarts();
    const isChosen = found?.doubt === undefined && pollsSinceChoice < pollsUntilNewChoice;
    let tables = (isChosen && found?.tables) || [];
    if (tables.length === 0) {
      const candidates = await candidateTables(target, configured);
      if (!candidates.ok) return candidates;
      tables = candidates.value;
      pollsSinceChoice = 0;
    }
    const looked = await findPeers(target, router, tables, peers);
    if (!looked.ok) return looked;
    const { known } = looked.value;
    const before = [...(found?.known ?? []), ...(found?.left ?? [])];
    const left = before.filter(({ remoteAddress }) => known.every((peer) => peer.remoteAddress !== remoteAddress));
    const oids = [sysUpTime, ...[...known, ...left].flatMap(oidsOf)];
    return ok({ ...looked.value, left, get: target.prepare(oids), restarts });
  }

  /** True when the last look does not stand any more. */
  function isStale(last: Discovery | undefined): boolean {
    if (last === undefined || last.restarts !== uptime.restarts()) return true;
    if (clock.now() >= nextWalk) return true;
    if ((last.missing.length > 0 || last.tables.length === 0) && isLookDue(looks, false)) return true;
    return isSearching(last) && pollsSinceChoice >= pollsUntilNewChoice;
  }

  return async () => {
    pollsSinceChoice += 1;
    looks = pollPassed(looks);
    // Twice at most: once as known, and once after the sessions were looked up again.
    for (let fresh = false, stale = isStale(found), changed = false, sign = false; ; stale = true) {
      if (stale) {
        const restarted = found?.restarts !== uptime.restarts();
        if (clock.now() >= nextWalk) nextWalk = later(clock.now(), peersEvery);
        const discovered = await discover();
        if (discovered.ok) {
          found = discovered.value;
          const isEmpty = found.tables.length === 0;
          everShown ||= !isEmpty;
          emptySince = isEmpty && everShown ? (emptySince ?? clock.now()) : undefined;
        } else if (found === undefined || restarted || changed) {
          found = undefined;
          return failed(discovered.error);
        } else {
          // What is known needs no walk.
          found = { ...found, doubt: discovered.error };
        }
        const complete = found.missing.length === 0 && found.tables.length > 0;
        looks = complete ? noLooks : lookFailed(restarted ? noLooks : looks, sign);
        fresh = true;
      }
      const now = found;
      const empty = () => nothing("noSuchTable", noPeers(router, configured, emptySince, clock));
      if (now === undefined || (fresh && now.tables.length === 0)) return empty();
      const remarks = [...now.ambiguous, ...notCovered(router, now)];
      const isHopeless = now.known.length + now.missing.length + now.left.length === 0 && now.tables.length > 0;
      if (isHopeless) return nothing("noSuchTable", remarks.join("; "));
      const askedAt = clock.now();
      const table = now.tables.map(({ name }) => name).join(" and ") || "BGP peers";
      const got = await now.get({ group, table });
      if (!got.ok) return failed(got.error);
      const at = clock.now();
      if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, table);
      const all = rowsOf([...now.known, ...now.left], got.value);
      giveBackCells(got.value);
      const rows = all.slice(0, now.known.length);
      const same = now.restarts === uptime.restarts() && rows.every((row) => row !== undefined);
      // The rows of those that left come after the others.
      sign = all.slice(rows.length).some((row) => row !== undefined);
      changed = !same;
      if (!fresh && (changed || (sign && isLookDue(looks, true)))) continue;
      if (!same) {
        return nothing("incomplete", `${router}: ${table} changed while it was being read; the next poll looks again`);
      }
      if (now.tables.length === 0) return empty();
      const observations = now.known.flatMap((peer, i) => {
        absences.delete(peer.remoteAddress);
        const row = rows[i];
        const seen = row === undefined ? undefined : observe(router, row, at);
        if (seen === undefined) remarks.push(unreadable(router, peer));
        return seen === undefined ? [] : [seen];
      });
      for (const remoteAddress of now.missing) {
        if (now.doubt !== undefined) {
          remarks.push(`${router}: ${remoteAddress} was not found, but a table could not be read: ${now.doubt.detail}`);
          continue;
        }
        const times = (absences.get(remoteAddress) ?? 0) + 1;
        absences.set(remoteAddress, times);
        if (times >= pollsUntilAbsent) {
          observations.push({ kind: "session", router, remoteAddress, at, present: false });
        } else {
          remarks.push(
            `${router}: ${table} has no ${remoteAddress} (${times} of ${pollsUntilAbsent} polls until absent)`,
          );
        }
      }
      if (fresh && now.doubt === undefined) {
        return { result: "ok", detail: remarks.join("; "), observations: [...observations, peersOf(router, now, at)] };
      }
      return { result: "ok", detail: remarks.join("; "), observations };
    }
  };
}

/** `since`: when the router ceased to show any. */
function noPeers(
  router: string,
  configured: BgpTableName | undefined,
  since: Instant | undefined,
  clock: Pick<Clock, "toEpoch">,
): string {
  if (since === undefined) {
    return `${router} answers, but shows no BGP peer in ${configured ?? "any table that it may have"}; check that its BGP daemon runs and is connected to its SNMP agent`;
  }
  const at = new Date(clock.toEpoch(since)).toISOString().slice(0, 19).replace("T", " ");
  return `${router} answers SNMP, and has shown no BGP peer at all since ${at} UTC: its BGP daemon may be dead, or has lost its SNMP agent; look there`;
}

function peersOf(router: string, { unconfigured }: Discovery, at: Instant): PeersObservation {
  return { kind: "peers", router, at, unconfigured };
}

/** Something configured is not found. */
function isSearching({ missing, unseen, ambiguous }: Discovery): boolean {
  return missing.length + unseen.length + ambiguous.length > 0;
}

function notCovered(router: string, { unseen, tables }: Discovery): readonly string[] {
  if (unseen.length === 0) return [];
  const mibs = [...new Set(tables.map(({ mib }) => mib))].join(" and ");
  return [`${router}: ${mibs} holds no IPv6 sessions, so not seen: ${unseen.join(", ")}`];
}

/** The row of each peer; undefined for one that is gone, or whose place another has taken. */
function rowsOf(known: readonly KnownPeer[], cells: Cells): readonly (BgpPeerRow | undefined)[] {
  // sysUpTime stands before the first.
  let from = 1;
  return known.map(({ layout, index, remoteAddress }) => {
    const at = from;
    from += layout.fields.length;
    if (isAbsent(cells, at + (layout.places.state ?? 0))) return undefined;
    const row = readPeerAt(layout, index, cells, at);
    return row?.remoteAddress === remoteAddress ? row : undefined;
  });
}

function unreadable(router: string, { remoteAddress, layout: { table } }: KnownPeer): string {
  const columns = [table.columns.state, table.columns.adminStatus].flatMap((column) => column?.name ?? []);
  return `${router}: ${columns.join(" or ")} of ${remoteAddress} is no number of ${table.mib}`;
}

function observe(router: string, row: BgpPeerRow, at: Instant): SessionObservation | undefined {
  if (row.state === undefined || row.admin === undefined) return undefined;
  return {
    kind: "session",
    router,
    remoteAddress: row.remoteAddress,
    at,
    present: true,
    state: row.state,
    adminUp: row.admin !== "down",
    remoteAsn: row.remoteAsn ?? 0,
    establishedTransitions: row.transitions ?? 0,
    establishedSeconds: row.establishedSeconds ?? 0,
    lastError: row.lastError ?? [0, 0],
    holdTime: row.holdTime,
  };
}
