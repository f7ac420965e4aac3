// Sessions with Microsoft that a router has and the configuration does not: nobody would know that they fail.

import type { Instant } from "../lib/clock.ts";
import type { BmpConnectionObservation } from "./bmp-observation.ts";
import type { BgpState } from "./observation.ts";
import type { PeersObservation } from "./session-observation.ts";

export interface UnconfiguredSession {
  readonly remoteAddress: string;
  /** Undefined where the router gives no number of its MIB. */
  readonly state: BgpState | undefined;
  /** Who told of it, and when. */
  readonly sources: readonly { readonly source: "snmp" | "bmp"; readonly at: Instant }[];
}

const none: readonly UnconfiguredSession[] = [];

/** One session is one, whoever told of it. BMP tells of those that are established, as long as its connection stands. */
export function unconfiguredSessions(
  peers: PeersObservation | undefined,
  bmp: BmpConnectionObservation | undefined,
): readonly UnconfiguredSession[] {
  const told = bmp?.connected === true ? bmp.unconfigured : [];
  const walked = peers?.unconfigured ?? [];
  if (told.length === 0 && walked.length === 0) return none;
  const addresses = new Set([...walked.map(({ remoteAddress }) => remoteAddress), ...told]);
  return [...addresses].map((remoteAddress) => {
    const polled = walked.find((one) => one.remoteAddress === remoteAddress);
    const isTold = bmp !== undefined && told.includes(remoteAddress);
    return {
      remoteAddress,
      state: isTold ? "established" : polled?.state,
      sources: [
        ...(polled && peers ? [{ source: "snmp", at: peers.at } as const] : []),
        ...(isTold ? [{ source: "bmp", at: bmp.at } as const] : []),
      ],
    };
  });
}
