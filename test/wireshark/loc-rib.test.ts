// Loc-RIB messages (RFC 9069) and gauges as our tests write them, and as Wireshark and our decoders read the same octets: FRR
// 8.4 tells no Loc-RIB, so nothing else proves that the streams of the tests are what routers send.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressText } from "../../agent/collect/bmp-peer.ts";
import { decodePerPeerHeader, decodeStatistics } from "../../agent/wire/bmp/message.ts";
import * as w from "../support/bmp.ts";
import { bmpPort } from "../support/bmp-capture.ts";
import { run } from "../support/installed.ts";
import { pcapOfMessages } from "../support/pcap.ts";

const distinguisher = Uint8Array.of(0, 0, 0xfd, 0xf2, 0, 0, 0, 7);
const vrf: w.Peer = { ...w.locRib, distinguisher, flags: w.filtered };
const ofFamily = (type: number, afi: number, n: number) => w.tlv(type, w.joined(Uint8Array.of(0, afi, 1), w.u64(n)));
const own = w.open({ asn: 65010, capabilities: [w.multiprotocol(w.ipv4Unicast)] });
const messages = [
  // Wireshark 4.0 takes the TLVs behind the OPENs of a Peer Up for a BGP message that is malformed.
  w.peerUp(vrf, { sent: own, received: own }),
  w.routeMonitoring(vrf, {
    attributes: [w.origin(0), w.sequence(12076), w.nextHop("172.16.0.2")],
    nlri: [w.prefix("10.60.0.0/16")],
  }),
  w.statistics(vrf, [w.tlv(7, w.u64(41)), w.tlv(8, w.u64(42)), ofFamily(9, 1, 43), ofFamily(10, 2, 44)]),
  w.peerDown({ ...w.locRib, distinguisher }, 6, w.vrfTableName("azure")),
];

const fields = [
  "bmp.type",
  "bmp.peer.type",
  "bmp.peer.flags.loc_rib",
  "bmp.peer.distinguisher",
  "bmp.peer.asn",
  "bgp.nlri_prefix",
  "bgp.update.path_attribute.next_hop",
  "bmp.stats.type",
  "bmp.stats.data.routes_adj_rib_in",
  "bmp.stats.data.routes_loc_rib",
  "bmp.stats.data.routes_per_adj_rib_in",
  "bmp.stats.data.routes_per_loc_rib",
  "bmp.peer.down.reason",
  "_ws.malformed",
] as const;

const directory = mkdtempSync(join(tmpdir(), "dissected-loc-rib-"));
let dissected: readonly Partial<Record<(typeof fields)[number], string>>[] = [];

beforeAll(() => {
  const file = join(directory, "loc-rib.pcap");
  writeFileSync(file, pcapOfMessages(messages, bmpPort));
  const shown = fields.flatMap((field) => ["-e", field]);
  const format = ["-T", "fields", "-E", "separator=;", "-E", "aggregator=|"];
  const { status, output } = run(
    "tshark",
    ["-r", file, "-d", `tcp.port==${bmpPort},bmp`, ...format, ...shown],
    directory,
  );
  expect(status, output).toBe(0);
  const lines = output.split("\n").map((line) => line.split(";"));
  dissected = lines
    .filter((cells) => cells.length === fields.length)
    .map((cells) => Object.fromEntries(fields.flatMap((field, i) => (cells[i] ? [[field, cells[i]]] : []))));
});

afterAll(() => rmSync(directory, { recursive: true }));

const message = (i: number) => messages[i] ?? expect.fail();
function headerOf(bytes: Uint8Array) {
  const header = decodePerPeerHeader(bytes, 0, bytes.length);
  return header.ok ? header.value : expect.fail();
}

describe("a Loc-RIB", () => {
  it("has the header that Wireshark reads, and no flag of other peers", () => {
    expect(dissected).toHaveLength(messages.length);
    expect(dissected.map((one) => one["_ws.malformed"])).toEqual(messages.map(() => undefined));
    messages.forEach((bytes, i) => {
      const header = headerOf(bytes);
      expect(dissected[i]).toMatchObject({
        "bmp.peer.type": `${header.peerType}`,
        "bmp.peer.flags.loc_rib": header.isFiltered ? "1" : "0",
        "bmp.peer.distinguisher": Buffer.from(distinguisher).toString("hex"),
        "bmp.peer.asn": `${header.peerAs}`,
      });
      expect(header).toMatchObject({ isIpv6: false, isPostPolicy: false, isAdjRibOut: false, asOctets: 4 });
    });
    expect(messages.map((bytes) => headerOf(bytes).isFiltered)).toEqual([true, true, true, false]);
  });

  it("has the routes, the counts and the reason that Wireshark reads", () => {
    expect(dissected[1]).toMatchObject({
      "bgp.nlri_prefix": addressText(Uint8Array.of(10, 60, 0, 0)),
      "bgp.update.path_attribute.next_hop": "172.16.0.2",
    });
    const statistics = decodeStatistics(message(2), 0, message(2).length);
    if (!statistics.ok) return expect.fail();
    const values = statistics.value.map(({ value }) => `${value}`);
    expect(dissected[2]?.["bmp.stats.type"]).toBe(statistics.value.map(({ type }) => type).join("|"));
    expect([
      dissected[2]?.["bmp.stats.data.routes_adj_rib_in"],
      dissected[2]?.["bmp.stats.data.routes_loc_rib"],
      dissected[2]?.["bmp.stats.data.routes_per_adj_rib_in"],
      dissected[2]?.["bmp.stats.data.routes_per_loc_rib"],
    ]).toEqual(values);
    expect(dissected[3]?.["bmp.peer.down.reason"]).toBe("6");
  });
});
