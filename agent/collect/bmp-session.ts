// One connection of a monitored router: its messages to what is known of its peers.

import { elapsed, type Instant } from "../lib/clock.ts";
import type { Counters } from "../lib/counters.ts";
import { type Duration, milliseconds, seconds } from "../lib/duration.ts";
import { createUpdateLayout } from "../wire/bgp/update.ts";
import {
  type BmpFault,
  bmpTypeOf,
  bodyOf,
  decodeInformation,
  decodePeerDown,
  decodePeerUp,
  decodePerPeerHeader,
  decodeStatistics,
  initiationTlvs,
  type PerPeerHeader,
  peerAddressOf,
  peerTypes,
  type Tlv,
  terminationReasons,
  terminationTlvs,
} from "../wire/bmp/message.ts";
import type { AttributeSets } from "./bmp-attributes.ts";
import { addressText, type BmpPeer, createBmpPeer, type RouteBudget, type ViewDoubt } from "./bmp-peer.ts";
import { textOf } from "./bmp-text.ts";

/** What was said, by message type; and what of it was of no use. */
export const bmpMessageKinds = [
  "routeMonitoring",
  "statisticsReport",
  "peerDown",
  "peerUp",
  "initiation",
  "termination",
  "routeMirroring",
  "unknownType",
] as const;
export type BmpMessageKind = (typeof bmpMessageKinds)[number];

/** Peers of a router that are told apart; what is said of further ones is left out and counted. */
export const mostPeers = 1_024;

const oneBunch = milliseconds(500);
const longestPace = seconds(600);
const overdue = 3;

export interface BmpSessionDeps {
  readonly sets: AttributeSets;
  readonly budget: RouteBudget;
  readonly seed: number;
  readonly messages: Counters<BmpMessageKind>;
  readonly keepsRoutes: (address: string) => boolean;
  /** Whether its Loc-RIB is of concern. */
  readonly keepsLocRib: boolean;
  /** The state of a peer changed, or may have. */
  readonly changed: (peer: BmpPeer) => void;
  /** Routes of a peer changed. */
  readonly routed: (peer: BmpPeer) => void;
  /** The router counted routes of a peer itself. */
  readonly gauged: (peer: BmpPeer) => void;
  readonly doubted: (peer: BmpPeer, doubt: ViewDoubt) => void;
}

export interface BmpSession {
  /** Takes one whole message; gives what is wrong with it. */
  take(bytes: Uint8Array, at: number, end: number, now: Instant): BmpFault | undefined;
  peers(): readonly BmpPeer[];
  /** The peer with that address: of the global instance, or the only one that there is. */
  peerAt(address: string): BmpPeer | undefined;
  /** The Loc-RIB of the instance to which a peer belongs. */
  locRibOf(peer: BmpPeer): BmpPeer | undefined;
  /** From the Initiation; empty before it. */
  sysName(): string;
  sysDescr(): string;
  /** Why the router says it ends the connection; undefined while it does not. */
  termination(): string | undefined;
  /**
   * Whether the router was heard lately. One that sends statistics is silent when three of them are overdue; of one that sends
   * none nobody can tell, and its connection speaks for it.
   */
  isSilent(now: Instant): boolean;
  /** Messages about peers that there was no room for. */
  leftOut(): number;
  /** Gives back all that is kept. */
  close(): void;
}

