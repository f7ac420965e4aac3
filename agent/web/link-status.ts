// What the router tells of a link beyond its interface and session, where it does and it is fresh. Null: not known.

import type { Path, Router } from "../estate/estate.ts";
import { isFresh } from "../estate/freshness.ts";
import type {
  BfdDiagnostic,
  BfdState,
  NeighborState,
  OpticsObservation,
  PrefixesObservation,
} from "../estate/link-observation.ts";
import type { Instant } from "../lib/clock.ts";
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
      }[]
    | null;
  /** Probes that the router sends itself. */
  readonly routerProbes: readonly RouterProbeStatus[] | null;
}

export function linkStatus(path: Path, router: Router | undefined, snapshot: Snapshot, now: Instant): LinkStatus {
  if (router === undefined) return { bfd: null, neighbor: null, optics: null, prefixes: null, routerProbes: null };
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
        ? prefixes.families.map(({ family, received, accepted, active, advertised }) => ({
            family,
            received: received ?? null,
            accepted: accepted ?? null,
            active: active ?? null,
            advertised: advertised ?? null,
          }))
        : null,
    routerProbes: routerProbeStatuses(path, router, snapshot, now),
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
