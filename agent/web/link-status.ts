// What the router tells of a link beyond its interface and session, where it does and it is fresh. Null: not known.

import { type Exit, knownWays } from "../estate/best-path.ts";
import type { Estate, Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type {
  BfdDiagnostic,
  BfdState,
  NeighborState,
  OpticsObservation,
  PrefixesObservation,
  PrefixSource,
} from "../estate/link-observation.ts";
import type { SessionSource } from "../estate/seen-session.ts";
import { elapsed, type Instant } from "../lib/clock.ts";
import type { Snapshot } from "../state/state.ts";
import { type RouterProbeStatus, routerProbeStatuses } from "./router-probe-status.ts";

export interface LinkStatus {
  /** `absent`: the router has BFD sessions, and had none with this far end when it was last looked for. */
  readonly bfd: {
    readonly state: BfdState | "absent";
    readonly diagnostic: BfdDiagnostic | null;
    /** Seconds. */
    readonly detectionTime: number | null;
    /** What it follows from: the interval that both ends agreed on in seconds, and how often it may pass. */
    readonly interval: number | null;
    readonly multiplier: number | null;
    readonly upSeconds: number | null;
    readonly upCount: number | null;
  } | null;
  readonly neighbor: { readonly state: NeighborState; readonly mac: string | null } | null;
  /** dBm, A, degrees Celsius; a value is null where the sensor cannot tell, or sees no light. */
  readonly optics:
    | readonly {
        readonly quantity: OpticsObservation["readings"][number]["quantity"];
        readonly lane: number;
        readonly value: number | null;
      }[]
    | null;
  readonly prefixes:
    | readonly {
        readonly family: PrefixesObservation["families"][number]["family"];
        readonly received: number | null;
        readonly accepted: number | null;
        readonly active: number | null;
        readonly advertised: number | null;
        /** Who counted those received: `snmp`, `bmp` by the routes themselves, `bmpGauge` as the router said; null: nobody. */
        readonly receivedBy: "snmp" | PrefixSource | null;
        /** Seconds since then; null: as old as the poll. */
        readonly receivedAge: number | null;
      }[]
    | null;
  /** Which way the path's router takes to declared prefixes, as far as it is known; null where nothing tells. */
  readonly bestPaths: {
    readonly source: SessionSource;
    /** Seconds since it was told. */
    readonly age: number;
    readonly ways: readonly {
      readonly prefix: string;
      /** The route that is taken; null: there is none. */
      readonly matched: string | null;
      readonly exit: Exit;
      readonly nextHop: string | null;
    }[];
  } | null;
  /** Probes that the router sends itself. */
  readonly routerProbes: readonly RouterProbeStatus[] | null;
}

export function linkStatus(
  path: Path,
  router: Router | undefined,
  estate: Estate,
  snapshot: Snapshot,
  now: Instant,
): LinkStatus {
  if (router === undefined) {
    return { bfd: null, neighbor: null, optics: null, prefixes: null, bestPaths: null, routerProbes: null };
  }
  const { remoteAddress } = path.session;
  const neighbor = snapshot.neighbor(router.name, remoteAddress);
  const optics = snapshot.optics(router.name, path.interface);
  const prefixes = snapshot.prefixes(router.name, remoteAddress);
  return {
    bfd: bfdStatus(router, remoteAddress, snapshot, now),
    neighbor:
      neighbor !== undefined && isFresh(router, neighbor.at, now, "neighbors")
        ? { state: neighbor.state, mac: neighbor.mac ?? null }
        : null,
    optics:
      optics !== undefined && isFresh(router, optics.at, now, "optics")
        ? optics.readings.map((reading) => ({ ...reading, value: reading.value ?? null }))
        : null,
    prefixes:
      prefixes !== undefined && isFresh(router, prefixes.at, now, "prefixes")
        ? prefixes.families.map(({ family, received, accepted, active, advertised, receivedBy }) => ({
            family,
            receivedBy: receivedBy?.source ?? (received === undefined ? null : "snmp"),
            receivedAge: receivedBy === undefined ? null : elapsed(receivedBy.at, now) / 1_000,
            received: received ?? null,
            accepted: accepted ?? null,
            active: active ?? null,
            advertised: advertised ?? null,
          }))
        : null,
    bestPaths: bestPathsStatus(path, estate, snapshot, now),
    routerProbes: routerProbeStatuses(path, router, snapshot, now),
  };
}

function bestPathsStatus(path: Path, estate: Estate, snapshot: Snapshot, now: Instant): LinkStatus["bestPaths"] {
  const known = path.declared && knownWays(estate, path, snapshot.bestPaths, now);
  if (known === undefined) return null;
  const { seen, ways } = known;
  return {
    source: seen.source,
    age: elapsed(seen.at, now) / 1_000,
    ways: ways.map(({ prefix, matched, exit, nextHop }) => ({
      prefix,
      matched: matched ?? null,
      exit,
      nextHop: nextHop ?? null,
    })),
  };
}

function bfdStatus(router: Router, remoteAddress: string, snapshot: Snapshot, now: Instant): LinkStatus["bfd"] {
  const seen = snapshot.bfd(router.name, remoteAddress);
  if (seen === undefined) return null;
  // What was not found is looked for rarely, so that it is not there stays said until it is found.
  if (!seen.present) return { state: "absent", ...nothingOfBfd };
  if (!isFresh(router, seen.at, now, "bfd")) return null;
  const { state, diagnostic = null, detectionTime = null, multiplier = null, upSeconds = null, upCount = null } = seen;
  return {
    state,
    diagnostic,
    detectionTime,
    interval: seen.negotiatedInterval ?? null,
    multiplier,
    upSeconds,
    upCount,
  };
}

const nothingOfBfd = {
  diagnostic: null,
  detectionTime: null,
  interval: null,
  multiplier: null,
  upSeconds: null,
  upCount: null,
} as const;
