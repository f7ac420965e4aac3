// What the two threads of the prober say to each other: plain data only.

import type { ProbeTarget } from "../estate/estate.ts";
import type { ProbeObservation, SubjectKey } from "../estate/observation.ts";
import type { Instant } from "../lib/clock.ts";
import type { Duration } from "../lib/duration.ts";
import type { SocketKind } from "../net/probe-open.ts";

/** One stream of probes of a path or pair; `index` is its place in the configured list. */
export interface ProbeStream {
  readonly of: SubjectKey;
  readonly index: number;
  readonly target: ProbeTarget;
}

/**
 * Datagrams that answered no probe of ours. `malformed`: no STAMP or ICMP echo. `foreign`: well-formed, of no probe that
 * we remember. `forged`: names a probe, and does not know its random bits. `wrongSource`: knows them, and comes from
 * elsewhere. `unauthenticated`: of an authenticated session, without the HMAC of its key. `overflow`: never read, the receive
 * buffer was full.
 */
export const probeDropKinds = ["malformed", "foreign", "forged", "wrongSource", "unauthenticated", "overflow"] as const;
export type ProbeDropKind = (typeof probeDropKinds)[number];

export interface WorkerStart {
  /** Without their keys: a Secret does not cross threads. */
  readonly streams: readonly ProbeStream[];
  /** The text of the key of each stream. */
  readonly keys: readonly (string | undefined)[];
  readonly sockets: SocketKind;
  /** Of a worker that died, so that its successor does not say that nothing was ever received. */
  readonly lastReceivedAt: readonly (Instant | undefined)[];
}

export interface ProbeBatch {
  readonly kind: "batch";
  /** Only streams of which something has settled. */
  readonly observations: readonly ProbeObservation[];
  /** Since the batch before. */
  readonly dropped: Readonly<Record<ProbeDropKind, number>>;
  readonly skipped: number;
}

export interface ProbeLog {
  readonly kind: "log";
  readonly level: "info" | "warn";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** How late the worker's turns were at the worst since it told before. */
export interface WorkerLoop {
  readonly kind: "loop";
  readonly at: Instant;
  readonly late: Duration;
}

export type FromWorker = ProbeBatch | ProbeLog | WorkerLoop;
/** Streams besides those that it was started with; they replace the ones told before. */
export interface Besides {
  readonly kind: "besides";
  readonly streams: readonly ProbeStream[];
}
