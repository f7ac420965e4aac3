// What monitored routers send by BMP, and the BGP messages inside of it.

import { createAttributeSets } from "../../../agent/collect/bmp-attributes.ts";
import { bestPathsOf } from "../../../agent/collect/bmp-best-paths.ts";
import { pathIdReader } from "../../../agent/collect/bmp-path-ids.ts";
import { bmpViews } from "../../../agent/collect/bmp-peer.ts";
import { bmpMessageKinds, createBmpSession } from "../../../agent/collect/bmp-session.ts";
import type { Instant } from "../../../agent/lib/clock.ts";
import { createCounters } from "../../../agent/lib/counters.ts";
import { decodeAttributes, truePath } from "../../../agent/wire/bgp/attributes.ts";
import { failed, fault } from "../../../agent/wire/bgp/fault.ts";
import { decodeBgpHeader } from "../../../agent/wire/bgp/header.ts";
import { decodeNotification, shutdownReason } from "../../../agent/wire/bgp/notification.ts";
import { u16, u32, u64 } from "../../../agent/wire/bgp/octets.ts";
import { asnOf, decodeOpen, hasPathIds } from "../../../agent/wire/bgp/open.ts";
import { createUpdateLayout, eachPrefix, isUnicast, readUpdate } from "../../../agent/wire/bgp/update.ts";
import {
  bmpMessageLength,
  bmpTypeOf,
  bodyOf,
  decodeInformation,
  decodePeerDown,
  decodePeerUp,
  decodePerPeerHeader,
  decodeStatistics,
  peerAddressOf,
} from "../../../agent/wire/bmp/message.ts";
import * as w from "../../support/bmp.ts";
import { subnet } from "../../support/declared.ts";
import type { Dice } from "../dice.ts";
import { type FuzzTarget, hold } from "../target.ts";

const asnBy = (dice: Dice) => dice.pick([12076, 65010, 23_456, 70_000, 4_200_000_017, dice.below(2 ** 32)]);
const some = <T>(dice: Dice, most: number, make: () => T) => Array.from({ length: dice.below(most + 1) }, make);

function prefixBy(dice: Dice, bits: 32 | 128, hasPathId: boolean): Uint8Array {
  const length = dice.below(bits + 1);
  const pathId = hasPathId ? w.u32(dice.below(4)) : new Uint8Array(0);
  return w.joined(pathId, Uint8Array.of(length), dice.octets((length + 7) >> 3));
}

function openBy(dice: Dice, pathIds = dice.next() < 0.5): Uint8Array {
  const capabilities = [
    w.multiprotocol(w.ipv4Unicast),
    ...(pathIds ? [w.addPath(w.ipv4Unicast, 3), w.addPath(w.ipv6Unicast, 3)] : []),
    ...some(dice, 3, () => w.capability(dice.pick([2, 64, 70, 73, 128]), dice.octets(dice.below(12)))),
  ];
  return w.open({ asn: asnBy(dice), holdTime: dice.below(65_536), capabilities });
}

const sequencesBy = (dice: Dice) =>
  w.asPath(
    some(dice, 3, () => ({ type: dice.pick([1, 2, 3, 4]), asns: [asnBy(dice), ...some(dice, 9, () => asnBy(dice))] })),
  );

function updateBy(dice: Dice, pathIds = false): w.UpdateParts {
  const prefixes = (bits: 32 | 128) => some(dice, 6, () => prefixBy(dice, bits, pathIds));
  const rich = [
    w.attribute(4, dice.octets(4), 0x80),
    w.attribute(7, dice.octets(8)),
    w.communities(...some(dice, 5, () => dice.below(2 ** 32))),
    w.attribute(10, dice.octets(4 * dice.below(4)), 0x80),
    w.attribute(16, dice.octets(8 * dice.below(4)), 0xc0),
    w.attribute(17, w.joined(Uint8Array.of(2, 1), w.u32(70_000)), 0xc0),
    w.largeCommunities([12076, 1, 2]),
    w.attribute(dice.pick([40, 128, 255]), dice.octets(dice.below(300)), 0xc0),
  ];
  return {
    withdrawn: prefixes(32),
    attributes: [
      w.origin(dice.below(3)),
      sequencesBy(dice),
      w.nextHop("172.16.0.2"),
      ...rich.filter(() => dice.next() < 0.4),
      ...(dice.next() < 0.4 ? [w.mpReach(w.ipv6Unicast, "2001:db8::2", prefixes(128))] : []),
      ...(dice.next() < 0.4 ? [w.mpUnreach(w.ipv6Unicast, prefixes(128))] : []),
    ],
    nlri: prefixes(32),
  };
}

