// Polls the configured interfaces of one router. They are found by name with a walk, then asked by ifIndex;
// every poll carries the name again, since an ifIndex may come to mean another interface.

import type { InterfaceObservation } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import { ok, type Result } from "../lib/result.ts";
import { type IfNames, type IfNaming, ifNaming, ifPolled, readInterface, readNames } from "../mib/if-mib.ts";
import { sysUpTime } from "../mib/snmpv2-mib.ts";
import { instance } from "../mib/table.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { type Cells, counterAt, textAt } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import { type Collector, type CollectorDeps, failed, nothing, overtaken, type Poll } from "./collector.ts";

interface Known {
  readonly name: string;
  readonly ifIndex: number;
  readonly by: IfNaming;
  /** Whether the agent has the 64-bit counters. */
  readonly wide: boolean;
}

/** What one complete walk found, and the GET that follows from it. */
interface Discovery {
  readonly known: readonly Known[];
  readonly absent: readonly string[];
  /** One sentence for each name that fits more than one interface. */
  readonly ambiguous: readonly string[];
  readonly rows: number;
  readonly oids: readonly Oid[];
  readonly restarts: number;
}

const columns = ifNaming.map((column) => column.oid);
const width = 1 + ifPolled.wide.length;

/** `names`: the configured interfaces, each once. */
export function interfacesCollector(deps: CollectorDeps, router: string, names: readonly string[]): Collector {
  const { clock, target, uptime } = deps;
  let found: Discovery | undefined;

  async function discover(): Promise<Result<Discovery, SnmpError>> {
    const restarts = uptime.restarts();
    const walked = await target.walk(columns, { group: "interfaces", table: "ifTable and ifXTable" });
    if (!walked.ok) return walked;
    const rows = walked.value.rows.flatMap((index, row) => {
      const [ifIndex, more] = decodeArcs(index, 0, index.length) ?? [];
      return ifIndex === undefined || more !== undefined ? [] : [readNames(ifIndex, walked.value.cells, row)];
    });
    return ok(matchNames(router, names, rows, restarts, target.hasCounter64));
  }

  return async () => {
    // Twice at most: once as known, and once after the names were looked up again.
    for (let fresh = false; ; ) {
      if (found === undefined || found.absent.length > 0 || found.restarts !== uptime.restarts()) {
        const discovered = await discover();
        if (!discovered.ok) return failed(discovered.error);
        found = discovered.value;
        fresh = true;
      }
      const now: Discovery = found;
      if (now.rows === 0) {
        found = undefined;
        return nothing(
          "noSuchTable",
          `${router} answers, but shows no interface at all; check that its SNMP view shows ifTable and ifXTable`,
        );
      }
      if (now.known.length === 0) return finished(router, now, [], [], clock.now());
      const askedAt = clock.now();
      const got = await target.get(now.oids, { group: "interfaces", table: "ifTable and ifXTable" });
      if (!got.ok) return failed(got.error);
      const at = clock.now();
      if (uptime.judge(got.value, askedAt, at) === "late") return overtaken(router, "ifTable and ifXTable");
      const same = now.restarts === uptime.restarts() && now.known.every((one, i) => isStill(one, got.value, i));
      if (same) {
        found = narrowed(now, got.value);
        return observed(router, now, got.value, at);
      }
      found = undefined;
      if (fresh) {
        return nothing(
          "incomplete",
          `${router}: its interfaces changed while they were being read; the next poll looks again`,
        );
      }
    }
  };
}

/** Exact ifName first, then ifDescr, then ifAlias. `wide`: 64-bit counters can be asked for. */
export function matchNames(
  router: string,
  names: readonly string[],
  rows: readonly IfNames[],
  restarts: number,
  wide: boolean,
): Discovery {
  const known: Known[] = [];
  const absent: string[] = [];
  const ambiguous: string[] = [];
  for (const name of names) {
    const place = ifNaming.findIndex((_, i) => rows.some((row) => row.names[i] === name));
    const by = ifNaming[place];
    const fitting = rows.filter((row) => row.names[place] === name);
    const [only, second] = fitting;
    if (by === undefined || only === undefined) {
      absent.push(name);
    } else if (second === undefined) {
      known.push({ name, ifIndex: only.ifIndex, by, wide });
    } else {
      const where = fitting.map((row) => `${row.ifIndex} (${row.names.find((text) => text) ?? "no name"})`).join(", ");
      ambiguous.push(
        `${router}: "${name}" is the ${by.name} of several interfaces, ifIndex ${where}; configure the ifName of the one meant`,
      );
    }
  }
  return { known, absent, ambiguous, rows: rows.length, oids: oidsOf(known), restarts };
}

function oidsOf(known: readonly Known[]): readonly Oid[] {
  const each = known.flatMap(({ by, ifIndex, wide }) =>
    [by, ...(wide ? ifPolled.wide : ifPolled.narrow)].map((column) => instance(column, [ifIndex])),
  );
  return [sysUpTime, ...each];
}

/** First cell of an interface: sysUpTime stands before the first. */
const cellOf = (i: number) => 1 + i * width;

function isStill({ name }: Known, cells: Cells, i: number): boolean {
  return textAt(cells, cellOf(i)) === name;
}

/** Asks for the 32-bit counters from the next poll on where the agent has no others. */
function narrowed(discovery: Discovery, cells: Cells): Discovery {
  const octets = 1 + ifPolled.wide.length - 4;
  const lacks = (i: number) => [0, 1].every((k) => counterAt(cells, cellOf(i) + octets + k) === undefined);
  if (!discovery.known.some((one, i) => one.wide && lacks(i))) return discovery;
  const known = discovery.known.map((one, i) => ({ ...one, wide: one.wide && !lacks(i) }));
  return { ...discovery, known, oids: oidsOf(known) };
}

function observed(router: string, discovery: Discovery, cells: Cells, at: Instant): Poll {
  const present: InterfaceObservation[] = [];
  const unreadable: string[] = [];
  discovery.known.forEach(({ name, ifIndex }, i) => {
    const row = readInterface(cells, cellOf(i) + 1);
    if (row.ifAdminStatus === undefined) {
      unreadable.push(`${router}: ifAdminStatus of "${name}" (ifIndex ${ifIndex}) is missing or no number of IF-MIB`);
      return;
    }
    present.push({
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
      counters: {
        receiveBytes: row.inOctets,
        transmitBytes: row.outOctets,
        receivePackets: row.inUcastPkts,
        transmitPackets: row.outUcastPkts,
        receiveErrors: row.inErrors,
        transmitErrors: row.outErrors,
        receiveDiscards: row.inDiscards,
        transmitDiscards: row.outDiscards,
      },
    });
  });
  return finished(router, discovery, present, unreadable, at);
}

function finished(
  router: string,
  discovery: Discovery,
  present: readonly InterfaceObservation[],
  unreadable: readonly string[],
  at: Instant,
): Poll {
  const absent = discovery.absent.map(
    (name): InterfaceObservation => ({ kind: "interface", router, interface: name, at, present: false }),
  );
  const observations = [...present, ...absent];
  const detail = [...discovery.ambiguous, ...unreadable].join("; ");
  return observations.length === 0 ? nothing("incomplete", detail) : { result: "ok", detail, observations };
}
