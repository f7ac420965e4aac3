// Polls the results of the probes that a router sends itself, for the paths that they belong to. They are named by the
// configuration, or known by their addresses: the far end of the path's session, or its near end as the source.

import type { Path, Router } from "../estate/estate.ts";
import { type SubjectKey, subject } from "../estate/observation.ts";
import type { RouterProbeMib, RouterProbeObservation } from "../estate/router-probe.ts";
import { later } from "../lib/clock.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { nqaTable } from "../mib/nqa.ts";
import { pingTable, rpmTable } from "../mib/ping-mib.ts";
import {
  type FoundProbe,
  nameOf,
  type ProbeIdentity,
  type ProbeReading,
  type ProbeTable,
} from "../mib/router-probes.ts";
import { rttMonTable } from "../mib/rttmon.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError } from "../net/snmp-error.ts";
import { isAbsent } from "../wire/snmp/cells.ts";
import { decodeArcs, type Oid } from "../wire/snmp/oid.ts";
import type { Collector, CollectorDeps } from "./collector.ts";
import { type Look, type Place, type Sought, type SoughtContext, soughtCollector, tenMinutes } from "./sought.ts";

const group = "routerProbes";

/** Those that tell more stand before those that tell of the same probes. */
export const probeTables: readonly ProbeTable[] = [rttMonTable, rpmTable, pingTable, nqaTable];

/** More of one path than anybody looks at; a router may have thousands. */
const mostOfPath = 8;

/** Whose probes are looked for. */
export function probedPaths(paths: readonly Path[]): readonly Path[] {
  return paths.filter(({ routerProbes }) => routerProbes === undefined || routerProbes.length > 0);
}

/** For people. */
const named = ({ circuit, peering, link }: Path) => `${circuit} ${peering} ${link}`;

interface ProbePlace extends Place {
  readonly of: SubjectKey;
  readonly mib: RouterProbeMib;
  readonly probe: FoundProbe;
}

interface Wanted extends SoughtContext {
  readonly paths: readonly Path[];
  readonly pollInterval: Duration;
}

export function routerProbesCollector(
  { clock, target, uptime }: CollectorDeps,
  { name: router, pollInterval }: Router,
  paths: readonly Path[],
): Collector {
  return soughtCollector({ clock, target, uptime, router, pollInterval, paths }, routerProbes);
}

const routerProbes: Sought<Wanted, ProbePlace> = {
  group,
  table: "probes of the router",
  rarely: tenMinutes,
  nothingShown: () => `has no probe of a path in ${probeTables.map(({ mib }) => mib).join(", ")}`,
  look: ({ target, paths, pollInterval }) => look(target, paths, pollInterval),
  read(context, place, cells, from, at) {
    const reading = place.probe.read(cells, from);
    if (reading === undefined || reading === "gone") return reading;
    if (!("oids" in reading)) return observation(context, place, reading, at);
    return {
      oids: reading.oids,
      read(further, start, then) {
        const run = reading.read(further, start);
        return run && observation(context, place, run, then);
      },
    };
  },
};

function observation(
  { router }: Wanted,
  { of, mib, probe: { identity } }: ProbePlace,
  { running, run }: ProbeReading,
  at: RouterProbeObservation["at"],
): RouterProbeObservation {
  const { target, source, frequency } = identity;
  const common = { kind: "routerProbe", router, of, at, mib, name: nameOf(identity), target, source, running } as const;
  const every = frequency === undefined ? undefined : seconds(frequency);
  if (run === undefined) return { ...common, frequency: every, result: undefined };
  const { completedAgo, ...result } = run;
  const completedAt = completedAgo === undefined ? undefined : later(at, seconds(-completedAgo));
  return { ...common, frequency: every, result: { ...result, completedAt } };
}

async function look(
  target: SnmpTarget,
  paths: readonly Path[],
  pollInterval: Duration,
): Promise<Result<Look<ProbePlace>, SnmpError>> {
  const shown: { readonly mib: RouterProbeMib; readonly probe: FoundProbe }[] = [];
  let doubt: SnmpError | undefined;
  for (const table of probeTables) {
    const walked = await walkProbes(target, table);
    if (!walked.ok) {
      if (walked.error.kind === "aborted") return err(walked.error);
      doubt ??= walked.error;
      continue;
    }
    for (const probe of walked.value) join(shown, table.mib, probe);
  }
  const places: ProbePlace[] = [];
  const oids: Oid[] = [];
  const missing: string[] = [];
  for (const path of paths) {
    const [key, of] = [named(path), subject.path(path)];
    const belonging = shown.filter(({ probe }) => belongs(probe.identity, path)).slice(0, mostOfPath);
    for (const { mib, probe } of belonging) {
      const every = everyOf(probe.identity, pollInterval);
      places.push({ key, of, mib, probe, width: probe.oids.length, every });
      oids.push(...probe.oids);
    }
    if (belonging.length === 0) missing.push(key);
  }
  return ok({ places, oids, missing, shown: places.length > 0, doubt });
}

/** A probe that two MIBs tell of: its results are the first one's, and who it is may be told by either. */
function join(
  shown: { readonly mib: RouterProbeMib; probe: FoundProbe }[],
  mib: RouterProbeMib,
  probe: FoundProbe,
): void {
  const { owner, test } = probe.identity;
  const same = shown.find(
    ({ probe: { identity } }) => owner !== undefined && identity.owner === owner && identity.test === test,
  );
  if (same === undefined) {
    shown.push({ mib, probe });
    return;
  }
  const known = same.probe.identity;
  const identity = {
    ...known,
    tags: [...known.tags, ...probe.identity.tags],
    target: known.target ?? probe.identity.target,
    source: known.source ?? probe.identity.source,
    frequency: known.frequency ?? probe.identity.frequency,
  };
  same.probe = { ...same.probe, identity };
}

async function walkProbes(
  target: SnmpTarget,
  { table, identity, find }: ProbeTable,
): Promise<Result<readonly FoundProbe[], SnmpError>> {
  const walked = await target.walk(identity, { group, table });
  if (!walked.ok) return walked;
  const { rows, cells } = walked.value;
  return ok(
    rows.flatMap((octets, row) => {
      const index = decodeArcs(octets, 0, octets.length);
      const at = row * identity.length;
      if (index === undefined || identity.every((_, i) => isAbsent(cells, at + i))) return [];
      return find(index, cells, at) ?? [];
    }),
  );
}

export function belongs(identity: ProbeIdentity, { routerProbes: names, session }: Path): boolean {
  const { target, source, number, owner, test, tags, measuresPath } = identity;
  if (names === undefined) {
    const { localAddress, remoteAddress } = session;
    return measuresPath && (target === remoteAddress || (source !== undefined && source === localAddress));
  }
  return names.some((name) => {
    if ("index" in name) return name.index === number;
    if ("tag" in name) return tags.includes(name.tag);
    return name.owner === owner && name.test === test;
  });
}

/**
 * No more often than the probe runs. Polls come in turns of `pollInterval`: half a turn less, so that none is missed for
 * a moment.
 */
function everyOf({ frequency }: ProbeIdentity, pollInterval: Duration): Duration | undefined {
  if (frequency === undefined || frequency * 1_000 <= pollInterval) return undefined;
  return milliseconds(frequency * 1_000 - pollInterval / 2);
}