export const bgpOpens: FuzzTarget = {
  name: "BGP OPEN",
  weight: 1,
  exercises: [decodeOpen, decodeBgpHeader, asnOf, hasPathIds, failed, fault, u16, u32],
  seed: (dice) => ({
    bytes: openBy(dice),
    read(octets) {
      const open = decodeOpen(octets, 0, octets.length);
      if (!open.ok) {
        hold(open.error.offset <= octets.length, "a fault outside of the message");
        return open.error.kind;
      }
      hold(open.value.length <= octets.length, "a message longer than its octets");
      hold(Number.isInteger(asnOf(open.value)), "an AS number that is no number");
      const agreed = hasPathIds(open.value, open.value, w.ipv4Unicast);
      hold(!agreed || open.value.capabilities.some(({ code }) => code === 69), "path identifiers without ADD-PATH");
      return "accepted";
    },
  }),
};

export const bgpNotifications: FuzzTarget = {
  name: "BGP NOTIFICATION",
  weight: 1,
  exercises: [decodeNotification, shutdownReason],
  seed(dice) {
    const reason = dice.octets(dice.below(40));
    return {
      bytes: w.notification(6, dice.pick([2, 4, 10]), w.joined(Uint8Array.of(reason.length), reason)),
      read(octets) {
        const read = decodeNotification(octets, 0, octets.length);
        if (!read.ok) return read.error.kind;
        hold(read.value.data.length === read.value.length - 21, "data of another length");
        hold(!/\p{Cc}/u.test(shutdownReason(read.value) ?? ""), "a control character in what people read");
        return "accepted";
      },
    };
  },
};

const layout = createUpdateLayout();

/** Reads an UPDATE whole, and looks whether all that it gives lies within it. */
function readWhole(octets: Uint8Array, pathIds: boolean, asOctets: 2 | 4): string {
  const bad = readUpdate(octets, 0, octets.length, () => pathIds, layout);
  if (bad !== undefined) {
    hold(bad.offset <= octets.length, "a fault outside of the message");
    return bad.kind;
  }
  hold(layout.length <= octets.length, "a message longer than its octets");
  let prefixes = 0;
  for (const range of [layout.withdrawn, layout.nlri, layout.mpReach, layout.mpUnreach]) {
    const bits = range.afi === 1 ? 32 : 128;
    hold(range.from <= range.to && range.to <= octets.length, "prefixes outside of the message");
    eachPrefix(octets, range, (_, at, length) => {
      prefixes += 1;
      hold(isUnicast(range) && length <= bits, "a prefix longer than an address");
      hold(at + ((length + 7) >> 3) <= range.to, "a prefix outside of its range");
    });
  }
  hold(prefixes <= octets.length, "more prefixes than octets");
  const attributes = decodeAttributes(octets, layout.attributesFrom, layout.attributesTo, asOctets);
  if (!attributes.ok) return `attributes ${attributes.error.kind}`;
  hold(truePath(attributes.value).length <= octets.length, "a path longer than its message");
  return "accepted";
}

export const bgpUpdates: FuzzTarget = {
  name: "BGP UPDATE",
  weight: 3,
  exercises: [readUpdate, eachPrefix, isUnicast, decodeAttributes, truePath],
  seed(dice) {
    const pathIds = dice.next() < 0.3;
    return { bytes: w.update(updateBy(dice, pathIds)), read: (octets) => readWhole(octets, pathIds, 4) };
  },
};

const peerBy = (dice: Dice): w.Peer => ({
  address: dice.pick(["172.16.0.2", "172.16.0.6", "2001:db8::2"]),
  asn: asnBy(dice),
  peerType: dice.pick([0, 0, 0, 1, 3]),
  flags: dice.pick([0, w.postPolicy, w.adjRibOut, w.postPolicy | w.adjRibOut]),
  seconds: dice.below(2 ** 32),
});

export function bmpMessageBy(dice: Dice, peer = peerBy(dice)): Uint8Array {
  switch (dice.below(8)) {
    case 0:
      return w.statistics(peer, [
        w.tlv(0, dice.octets(4)),
        w.tlv(7, w.u64(dice.below(2 ** 40))),
        w.tlv(9, w.joined(Uint8Array.of(0, 1, 1), w.u64(4_000))),
        w.tlv(65_531, dice.octets(4)),
      ]);
    case 1:
      return w.peerDown(peer, 2, dice.octets(2));
    case 2:
      return w.peerDown(
        peer,
        dice.pick([1, 3]),
        w.notification(dice.below(8), dice.below(12), dice.octets(dice.below(9))),
      );
    case 3:
      return w.peerUp(peer, { sent: openBy(dice), received: openBy(dice) });
    case 4:
      return w.initiation("ce1", "a router");
    case 5:
      return w.termination(dice.below(6), "so long");
    default:
      return w.routeMonitoring(peer, updateBy(dice));
  }
}

