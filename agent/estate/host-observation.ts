// What the agent sees of the host that it stands on. `undefined` is always "this host does not tell": no Linux, no such
// file, not permitted.

import type { Instant } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";

/** A next hop of this host. `interface`: of a link-local address, which means nothing without. */
export interface Gateway {
  readonly address: string;
  readonly interface: string | undefined;
}

/** The name of a gateway, for people and as a label. */
export function gatewayName({ address, interface: name }: Gateway): string {
  return name === undefined ? address : `${address}%${name}`;
}

/** Four pings a second (`host/gateways.ts`): with a slow answer still more than two in a row that are lost. */
const gatewayPatience = milliseconds(1_250);

/** Whether a gateway answers now, by when its last answer came. */
export function gatewayAnswers(lastReceivedAt: Instant, now: Instant): boolean {
  return now - lastReceivedAt < gatewayPatience;
}

/** The way out, as far as the kernel's routes tell. */
export interface EgressReading {
  /** Next hops to routers and targets, and the default gateways of their families: those that are pinged. */
  readonly gateways: readonly Gateway[];
  /** Interfaces by which routers and targets are reached, or were when there last was a route. */
  readonly interfaces: readonly string[];
  /** There was a default route since the agent started, and now there is none. */
  readonly defaultRouteLost: boolean;
  /** Some router or target has a route. */
  readonly routed: boolean;
}

/** An interface of this host. `absent`: it was there before. */
export type OwnInterfaceState = "up" | "down" | "absent" | "unknown";

export interface OwnInterface {
  readonly name: string;
  readonly state: OwnInterfaceState;
  /** As the kernel says it: operstate and carrier. */
  readonly detail: string;
  /** Since the interface was made; undefined while it is absent. */
  readonly counters:
    | Readonly<Record<"receiveErrors" | "receiveDrops" | "transmitErrors" | "transmitDrops", number>>
    | undefined;
}

/** The host was suspended: time that passed and that nobody lived through. */
export interface Sleep {
  readonly until: Instant;
  readonly length: Duration;
}

export interface HostObservation {
  readonly kind: "host";
  readonly at: Instant;
  readonly egress: EgressReading | undefined;
  readonly interfaces: readonly OwnInterface[];
  /** UDP datagrams of the whole host that found a receive buffer full, since the agent started. */
  readonly receiveBufferErrors: number | undefined;
  /** Share of the time since the observation before in which the main thread could run and had no CPU, 0 to 1. */
  readonly cpuWait: number | undefined;
  /** Share of the last ten seconds in which something on the host waited for a CPU, 0 to 1 (PSI). */
  readonly cpuPressure: number | undefined;
  /** Times that the wall clock was set, since the agent started. */
  readonly clockSteps: number;
  /** The last one. */
  readonly sleep: Sleep | undefined;
  /** Seconds slept since the agent started. */
  readonly sleptSeconds: number;
}

export const loopThreads = ["main", "probing"] as const;
export type LoopThread = (typeof loopThreads)[number];

/** How late a thread of the agent was at the worst since it told before. */
export interface LoopObservation {
  readonly kind: "loop";
  readonly thread: LoopThread;
  readonly at: Instant;
  readonly late: Duration;
}
