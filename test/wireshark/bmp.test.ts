// What our decoders read in FRR's BMP stream, and what Wireshark's read in the same octets: field by field, under Wireshark's
// names. Each message goes into a segment of its own, so that a frame is a message.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressText } from "../../agent/collect/bmp-peer.ts";
import { formatAddress } from "../../agent/estate/address.ts";
import type { Result } from "../../agent/lib/result.ts";
import { type AsSegment, decodeAttributes, segmentTypes } from "../../agent/wire/bgp/attributes.ts";
import { decodeBgpHeader } from "../../agent/wire/bgp/header.ts";
import { type NotificationMessage, shutdownReason } from "../../agent/wire/bgp/notification.ts";
import { u16 } from "../../agent/wire/bgp/octets.ts";
import type { OpenMessage } from "../../agent/wire/bgp/open.ts";
import { createUpdateLayout, eachPrefix, type PrefixRange, readUpdate } from "../../agent/wire/bgp/update.ts";
import {
  bmpTypeOf,
  bmpTypes,
  bodyOf,
  decodeInformation,
  decodePeerDown,
  decodePeerUp,
  decodePerPeerHeader,
  decodeStatistics,
  peerAddressOf,
} from "../../agent/wire/bmp/message.ts";
import { bmpPort, recordedMessages } from "../support/bmp-capture.ts";
import { run } from "../support/installed.ts";
import { pcapOfMessages } from "../support/pcap.ts";

const path = "bgp.update.path_attribute";
const fields = [
  "bmp.version",
  "bmp.length",
  "bmp.type",
  "bmp.peer.type",
  "bmp.peer.flags",
  "bmp.peer.distinguisher",
  "bmp.peer.ip.addr",
  "bmp.peer.ipv6.addr",
  "bmp.peer.asn",
  "bmp.peer.id",
  "bmp.peer.timestamp.sec",
  "bmp.peer.timestamp.msec",
  "bmp.init.type",
  "bmp.init.length",
  "bmp.init.info",
  "bmp.peer.up.ip.addr",
  "bmp.peer.up.ipv6.addr",
  "bmp.peer.up.port.local",
  "bmp.peer.up.port.remote",
  "bmp.peer.down.reason",
  "bmp.stats.count",
  "bmp.stats.type",
  "bmp.stats.data",
  "bgp.length",
  "bgp.type",
  "bgp.open.version",
  "bgp.open.myas",
  "bgp.open.holdtime",
  "bgp.open.identifier",
  "bgp.cap.type",
  "bgp.cap.mp.afi",
  "bgp.cap.mp.safi",
  "bgp.cap.4as",
  "bgp.cap.ap.afi",
  "bgp.cap.ap.safi",
  "bgp.cap.ap.sendreceive",
  "bgp.notify.major_error",
  "bgp.notify.minor_error_cease",
  "bgp.notify.communication",
  "bgp.update.withdrawn_routes.length",
  "bgp.update.path_attributes.length",
  `${path}.origin`,
  `${path}.as_path_segment.type`,
  `${path}.as_path_segment.length`,
  `${path}.as_path_segment.as4`,
  `${path}.next_hop`,
  `${path}.multi_exit_disc`,
  `${path}.local_pref`,
  `${path}.aggregator_as`,
  `${path}.aggregator_origin`,
  `${path}.community_as`,
  `${path}.community_value`,
  "bgp.large_communities.ga",
  "bgp.large_communities.ldp1",
  "bgp.large_communities.ldp2",
  "bgp.ext_com.type",
  `${path}.mp_reach_nlri.afi`,
  `${path}.mp_reach_nlri.safi`,
  `${path}.mp_reach_nlri.next_hop.ipv6`,
  `${path}.mp_reach_nlri.next_hop.ipv6.link_local`,
  `${path}.mp_unreach_nlri.afi`,
  `${path}.mp_unreach_nlri.safi`,
  "bgp.prefix_length",
  "bgp.nlri_prefix",
  "bgp.withdrawn_prefix",
  "bgp.mp_reach_nlri_ipv6_prefix",
  "bgp.mp_unreach_nlri_ipv6_prefix",
] as const;
type Dissection = Partial<Record<(typeof fields)[number], readonly string[]>>;

