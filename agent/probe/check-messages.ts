// What the two threads of the checks say to each other: plain data only.

import type { SubjectKey } from "../estate/observation.ts";
import type { ServiceCheck } from "../estate/service.ts";
import type { CheckObservation } from "../estate/service-observation.ts";

/** One check of a service or dependency; `index` is its place in the list. */
export interface CheckStream {
  readonly of: SubjectKey;
  readonly index: number;
  readonly check: ServiceCheck;
}

export interface CheckStart {
  /** Without the credentials of their proxies: a Secret does not cross threads. */
  readonly streams: readonly CheckStream[];
  /** What the proxy of each stream is told of who asks. */
  readonly authorizations: readonly (string | undefined)[];
}

export interface CheckReport {
  readonly observation: CheckObservation;
  /** Turns skipped since the report before. */
  readonly skipped: number;
  readonly inFlight: number;
}
