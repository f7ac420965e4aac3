// What the tracer's thread and the main thread say to each other: plain data only.

import type { Traced, TraceReason, TracingObservation } from "../estate/tracing.ts";
import type { ProbeLog } from "./messages.ts";

/** `target`: its place in the list that the thread was started with. */
export type TraceOrder =
  | { readonly kind: "trace"; readonly target: number; readonly why: TraceReason }
  | { readonly kind: "mtu"; readonly target: number };

/**
 * What arrived and answered no probe of ours. `malformed`: no message that is read here. `foreign`: of no probe that is under
 * way. `forged`: names one, and does not know its random bits. `wrongSource`: knows them, and comes from elsewhere.
 * `ambiguous`: quotes so little that it may be of one of several.
 */
export const traceDropKinds = ["malformed", "foreign", "forged", "wrongSource", "ambiguous"] as const;
export type TraceDropKind = (typeof traceDropKinds)[number];

export interface TracerStart {
  readonly targets: readonly Traced[];
  readonly packetRate: number;
}

export interface TraceOrders {
  readonly kind: "order";
  readonly orders: readonly TraceOrder[];
}

export type FromTracer =
  | ProbeLog
  | { readonly kind: "observed"; readonly observation: TracingObservation }
  /** Since the message before. */
  | {
      readonly kind: "counts";
      readonly packets: number;
      readonly dropped: Readonly<Record<TraceDropKind, number>>;
    }
  /** This host cannot do it; the thread ends. One line for people. */
  | { readonly kind: "unavailable"; readonly why: string };