export const bmpMessages: FuzzTarget = {
  name: "BMP messages",
  weight: 3,
  exercises: [
    bmpMessageLength,
    bmpTypeOf,
    bodyOf,
    decodeInformation,
    decodePeerDown,
    decodePeerUp,
    decodePerPeerHeader,
    decodeStatistics,
    peerAddressOf,
    u64,
  ],
  seed: (dice) => ({
    bytes: bmpMessageBy(dice),
    read(octets) {
      const length = bmpMessageLength(octets, 0, octets.length);
      if (!length.ok) return length.error.kind;
      if (length.value === 0 || length.value > octets.length) return "incomplete";
      const end = length.value;
      const type = bmpTypeOf(octets, 0);
      const within = (offset: number) => hold(offset <= end, "a fault outside of the message");
      if (type === undefined || type === "routeMirroring") return "skipped";
      if (type === "initiation" || type === "termination") {
        const tlvs = decodeInformation(octets, 0, end);
        if (!tlvs.ok) within(tlvs.error.offset);
        return tlvs.ok ? "accepted" : tlvs.error.kind;
      }
      const header = decodePerPeerHeader(octets, 0, end);
      if (!header.ok) return header.error.kind;
      hold([4, 16].includes(peerAddressOf(octets, header.value).length), "an address of another length");
      if (type === "routeMonitoring") {
        return readWhole(octets.subarray(bodyOf(0), end), false, header.value.asOctets);
      }
      const read =
        type === "peerUp"
          ? decodePeerUp(octets, 0, end, header.value)
          : type === "peerDown"
            ? decodePeerDown(octets, 0, end)
            : decodeStatistics(octets, 0, end);
      if (!read.ok) within(read.error.offset);
      return read.ok ? "accepted" : read.error.kind;
    },
  }),
};

const declared = {
  received: ["0.0.0.0/0", "10.0.0.0/8", "128.0.0.0/1", "2001:db8::/32"].map(subnet),
  advertised: [],
  use: "activeActive",
} as const;

/** One connection with all that it keeps: whatever comes, it keeps no more than it may, and gives all of it back. */
export const bmpSessions: FuzzTarget = {
  name: "BMP session",
  weight: 2,
  exercises: [createBmpSession, pathIdReader, bestPathsOf],
  seed(dice) {
    const peer: w.Peer = { address: "172.16.0.2", asn: 12076 };
    const opens = () => ({ sent: openBy(dice), received: openBy(dice) });
    const locRib = { ...w.locRib, flags: dice.pick([0, w.filtered]) };
    const chosen =
      dice.next() < 0.3
        ? [w.peerUp(locRib, opens(), w.vrfTableName("global")), w.routeMonitoring(locRib, updateBy(dice))]
        : [];
    const about = chosen.length === 0 ? [peer] : [peer, locRib];
    const parts = [...chosen, w.peerUp(peer, opens()), ...some(dice, 6, () => bmpMessageBy(dice, dice.pick(about)))];
    return {
      bytes: w.joined(...parts, w.routeMonitoring(peer, updateBy(dice))),
      read(octets) {
        const sets = createAttributeSets(1 << 16, 1);
        const budget = { most: 24, used: 0 };
        const session = createBmpSession({
          sets,
          budget,
          seed: 1,
          messages: createCounters(bmpMessageKinds),
          keepsRoutes: () => true,
          keepsLocRib: true,
          gauged: () => {},
          changed: () => {},
          routed: () => {},
          doubted: () => {},
        });
        let outcome = "accepted";
        for (let at = 0; at < octets.length; ) {
          const length = bmpMessageLength(octets, at, octets.length);
          if (!length.ok) outcome = length.error.kind;
          if (!length.ok || length.value === 0 || at + length.value > octets.length) break;
          const bad = session.take(octets, at, at + length.value, 0 as Instant);
          if (bad !== undefined) {
            outcome = bad.kind;
            break;
          }
          at += length.value;
        }
        return () => {
          let routes = 0;
          const own = session.peerAt(peer.address);
          const rib = own && session.locRibOf(own);
          if (rib !== undefined) {
            const { routes: best } = bestPathsOf("ce1", peer.address, rib, declared, sets, 0 as Instant);
            hold(best.length <= declared.received.length, "more best paths than were asked for");
            hold(
              best.every(({ matched, nextHops }) => (matched === undefined) === (nextHops.length === 0)),
              "a route without a next hop, or the other way round",
            );
          }
          for (const one of session.peers()) {
            for (const name of bmpViews) {
              const view = one.view(name);
              for (const { table, paths, prepends } of view === undefined ? [] : [view.ipv4, view.ipv6]) {
                routes += table.size() + paths.size();
                hold(paths.size() <= table.size(), "more prefixes than paths to them");
                hold(prepends.reduce((sum, n) => sum + n, 0) === table.size(), "prepends of routes that are not there");
              }
            }
          }
          hold(routes === budget.used && routes <= budget.most, "more routes than were counted, or may be kept");
          session.close();
          hold(budget.used === 0 && sets.size() === 0 && sets.memory() === 0, "something is kept of a closed session");
          return outcome;
        };
      },
    };
  },
};