const directory = mkdtempSync(join(tmpdir(), "dissected-bmp-"));
const messages = recordedMessages();
let dissected: readonly Dissection[] = [];

beforeAll(() => {
  const file = join(directory, "bmp.pcap");
  writeFileSync(file, pcapOfMessages(messages, bmpPort));
  const shown = fields.flatMap((field) => ["-e", field]);
  const format = ["-T", "fields", "-E", "separator=;", "-E", "aggregator=|"];
  const { status, output } = run(
    "tshark",
    ["-r", file, "-d", `tcp.port==${bmpPort},bmp`, ...format, ...shown],
    directory,
  );
  expect(status, output).toBe(0);
  dissected = output
    .split("\n")
    .map((line) => line.split(";"))
    .filter((cells) => cells.length === fields.length)
    .map((cells) => Object.fromEntries(fields.flatMap((field, i) => (cells[i] ? [[field, cells[i].split("|")]] : []))));
});

afterAll(() => rmSync(directory, { recursive: true }));

const must = <T>(read: Result<T, unknown>): T => {
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};
const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");
const ipv4 = (value: number) => formatAddress({ family: 4, value: BigInt(value) });
const all = <T>(of: readonly T[], what: (one: T) => unknown) => of.map((one) => `${what(one)}`);
const some = (value: unknown) => (value === undefined ? [] : [`${value}`]);

function opensOf(opens: readonly OpenMessage[]): Dissection {
  const capabilities = opens.flatMap((open) => open.capabilities);
  const multiprotocol = capabilities.flatMap((one) => ("afi" in one ? [one] : []));
  const addPath = capabilities.flatMap((one) => ("families" in one ? one.families : []));
  return {
    "bgp.length": all(opens, ({ length }) => length),
    "bgp.type": opens.map(() => "1"),
    "bgp.open.version": all(opens, ({ version }) => version),
    "bgp.open.myas": all(opens, ({ myAs }) => myAs),
    "bgp.open.holdtime": all(opens, ({ holdTime }) => holdTime),
    "bgp.open.identifier": opens.map(({ bgpIdentifier }) => ipv4(bgpIdentifier)),
    "bgp.cap.type": all(capabilities, ({ code }) => code),
    "bgp.cap.mp.afi": all(multiprotocol, ({ afi }) => afi),
    "bgp.cap.mp.safi": all(multiprotocol, ({ safi }) => safi),
    "bgp.cap.4as": capabilities.flatMap((one) => ("asn" in one ? [`${one.asn}`] : [])),
    "bgp.cap.ap.afi": all(addPath, ({ afi }) => afi),
    "bgp.cap.ap.safi": all(addPath, ({ safi }) => safi),
    "bgp.cap.ap.sendreceive": all(addPath, ({ sendReceive }) => sendReceive),
  };
}

function notificationOf(notification: NotificationMessage | undefined): Dissection {
  if (notification === undefined) return {};
  return {
    "bgp.length": [`${notification.length}`],
    "bgp.type": ["3"],
    "bgp.notify.major_error": [`${notification.code}`],
    "bgp.notify.minor_error_cease": [`${notification.subcode}`],
    "bgp.notify.communication": some(shutdownReason(notification)),
  };
}

const segmentNumber = ({ type }: AsSegment) => Object.entries(segmentTypes).find(([, name]) => name === type)?.[0];

