// What a reading of an interface holds besides what a test is about.

import type { InterfaceCounters } from "../../agent/estate/observation.ts";
import type { CounterReading } from "../../agent/state/counters.ts";
import { at } from "./estate.ts";

export const noCounters: InterfaceCounters = {
  receiveBytes: undefined,
  transmitBytes: undefined,
  receivePackets: undefined,
  transmitPackets: undefined,
  receiveErrors: undefined,
  transmitErrors: undefined,
  receiveDiscards: undefined,
  transmitDiscards: undefined,
  alignmentErrors: undefined,
  fcsErrors: undefined,
  macTransmitErrors: undefined,
  framesTooLong: undefined,
  macReceiveErrors: undefined,
  symbolErrors: undefined,
  lateCollisions: undefined,
};

/** An interface that counts nothing, read at `s` seconds. */
export function reading(s: number, change: Partial<CounterReading> = {}): CounterReading {
  return {
    kind: "interface",
    router: "ams-ce1",
    interface: "er0",
    at: at(s),
    present: true,
    ifIndex: 2,
    adminStatus: "up",
    operStatus: "up",
    speed: 1e9,
    duplex: undefined,
    counters: noCounters,
    source: { trafficBits: 64, ethernetBits: 32, discontinuityTime: 0, restarts: 0, askedAt: at(s) },
    ...change,
  };
}
