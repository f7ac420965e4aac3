// Polls the configured interfaces of one router. They are found by name with a walk, then asked by ifIndex;
// every poll carries the name again, since an ifIndex may come to mean another interface.

import type { InterfaceObservation } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { ok, type Result } from "../lib/result.ts";
import { ethernetPolled, ethernetSigns, readDuplex, readEthernet } from "../mib/etherlike-mib.ts";
import { ifHighSpeed, ifNumber, ifPolled, ifSpeed, ifTableLastChange, readInterface, wideSign } from "../mib/if-mib.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import { type Column, instance } from "../mib/table.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import type { PreparedGet } from "../net/snmp-get.ts";
import { giveBackCells } from "../net/snmp-spare-cells.ts";
import { type Cells, isCounter, isText, numberAt, textAt } from "../wire/snmp/cells.ts";
import type { Oid } from "../wire/snmp/oid.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken, type Poll } from "./collector.ts";
import { matchNames, type NamedInterface, type NamesFound, namedTables, walkIfNames } from "./interface-names.ts";
import { isLookDue, lookFailed, noLooks, pollPassed } from "./looks.ts";

/** An interface and what its agent counts of it. */
interface Known extends NamedInterface {
  /** Its name in UTF-8. */
  readonly octets: Uint8Array;
  readonly trafficBits: 32 | 64;
  /** Undefined where it is no Ethernet, or not counted. */
  readonly ethernetBits: 32 | 64 | undefined;
  /** Its first cell, that of its first Ethernet counter, and that of its ifSpeed where that is asked. */
  readonly at: number;
  readonly ethernetAt: number;
  readonly ifSpeedAt: number | undefined;
}

/** What one complete walk found, and the GET that follows from it. */
interface Discovery extends Omit<NamesFound, "known"> {
  readonly known: readonly Known[];
  /** Where interfaces that are absent once were: the first sign of their return. */
  readonly left: readonly NamedInterface[];
  readonly rows: number;
  readonly get: PreparedGet;
  readonly restarts: number;
  /** Why the walk after it came to nothing: what is absent may be there. */
  readonly doubt: SnmpError | undefined;
}

const utf8 = new TextEncoder();
const asking = { group: "interfaces", table: namedTables };

/** Counters that an agent lacks may come with a new version of it: they are asked for again after so many polls. */
const pollsUntilAskedAgain = 100;

/** `names`: the configured interfaces, each once. */
export function interfacesCollector(deps: CollectorDeps, router: string, names: readonly string[]): Collector {
  const { clock, target, uptime } = deps;
  let found: Discovery | undefined;
  let looks = noLooks;
  /** What the agent told of its list of interfaces after the last look. */
  let told: string | undefined;
  let pollsUntilAsked = 0;

  async function discover(): Promise<Result<Discovery, SnmpError>> {
    const restarts = uptime.restarts();
    const walked = await walkIfNames(target, "interfaces");
    if (!walked.ok) return walked;
    const rows = walked.value;
    const { known, absent, ambiguous, shown } = matchNames(router, names, rows);
    const before = [...(found?.known ?? []), ...(found?.left ?? [])];
    const left = before.filter(({ name }) => absent.includes(name));
    return withCounters({ known, absent, ambiguous, shown, left, rows: rows.length, restarts, doubt: undefined });
  }

  /** Asks which counters the agent has of each interface. */
  async function withCounters(
    of: Omit<Discovery, "known" | "get"> & { readonly known: readonly NamedInterface[] },
  ): Promise<Result<Discovery, SnmpError>> {
    // SNMPv1 has no Counter64, and asks for what is missing one by one.
    if (of.known.length === 0 || !target.hasCounter64) {
      pollsUntilAsked = Number.POSITIVE_INFINITY;
      return ok(planned(target, of, []));
    }
    const oids = of.known.flatMap(({ ifIndex }) => counterSigns.map((column) => instance(column, [ifIndex])));
    const got = await target.get(oids, asking);
    if (!got.ok) return got;
    const has = of.known.map((_, i) =>
      counterSigns.map((_, k) => (numberAt(got.value, i * counterSigns.length + k) ?? -1) >= (k === 0 ? 1 : 0)),
    );
    pollsUntilAsked = has.every(([_, wide, ...ethernet]) => wide && ethernet.includes(true))
      ? Number.POSITIVE_INFINITY
      : pollsUntilAskedAgain;
    return ok(planned(target, of, has));
  }

  /** True when the router must be walked before it is asked. */
  function isStale(last: Discovery | undefined): boolean {
    if (last === undefined || last.restarts !== uptime.restarts()) return true;
    return isSearching(last) && isLookDue(looks, false);
  }

  return async () => {
    looks = pollPassed(looks);
    pollsUntilAsked -= 1;
    // Twice at most: once as known, and once after the names were looked up again.
    for (let fresh = false, stale = isStale(found), changed = false, sign = false; ; stale = true) {
      if (stale) {
        const restarted = found?.restarts !== uptime.restarts();
        const discovered = await discover();
        if (discovered.ok) found = discovered.value;
        // What is known needs no walk.
        else if (found === undefined || restarted || changed) return failed(discovered.error);
        else found = { ...found, doubt: discovered.error };
        looks = isSearching(found) ? lookFailed(restarted ? noLooks : looks, sign) : noLooks;
        told = undefined;
        fresh = true;
      } else if (found !== undefined && pollsUntilAsked <= 0) {
        const asked = await withCounters(found);
        if (!asked.ok) return failed(asked.error);
        found = asked.value;
      }
      const now = found;
      if (now === undefined || now.rows === 0) {
        found = undefined;
        return nothing(
          "noSuchTable",
          `${router} answers, but shows no interface at all; check that its SNMP view shows ifTable and ifXTable`,
        );
      }
      const askedAt = clock.now();
      const got = await now.get(asking);
      if (!got.ok) return failed(got.error);
      const cells = got.value;
      const at = clock.now();
      if (uptime.judge(cells, askedAt, at) === "late") return overtaken(router, asking.table);
      const same =
        now.restarts === uptime.restarts() &&
        now.known.every(({ name, octets, at: i }) => isText(cells, i, name, octets));
      if (!same && fresh) {
        found = undefined;
        return nothing(
          "incomplete",
          `${router}: its interfaces changed while they were being read; the next poll looks again`,
        );
      }
      const says = isSearching(now) ? `${numberAt(cells, 1)} ${numberAt(cells, 2)}` : undefined;
      told ??= says;
      sign = says !== told || now.left.some(({ name }, i) => textAt(cells, signs + i) === name);
      changed = !same;
      if (changed || (sign && !fresh && isLookDue(looks, true))) continue;
      if (now.known.some((one) => lostOctets(one, cells))) pollsUntilAsked = Math.min(pollsUntilAsked, 1);
      const poll = observed(router, now, cells, askedAt, at);
      giveBackCells(cells);
      return poll;
    }
  };
}