export function createBmpSession(deps: BmpSessionDeps): BmpSession {
  const { sets, budget, seed, messages } = deps;
  const layout = createUpdateLayout();
  const peers = new Map<string, BmpPeer>();
  let sysName = "";
  let sysDescr = "";
  let termination: string | undefined;
  let leftOut = 0;
  let heardAt: Instant | undefined;
  let statisticsAt: Instant | undefined;
  let statisticsEvery: Duration | undefined;
  // Most messages are about the peer of the one before: 26 octets that need not become a key.
  let last: BmpPeer | undefined;
  const lastIdentity = new Uint8Array(26);

  function peerOf(bytes: Uint8Array, at: number, header: PerPeerHeader): BmpPeer | undefined {
    const from = at + 6;
    let isLast = last !== undefined;
    for (let i = 0; isLast && i < 26; i++) isLast = identityOctet(bytes, from, i) === lastIdentity[i];
    if (isLast) return last;
    for (let i = 0; i < 26; i++) lastIdentity[i] = identityOctet(bytes, from, i);
    const key = Buffer.from(lastIdentity).toString("latin1");
    last = peers.get(key);
    if (last !== undefined) return last;
    if (peers.size >= mostPeers) {
      leftOut += 1;
      return undefined;
    }
    const address = addressText(peerAddressOf(bytes, header));
    const isLocRib = header.peerType === peerTypes.locRib;
    const keepsRoutes = isLocRib ? deps.keepsLocRib : deps.keepsRoutes(address);
    last = createBmpPeer(
      { sets, budget, layout, seed, keepsRoutes, makeRoom: isLocRib ? () => false : dropLocRib },
      {
        address,
        peerType: header.peerType,
        distinguisher: Buffer.from(bytes.subarray(header.distinguisherAt, header.distinguisherAt + 8)).toString("hex"),
      },
    );
    peers.set(key, last);
    return last;
  }

  /** What a session receives is worth more than what the router chose: it is judged, and the other is beside it. */
  function dropLocRib(): boolean {
    const dropped = [...peers.values()].filter((peer) => peer.peerType === peerTypes.locRib && peer.yieldRoutes());
    for (const peer of dropped) deps.doubted(peer, "tooMany");
    return dropped.length > 0;
  }

  function ofPeer(bytes: Uint8Array, at: number, end: number, now: Instant): BmpFault | undefined {
    const header = decodePerPeerHeader(bytes, at, end);
    if (!header.ok) return header.error;
    const peer = peerOf(bytes, at, header.value);
    switch (bmpTypeOf(bytes, at)) {
      case "routeMonitoring": {
        const doubt = peer?.update(bytes, bodyOf(at), end, header.value);
        if (peer === undefined) return undefined;
        if (doubt !== undefined) deps.doubted(peer, doubt);
        deps.routed(peer);
        return undefined;
      }
      case "statisticsReport": {
        const statistics = decodeStatistics(bytes, at, end);
        learnPace(now);
        if (!statistics.ok) return statistics.error;
        if (peer === undefined) return undefined;
        peer.statistics(statistics.value, now);
        deps.gauged(peer);
        return undefined;
      }
      case "peerDown": {
        const down = decodePeerDown(bytes, at, end);
        if (!down.ok) return down.error;
        peer?.down(down.value, now);
        break;
      }
      case "peerUp": {
        const up = decodePeerUp(bytes, at, end, header.value);
        if (!up.ok) return up.error;
        peer?.up(up.value, header.value, now);
        break;
      }
    }
    if (peer !== undefined) deps.changed(peer);
    return undefined;
  }

  /** Statistics of several peers come together; the time between such bunches is what counts, and a pause does not stretch it. */
  function learnPace(now: Instant): void {
    const gap = statisticsAt === undefined ? undefined : elapsed(statisticsAt, now);
    statisticsAt = now;
    if (gap === undefined || gap < oneBunch) return;
    const most = statisticsEvery === undefined ? longestPace : 2 * statisticsEvery;
    statisticsEvery = milliseconds(Math.min(Math.max(gap, statisticsEvery ?? 0), most));
  }

  return {
    take(bytes, at, end, now) {
      heardAt = now;
      const type = bmpTypeOf(bytes, at);
      messages.add(type ?? "unknownType");
      switch (type) {
        case "initiation":
        case "termination": {
          const tlvs = decodeInformation(bytes, at, end);
          if (!tlvs.ok) return tlvs.error;
          if (type === "termination") {
            termination = terminationText(tlvs.value);
          } else {
            sysName = textOf(tlvs.value, initiationTlvs.sysName);
            sysDescr = textOf(tlvs.value, initiationTlvs.sysDescr);
          }
          return undefined;
        }
        case "routeMonitoring":
        case "statisticsReport":
        case "peerDown":
        case "peerUp":
          return ofPeer(bytes, at, end, now);
        default:
          // Route Mirroring repeats what Route Monitoring says; of a type that comes later nothing is known.
          return undefined;
      }
    },
    peers: () => [...peers.values()],
    peerAt(address) {
      const found = [...peers.values()].filter(
        (peer) => peer.address === address && peer.peerType !== peerTypes.locRib,
      );
      const global = found.filter(({ peerType }) => peerType === peerTypes.global);
      return global.length === 1 ? global[0] : found.length === 1 ? found[0] : undefined;
    },
    locRibOf: ({ distinguisher }) =>
      [...peers.values()].find((one) => one.peerType === peerTypes.locRib && one.distinguisher === distinguisher),
    sysName: () => sysName,
    sysDescr: () => sysDescr,
    termination: () => termination,
    isSilent(now) {
      if (heardAt === undefined || statisticsEvery === undefined) return false;
      return elapsed(heardAt, now) > overdue * statisticsEvery;
    },
    leftOut: () => leftOut,
    close() {
      for (const peer of peers.values()) peer.clear();
      peers.clear();
      last = undefined;
    },
  };
}

/** Type, distinguisher and address; and of the flags that one which says what kind of address it is. */
function identityOctet(bytes: Uint8Array, from: number, i: number): number {
  if (i !== 1) return bytes[from + i] ?? 0;
  return bytes[from] === peerTypes.locRib ? 0 : (bytes[from + 1] ?? 0) & 0x80;
}

function terminationText(tlvs: readonly Tlv[]): string {
  const reason = tlvs.find(({ type }) => type === terminationTlvs.reason)?.value;
  const code = reason?.length === 2 ? (reason[0] ?? 0) * 256 + (reason[1] ?? 0) : undefined;
  const known = code === undefined ? "" : (terminationReasons[code] ?? `reason ${code}`);
  return [known, textOf(tlvs, terminationTlvs.string)].filter((text) => text !== "").join(": ") || "no reason given";
}