function updateOf(bytes: Uint8Array): Dissection {
  const at = bodyOf(0);
  const layout = createUpdateLayout();
  expect(readUpdate(bytes, at, bytes.length, () => false, layout)).toBeUndefined();
  const header = must(decodeBgpHeader(bytes, at, bytes.length));
  const of = must(decodeAttributes(bytes, layout.attributesFrom, layout.attributesTo, 4));
  const segments = of.asPath ?? [];
  const lengths: string[] = [];
  const prefixes = (range: PrefixRange) => {
    const found: string[] = [];
    eachPrefix(bytes, range, (_, from, length) => {
      const octets = new Uint8Array(range.afi === 1 ? 4 : 16);
      octets.set(bytes.subarray(from, from + ((length + 7) >> 3)));
      found.push(addressText(octets));
      lengths.push(`${length}`);
    });
    return found;
  };
  const hop = of.mpNextHop;
  const { withdrawn, nlri, mpReach, mpUnreach } = layout;
  return {
    "bgp.length": [`${header.length}`],
    "bgp.type": [`${header.type}`],
    "bgp.update.withdrawn_routes.length": [`${withdrawn.to - withdrawn.from}`],
    "bgp.update.path_attributes.length": [`${layout.attributesTo - layout.attributesFrom}`],
    [`${path}.origin`]: some(of.origin),
    [`${path}.as_path_segment.type`]: all(segments, segmentNumber),
    [`${path}.as_path_segment.length`]: all(segments, ({ asns }) => asns.length),
    [`${path}.as_path_segment.as4`]: all(
      segments.flatMap(({ asns }) => asns),
      String,
    ),
    [`${path}.next_hop`]: of.nextHop === undefined ? [] : [ipv4(of.nextHop)],
    [`${path}.multi_exit_disc`]: some(of.multiExitDisc),
    [`${path}.local_pref`]: some(of.localPref),
    [`${path}.aggregator_as`]: some(of.aggregator?.asn),
    [`${path}.aggregator_origin`]: of.aggregator === undefined ? [] : [ipv4(of.aggregator.address)],
    [`${path}.community_as`]: all(of.communities, (community) => community >>> 16),
    [`${path}.community_value`]: all(of.communities, (community) => community & 0xffff),
    "bgp.large_communities.ga": all(of.largeCommunities, ([global]) => global),
    "bgp.large_communities.ldp1": all(of.largeCommunities, ([, one]) => one),
    "bgp.large_communities.ldp2": all(of.largeCommunities, ([, , two]) => two),
    "bgp.ext_com.type": all(of.extendedCommunities, (octets) => `0x${hex(octets.subarray(0, 1))}`),
    [`${path}.mp_reach_nlri.afi`]: mpReach.afi === 0 ? [] : [`${mpReach.afi}`],
    [`${path}.mp_reach_nlri.safi`]: mpReach.afi === 0 ? [] : [`${mpReach.safi}`],
    [`${path}.mp_reach_nlri.next_hop.ipv6`]: hop === undefined ? [] : [addressText(hop.subarray(0, 16))],
    [`${path}.mp_reach_nlri.next_hop.ipv6.link_local`]: hop?.length === 32 ? [addressText(hop.subarray(16))] : [],
    [`${path}.mp_unreach_nlri.afi`]: mpUnreach.afi === 0 ? [] : [`${mpUnreach.afi}`],
    [`${path}.mp_unreach_nlri.safi`]: mpUnreach.afi === 0 ? [] : [`${mpUnreach.safi}`],
    "bgp.withdrawn_prefix": prefixes(withdrawn),
    "bgp.mp_reach_nlri_ipv6_prefix": mpReach.afi === 2 ? prefixes(mpReach) : [],
    "bgp.mp_unreach_nlri_ipv6_prefix": mpUnreach.afi === 2 ? prefixes(mpUnreach) : [],
    "bgp.nlri_prefix": prefixes(nlri),
    "bgp.prefix_length": lengths,
  };
}