/** Something configured is not found. */
function isSearching({ absent, ambiguous }: Discovery): boolean {
  return absent.length + ambiguous.length > 0;
}

/** What tells which columns to ask of an interface; ifHighSpeed where it is more than 0. */
const counterSigns: readonly Column[] = [ifHighSpeed, wideSign, ethernetSigns[64], ethernetSigns[32]];

/** Cells before those of `left`, while searching: sysUpTime, ifTableLastChange, ifNumber. */
const signs = 3;

/** `has`: of each interface and each of `counterSigns`, whether the agent has it. */
function planned(
  target: SnmpTarget,
  of: Omit<Discovery, "known" | "get"> & { readonly known: readonly NamedInterface[] },
  has: readonly (readonly boolean[])[],
): Discovery {
  const { absent, ambiguous, shown, left, rows, restarts, doubt } = of;
  const oids: Oid[] = [sysUpTime];
  if (absent.length + ambiguous.length > 0) {
    oids.push(ifTableLastChange, ifNumber, ...left.map(({ by, ifIndex }) => instance(by, [ifIndex])));
  }
  const known = of.known.map(({ name, ifIndex, by }, i): Known => {
    const [fast = false, wide = false, ethernet64 = false, ethernet32 = false] = has[i] ?? [];
    const trafficBits = wide ? 64 : 32;
    const ethernetBits = ethernet64 ? 64 : ethernet32 ? 32 : undefined;
    const at = oids.length;
    const ask = (asked: readonly Column[]) => {
      const from = oids.length;
      oids.push(...asked.map((column) => instance(column, [ifIndex])));
      return from;
    };
    ask([by, ...ifPolled[trafficBits]]);
    const ifSpeedAt = fast ? undefined : ask([ifSpeed]);
    const ethernetAt = ask(ethernetBits === undefined ? [] : ethernetPolled[ethernetBits]);
    return { name, octets: utf8.encode(name), ifIndex, by, trafficBits, ethernetBits, at, ethernetAt, ifSpeedAt };
  });
  return { known, absent, ambiguous, shown, left, rows, get: target.prepare(oids), restarts, doubt };
}

/** Its 64-bit counters are gone: they count traffic last in a row. */
function lostOctets({ at, trafficBits }: Known, cells: Cells): boolean {
  const octets = at + 1 + ifPolled[64].length - 4;
  return trafficBits === 64 && !isCounter(cells, octets) && !isCounter(cells, octets + 1);
}

function observed(router: string, discovery: Discovery, cells: Cells, askedAt: Instant, at: Instant): Poll {
  const { known, absent, ambiguous, shown, restarts, doubt } = discovery;
  const observations: InterfaceObservation[] = [];
  const unreadable: string[] = [];
  for (const { name, ifIndex, trafficBits, ethernetBits, at: first, ethernetAt, ifSpeedAt } of known) {
    const row = readInterface(cells, first + 1, ifSpeedAt);
    if (row.ifAdminStatus === undefined) {
      unreadable.push(`${router}: ifAdminStatus of "${name}" (ifIndex ${ifIndex}) is missing or no number of IF-MIB`);
      continue;
    }
    if (ethernetBits !== undefined) readEthernet(row.counters, cells, ethernetAt);
    observations.push({
      kind: "interface",
      router,
      interface: name,
      at,
      present: true,
      ifIndex,
      adminStatus: row.ifAdminStatus,
      // IF-MIB has a word of its own for a state that cannot be determined.
      operStatus: row.ifOperStatus ?? "unknown",
      speed: row.speed,
      duplex: ethernetBits === undefined ? undefined : readDuplex(cells, ethernetAt),
      counters: row.counters,
      source: {
        trafficBits,
        ethernetBits,
        discontinuityTime: row.ifCounterDiscontinuityTime,
        restarts,
        askedAt,
      },
    });
  }
  for (const name of absent) {
    if (doubt === undefined)
      observations.push({ kind: "interface", router, interface: name, at, present: false, shown });
    else unreadable.push(`${router}: "${name}" was not found, and its interfaces could not be read: ${doubt.detail}`);
  }
  const detail = [...ambiguous, ...unreadable].join("; ");
  return observations.length === 0 ? nothing("incomplete", detail) : { result: "ok", detail, observations };
}
