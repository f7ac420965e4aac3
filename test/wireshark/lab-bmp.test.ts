// What the lab's routers write, as Wireshark reads it: the writer and our decoders are of one house, and could be wrong together.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type BmpNeighbour, initiation, peerDown, peerUp, routeMonitoring } from "../../agent/lab/bmp-messages.ts";
import { bmpPort } from "../support/bmp-capture.ts";
import { run } from "../support/installed.ts";
import { pcapOfMessages } from "../support/pcap.ts";

const directory = mkdtempSync(join(tmpdir(), "dissected-lab-bmp-"));
afterAll(() => rmSync(directory, { recursive: true }));

const of: BmpNeighbour = {
  address: "172.16.10.2",
  asn: 12_076,
  localAddress: "172.16.10.1",
  localAsn: 70_000,
  localBgpId: "10.10.255.1",
  holdTime: 180,
};
const routes = { asPath: [12_076, 12_076, 8_075], nextHop: "172.16.10.2", withdrawn: [], communities: [] };

const path = "bgp.update.path_attribute";
const fields = [
  "bmp.type",
  "bmp.init.info",
  "bmp.peer.flags",
  "bmp.peer.ip.addr",
  "bmp.peer.asn",
  "bmp.peer.up.ip.addr",
  "bmp.peer.down.reason",
  "bgp.open.myas",
  "bgp.open.holdtime",
  "bgp.cap.4as",
  "bgp.notify.minor_error_cease",
  `${path}.as_path_segment.as4`,
  `${path}.next_hop`,
  `${path}.community_as`,
  `${path}.community_value`,
  "bgp.nlri_prefix",
  "bgp.withdrawn_prefix",
  "_ws.malformed",
];

it("the messages of the lab are what Wireshark takes them for", () => {
  const messages = [
    initiation("ams-ce1", "made up"),
    peerUp(of),
    routeMonitoring(of, { ...routes, view: "received", announced: ["10.60.0.0/16", "198.18.1.0/24"] }),
    routeMonitoring(of, {
      ...routes,
      view: "accepted",
      announced: ["198.18.1.0/24"],
      communities: [12_076 * 0x1_0000 + 5_010],
    }),
    routeMonitoring(of, { ...routes, view: "advertised", announced: [], withdrawn: ["198.19.7.0/24"] }),
    peerDown(of, [6, 2]),
    peerDown(of, undefined),
  ];
  const file = join(directory, "lab.pcap");
  writeFileSync(file, pcapOfMessages(messages, bmpPort));
  const shown = [
    "-T",
    "fields",
    "-E",
    "separator=;",
    "-E",
    "aggregator=|",
    ...fields.flatMap((field) => ["-e", field]),
  ];
  const { status, output } = run("tshark", ["-r", file, "-d", `tcp.port==${bmpPort},bmp`, ...shown], directory);
  expect(status, output).toBe(0);
  const rows = output.split("\n").map((line) => line.split(";"));
  const dissected = rows.filter((cells) => cells.length === fields.length);
  const told = dissected.map((cells) =>
    Object.fromEntries(fields.flatMap((field, i) => (cells[i] ? [[field, cells[i]]] : []))),
  );
  const peer = { "bmp.peer.flags": "0x00", "bmp.peer.ip.addr": of.address, "bmp.peer.asn": "12076" };
  expect(told).toEqual([
    { "bmp.type": "4", "bmp.init.info": "made up|ams-ce1" },
    {
      "bmp.type": "3",
      ...peer,
      "bmp.peer.up.ip.addr": of.localAddress,
      "bgp.open.myas": "23456|12076",
      "bgp.open.holdtime": "180|180",
      "bgp.cap.4as": "70000|12076",
    },
    {
      "bmp.type": "0",
      ...peer,
      [`${path}.as_path_segment.as4`]: "12076|12076|8075",
      [`${path}.next_hop`]: "172.16.10.2",
      "bgp.nlri_prefix": "10.60.0.0|198.18.1.0",
    },
    {
      "bmp.type": "0",
      ...peer,
      "bmp.peer.flags": "0x40",
      [`${path}.as_path_segment.as4`]: "12076|12076|8075",
      [`${path}.next_hop`]: "172.16.10.2",
      [`${path}.community_as`]: "12076",
      [`${path}.community_value`]: "5010",
      "bgp.nlri_prefix": "198.18.1.0",
    },
    { "bmp.type": "0", ...peer, "bmp.peer.flags": "0x50", "bgp.withdrawn_prefix": "198.19.7.0" },
    { "bmp.type": "2", ...peer, "bmp.peer.down.reason": "3", "bgp.notify.minor_error_cease": "2" },
    { "bmp.type": "2", ...peer, "bmp.peer.down.reason": "2" },
  ]);
});