/** The message as our decoders read it, under Wireshark's names. */
function read(bytes: Uint8Array): Dissection {
  const type = bmpTypeOf(bytes, 0);
  const common: Dissection = {
    "bmp.version": [`${bytes[0]}`],
    "bmp.length": [`${bytes.length}`],
    "bmp.type": [`${bmpTypes.indexOf(type ?? "routeMirroring")}`],
  };
  if (type === "initiation") {
    const tlvs = must(decodeInformation(bytes, 0, bytes.length));
    return {
      ...common,
      "bmp.init.type": all(tlvs, (tlv) => tlv.type),
      "bmp.init.length": all(tlvs, (tlv) => tlv.value.length),
      "bmp.init.info": tlvs.map((tlv) => text(tlv.value)),
    };
  }
  const header = must(decodePerPeerHeader(bytes, 0, bytes.length));
  const peer: Dissection = {
    ...common,
    "bmp.peer.type": [`${header.peerType}`],
    "bmp.peer.flags": [`0x${header.flags.toString(16).padStart(2, "0")}`],
    "bmp.peer.distinguisher": [hex(bytes.subarray(header.distinguisherAt, header.distinguisherAt + 8))],
    [header.isIpv6 ? "bmp.peer.ipv6.addr" : "bmp.peer.ip.addr"]: [addressText(peerAddressOf(bytes, header))],
    "bmp.peer.asn": [`${header.peerAs}`],
    "bmp.peer.id": [ipv4(header.peerBgpId)],
    "bmp.peer.timestamp.sec": [`${header.timestampSeconds}`],
    "bmp.peer.timestamp.msec": [`${header.timestampMicroseconds}`],
  };
  switch (type) {
    case "routeMonitoring":
      return { ...peer, ...updateOf(bytes) };
    case "peerDown": {
      const { reasonCode, notification } = must(decodePeerDown(bytes, 0, bytes.length));
      return { ...peer, "bmp.peer.down.reason": [`${reasonCode}`], ...notificationOf(notification) };
    }
    case "peerUp": {
      const up = must(decodePeerUp(bytes, 0, bytes.length, header));
      const opens = [up.sentOpen, up.receivedOpen].filter((open) => open !== undefined);
      return {
        ...peer,
        [header.isIpv6 ? "bmp.peer.up.ipv6.addr" : "bmp.peer.up.ip.addr"]: [addressText(up.localAddress)],
        "bmp.peer.up.port.local": [`${up.localPort}`],
        "bmp.peer.up.port.remote": [`${up.remotePort}`],
        ...opensOf(opens),
      };
    }
    default: {
      const statistics = must(decodeStatistics(bytes, 0, bytes.length));
      return {
        ...peer,
        "bmp.stats.count": [`${statistics.length}`],
        "bmp.stats.type": all(statistics, (statistic) => statistic.type),
        // Of the type that is not known (65531) nobody says how to read it; FRR's is 0 throughout.
        "bmp.stats.data": statistics.map(({ value = 0 }) => value.toString(16).padStart(8, "0")),
      };
    }
  }
}

describe("our decoders and Wireshark's read the same in FRR's stream", () => {
  it("of which each has every message", () => {
    expect(messages.length).toBeGreaterThan(100);
    expect(dissected).toHaveLength(messages.length);
  });

  it("in every field of every message", () => {
    messages.forEach((bytes, i) => {
      const ours = Object.entries(read(bytes)).filter(([, values]) => values.length > 0);
      const theirs = { ...dissected[i] };
      if (!hasBothOpens(bytes)) {
        // Wireshark takes an OPEN that ends behind its header for malformed, and says no more of it.
        expect(theirs["bmp.type"]).toEqual(["3"]);
        for (const field of ["bgp.length", "bgp.type"] as const) theirs[field] = theirs[field]?.slice(0, 1) ?? [];
      }
      expect(Object.fromEntries(ours), `message ${i}`).toEqual(theirs);
    });
  });

  it("and meets every kind of message and attribute that the recording was made for", () => {
    const met = new Set(dissected.flatMap((message) => Object.keys(message)));
    // FRR sends LOCAL_PREF to internal peers only.
    expect(fields.filter((field) => !met.has(field) && field !== `${path}.local_pref`)).toEqual([]);
    expect(messages.some((bytes) => !hasBothOpens(bytes))).toBe(true);
  });

  it("and the event of a Peer Down is where RFC 7854 has it", () => {
    const events = messages.flatMap((bytes) => {
      if (bmpTypeOf(bytes, 0) !== "peerDown") return [];
      const down = must(decodePeerDown(bytes, 0, bytes.length));
      return down.fsmEvent === undefined ? [] : [[down.fsmEvent, u16(bytes, bytes.length - 2)]];
    });
    expect(new Set(events.map(([event]) => event))).toEqual(new Set([0, 18]));
    for (const [event, last] of events) expect(event).toBe(last);
  });
});

function hasBothOpens(bytes: Uint8Array): boolean {
  if (bmpTypeOf(bytes, 0) !== "peerUp") return true;
  const up = must(decodePeerUp(bytes, 0, bytes.length, must(decodePerPeerHeader(bytes, 0, bytes.length))));
  return up.sentOpen !== undefined && up.receivedOpen !== undefined;
}
