// What a healthy link's router tells of it, as observations.

import type {
  BfdObservation,
  LinkObservation,
  NeighborObservation,
  OpticsObservation,
  PrefixesObservation,
} from "../../agent/estate/link-observation.ts";
import type { Instant } from "../../agent/lib/clock.ts";

type PresentBfd = Extract<BfdObservation, { readonly present: true }>;

export function bfdOf(
  router: string,
  remoteAddress: string,
  at: Instant,
  change: Partial<PresentBfd> = {},
): PresentBfd {
  return {
    kind: "bfd",
    router,
    remoteAddress,
    at,
    present: true,
    state: "up",
    diagnostic: "noDiagnostic",
    multiplier: 3,
    transmitInterval: 0.1,
    receiveInterval: 0.1,
    negotiatedInterval: 0.3,
    detectionTime: 0.9,
    upCount: 2,
    upSeconds: 60,
    localDiscriminator: 7,
    remoteDiscriminator: 8,
    ...change,
  };
}

export function neighborOf(
  router: string,
  remoteAddress: string,
  at: Instant,
  state: NeighborObservation["state"] = "present",
): NeighborObservation {
  const mac = state === "present" ? "12:34:56:78:9a:bc" : undefined;
  return { kind: "neighbor", router, remoteAddress, at, state, mac, ifIndex: 4 };
}

export function opticsOf(router: string, name: string, at: Instant): OpticsObservation {
  return {
    kind: "optics",
    router,
    interface: name,
    at,
    readings: [
      { quantity: "receivePower", lane: 1, value: -3.1 },
      { quantity: "receivePower", lane: 2, value: undefined },
      { quantity: "transmitPower", lane: 1, value: -2.25 },
      { quantity: "biasCurrent", lane: 1, value: 0.0065 },
      { quantity: "temperature", lane: 1, value: 31 },
    ],
  };
}

export function prefixesOf(router: string, remoteAddress: string, at: Instant): PrefixesObservation {
  const families = [{ family: "ipv4", received: 120, accepted: 118, active: 100, advertised: 12 }] as const;
  return { kind: "prefixes", router, remoteAddress, at, families };
}

export const linkOf = (
  router: string,
  remoteAddress: string,
  name: string,
  at: Instant,
): readonly LinkObservation[] => [
  bfdOf(router, remoteAddress, at),
  neighborOf(router, remoteAddress, at),
  opticsOf(router, name, at),
  prefixesOf(router, remoteAddress, at),
];
