// What a collector of one group is, and what every one of them needs.

import type { BestPathsObservation } from "../estate/best-path.ts";
import type { LinkObservation } from "../estate/link-observation.ts";
import type {
  InterfaceObservation,
  PollFailure,
  RouterObservation,
  SessionObservation,
} from "../estate/observation.ts";
import type { RouterProbeObservation } from "../estate/router-probe.ts";
import type { PeersObservation } from "../estate/session-observation.ts";
import type { Clock } from "../lib/clock.ts";
import type { SnmpTarget } from "../net/snmp-client.ts";
import type { SnmpError, SnmpFailure } from "../net/snmp-error.ts";
import type { UptimeWatch } from "./uptime.ts";

export type Collected =
  | RouterObservation
  | InterfaceObservation
  | SessionObservation
  | PeersObservation
  | LinkObservation
  | BestPathsObservation
  | RouterProbeObservation;

/** How one poll went. Two say nothing of the router. `aborted`: we stopped. `notAsked`: there was nothing to ask it. */
export interface Poll {
  readonly result: "ok" | PollFailure | "aborted" | "notAsked";
  /** Also set when ok, if some of what was asked for cannot be seen. */
  readonly detail: string;
  /** Empty unless ok. */
  readonly observations: readonly Collected[];
}

/** Asks one router for one group. Polls of one collector never overlap. */
export type Collector = () => Promise<Poll>;

export interface CollectorDeps {
  readonly clock: Clock;
  readonly target: SnmpTarget;
  readonly uptime: UptimeWatch;
}

const failureOf: Readonly<Record<SnmpFailure, Poll["result"]>> = {
  timeout: "timeout",
  unreachable: "unreachable",
  malformed: "malformed",
  refused: "refused",
  tooBig: "refused",
  notIncreasing: "incomplete",
  tooManyRows: "incomplete",
  aborted: "aborted",
};

export function failed(error: SnmpError): Poll {
  return { result: failureOf[error.kind], detail: error.detail, observations: [] };
}

export function nothing(result: PollFailure, detail: string): Poll {
  return { result, detail, observations: [] };
}

/** What the router lacks need not be asked for at every turn. */
export const notAsked: Poll = { result: "notAsked", detail: "", observations: [] };

/** The answer was overtaken by a newer one: a hung agent delivers its answers late and in reverse order. */
export function overtaken(router: string, table: string): Poll {
  return nothing("timeout", `${router}, ${table}: the answer was older than one already taken, so it was not used`);
}
